"""The settings of sites, for admins: in come forms, out come pages with the tag, the origins, and
what was refused. And whether a site is recorded, for everybody who waits for its first visit."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.commands import Json, run_command
from collector.problems import Problem
from collector.store.database import Database, StoreError
from collector.store.sites import Site, SiteExists, all_sites, site_by_key
from collector.web.context import context_of, page_for_admins, page_for_viewers, signed_in
from collector.web.first_run import refusal_words, state_of
from collector.web.forms import form_of, with_body
from collector.web.pages import page

MAX_STRANGERS = 10


def change_sites(request: Request, name: str, arguments: Json) -> Json:
    """Runs a command about sites; ingest knows of it at once. Raises `StoreError`."""
    context, who = context_of(request), signed_in(request).name
    now_ms = context.now_ms()
    done = context.writer.call(
        lambda db, intake: run_command(db, intake, name, arguments, now_ms, who)
    )
    with context.readers.lend() as db:
        context.sites.replace(all_sites(db))
    return done


@page_for_admins
def sites(request: Request) -> Response:
    """`/settings/sites`: all of them, and a form for one more."""
    return _sites_page(request)


def _sites_page(
    request: Request, status: int = 200, *, form: dict[str, str] | None = None, error: str = ""
) -> Response:
    context = context_of(request)
    with context.readers.lend() as db:
        states = [state_of(request, db, site) for site in all_sites(db)]
    return page(
        request,
        "sites.html",
        status,
        states=states,
        strangers=context.sightings.strangers()[:MAX_STRANGERS],
        form=form or {},
        error=error,
    )


@with_body
@page_for_admins
def add_site(request: Request) -> Response:
    """`POST /settings/sites`: one more site; its page shows the tag."""
    form = form_of(request)
    origin, dev = form.get("origin", "").strip(), form.get("dev") == "1"
    if not origin and not dev:
        return _sites_page(
            request, 400, form=form, error="Say where its pages are, or allow this machine's."
        )
    arguments: Json = {
        "name": form.get("name", "").strip(),
        "origins": [origin] if origin else [],
        "dev": dev,
    }
    try:
        added = change_sites(request, "site_add", arguments)
    except SiteExists:
        return _sites_page(request, 409, form=form, error="There is a site of this name already.")
    except StoreError as error:
        return _sites_page(request, 400, form=form, error=_sentence(error))
    return RedirectResponse(f"/settings/sites/{added['key']}", status_code=303)


@page_for_admins
def site(request: Request) -> Response:
    """`/settings/sites/{key}`: its tag, whether it is recorded, its origins, what was refused."""
    return _site_page(request)


def _site_page(
    request: Request, status: int = 200, *, origin: str = "", error: str = ""
) -> Response:
    context = context_of(request)
    with context.readers.lend() as db:
        found = _site_of(db, request)
        state = state_of(request, db, found)
    refusals = context.sightings.refusals(found.key)
    return page(
        request,
        "site.html",
        status,
        state=state,
        site=found,
        refusals=[(refusal, refusal_words(refusal)) for refusal in refusals],
        origin=origin,
        error=error,
    )


@page_for_viewers
def state(request: Request) -> Response:
    """`GET /settings/sites/{key}/state`: is it recorded? A part of a page, asked for again and
    again by whoever waits."""
    with context_of(request).readers.lend() as db:
        found = state_of(request, db, _site_of(db, request))
    return page(request, "_site_state.html", state=found)


@with_body
@page_for_admins
def change(request: Request) -> Response:
    """`POST /settings/sites/{key}`: `do` says what: a command about this site."""
    form = form_of(request)
    with context_of(request).readers.lend() as db:
        found = _site_of(db, request)
    commands: dict[str, tuple[str, Json]] = {
        "allow": ("site_origin_add", {"origin": form.get("origin", "").strip()}),
        "forbid": ("site_origin_remove", {"origin": form.get("origin", "")}),
        "dev": ("site_dev", {"dev": True}),
        "no-dev": ("site_dev", {"dev": False}),
        "disable": ("site_disable", {}),
        "enable": ("site_enable", {}),
        "live": ("site_live", {"live": form.get("live", "")}),
    }
    if form.get("do") not in commands:
        raise Problem("bad_request", f"do: expected {' or '.join(commands)}")
    name, arguments = commands[form["do"]]
    try:
        change_sites(request, name, {"name": found.name, **arguments})
    except StoreError as error:
        return _site_page(request, 400, origin=form.get("origin", ""), error=_sentence(error))
    return RedirectResponse(f"/settings/sites/{found.key}", status_code=303)


def _site_of(db: Database, request: Request) -> Site:
    found = site_by_key(db, request.path_params["key"])
    if found is None:
        raise Problem("not_found", "there is no such site")
    return found


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


ROUTES = [
    Route("/settings/sites", sites),
    Route("/settings/sites", add_site, methods=["POST"]),
    Route("/settings/sites/{key}", site),
    Route("/settings/sites/{key}", change, methods=["POST"]),
    Route("/settings/sites/{key}/state", state),
]
