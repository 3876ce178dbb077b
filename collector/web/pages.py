"""The pages: in come requests of reps, out goes HTML from `templates/`. Signing in needs a POST:
chat previews fetch links."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.auth import is_foreign, safe_next
from collector.headers import own_origin, page_policy
from collector.problems import Problem
from collector.store.people import link_is_good, spend_link
from collector.store.sessions import SessionJson, list_sessions
from collector.store.sites import all_sites
from collector.urls import path_of
from collector.web.context import (
    address_of,
    context_of,
    page_for_viewers,
    session_of,
    viewer_of,
)

PAGE_SIZE = 50
MAX_QUERY = 200
MAX_FORM_BYTES = 8_192


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


def sign_in(request: Request) -> Response:
    """`/sign-in`: says how to get a link."""
    if viewer_of(request) is not None:
        target = safe_next(request.query_params.get("next", "/"))
        return RedirectResponse(target, status_code=303)
    return page(request, "sign_in.html", 401, state="ask")


def sign_in_link(request: Request) -> Response:
    """GET of a link shows a button."""
    context = context_of(request)
    with context.readers.lend() as db:
        good = link_is_good(db, request.path_params["token"], context.now_ms())
    if not good:
        context.auth.failed(address_of(request))
        return page(request, "sign_in.html", 410, state="spent")
    target = safe_next(request.query_params.get("next", "/"))
    return page(request, "sign_in.html", state="button", next=target)


async def spend_sign_in_link(request: Request) -> Response:
    """POST of a link spends it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM_BYTES:
            raise Problem("too_large", "this form is small")
    form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
    return await run_in_threadpool(_spend, request, form.get("next", ["/"])[0])


def _spend(request: Request, target: str) -> Response:
    context = context_of(request)
    if is_foreign(request, context.settings.public_url):
        raise Problem("foreign_request", "this request comes from a page of another site")
    token = request.path_params["token"]
    now_ms = context.now_ms()
    user = context.writer.call(lambda db, _: spend_link(db, token, now_ms))
    if user is None:
        context.auth.failed(address_of(request))
        return page(request, "sign_in.html", 410, state="spent")
    response = RedirectResponse(safe_next(target), status_code=303)
    context.auth.sign_in(response, user)
    return response


def sign_out(request: Request) -> Response:
    """`POST /sign-out`."""
    context = context_of(request)
    if is_foreign(request, context.settings.public_url):
        raise Problem("foreign_request", "this request comes from a page of another site")
    response = RedirectResponse("/sign-in", status_code=303)
    context.auth.sign_out(response)
    return response


ROUTES = [
    Route("/", sessions),
    Route("/sessions/{session_id}", player),
    Route("/sign-in", sign_in, name="sign_in"),
    Route("/sign-in/{token}", sign_in_link),
    Route("/sign-in/{token}", spend_sign_in_link, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]
