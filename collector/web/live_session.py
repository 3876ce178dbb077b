"""A visit while it goes on: in come its new batches, out goes what they add to its timeline. The
player asks for the segments then."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.problems import Problem
from collector.store.cursors import Cursor, cursor_from, cursor_now
from collector.store.growth import GrowthJson, growth_of
from collector.store.sessions import is_live, session_by_id
from collector.web.api import without_names
from collector.web.context import context_of
from collector.web.live import EventStream, Look, Said, event, rechecked, still_signed_in
from collector.web.live_rule import check_live
from collector.web.watching import (
    for_watchers,
    note_view,
    open_share,
    share_of,
    watched_session,
)

GAP_S = 0.1


@for_watchers
def live(request: Request) -> Response:
    """`GET /sessions/{id}/live[?after=CURSOR]`: what is added to a timeline behind the cursor that
    it named; without one, from now on. Whoever listens is watching: the recorder then sends more
    often."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = watched_session(db, request)
        since = _asked_cursor(request) or cursor_now(db, row.session)
    note_view(request, row)
    allow = (lambda: open_share(request)) if share_of(request) else still_signed_in(request)
    look = rechecked(request, _look(request, row.session_id, since), allow)
    topics = (row.session_id, row.session)
    return EventStream(context.hub, topics, look, gap_s=GAP_S, watched=row.session_id)


def _asked_cursor(request: Request) -> Cursor | None:
    """Browsers name it in a header when they connect again by themselves."""
    text = request.headers.get("last-event-id") or request.query_params.get("after", "")
    try:
        return cursor_from(text) if text else None
    except ValueError as error:
        raise Problem("bad_request", f"after: {error}") from error


def _look(request: Request, session_id: str, since: Cursor) -> Look:
    context, shared = context_of(request), share_of(request) is not None
    pace = context.settings.pace
    was_live: bool | None = None

    def look() -> Said:
        nonlocal since, was_live
        now_ms = context.now_ms()
        with context.readers.lend() as db:
            row = session_by_id(db, session_id)
            if row is None:
                raise Problem("not_found", "there is no such session")
            check_live(db, request, row)
            live, now = is_live(db, row, now_ms, pace.live_ms), cursor_now(db, row.session)
            is_new = now != since or live is not was_live
            growth = growth_of(db, row, since, now, live=live) if is_new else None
        silent_ms = now_ms - row.last_received_at_ms
        since, was_live = now, live
        if silent_ms >= pace.over_ms:
            return Said(event("again", {}, str(now)) + event("over", {}), is_over=True)
        within_s = _within_s(silent_ms, pace.live_ms)
        if not is_new:
            return Said(within_s=within_s)
        if growth is None:
            return Said(event("again", {}, str(now)), within_s)
        return Said(event("more", _for(growth, shared=shared), str(now)), within_s)

    return look


def _for(growth: GrowthJson, *, shared: bool) -> GrowthJson:
    return {**growth, "facts": without_names(growth["facts"])} if shared else growth


def _within_s(silent_ms: int, live_ms: int) -> float:
    """It may fall silent by then."""
    left_ms = live_ms - silent_ms
    return left_ms / 1000 + 0.05 if left_ms > 0 else 3600.0


ROUTES = [
    Route("/sessions/{session_id}/live", live),
    Route("/s/{token}/live", live),
    Route("/api/sessions/{session_id}/live", live),
]
