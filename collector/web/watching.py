"""Who may watch one session: those who are signed in, under `/sessions/ID`, and whoever has a share
link, under `/s/TOKEN`. In come requests for a replay's data, out comes the session's row."""

from __future__ import annotations

from functools import wraps
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from collector.problems import Problem
from collector.store.database import Database
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

MIN_GZIP_BYTES = 1_000
"""Less is not worth the time."""
MAX_T_MS = 2**53 - 1
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
    if share is None:
        return session_of(db, request)
    row = session_by_id(db, share.session_id)
    if row is None:
        raise Problem("share_ended", "this share link has expired or was revoked")
    return row


def note_view(
    request: Request, row: SessionRow, *, opens: bool = False, t_ms: int | None = None
) -> None:
    """A part of a session is handed out: the audit shall know to whom."""
    if request.method != "GET":
        return
    context, share = context_of(request), share_of(request)
    user = None if share else signed_in(request).user
    context.views.note(
        f"share link {share.share}" if share else signed_in(request).name,
        address_of(request),
        row,
        context.now_ms(),
        user=user.user if user else None,
        share=share.share if share else None,
        opens=opens,
        t_ms=t_ms,
    )


def timeline_address(request: Request, base: str) -> str:
    """What the player of this page asks for first, with the moment at which `?t=` (seconds) lets
    it open."""
    try:
        t_ms = round(float(request.query_params.get("t", "")[:20]) * 1000)
    except (ValueError, OverflowError):
        return f"{base}/timeline"
    return f"{base}/timeline?t_ms={t_ms}"


def asked_t_ms(request: Request) -> int | None:
    """Where a player says that it opens; None: it doesn't, or nonsense."""
    try:
        t_ms = int(request.query_params.get("t_ms", "")[:20])
    except ValueError:
        return None
    return t_ms if abs(t_ms) <= MAX_T_MS else None
