"""What every handler needs: the parts of a running collector, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from collector.address import client_address
from collector.auth import Auth, Viewer, is_foreign
from collector.background import Background
from collector.live import Hub
from collector.metrics import Metrics
from collector.problems import Problem
from collector.settings import Settings
from collector.store.database import Database, Readers
from collector.store.sessions import SessionRow, session_by_id
from collector.writer import Writer

Handler = Callable[[Request], Response]
Answered = TypeVar("Answered", bound=Response)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one collector."""

    settings: Settings
    writer: Writer
    readers: Readers
    background: Background
    auth: Auth
    hub: Hub
    metrics: Metrics
    templates: Jinja2Templates
    now_ms: Callable[[], int]


def context_of(request: Request) -> Context:
    """The collector that got this request."""
    return cast(Context, request.app.state.context)


def address_of(request: Request) -> str:
    """The client's address."""
    peer = request.client.host if request.client else ""
    forwarded = ", ".join(request.headers.getlist("x-forwarded-for"))
    return client_address(peer, forwarded, context_of(request).settings.trusted_proxies)


def viewer_of(request: Request) -> Viewer | None:
    """Who is asking."""
    context = context_of(request)
    with context.readers.lend() as db:
        return context.auth.viewer(db, request, address_of(request))


def for_viewers(handler: Handler) -> Handler:
    """Data for those who are signed in or have a token: else 401. Unsafe requests of other sites'
    pages: 403."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        if is_foreign(request, context_of(request).settings.public_url):
            raise Problem("foreign_request", "this request comes from a page of another site")
        if viewer_of(request) is None:
            raise Problem("unauthenticated", "sign in, or send Authorization: Bearer TOKEN")
        return handler(request)

    return guarded


def page_for_viewers(handler: Handler) -> Handler:
    """A page for those who are signed in; the others are asked to, and come back to the same
    moment."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        request.state.viewer = viewer_of(request)
        if request.state.viewer is None:
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            target = request.url_for("sign_in").include_query_params(next=back)
            return RedirectResponse(f"{target.path}?{target.query}", status_code=303)
        return handler(request)

    return guarded


def session_of(db: Database, request: Request) -> SessionRow:
    """The session that the path names. Raises a 404 `Problem`."""
    session = session_by_id(db, request.path_params["session_id"])
    if session is None:
        raise Problem("not_found", "there is no such session")
    return session


def whole_number(request: Request, name: str, default: int | None, low: int, high: int) -> int:
    """An integer of the query. Raises a 400 `Problem`."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        value = int(text or "")
    except ValueError:
        value = low - 1
    if len(text or "") > 20 or not low <= value <= high:
        raise Problem("bad_request", f"{name}: expected an integer of {low} to {high}")
    return value
