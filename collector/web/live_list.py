"""The live part of the list and of the settings: in come commits, out go who is here now, how many
visits have come since, and that it is worth to look at a site again."""

from __future__ import annotations

from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.live import ALL
from collector.problems import Problem
from collector.store.here import Visit
from collector.store.lines import duration_ms
from collector.store.listing import count_newer
from collector.store.sites import site_by_key
from collector.urls import path_of
from collector.web.context import asking_of, context_of, for_viewers
from collector.web.filters import wanted_of
from collector.web.first_run import state_of
from collector.web.live import EventStream, Look, Said, event, rechecked, still_signed_in
from collector.web.pages import duration, visitor_name

GAP_S = 1.0
"""A browser gets one message a second, however many visitors there are."""
MAX_NEWER = 99


class HereJson(TypedDict):
    """A session that goes on. `who`, `title`, `path` and `length` are words for people."""

    id: str
    site: str
    who: str
    title: str
    path: str
    url: str
    since_ms: int
    length: str
    pages: int
    device: str | None


def here_json(visit: Visit) -> HereJson:
    """A session that goes on, as the list and the API tell of it."""
    row = visit.row
    return {
        "id": row.session_id,
        "site": row.site,
        "who": visitor_name(row),
        "title": visit.title or "Untitled page",
        "path": path_of(visit.url),
        "url": visit.url,
        "since_ms": row.zero_at_ms,
        "length": duration(duration_ms(row)),
        "pages": row.pages,
        "device": row.device,
    }


@for_viewers
def here(request: Request) -> Response:
    """`GET /api/live?site=NAME`: who is here now, and then each change. With `after=CURSOR` and the
    filters of the list also how many sessions have come since."""
    context = context_of(request)
    look = _look_here(request)
    look = rechecked(request, look, still_signed_in(request))
    return EventStream(context.hub, (ALL,), look, gap_s=GAP_S)


def _look_here(request: Request) -> Look:
    context, after = context_of(request), request.query_params.get("after", "")
    wanted = wanted_of(request, context.now_ms())
    known: dict[str, HereJson] | None = None
    told = -1

    def newer() -> bytes:
        nonlocal told
        asking = asking_of(request)
        with context.readers.lend() as db:
            count = count_newer(db, wanted, asking, after, MAX_NEWER + 1) if after else 0
        if not after or count == told:
            return b""
        told = count
        return event("newer", {"count": min(count, MAX_NEWER), "more": count > MAX_NEWER})

    def look() -> Said:
        nonlocal known
        visits, within_s = context.here.visits()
        now = {
            visit.row.session_id: here_json(visit)
            for visit in visits
            if wanted.site in {"", visit.row.site}
        }
        events = _changes(known, now) + newer()
        known = now
        return Said(events) if within_s is None else Said(events, within_s)

    try:
        newer()
    except ValueError as error:
        raise Problem("bad_request", f"after: {error}") from error
    told = -1
    return look


def _changes(known: dict[str, HereJson] | None, now: dict[str, HereJson]) -> bytes:
    if known is None:
        return event("here", {"sessions": list(now.values())})
    changed = [session for id_, session in now.items() if known.get(id_) != session]
    left = [id_ for id_ in known if id_ not in now]
    return event("change", {"sessions": changed, "left": left}) if changed or left else b""


@for_viewers
def site(request: Request) -> Response:
    """`GET /settings/sites/{key}/live`: an event whenever its state is another one: is it recorded,
    and what keeps visits away?"""
    context, key = context_of(request), request.path_params["key"]
    known: object = None

    def look() -> Said:
        nonlocal known
        with context.readers.lend() as db:
            found = site_by_key(db, key)
            if found is None:
                raise Problem("not_found", "there is no such site")
            state = state_of(request, db, found)
        newest = state.newest.session_id if state.newest else ""
        now = (state.site, newest, state.is_fresh, state.findings)
        if now == known:
            return Said()
        known = now
        return Said(event("change", {}))

    look()
    known = None
    look_safely = rechecked(request, look, still_signed_in(request))
    return EventStream(context.hub, (ALL,), look_safely, gap_s=GAP_S)


ROUTES = [
    Route("/api/live", here),
    Route("/settings/sites/{key}/live", site),
]
