"""What an admin says about alerts: which kinds of channels may be used, by which server mail goes,
and for each site where its people are found in a CRM and whether shared channels get share
links."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.alerts.kinds import KINDS, BadAddress, checked_mail_server, shown_address
from collector.problems import Problem
from collector.store.audit import add_line
from collector.store.channels import (
    AlertRules,
    SiteAlerts,
    alert_rules,
    all_site_alerts,
    set_alert_rules,
    set_site_alerts,
)
from collector.store.database import Database
from collector.store.sites import all_sites, site_by_key
from collector.web.context import context_of, page_for_admins, signed_in
from collector.web.forms import form_of, with_body
from collector.web.pages import page

PATH = "/settings/alerts"
PLACES = ("email", "person", "visitor", "session")
MAX_URL = 1_000
MINUTES = (1, 2, 5, 15, 60)

_PLACE = re.compile(r"\{([^{}]*)\}")


class BadCrmUrl(ValueError):
    """The address can't be used; the message is for whoever typed it."""


def checked_crm_url(text: str) -> str:
    """Empty, or an address with places in it. Raises `BadCrmUrl`."""
    text = text.strip()
    if not text:
        return ""
    unknown = [name for name in _PLACE.findall(text) if name not in PLACES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACES)
        raise BadCrmUrl(f"{{{unknown[0]}}} is no place that is filled in: {known} are")
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    fixed = _PLACE.sub("", f"{parts.scheme}{parts.netloc}") == f"{parts.scheme}{parts.netloc}"
    if parts.scheme not in {"https", "http"} or not parts.hostname or not fixed:
        raise BadCrmUrl("an address looks like https://crm.example/search?q={email}")
    if len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise BadCrmUrl("this address is too long, or has signs in it that addresses can't have")
    return text


def crm_link(template: str, values: dict[str, str]) -> str:
    """The address of a person; empty: the site has none, or nothing of what it asks for is
    known."""
    asked = _PLACE.findall(template)
    if not template or (asked and not any(values.get(name) for name in asked)):
        return ""
    return _PLACE.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)


@page_for_admins
def alert_settings(request: Request) -> Response:
    """`/settings/alerts`."""
    return _page(request)


def _page(
    request: Request, status: int = 200, *, error: str = "", wrong: str = "", typed: str = ""
) -> Response:
    """`error` about the field `wrong` with what was `typed`."""
    with context_of(request).readers.lend() as db:
        rules, said = alert_rules(db), all_site_alerts(db)
        sites = [(site, said.get(site.site, SiteAlerts())) for site in all_sites(db)]
    mail = shown_address(KINDS["email"], rules.mail_server) if rules.mail_server else ""
    return page(
        request,
        "alerts.html",
        status,
        kinds=[(kind, rules.allows(kind.name)) for kind in KINDS.values()],
        mail=mail,
        minutes=MINUTES,
        fresh=rules.fresh_ms // 60_000,
        sites=sites,
        error=error,
        wrong=wrong,
        typed=typed,
    )


@with_body
@page_for_admins
def save(request: Request) -> Response:
    """`POST /settings/alerts`: what holds for all."""
    form = form_of(request)
    kinds = frozenset(name for name in KINDS if form.get(f"kind_{name}") == "1")
    minutes = form.get("fresh", "5")
    if minutes not in {str(one) for one in MINUTES}:
        raise Problem("bad_request", "fresh: expected minutes")
    typed = form.get("mail_server", "").strip()
    try:
        mail = checked_mail_server(typed)
    except BadAddress as error:
        return _page(request, 400, error=_sentence(error), wrong="mail", typed=typed)

    def change(db: Database) -> None:
        before = alert_rules(db)
        kept = "" if form.get("no_mail") == "1" else mail or before.mail_server
        allowed = None if len(kinds) == len(KINDS) else kinds
        set_alert_rules(db, AlertRules(allowed, kept, int(minutes) * 60_000))

    _note(request, "alerts_change", "", change)
    return RedirectResponse(PATH, status_code=303)


@with_body
@page_for_admins
def save_site(request: Request) -> Response:
    """`POST /settings/alerts/{key}`: what holds for one site."""
    form = form_of(request)
    with context_of(request).readers.lend() as db:
        site = site_by_key(db, request.path_params["key"])
    if site is None:
        raise Problem("not_found", "there is no such site")
    typed = form.get("crm_url", "")
    try:
        said = SiteAlerts(checked_crm_url(typed), form.get("shares") == "1")
    except BadCrmUrl as error:
        return _page(request, 400, error=_sentence(error), wrong=site.key, typed=typed)
    number = site.site
    _note(request, "alerts_change", site.name, lambda db: set_site_alerts(db, number, said))
    return RedirectResponse(PATH, status_code=303)


def _note(request: Request, what: str, about: str, change: Callable[[Database], None]) -> None:
    context, who = context_of(request), signed_in(request).name
    now_ms = context.now_ms()

    def run(db: Database) -> None:
        change(db)
        add_line(db, now_ms, who, what, about)

    context.writer.call(lambda db, _: run(db))
    context.alerts.ring()


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


ROUTES = [
    Route(PATH, alert_settings),
    Route(PATH, save, methods=["POST"]),
    Route(f"{PATH}/{{key}}", save_site, methods=["POST"]),
]
