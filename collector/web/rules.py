"""The settings of rules: in come requests, out go the list of a site's rules, and an editor of one.
Reps see them and switch their own; admins change them. What reads rules is imported when it is
asked for: a collector that nobody asks keeps its memory small."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.commands import Json, run_command
from collector.problems import Problem
from collector.store.database import Database, StoreError
from collector.store.rules import StoredRule, UnknownRule, rule_named
from collector.store.sites import Site, site_by_key
from collector.web.context import context_of, page_for_admins, page_for_viewers, signed_in
from collector.web.forms import form_of, with_body, with_large_body

COMMANDS = {"enable": "rule_enable", "disable": "rule_disable", "remove": "rule_remove"}


def site_of(db: Database, request: Request) -> Site:
    """The site that the path names. Raises a 404 `Problem`."""
    found = site_by_key(db, request.path_params["key"])
    if found is None:
        raise Problem("not_found", "there is no such site")
    return found


def rule_of_path(db: Database, request: Request, site: Site) -> StoredRule:
    """The site's rule that the path names. Raises a 404 `Problem`, also for one of another site."""
    try:
        return rule_named(db, site.site, request.path_params["rule_id"])
    except UnknownRule as error:
        raise Problem("not_found", "there is no such rule") from error


def change_rules(request: Request, name: str, arguments: Json) -> Json:
    """Runs a command about rules; signals know of it at once. Raises `StoreError`."""
    context, who = context_of(request), signed_in(request).name
    now_ms = context.now_ms()
    done = context.writer.call(
        lambda db, intake: run_command(db, intake, name, arguments, now_ms, who)
    )
    context.signals.reload()
    return done


def back_to_list(site: Site) -> Response:
    """Where one goes after a change."""
    return RedirectResponse(f"/settings/rules?site={site.key}", status_code=303)


# --- the list -------------------------------------------------------------------------------------


@page_for_viewers
def rules(request: Request) -> Response:
    """`/settings/rules?site=KEY`: the rules of a site, the first one unless it is said."""
    from collector.web.rule_list import list_page

    return list_page(request)


@with_body
@page_for_viewers
def switch(request: Request) -> Response:
    """`POST /settings/rules/{key}/rule/{rule_id}`: `do` says what: enable, disable, remove."""
    do = form_of(request).get("do", "")
    if do not in COMMANDS:
        raise Problem("bad_request", f"do: expected {' or '.join(COMMANDS)}")
    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
        rule = rule_of_path(db, request, site)
    viewer = signed_in(request)
    is_own = viewer.user is not None and rule.owner == viewer.user.email
    if not viewer.is_admin and (do == "remove" or not is_own):
        raise Problem("forbidden", "this is for admins, or for whose rule it is: ask one of them")
    try:
        change_rules(request, COMMANDS[do], {"site": site.name, "rule": rule.rule_id})
    except UnknownRule as error:
        raise Problem("not_found", "there is no such rule") from error
    return back_to_list(site)


@with_body
@page_for_admins
def use(request: Request) -> Response:
    """`POST /settings/rules/{key}/use`: a rule that the program brings, switched on; its
    signals are those of whoever takes it."""
    from collector.web.rule_list import starter_rule_text

    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
    user = signed_in(request).user
    owner = user.email if user else None
    text = starter_rule_text(form_of(request).get("rule", ""), owner)
    if text is None:
        raise Problem("bad_request", "rule: expected one of the starter rules")
    change_rules(request, "rules_import", {"site": site.name, "text": text})
    return back_to_list(site)


@with_large_body
@page_for_admins
def take(request: Request) -> Response:
    """`POST /settings/rules/{key}/import`: rules as YAML."""
    from collector.web.rule_list import list_page, wrong_lines

    text = form_of(request).get("yaml", "")
    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
    wrong = wrong_lines(text)
    if wrong:
        return list_page(request, 400, site=site, yaml=text, wrong=wrong)
    try:
        change_rules(request, "rules_import", {"site": site.name, "text": text})
    except StoreError as error:
        return list_page(request, 400, site=site, yaml=text, wrong=[str(error)])
    return back_to_list(site)


@page_for_viewers
def give(request: Request) -> Response:
    """`/settings/rules/{key}/export`: all rules of a site as YAML."""
    from collector.web.rule_list import export_text

    with context_of(request).readers.lend() as db:
        site = site_of(db, request)
        text = export_text(db, site)
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in site.name)
    headers = {
        "content-disposition": f'attachment; filename="rules-{name}.yaml"',
        "cache-control": "no-store",
    }
    return Response(text, headers=headers, media_type="application/yaml")


# --- the editor -----------------------------------------------------------------------------------


@page_for_admins
def new(request: Request) -> Response:
    """`/settings/rules/{key}/new`: an empty form."""
    from collector.web.rule_editor import editor_page

    return editor_page(request)


@page_for_admins
def edit(request: Request) -> Response:
    """`/settings/rules/{key}/edit/{rule_id}`: a rule in its form; `?as=yaml` as YAML."""
    from collector.web.rule_editor import editor_page

    return editor_page(request)


@with_large_body
@page_for_admins
def save(request: Request) -> Response:
    """`POST` of the editor: `do` says what; saving leads back to the list, all else to the form."""
    from collector.web.rule_editor import post_editor

    return post_editor(request)


@with_large_body
@page_for_admins
def part(request: Request) -> Response:
    """`POST /settings/rules/{key}/form`: the form again, after one of its buttons."""
    from collector.web.rule_editor import form_part

    return form_part(request)


@with_large_body
@page_for_admins
def words(request: Request) -> Response:
    """`POST /settings/rules/{key}/words`: what a form says, in words."""
    from collector.web.rule_editor import form_words

    return form_words(request)


@with_large_body
@page_for_admins
def attempt(request: Request) -> Response:
    """`POST /settings/rules/{key}/try`: what a rule would have found, with its progress: a line of
    JSON each."""
    from collector.web.rule_trial import stream_trial

    return stream_trial(request)


ROUTES = [
    Route("/settings/rules", rules),
    Route("/settings/rules/{key}/rule/{rule_id}", switch, methods=["POST"]),
    Route("/settings/rules/{key}/use", use, methods=["POST"]),
    Route("/settings/rules/{key}/import", take, methods=["POST"]),
    Route("/settings/rules/{key}/export", give),
    Route("/settings/rules/{key}/new", new),
    Route("/settings/rules/{key}/new", save, methods=["POST"]),
    Route("/settings/rules/{key}/edit/{rule_id}", edit),
    Route("/settings/rules/{key}/edit/{rule_id}", save, methods=["POST"]),
    Route("/settings/rules/{key}/form", part, methods=["POST"]),
    Route("/settings/rules/{key}/words", words, methods=["POST"]),
    Route("/settings/rules/{key}/try", attempt, methods=["POST"]),
]
