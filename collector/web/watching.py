"""Who may watch one session: those who are signed in, under `/sessions/ID`, and whoever has a share
link, under `/s/TOKEN`. In come requests for a replay's data, out comes the session's row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from math import floor
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from collector.problems import Problem
from collector.store.database import Database
from collector.store.openings import opening_of
from collector.store.sessions import SessionRow, session_by_id
from collector.store.shares import Share, share_by_id
from collector.web.context import (
    Handler,
    address_of,
    context_of,
    for_viewers,
    session_of,
    signed_in,
)
from collector.web.live_rule import check_live

MIN_GZIP_BYTES = 1_000
"""Less is not worth the time."""
MAX_T_MS = 2**53 - 1
MAX_FILES = 12
"""Of each kind: a browser that is told of more fetches them one after the other anyway."""
SHARED_HEADERS = {
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    # A link that is revoked must not live on in the browser's cache.
    "cache-control": "no-store",
}


def for_watchers(handler: Handler) -> Handler:
    """Data of one session, for those who are signed in, have an API token, or a share link."""
    for_signed_in = for_viewers(handler)

    @wraps(handler)
    def guarded(request: Request) -> Response:
        if "token" not in request.path_params:
            return for_signed_in(request)
        request.state.share = open_share(request)
        response = handler(request)
        response.headers.update(SHARED_HEADERS)
        return response

    return guarded


def open_share(request: Request) -> Share:
    """The share link that the path names. Raises a `Problem`: 404 for what we never made, 410 for
    what has ended. Both ask the store once."""
    context = context_of(request)
    share_id, is_ours = context.auth.share_id_of(request.path_params["token"])
    with context.readers.lend() as db:
        share = share_by_id(db, share_id)
    if not is_ours:
        context.auth.failed(address_of(request))
        raise Problem("not_found", "there is no such share link")
    if share is None or not share.is_open(context.now_ms()):
        raise Problem("share_ended", "this share link has expired or was revoked")
    return share


def share_of(request: Request) -> Share | None:
    """The share link through which a request came, behind `for_watchers`."""
    return cast(Share | None, getattr(request.state, "share", None))


def watched_session(db: Database, request: Request) -> SessionRow:
    """The session that may be watched. Raises a `Problem`."""
    share = share_of(request)
    row = session_by_id(db, share.session_id) if share else session_of(db, request)
    if row is None:
        raise Problem("share_ended", "this share link has expired or was revoked")
    check_live(db, request, row)
    return row


def note_view(
    request: Request,
    row: SessionRow,
    *,
    opens: bool = False,
    t_ms: int | None = None,
    waits: bool = True,
) -> None:
    """A part of a session is handed out: the audit shall know to whom. `waits`: until it does."""
    if request.method != "GET":
        return
    context, share = context_of(request), share_of(request)
    user = None if share else signed_in(request).user
    context.views.note(
        _who(request),
        address_of(request),
        row,
        context.now_ms(),
        user=user.user if user else None,
        share=share.share if share else None,
        opens=opens,
        t_ms=t_ms,
        waits=waits,
    )


@dataclass(frozen=True, slots=True)
class Start:
    """How a player's page begins. `timeline`: the address of the whole timeline, with the moment at
    which `?t=` (seconds) lets it open; `opening`: the part of it that this moment takes, if it is a
    small one; `files`: what the browser may fetch while the player loads."""

    timeline: str
    opening: dict[str, object] | None
    files: list[str]


def start_of(request: Request, row: SessionRow, base: str) -> Start:
    """How the page of a player under the path `base` begins."""
    context = context_of(request)
    try:
        # As the player rounds it.
        t_ms = floor(float(request.query_params.get("t", "")[:20]) * 1000 + 0.5)
    except (ValueError, OverflowError):
        return Start(f"{base}/timeline", None, [f"{base}/timeline"])
    timeline, found = f"{base}/timeline?t_ms={t_ms}", None
    if abs(t_ms) <= MAX_T_MS:
        with context.readers.lend() as db:
            found = opening_of(db, row, t_ms, context.now_ms(), context.settings.pace.live_ms)
    if found is None:
        return Start(timeline, None, [timeline])
    context.views.expect(_who(request), address_of(request), row, context.now_ms(), t_ms)
    segments = found.first[-MAX_FILES:]
    hashes = dict.fromkeys(hash_ for segment in segments for hash_ in segment["contents"])
    files = [f"{base}/segments/{segment['segment']}" for segment in segments]
    files += [f"{base}/contents/{hash_}" for hash_ in [*hashes][:MAX_FILES]]
    return Start(timeline, found.timeline, files)


def _who(request: Request) -> str:
    share = share_of(request)
    return f"share link {share.share}" if share else signed_in(request).name


def asked_t_ms(request: Request) -> int | None:
    """Where a player says that it opens; None: it doesn't, or nonsense."""
    try:
        t_ms = int(request.query_params.get("t_ms", "")[:20])
    except ValueError:
        return None
    return t_ms if abs(t_ms) <= MAX_T_MS else None
