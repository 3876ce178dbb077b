"""The API of the contract: in come ids and times, out goes JSON, and the HTML of frames."""

from __future__ import annotations

import gzip
from threading import BoundedSemaphore
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.commands import Json, run_command
from collector.frames import open_recording
from collector.headers import INERT
from collector.problems import Problem
from collector.store.lines import session_json
from collector.store.listing import cursor_of, find_sessions
from collector.store.sessions import SESSION_ID, facts_page
from collector.store.timelines import TimelineJson, timeline_of
from collector.web.context import (
    asking_of,
    context_of,
    for_admins,
    for_viewers,
    session_of,
    signed_in,
    whole_number,
)
from collector.web.filters import wanted_of
from collector.web.live_rule import check_live
from collector.web.watching import (
    MIN_GZIP_BYTES,
    asked_t_ms,
    for_watchers,
    note_view,
    share_of,
    watched_session,
)
from replay.errors import NoFrame

MAX_LIMIT = 200
LISTED_FACTS = 100
"""Of each session in a list: a cursor leads to the rest."""
MAX_INT = 2**53 - 1
BUILDING = BoundedSemaphore(4)
"""Frames built at once: a large page takes some tens of megabytes."""


def json_answer(data: object, status: int = 200) -> Response:
    """JSON that nobody caches."""
    return Response(
        orjson.dumps(data),
        status,
        {"cache-control": "no-store"},
        media_type="application/json",
    )


@for_viewers
def sessions(request: Request) -> Response:
    """`GET /api/sessions?limit=50&before=CURSOR&q=TEXT`, with the filters of the list."""
    context = context_of(request)
    asking = asking_of(request)
    limit = whole_number(request, "limit", 50, 1, MAX_LIMIT)
    wanted = wanted_of(request, asking.now_ms)
    try:
        with context.readers.lend() as db:
            rows, has_more = find_sessions(
                db, wanted, asking, limit=limit, before=request.query_params.get("before", "")
            )
            found = [session_json(db, row, asking, LISTED_FACTS) for row in rows]
    except ValueError as error:
        raise Problem("bad_request", f"before: {error}") from error
    return json_answer({"sessions": found, "next": cursor_of(rows[-1]) if has_more else None})


@for_viewers
def session(request: Request) -> Response:
    """`GET /api/sessions/{id}`."""
    with context_of(request).readers.lend() as db:
        found = session_json(db, session_of(db, request), asking_of(request))
    return json_answer(found)


@for_viewers
def facts(request: Request) -> Response:
    """`GET /api/sessions/{id}/facts?after=CURSOR`: the facts behind those of the session's own
    answer, or all of them, in pages."""
    after = request.query_params.get("after", "")
    try:
        with context_of(request).readers.lend() as db:
            found, following = facts_page(db, session_of(db, request).session, after)
    except ValueError as error:
        raise Problem("bad_request", f"after: {error}") from error
    return json_answer({"facts": found, "facts_next": following})


@for_watchers
def timeline(request: Request) -> Response:
    """`GET /api/sessions/{id}/timeline[?t_ms=N]`: what a player asks for first, and where it will
    open. Whoever asks is watching: the recorder then sends more often."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = watched_session(db, request)
        found = timeline_of(db, row, context.now_ms(), context.settings.pace.live_ms)
    if found["live"]:
        context.hub.watch(row.session_id, context.now_ms())
    note_view(request, row, opens=True, t_ms=asked_t_ms(request))
    return _compressed(request, json_answer(without_person(found) if share_of(request) else found))


def _compressed(request: Request, response: Response) -> Response:
    """The timeline of a long visit is a megabyte or two, and much of it the same."""
    data = bytes(response.body)
    if len(data) < MIN_GZIP_BYTES or "gzip" not in request.headers.get("accept-encoding", ""):
        return response
    headers = {
        "cache-control": response.headers["cache-control"],
        "content-encoding": "gzip",
        "vary": "accept-encoding",
    }
    data = gzip.compress(data, compresslevel=1, mtime=0)
    return Response(data, response.status_code, headers, response.media_type)


def without_person(timeline: TimelineJson) -> TimelineJson:
    """A timeline as a share link shows it: without who it is and what the site told about them."""
    return {**timeline, "session": "", "facts": without_names(timeline["facts"])}


def without_names(facts: list[dict[str, object]]) -> list[dict[str, object]]:
    """Facts as a share link shows them: without who it is and what the site told about them."""
    return [
        {name: value for name, value in fact.items() if not isinstance(value, dict)}
        for fact in facts
        if fact["kind"] != "identify"
    ]


@for_viewers
def frame(request: Request) -> Response:
    """`GET /api/sessions/{id}/frame?t_ms=N[&tab=T]`: inert HTML."""
    context = context_of(request)
    t_ms = whole_number(request, "t_ms", None, -MAX_INT, MAX_INT)
    has_tab = "tab" in request.query_params
    tab = whole_number(request, "tab", 1, 1, MAX_INT) if has_tab else None
    with context.readers.lend() as db:
        row = session_of(db, request)
        check_live(db, request, row)
    note_view(request, row, t_ms=t_ms)
    with BUILDING:
        recording = open_recording(context.readers, row, context.now_ms())
        try:
            shown = recording.frame_at(t_ms, tab)
        except NoFrame as error:
            raise Problem("no_frame", str(error)) from error
        html = shown.html()
    headers = {
        "X-Frame-T-Ms": str(shown.t_ms),
        "X-Frame-Tab": str(shown.tab),
        "X-Frame-Url": quote(shown.url, safe="/:?&=,;@!$'()*+%#~[]"),
        "X-Frame-Width": str(shown.viewport.width_px),
        "X-Frame-Height": str(shown.viewport.height_px),
        "X-Frame-Scroll-X": str(shown.scroll[0]),
        "X-Frame-Scroll-Y": str(shown.scroll[1]),
        "Content-Security-Policy": INERT,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    if shown.stale:
        headers["X-Frame-Stale"] = "1"
    return Response(html, headers=headers, media_type="text/html")


@for_admins
def delete_visitor(request: Request) -> Response:
    """`DELETE /api/visitors/{id}`: erases a visitor with all sessions. For admins."""
    context = context_of(request)
    visitor_id = request.path_params["visitor_id"]
    if not SESSION_ID.fullmatch(visitor_id):
        raise Problem("not_found", "there is no such visitor")
    now_ms, who = context.now_ms(), signed_in(request).name
    arguments: Json = {"visitor": visitor_id}
    erased = context.writer.call(
        lambda db, intake: run_command(db, intake, "erase", arguments, now_ms, who)
    )
    context.signals.reload()
    context.writer.truncate_log()
    return json_answer(erased)


ROUTES = [
    Route("/api/sessions", sessions),
    Route("/api/sessions/{session_id}", session),
    Route("/api/sessions/{session_id}/facts", facts),
    Route("/api/sessions/{session_id}/timeline", timeline),
    Route("/sessions/{session_id}/timeline", timeline),  # where its player looks
    Route("/api/sessions/{session_id}/frame", frame),
    Route("/api/visitors/{visitor_id}", delete_visitor, methods=["DELETE"]),
]
