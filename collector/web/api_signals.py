"""Signals and rules in the API: in come filters and rules, out goes JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.problems import Problem
from collector.store.database import Database, StoreError
from collector.store.rules import StoredRule, rules_of
from collector.store.sessions import session_by_id
from collector.store.signals import (
    StoredSignal,
    clauses_of,
    signal_by_row,
    signals_before,
)
from collector.store.sites import all_sites, site_named
from collector.web.api import MAX_INT, MAX_LIMIT, json_answer
from collector.web.context import context_of, for_viewers, whole_number

Json = dict[str, object]


@for_viewers
def signals(request: Request) -> Response:
    """`GET /api/signals?limit=50&before=CURSOR[&site=NAME][&session=ID]`, newest first."""
    limit = whole_number(request, "limit", 50, 1, MAX_LIMIT)
    has_cursor = "before" in request.query_params
    before = whole_number(request, "before", None, 1, MAX_INT) if has_cursor else None
    with context_of(request).readers.lend() as db:
        rows = signals_before(
            db,
            before=before,
            limit=limit + 1,
            site=_site(db, request),
            session=_session(db, request),
        )
        found = [signal_json(db, row) for row in rows[:limit]]
    following = rows[limit - 1].signal if len(rows) > limit else None
    return json_answer({"signals": found, "next": following})


@for_viewers
def signal(request: Request) -> Response:
    """`GET /api/signals/{id}`."""
    with context_of(request).readers.lend() as db:
        row = signal_by_row(db, request.path_params["signal"])
        if row is None:
            raise Problem("not_found", "there is no such signal")
        found = signal_json(db, row)
    return json_answer(found)


@for_viewers
def rules(request: Request) -> Response:
    """`GET /api/rules[?site=NAME]`."""
    with context_of(request).readers.lend() as db:
        names = {site.site: site.name for site in all_sites(db)}
        found = [_rule_json(row, names[row.site]) for row in rules_of(db, _site(db, request))]
    return json_answer({"rules": found})


def signal_json(db: Database, row: StoredSignal) -> Json:
    """A signal with its clauses, each with the facts without which it would not hold."""
    return {
        "id": row.signal,
        "rule": {"id": row.rule_id, "version": row.version, "name": row.name},
        "owner": row.owner,
        "site": row.site_name,
        "session": row.session_id,
        "visitor_id": row.visitor_id,
        "person": row.person,
        "t_ms": row.t_ms,
        "at_ms": row.at_ms,
        "fired_at_ms": row.fired_at_ms,
        "clauses": clauses_of(db, row.signal),
    }


def _rule_json(row: StoredRule, site: str) -> Json:
    return {
        "site": site,
        "id": row.rule_id,
        "version": row.version,
        "enabled": row.enabled,
        "created_at_ms": row.created_at_ms,
        "changed_at_ms": row.changed_at_ms,
        "rule": row.data,
    }


def _site(db: Database, request: Request) -> int | None:
    name = request.query_params.get("site")
    if name is None:
        return None
    try:
        return site_named(db, name).site
    except StoreError as error:
        raise Problem("not_found", str(error)) from error


def _session(db: Database, request: Request) -> int | None:
    session_id = request.query_params.get("session")
    if session_id is None:
        return None
    found = session_by_id(db, session_id)
    if found is None:
        raise Problem("not_found", "there is no such session")
    return found.session


ROUTES = [
    Route("/api/signals", signals),
    Route("/api/signals/{signal:int}", signal),
    Route("/api/rules", rules),
]
