"""Signals as reps work with them: the list, newest first, and one signal with its facts and what
can be done about it at a tap. What somebody did is for their own eyes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.address import plain_line
from collector.alerts.words import ago, deed
from collector.live import ALL
from collector.problems import Problem
from collector.store.acts import (
    Act,
    acts_of,
    contact_of,
    note_act,
    note_outcome,
    note_seen,
    own_times,
)
from collector.store.alerts import alerts_of_signal
from collector.store.channels import site_alerts, snooze, snoozed_until
from collector.store.database import Database
from collector.store.lines import Asking
from collector.store.rules import UnknownRule, rule_named
from collector.store.sessions import is_live, session_by_id
from collector.store.signals import (
    FiredClause,
    StoredSignal,
    clauses_of,
    signal_by_row,
    signals_before,
)
from collector.store.sites import UnknownSite, all_sites, site_named
from collector.web.alert_settings import crm_link
from collector.web.context import (
    asking_of,
    context_of,
    for_viewers,
    page_for_viewers,
    signed_in,
    whole_number,
)
from collector.web.forms import form_of, with_body
from collector.web.live import EventStream, Look, Said, event, rechecked, still_signed_in
from collector.web.pages import page

PAGE_SIZE = 50
TIMES_MS = 30 * 24 * 3600 * 1000
GAP_S = 1.0
ACTS = {
    "watch": "watched",
    "mail": "wrote",
    "call": "called",
    "copy": "copied",
    "crm": "looked in the CRM",
}
OUTCOMES = {
    "": "Nothing yet",
    "reached": "Reached",
    "no_answer": "No answer",
    "won": "Won",
    "no_lead": "Not a lead",
}
SNOOZES_H = {"1": "1 hour", "8": "8 hours", "24": "1 day", "168": "1 week"}
ALERT_WORDS = {
    "waiting": "is being told",
    "held": "waits for the next digest",
    "sent": "was told",
    "digested": "was told in a digest",
    "dropped": "was not told: it was too late",
}

_EMAIL = re.compile(r"[^@\s<>\"'\\,;:]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,24}")


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact in words, and where it is seen."""

    words: str
    link: str


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal as a line of the list."""

    signal: StoredSignal
    who: str
    watch: str
    facts: list[ShownFact]
    act: Act
    live: bool


@dataclass(frozen=True, slots=True)
class ShownClause:
    """A clause that held, in the words of the rule, with its facts."""

    words: str
    facts: list[ShownFact]


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach a person; empty: it is not known how."""

    email: str
    phone: str
    crm: str
    copy: str


def link_to(session_id: str, t_ms: int) -> str:
    """The replay at a moment."""
    seconds = f"{t_ms / 1000:.3f}".rstrip("0").rstrip(".")
    return f"/sessions/{session_id}?t={seconds}"


def _shown_facts(clauses: list[FiredClause]) -> list[ShownFact]:
    facts = {fact["id"]: fact for clause in clauses for fact in clause["facts"]}
    return [
        ShownFact(deed(fact["kind"], fact["fields"]), link_to(fact["session"], fact["t_ms"]))
        for fact in sorted(facts.values(), key=lambda fact: fact["at_ms"])
    ]


def _who(signal: StoredSignal) -> str:
    return signal.person or f"Visitor {signal.visitor_id[:6]}"


def _shown(db: Database, signal: StoredSignal, act: Act, asking: Asking) -> ShownSignal:
    row = session_by_id(db, signal.session_id)
    return ShownSignal(
        signal=signal,
        who=_who(signal),
        watch=link_to(signal.session_id, signal.t_ms),
        facts=_shown_facts(clauses_of(db, signal.signal)),
        act=act,
        live=row is not None and is_live(db, row, asking.now_ms, asking.live_ms),
    )


# --- the list ------------------------------------------------------------------------------------


@page_for_viewers
def signals(request: Request) -> Response:
    """`/signals[?site=NAME][&rule=ID][&before=N]`: the newest first."""
    context, asking = context_of(request), asking_of(request)
    now_ms = asking.now_ms
    has_before = "before" in request.query_params
    before = whole_number(request, "before", 1, 1, 2**53) if has_before else None
    with context.readers.lend() as db:
        asked, site, rule = _asked(db, request)
        found = signals_before(db, before=before, limit=PAGE_SIZE + 1, site=site, rule=rule)
        shown = found[:PAGE_SIZE]
        acts: Mapping[int, Act] = {}
        times = None
        if asking.user is not None:
            acts = acts_of(db, asking.user, [one.signal for one in shown])
            times = own_times(db, asking.user, now_ms - TIMES_MS)
        lines = [_shown(db, one, acts.get(one.signal, Act(one.signal)), asking) for one in shown]
        sites = all_sites(db)
    older = {**asked, "before": str(shown[-1].signal)} if len(found) > PAGE_SIZE else None
    newest = shown[0].signal if shown else 0
    return page(
        request,
        "signals.html",
        lines=lines,
        sites=sites,
        asked=asked,
        older=f"/signals?{urlencode(older)}" if older else "",
        fresh=f"/signals/newer?{urlencode({**asked, 'after': newest})}",
        is_first=before is None,
        outcomes=OUTCOMES,
        acts=ACTS,
        times=times,
        median=ago(times.median_ms) if times and times.median_ms is not None else "",
    )


def _asked(db: Database, request: Request) -> tuple[dict[str, str], int | None, int | None]:
    """The filters that are set, and the rows of site and rule. Raises a `Problem`."""
    query = request.query_params
    asked = {name: query[name] for name in ("site", "rule") if query.get(name)}
    if "site" not in asked:
        return {}, None, None
    try:
        site = site_named(db, asked["site"])
        rule = rule_named(db, site.site, asked["rule"]).rule if "rule" in asked else None
    except (UnknownSite, UnknownRule) as error:
        raise Problem("not_found", str(error)) from error
    return asked, site.site, rule


def _count_newer(db: Database, request: Request) -> tuple[int, dict[str, str]]:
    after = whole_number(request, "after", 0, 0, 2**53)
    asked, site, rule = _asked(db, request)
    found = signals_before(db, limit=PAGE_SIZE, site=site, rule=rule)
    return sum(one.signal > after for one in found), asked


@for_viewers
def newer(request: Request) -> Response:
    """`GET /signals/newer?after=N`: how many have come since, as a link; nothing when there are
    none."""
    with context_of(request).readers.lend() as db:
        count, asked = _count_newer(db, request)
    link = f"/signals?{urlencode(asked)}" if asked else "/signals"
    words = f"{count}" if count < PAGE_SIZE else f"{PAGE_SIZE} or more"
    return page(request, "_newer_signals.html", count=count, words=words, link=link)


@for_viewers
def stream(request: Request) -> Response:
    """`GET /signals/stream?after=N`: tells when there are more."""
    context = context_of(request)
    told = 0

    def look() -> Said:
        nonlocal told
        with context.readers.lend() as db:
            count, _ = _count_newer(db, request)
        if count == told:
            return Said()
        told = count
        return Said(event("change", count))

    checked: Look = rechecked(request, look, still_signed_in(request))
    return EventStream(context.hub, (ALL,), checked, gap_s=GAP_S)


# --- one signal ----------------------------------------------------------------------------------


@page_for_viewers
def signal(request: Request) -> Response:
    """`/signals/{signal}`: why it fired, and what can be done."""
    context, asking = context_of(request), asking_of(request)
    with context.readers.lend() as db:
        found = _signal_of(db, request)
        user = asking.user
        act = acts_of(db, user, [found.signal]).get(found.signal) if user is not None else None
        until_ms = (
            snoozed_until(db, user, found.visitor, asking.now_ms) if user is not None else None
        )
        clauses = clauses_of(db, found.signal)
        shown = _shown(db, found, act or Act(found.signal), asking)
        reach = _reach(db, found)
        told = [(alert, name) for alert, name, _ in alerts_of_signal(db, found.signal)]
    return page(
        request,
        "signal.html",
        line=shown,
        signal=found,
        clauses=[_clause(clause) for clause in clauses],
        reach=reach,
        told=[(alert, name, ALERT_WORDS[alert.state]) for alert, name in told],
        snoozed_until_ms=until_ms,
        snoozes=SNOOZES_H,
        outcomes=OUTCOMES,
        acts=ACTS,
        has_user=user is not None,
        took=ago(act.acted_at_ms - found.fired_at_ms) if act and act.acted_at_ms else "",
    )


def _signal_of(db: Database, request: Request) -> StoredSignal:
    number = request.path_params["signal"]
    found = signal_by_row(db, number) if number < 2**62 else None
    if found is None:
        raise Problem("not_found", "there is no such signal: what it was about may be erased")
    return found


def _clause(clause: FiredClause) -> ShownClause:
    from collector.signals.words import condition_words  # only whoever asks pays for re2

    condition = clause["condition"]
    words = condition_words(condition) if isinstance(condition, Mapping) else clause["clause"]
    return ShownClause(words, _shown_facts([clause]))


def _reach(db: Database, found: StoredSignal) -> Reach:
    """What the site's pages said of a person, as far as it looks like what it should be."""
    contact = contact_of(db, found.visitor)
    traits = json.loads(contact.traits)
    said = {str(key).lower(): value for key, value in traits.items() if isinstance(value, str)}
    email = next((one for one in (contact.person, said.get("email", "")) if _is_email(one)), "")
    phone = next((said[name] for name in ("phone", "tel", "mobile") if name in said), "")
    phone = phone if _PHONE.fullmatch(phone) else ""
    values = {
        "email": email,
        "person": contact.person,
        "visitor": found.visitor_id,
        "session": found.session_id,
    }
    lines = [contact.person, *(f"{key}: {value}" for key, value in list(said.items())[:20])]
    return Reach(
        email=quote(email, safe="@"),
        phone=re.sub(r"[^0-9+]", "", phone),
        crm=crm_link(site_alerts(db, found.site).crm_url, values),
        copy="\n".join(plain_line(line, 200) for line in lines if line),
    )


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


@with_body
@page_for_viewers
def change(request: Request) -> Response:
    """`POST /signals/{signal}`: `do` says what somebody does about it: `seen`, `act`, `outcome`,
    `snooze`."""
    context, form = context_of(request), form_of(request)
    viewer, now_ms = signed_in(request), context_of(request).now_ms()
    if viewer.user is None:
        raise Problem("forbidden", "an API token does nothing about signals")
    user = viewer.user.user

    def run(db: Database) -> int:
        found = _signal_of(db, request)
        _do(db, user, found, form, now_ms)
        return found.signal

    number = context.writer.call(lambda db, _: run(db))
    if "application/json" in request.headers.get("accept", ""):
        return Response(status_code=204)
    return RedirectResponse(f"/signals/{number}", status_code=303)


def _do(db: Database, user: int, found: StoredSignal, form: dict[str, str], now_ms: int) -> None:
    match form.get("do"):
        case "seen":
            note_seen(db, user, found.signal, now_ms)
        case "act" if form.get("act") in ACTS:
            note_act(db, user, found.signal, form["act"], now_ms)
        case "outcome" if form.get("outcome", "") in OUTCOMES:
            note_outcome(db, user, found.signal, form.get("outcome", ""), now_ms)
        case "snooze" if form.get("hours") in {"0", *SNOOZES_H}:
            until_ms = now_ms + int(form["hours"]) * 3_600_000
            snooze(db, user, found.visitor, until_ms, now_ms)
        case _:
            raise Problem("bad_request", "do: expected seen, act, outcome or snooze")


ROUTES = [
    Route("/signals", signals),
    Route("/signals/newer", newer),
    Route("/signals/stream", stream),
    Route("/signals/{signal:int}", signal),
    Route("/signals/{signal:int}", change, methods=["POST"]),
]
