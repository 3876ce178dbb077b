"""The pages: in come requests of reps, out goes HTML from `templates/`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.headers import own_origin, page_policy
from collector.store.sessions import SessionRow
from collector.web.context import context_of, page_for_viewers, session_of
from collector.web.live_rule import check_live
from collector.web.watching import start_of


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


def duration(milliseconds: int) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    seconds = milliseconds // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def visitor_name(row: SessionRow) -> str:
    """What a visitor is called: by their name, else by the beginning of their id."""
    return row.person or f"Visitor {row.visitor_id[:6]}"


@page_for_viewers
def player(request: Request) -> Response:
    """`/sessions/{id}?t=12.5`: the player."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = session_of(db, request)
        check_live(db, request, row)
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
        start=start_of(request, row, base),
        who=visitor_name(row),
        site=row.site,
    )


ROUTES = [
    Route("/sessions/{session_id}", player),
]
