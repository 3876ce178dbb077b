"""Signing in and out, and a person's own account. A link's GET shows only a button, its POST spends
it: chat previews fetch links."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.auth import safe_next
from collector.problems import Problem
from collector.store.audit import add_line
from collector.store.database import Database
from collector.store.people import (
    User,
    add_sign_in,
    end_sign_in,
    end_sign_ins,
    link_is_good,
    sign_in_of,
    spend_link,
)
from collector.web.context import (
    address_of,
    context_of,
    page_for_viewers,
    signed_in,
    viewer_of,
)
from collector.web.forms import form_of, with_body
from collector.web.pages import page

NEXT_COOKIE = "visitreel-next"
NEXT_LIFE_S = 24 * 3600
"""As long as a sign-in link: whoever has to ask for one first still lands where they wanted."""


def sign_in(request: Request) -> Response:
    """`/sign-in?next=…`: says how to get a link, and keeps where the reader wanted to go."""
    target = safe_next(request.query_params.get("next", "/"))
    if viewer_of(request) is not None:
        return RedirectResponse(target, status_code=303)
    response = page(request, "sign_in.html", state="ask", next=target)
    if target != "/":
        response.set_cookie(
            NEXT_COOKIE,
            quote(target, safe=""),
            max_age=NEXT_LIFE_S,
            path="/sign-in",
            secure=context_of(request).settings.is_https,
            httponly=True,
            samesite="lax",
        )
    return response


def sign_in_link(request: Request) -> Response:
    """GET of a link shows a button."""
    context = context_of(request)
    with context.readers.lend() as db:
        good = link_is_good(db, request.path_params["token"], context.now_ms())
    if not good:
        return _spent(request)
    return page(request, "sign_in.html", state="button", next=_kept_next(request))


@with_body
def spend_sign_in_link(request: Request) -> Response:
    """POST of a link spends it."""
    context = context_of(request)
    token, now_ms = request.path_params["token"], context.now_ms()
    old = context.auth.secret_of(request)
    found = context.writer.call(lambda db, _: _spend(db, token, old, now_ms))
    if found is None:
        return _spent(request)
    target = form_of(request).get("next")
    target = _kept_next(request) if target is None else safe_next(target)
    response = RedirectResponse(target, status_code=303)
    context.auth.sign_in(response, found)
    response.delete_cookie(NEXT_COOKIE, path="/sign-in")
    return response


def _spend(db: Database, token: str, old: str, now_ms: int) -> str | None:
    """The secret of a new sign-in, which takes the place of the browser's `old` one."""
    user = spend_link(db, token, now_ms)
    if user is None:
        return None
    end_sign_in(db, old)
    add_line(db, now_ms, user.email, "sign_in")
    return add_sign_in(db, user, now_ms)


def _spent(request: Request) -> Response:
    """Unknown, expired and spent links are alike: nobody learns which there were."""
    context_of(request).auth.failed(address_of(request))
    return page(request, "dead_link.html", 410, kind="sign_in")


def _kept_next(request: Request) -> str:
    """Where to go: as the link says, else as the reader wanted when they were asked to sign in."""
    told = request.query_params.get("next")
    return safe_next(unquote(request.cookies.get(NEXT_COOKIE, "/")) if told is None else told)


def sign_out(request: Request) -> Response:
    """`POST /sign-out`: ends this browser's sign-in, also for whoever copied its cookie."""
    context = context_of(request)
    secret, now_ms = context.auth.secret_of(request), context.now_ms()

    def end(db: Database) -> None:
        found = sign_in_of(db, secret, now_ms)
        if found is not None:
            end_sign_in(db, secret)
            add_line(db, now_ms, found.user.email, "sign_out")

    if secret:
        context.writer.call(lambda db, _: end(db))
    return _signed_out(request)


@page_for_viewers
def settings(request: Request) -> Response:
    """`/settings`: the first page of them that one may see."""
    name = "sites" if signed_in(request).is_admin else "shares"
    return RedirectResponse(f"/settings/{name}", status_code=303)


@page_for_viewers
def account(request: Request) -> Response:
    """`/settings/account`: who is signed in here."""
    user = _own(request)
    return page(request, "account.html", user=user)


@page_for_viewers
def sign_out_everywhere(request: Request) -> Response:
    """`POST /settings/account/sign-out-everywhere`."""
    context = context_of(request)
    user, now_ms = _own(request), context.now_ms()

    def end(db: Database) -> None:
        end_sign_ins(db, user.user)
        add_line(db, now_ms, user.email, "sign_out_everywhere", user.email)

    context.writer.call(lambda db, _: end(db))
    return _signed_out(request)


def _own(request: Request) -> User:
    user = signed_in(request).user
    if user is None:
        raise Problem("forbidden", "an API token has no account")
    return user


def _signed_out(request: Request) -> Response:
    response = RedirectResponse("/sign-in", status_code=303)
    context_of(request).auth.sign_out(response)
    return response


ROUTES = [
    Route("/sign-in", sign_in, name="sign_in"),
    Route("/sign-in/{token}", sign_in_link),
    Route("/sign-in/{token}", spend_sign_in_link, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/settings", settings),
    Route("/settings/account", account),
    Route("/settings/account/sign-out-everywhere", sign_out_everywhere, methods=["POST"]),
]
