"""The settings of users and API tokens, for admins: in come forms, out come pages. What is secret
is shown once, in the answer to the form that made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.commands import ROLES, BadArgument, Json, run_command
from collector.problems import Problem
from collector.store.audit import add_line
from collector.store.database import Database
from collector.store.people import (
    User,
    add_link,
    all_users,
    end_sign_ins,
    remove_user,
    set_role,
    user_by_row,
)
from collector.store.tokens import all_tokens, revoke_token
from collector.web.context import context_of, page_for_admins, signed_in
from collector.web.forms import form_of, with_body
from collector.web.pages import page

Done = TypeVar("Done")


# --- users ---------------------------------------------------------------------------------------


def _users_page(
    request: Request,
    status: int = 200,
    *,
    link: str = "",
    link_for: str = "",
    email: str = "",
    error: str = "",
) -> Response:
    """The list; `link`: one that was just made, `link_for`: for whom; `email` and `error`: what was
    typed and what is wrong with it."""
    context = context_of(request)
    with context.readers.lend() as db:
        found = all_users(db, context.now_ms())
    own = signed_in(request).user
    return page(
        request,
        "users.html",
        status,
        users=found,
        own=own.user if own else None,
        link=link,
        link_for=link_for,
        email=email,
        error=error,
    )


@page_for_admins
def users(request: Request) -> Response:
    """`/settings/users`: who may sign in."""
    return _users_page(request)


@with_body
@page_for_admins
def add_user(request: Request) -> Response:
    """`POST /settings/users`: lets somebody in; shows their sign-in link."""
    form = form_of(request)
    email = form.get("email", "")
    try:
        added = _command(request, "user_add", {"email": email, "role": form.get("role", "rep")})
    except BadArgument as error:
        return _users_page(request, 400, error=str(error), email=email)
    link = _link(request, str(added["token"]))
    return _users_page(request, link=link, link_for=str(added["email"]))


@page_for_admins
def new_link(request: Request) -> Response:
    """`POST /settings/users/{user}/link`: a sign-in link for somebody who has none."""
    now_ms = context_of(request).now_ms()
    user, token = _change(request, "link_add", lambda db, user: add_link(db, user, now_ms))
    return _users_page(request, link=_link(request, token), link_for=user.email)


@with_body
@page_for_admins
def change_role(request: Request) -> Response:
    """`POST /settings/users/{user}/role`."""
    role = ROLES.get(form_of(request).get("role", ""))
    if role is None:
        raise Problem("bad_request", "role: expected rep or admin")
    _change(request, "user_role", lambda db, user: set_role(db, user.user, role), role, other=True)
    return RedirectResponse("/settings/users", status_code=303)


@page_for_admins
def sign_out_user(request: Request) -> Response:
    """`POST /settings/users/{user}/sign-out`: on all browsers."""
    _change(request, "sign_out_everywhere", lambda db, user: end_sign_ins(db, user.user))
    return RedirectResponse("/settings/users", status_code=303)


@page_for_admins
def remove(request: Request) -> Response:
    """`POST /settings/users/{user}/remove`."""
    now_ms = context_of(request).now_ms()
    _change(request, "user_remove", lambda db, user: remove_user(db, user.user, now_ms), other=True)
    return RedirectResponse("/settings/users", status_code=303)


def _change(
    request: Request,
    what: str,
    change: Callable[[Database, User], Done],
    words: str = "",
    *,
    other: bool = False,
) -> tuple[User, Done]:
    """Changes the user that the path names, and notes it. `other`: not oneself, so that there is
    always an admin. Raises a `Problem`."""
    context, viewer = context_of(request), signed_in(request)
    number, now_ms = request.path_params["user"], context.now_ms()

    def run(db: Database) -> tuple[User, Done]:
        user = user_by_row(db, number) if number < 2**62 else None
        if user is None:
            raise Problem("not_found", "there is no such user")
        if other and viewer.user is not None and viewer.user.user == user.user:
            raise Problem("forbidden", "you can't do this to yourself: ask another admin")
        add_line(db, now_ms, viewer.name, what, f"{user.email} {words}".strip())
        return user, change(db, user)

    return context.writer.call(lambda db, _: run(db))


def _link(request: Request, token: str) -> str:
    return f"{context_of(request).settings.public_url}/sign-in/{token}"


def _command(request: Request, name: str, arguments: Json) -> Json:
    context, now_ms, who = context_of(request), context_of(request).now_ms(), signed_in(request)
    return context.writer.call(
        lambda db, intake: run_command(db, intake, name, arguments, now_ms, who.name)
    )


# --- API tokens ----------------------------------------------------------------------------------


def _tokens_page(request: Request, made: str = "", name: str = "") -> Response:
    with context_of(request).readers.lend() as db:
        found = all_tokens(db)
    return page(request, "tokens.html", tokens=found, made=made, name=name)


@page_for_admins
def tokens(request: Request) -> Response:
    """`/settings/tokens`: which programs may use the API."""
    return _tokens_page(request)


@with_body
@page_for_admins
def make_token(request: Request) -> Response:
    """`POST /settings/tokens`: makes one and shows it, once."""
    made = _command(request, "token_add", {"name": form_of(request).get("name", "")})
    return _tokens_page(request, made=str(made["token"]), name=str(made["name"]))


@page_for_admins
def end_token(request: Request) -> Response:
    """`POST /settings/tokens/{token}/revoke`."""
    context, viewer = context_of(request), signed_in(request)
    number, now_ms = request.path_params["token"], context.now_ms()

    def end(db: Database) -> None:
        name = revoke_token(db, number) if number < 2**62 else None
        if name is None:
            raise Problem("not_found", "there is no such token")
        add_line(db, now_ms, viewer.name, "token_revoke", name)

    context.writer.call(lambda db, _: end(db))
    return RedirectResponse("/settings/tokens", status_code=303)


ROUTES = [
    Route("/settings/users", users),
    Route("/settings/users", add_user, methods=["POST"]),
    Route("/settings/users/{user:int}/link", new_link, methods=["POST"]),
    Route("/settings/users/{user:int}/role", change_role, methods=["POST"]),
    Route("/settings/users/{user:int}/sign-out", sign_out_user, methods=["POST"]),
    Route("/settings/users/{user:int}/remove", remove, methods=["POST"]),
    Route("/settings/tokens", tokens),
    Route("/settings/tokens", make_token, methods=["POST"]),
    Route("/settings/tokens/{token:int}/revoke", end_token, methods=["POST"]),
]
