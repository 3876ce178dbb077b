"""Share links: a rep makes one for a visit; whoever has it watches that visit, and nothing else,
without an account until it expires or is revoked."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.auth import Viewer
from collector.headers import own_origin
from collector.problems import Problem
from collector.store.audit import add_line
from collector.store.database import Database
from collector.store.sessions import session_by_id
from collector.store.shares import (
    Share,
    TooManyShares,
    add_share,
    revoke_share,
    share_by_row,
    shares,
)
from collector.web.api import json_answer, timeline
from collector.web.context import (
    context_of,
    for_viewers,
    page_for_viewers,
    session_of,
    signed_in,
)
from collector.web.forms import form_of, json_of, with_body
from collector.web.pages import page
from collector.web.watching import (
    MAX_T_MS,
    SHARED_HEADERS,
    open_share,
    start_of,
    watched_session,
)

DEFAULT_LIFE_S = 7 * 24 * 3600
MIN_LIFE_S = 60
MAX_LIFE_S = 365 * 24 * 3600


@with_body
@for_viewers
def make_share(request: Request) -> Response:
    """`POST /api/sessions/{id}/share {"expires_in_s", "t_ms"}`: both may be left out."""
    context, viewer, now_ms = context_of(request), signed_in(request), context_of(request).now_ms()
    asked = json_of(request)
    life_s = _whole(asked, "expires_in_s", MIN_LIFE_S, MAX_LIFE_S)
    life_s = DEFAULT_LIFE_S if life_s is None else life_s
    t_ms = _whole(asked, "t_ms", -MAX_T_MS, MAX_T_MS)
    with context.readers.lend() as db:
        row = session_of(db, request)

    def make(db: Database) -> Share:
        # It may have been erased while this waited.
        if session_by_id(db, row.session_id) is None:
            raise Problem("not_found", "there is no such session")
        user = viewer.user.user if viewer.user else None
        until_ms = now_ms + life_s * 1000
        made = add_share(db, row.session, viewer.name, user, t_ms, now_ms, until_ms)
        about = f"share link {made.share}"
        add_line(db, now_ms, viewer.name, "share_add", about, session=row.session, t_ms=t_ms)
        return made

    try:
        made = context.writer.call(lambda db, _: make(db))
    except TooManyShares as error:
        raise Problem("conflict", str(error)) from error
    return json_answer({"url": url_of(request, made), "expires_at_ms": made.expires_at_ms})


def _whole(asked: dict[str, object], name: str, low: int, high: int) -> int | None:
    """An integer of a JSON object; None: it isn't there. Raises a 400 `Problem`."""
    value = asked.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Problem("bad_request", f"{name}: expected an integer of {low} to {high}")
    return value


def url_of(request: Request, share: Share) -> str:
    """The link that people get. It can be told again: it is signed, not kept."""
    context = context_of(request)
    seconds = "" if share.t_ms is None else f"{share.t_ms / 1000:.3f}".rstrip("0").rstrip(".")
    query = f"?t={seconds}" if seconds else ""
    token = context.auth.share_token(share.share_id)
    return f"{context.settings.public_url}/s/{token}{query}"


def shared_player(request: Request) -> Response:
    """`GET /s/{token}`: the player, without anything else. It counts as no view: a chat's preview
    fetches it too."""
    try:
        request.state.share = open_share(request)
        with context_of(request).readers.lend() as db:
            row = watched_session(db, request)
    except Problem as problem:
        if problem.status == 429:
            raise
        kind = "share_ended" if problem.status == 410 else "share_unknown"
        response = page(request, "dead_link.html", problem.status, kind=kind)
    else:
        base = f"/s/{request.path_params['token']}"
        origin = own_origin(request, context_of(request).settings.public_url)
        response = page(
            request,
            "session.html",
            frames=f"{origin}{base}/shell",
            shared=True,
            base=base,
            start=start_of(request, row, base),
            who="A recorded visit",
            site="",
        )
    response.headers.update(SHARED_HEADERS)
    return response


@page_for_viewers
def listed_shares(request: Request) -> Response:
    """`/settings/shares[?session=ID]`: who shared what, until when, and whether it was used."""
    context, now_ms = context_of(request), context_of(request).now_ms()
    session_id = request.query_params.get("session", "")
    with context.readers.lend() as db:
        row = session_by_id(db, session_id) if session_id else None
        if session_id and row is None:
            raise Problem("not_found", "there is no such session")
        found = shares(db, row.session if row else None)
    lines = [
        {
            "share": share,
            "url": url_of(request, share),
            "is_open": share.is_open(now_ms),
            "is_mine": _may_revoke(signed_in(request), share),
        }
        for share in found
    ]
    return page(request, "shares.html", lines=lines, session_id=session_id)


@with_body
@page_for_viewers
def revoke(request: Request) -> Response:
    """`POST /settings/shares/{share}/revoke`: for whoever made it, and for admins."""
    context, viewer = context_of(request), signed_in(request)
    number, now_ms = request.path_params["share"], context.now_ms()

    def end(db: Database) -> None:
        share = share_by_row(db, number) if number < 2**62 else None
        if share is None:
            raise Problem("not_found", "there is no such share link")
        if not _may_revoke(viewer, share):
            raise Problem("forbidden", "this link is somebody else's: ask them or an admin")
        if share.revoked_at_ms is None:
            revoke_share(db, number, now_ms)
            about = f"share link {number}"
            add_line(db, now_ms, viewer.name, "share_revoke", about, session=share.session)

    context.writer.call(lambda db, _: end(db))
    session_id = form_of(request).get("session", "")
    query = "?" + urlencode({"session": session_id}) if session_id else ""
    return RedirectResponse(f"/settings/shares{query}", status_code=303)


def _may_revoke(viewer: Viewer, share: Share) -> bool:
    return viewer.is_admin or (viewer.user is not None and viewer.user.user == share.user)


ROUTES = [
    Route("/api/sessions/{session_id}/share", make_share, methods=["POST"]),
    Route("/s/{token}", shared_player),
    Route("/s/{token}/timeline", timeline),
    Route("/settings/shares", listed_shares),
    Route("/settings/shares/{share:int}/revoke", revoke, methods=["POST"]),
]
