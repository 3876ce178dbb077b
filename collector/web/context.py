"""What every handler needs: the parts of a running collector, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from collector.address import client_address
from collector.alerts.dispatch import Dispatcher
from collector.auth import SAFE_METHODS, Auth, Viewer
from collector.background import Background
from collector.here import Here
from collector.live import Hub
from collector.metrics import Metrics
from collector.problems import Problem
from collector.settings import Settings
from collector.sightings import Sightings
from collector.signalling import Signalling
from collector.sites import SiteDirectory
from collector.store.database import Database, Readers, StoreError
from collector.store.lines import Asking
from collector.store.people import renew_sign_in
from collector.store.sessions import SessionRow, session_by_id
from collector.store.tokens import Token, note_token_used
from collector.trials import Trials
from collector.views import Views
from collector.writer import Writer

Handler = Callable[[Request], Response]
TOKEN_NOTED_MS = 3_600_000
"""When an API token was used last is written down once an hour."""


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one collector."""

    settings: Settings
    writer: Writer
    readers: Readers
    background: Background
    signals: Signalling
    auth: Auth
    hub: Hub
    here: Here
    alerts: Dispatcher
    sites: SiteDirectory
    sightings: Sightings
    views: Views
    metrics: Metrics
    templates: Jinja2Templates
    now_ms: Callable[[], int]
    trials: Trials = field(default_factory=Trials)


def context_of(request: Request) -> Context:
    """The collector that got this request."""
    return cast(Context, request.app.state.context)


def address_of(request: Request) -> str:
    """The client's address."""
    peer = request.client.host if request.client else ""
    forwarded = ", ".join(request.headers.getlist("x-forwarded-for"))
    return client_address(peer, forwarded, context_of(request).settings.trusted_proxies)


def viewer_of(request: Request) -> Viewer | None:
    """Who is asking; `request.state.viewer` from then on."""
    context = context_of(request)
    with context.readers.lend() as db:
        viewer = context.auth.viewer(db, request, address_of(request))
    if viewer is not None and viewer.token is not None:
        _note_used(context, viewer.token)
    request.state.viewer = viewer
    return viewer


def for_viewers(handler: Handler) -> Handler:
    """Data for those who are signed in or have a token: else 401."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        if viewer_of(request) is None:
            raise Problem("unauthenticated", "sign in, or send Authorization: Bearer TOKEN")
        return handler(request)

    return guarded


def for_admins(handler: Handler) -> Handler:
    """Data and changes for admins and API tokens: others 403."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        _check_admin(signed_in(request))
        return handler(request)

    return for_viewers(guarded)


def page_for_viewers(handler: Handler) -> Handler:
    """A page, or a form of one, for those who are signed in; the others are asked to, and come back
    to the same moment."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        viewer = viewer_of(request)
        if viewer is None:
            return _ask_to_sign_in(request)
        response = handler(request)
        if viewer.renews:
            _renew(request, response)
        return response

    return guarded


def page_for_admins(handler: Handler) -> Handler:
    """A page, or a form of one, for admins: others 403."""

    @wraps(handler)
    def guarded(request: Request) -> Response:
        _check_admin(signed_in(request))
        return handler(request)

    return page_for_viewers(guarded)


def signed_in(request: Request) -> Viewer:
    """Who is asking, behind one of the guards above."""
    return cast(Viewer, request.state.viewer)


def asking_of(request: Request) -> Asking:
    """Who wants to see sessions, and when: behind one of the guards above."""
    context = context_of(request)
    user = signed_in(request).user
    return Asking(context.now_ms(), context.settings.pace.live_ms, user.user if user else None)


def _check_admin(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise Problem("forbidden", "this is for admins: ask one of them")


def _ask_to_sign_in(request: Request) -> Response:
    back = "/"
    if request.method in SAFE_METHODS:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = request.url_for("sign_in").include_query_params(next=back)
    return RedirectResponse(f"{target.path}?{target.query}", status_code=303)


def _renew(request: Request, response: Response) -> None:
    """Whoever comes back stays signed in; where nothing can be written, as long as before."""
    context = context_of(request)
    secret, now_ms = context.auth.secret_of(request), context.now_ms()
    with suppress(StoreError):
        if context.writer.call(lambda db, _: renew_sign_in(db, secret, now_ms)):
            context.auth.sign_in(response, secret)


def _note_used(context: Context, token: Token) -> None:
    now_ms = context.now_ms()
    if token.used_at_ms is None or now_ms - token.used_at_ms >= TOKEN_NOTED_MS:
        with suppress(StoreError):
            context.writer.call(lambda db, _: note_token_used(db, token.api_token, now_ms))


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
