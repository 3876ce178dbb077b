"""The pages: in come requests of reps, out goes HTML from `templates/`."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.headers import own_origin, page_policy
from collector.problems import Problem
from collector.store.sessions import SessionJson, list_sessions
from collector.store.sites import all_sites
from collector.urls import path_of
from collector.web.context import context_of, page_for_viewers, session_of

PAGE_SIZE = 50
MAX_QUERY = 200


def page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    frames: str = "'none'",
    referrer: str = "same-origin",
    **values: object,
) -> Response:
    """A template as a response that nobody caches."""
    headers = {
        "content-security-policy": page_policy(frames),
        "referrer-policy": referrer,
        "cache-control": "no-store",
        "x-robots-tag": "noindex, nofollow",
    }
    return context_of(request).templates.TemplateResponse(
        request, template, values, status_code=status, headers=headers
    )


@page_for_viewers
def sessions(request: Request) -> Response:
    """`/`: the sessions, newest first."""
    context = context_of(request)
    q = request.query_params.get("q", "").strip()[:MAX_QUERY]
    before = request.query_params.get("before", "")
    with context.readers.lend() as db:
        sites = all_sites(db)
        try:
            found, after = list_sessions(
                db,
                context.now_ms(),
                context.settings.pace.live_ms,
                limit=PAGE_SIZE,
                before=before,
                q=q,
            )
        except ValueError as error:
            raise Problem("bad_request", str(error)) from error
    return page(
        request,
        "sessions.html",
        sessions=[_line(one) for one in found],
        after=after,
        before=before,
        q=q,
        sites=sites,
        url=context.settings.public_url,
    )


def _line(session: SessionJson) -> dict[str, object]:
    """A session as one line of the list."""
    views = session["page_views"]
    first_url, first_title = (views[0]["url"], views[0]["title"]) if views else ("", "")
    return {
        **session,
        "who": session["person"] or f"Visitor {session['visitor_id'][:6]}",
        "title": first_title or "Untitled page",
        "path": path_of(first_url),
        "pages": len(views),
        "when": datetime.fromtimestamp(session["started_at_ms"] / 1000, UTC),
        "length": duration(session["duration_ms"]),
    }


def duration(milliseconds: int) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    seconds = milliseconds // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@page_for_viewers
def player(request: Request) -> Response:
    """`/sessions/{id}?t=12.5`: the player."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = session_of(db, request)
    # A policy with a path: a link in the replayed page can't navigate the frame to anything else of
    # ours.
    named = request.path_params["session_id"]
    base = f"/sessions/{named}"
    shell = f"{own_origin(request, context.settings.public_url)}{base}/shell"
    return page(
        request,
        "session.html",
        frames=shell,
        referrer="no-referrer",
        base=base,
        who=row.person or f"Visitor {row.visitor_id[:6]}",
        site=row.site,
    )


ROUTES = [
    Route("/", sessions),
    Route("/sessions/{session_id}", player),
]
