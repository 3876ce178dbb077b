"""Channels in the settings: everybody has their own, admins make those that are shared. In come
forms, out come pages; what lets others write to a channel is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from collector.alerts.commands import DEFAULT_AN_HOUR, BadChannel, add_test, new_channel
from collector.alerts.kinds import KINDS, BadAddress, Kind, checked_address, shown_address
from collector.problems import Problem
from collector.store.audit import add_line
from collector.store.channels import (
    Channel,
    alert_rules,
    channel_by_row,
    channels_of,
    remove_channel,
    turn_on,
)
from collector.store.database import Database
from collector.store.sites import all_sites
from collector.web.api import json_answer
from collector.web.context import context_of, for_viewers, page_for_viewers, signed_in
from collector.web.first_alert import way_of
from collector.web.forms import form_of, json_of, with_body
from collector.web.pages import page

CHECK_S = 20.0
TEST_S = 20.0
"""All that sends gives up sooner."""
PATH = "/settings/channels"
WORKER = Path(__file__).parent / "worker.js"


@dataclass(frozen=True, slots=True)
class Shown:
    """A channel as a line of a list. `may_change`: the reader may."""

    channel: Channel
    kind: str
    address: str
    may_change: bool


@page_for_viewers
def channels(request: Request) -> Response:
    """`/settings/channels`: where one is told, and where all are."""
    return _page(request)


def _page(
    request: Request,
    status: int = 200,
    *,
    form: dict[str, str] | None = None,
    error: str = "",
    made: Channel | None = None,
    tested: tuple[Channel, str] | None = None,
) -> Response:
    """`made`: a webhook that was just made, whose secret is shown; `tested`: a channel and what
    became of a test, empty: it arrived."""
    context, viewer = context_of(request), signed_in(request)
    user = viewer.user.user if viewer.user else None
    with context.readers.lend() as db:
        rules = alert_rules(db)
        own = channels_of(db, user) if user is not None else []
        shared = channels_of(db, None)
        sites = all_sites(db)
        way = way_of(request, db, sites[0] if sites else None)
    return page(
        request,
        "channels.html",
        status,
        way=way,
        own=[_shown(one, may_change=True) for one in own],
        shared=[_shown(one, may_change=viewer.is_admin) for one in shared],
        kinds=[kind for kind in KINDS.values() if rules.allows(kind.name) and kind.name != "push"],
        may_push=user is not None and rules.allows("push"),
        has_mail=bool(rules.mail_server),
        has_user=user is not None,
        is_admin=viewer.is_admin,
        an_hour=DEFAULT_AN_HOUR,
        form=form or {},
        error=error,
        made=made,
        tested=tested,
    )


def _shown(channel: Channel, *, may_change: bool) -> Shown:
    kind = KINDS[channel.kind]
    return Shown(channel, kind.title, shown_address(kind, channel.address), may_change)


@with_body
@page_for_viewers
def add(request: Request) -> Response:
    """`POST /settings/channels`: one more."""
    form, viewer = form_of(request), signed_in(request)
    kind = KINDS.get(form.get("kind", ""))
    if kind is None or kind.name == "push":
        raise Problem("bad_request", "kind: no such kind of channels")
    is_shared = form.get("whose") == "all" or viewer.user is None
    if is_shared and not viewer.is_admin:
        raise Problem("forbidden", "shared channels are made by admins: ask one of them")
    most = form.get("max_an_hour", "")
    try:
        _check(request, kind, form.get("address", ""))
        made = _make(
            request,
            None if is_shared or viewer.user is None else viewer.user.user,
            kind,
            form.get("name", ""),
            form.get("address", ""),
            int(most) if most.isdigit() and len(most) < 6 else DEFAULT_AN_HOUR,
        )
    except (BadChannel, BadAddress) as error:
        return _page(request, 400, form=form, error=_sentence(error))
    if kind.name == "webhook":
        return _page(request, made=made)
    return RedirectResponse(f"{PATH}#channel-{made.channel}", status_code=303)


def _check(request: Request, kind: Kind, address: str) -> None:
    """Asks the library that will send what it makes of an address. Raises `BadAddress`."""
    address = checked_address(kind, address)
    if not kind.schemes or "://" not in address:
        return
    try:
        line = {"do": "check", "kind": kind.name, "address": address}
        answer = context_of(request).alerts.ask(line, CHECK_S)
    except TimeoutError:
        return  # a test will tell
    if not answer["ok"]:
        raise BadAddress(str(answer["error"]))


def _make(
    request: Request, user: int | None, kind: Kind, name: str, address: str, most: int
) -> Channel:
    context, viewer, now_ms = context_of(request), signed_in(request), context_of(request).now_ms()

    def make(db: Database) -> Channel:
        made = new_channel(db, user, kind, name, address, most, now_ms)
        add_line(db, now_ms, viewer.name, "channel_add", f"{made.name} ({kind.title})")
        return made

    return context.writer.call(lambda db, _: make(db))


@with_body
@for_viewers
def subscribe(request: Request) -> Response:
    """`POST /settings/channels/push {"subscription", "name"}`: this browser wants to be told."""
    viewer, asked = signed_in(request), json_of(request)
    subscription, name = asked.get("subscription"), asked.get("name")
    if viewer.user is None:
        raise Problem("forbidden", "an API token has no browser")
    if not isinstance(subscription, str) or not isinstance(name, str):
        raise Problem("bad_request", "subscription, name: expected text")
    user, kind = viewer.user.user, KINDS["push"]
    try:
        address = checked_address(kind, subscription)
        with context_of(request).readers.lend() as db:
            known = [one for one in channels_of(db, user) if one.address == address]
        made = known[0] if known else _make(request, user, kind, name, address, DEFAULT_AN_HOUR)
    except (BadChannel, BadAddress) as error:
        raise Problem("bad_request", str(error)) from error
    return json_answer({"channel": made.channel})


@for_viewers
def push_key(request: Request) -> Response:
    """`GET /settings/channels/push-key`: what browsers subscribe to."""
    try:
        answer = context_of(request).alerts.ask({"do": "key"}, CHECK_S)
    except TimeoutError as error:
        raise Problem("unavailable", "the key is not there yet: try again") from error
    if not answer["ok"]:
        raise Problem("unavailable", f"there is no key: {answer['error']}")
    return json_answer({"key": answer["key"]})


@page_for_viewers
def test(request: Request) -> Response:
    """`POST /settings/channels/{channel}/test`: sends a message there, and says how that went."""
    context, channel = context_of(request), _of_reader(request)
    now_ms = context.now_ms()
    alert = context.writer.call(lambda db, _: add_test(db, channel, now_ms))
    context.alerts.ring()
    result = context.alerts.result(alert, TEST_S)
    return _page(request, tested=(channel, "there is no answer yet" if result is None else result))


@page_for_viewers
def remove(request: Request) -> Response:
    """`POST /settings/channels/{channel}/remove`."""
    _change(request, "channel_remove", lambda db, channel: remove_channel(db, channel.channel))
    return RedirectResponse(PATH, status_code=303)


@page_for_viewers
def switch_on(request: Request) -> Response:
    """`POST /settings/channels/{channel}/on`: it is used again, at once."""
    channel = _of_reader(request)
    with context_of(request).readers.lend() as db:
        if not alert_rules(db).allows(channel.kind):
            raise Problem("forbidden", "channels of this kind are switched off: ask an admin")
    _change(request, "channel_on", lambda db, channel: turn_on(db, channel.channel))
    context_of(request).alerts.ring()
    return RedirectResponse(f"{PATH}#channel-{channel.channel}", status_code=303)


def _of_reader(request: Request) -> Channel:
    """The channel that the path names, if the reader may change it. Raises a `Problem`: others'
    channels are as unknown as those that are not there."""
    with context_of(request).readers.lend() as db:
        return _readers_own(db, request)


def _readers_own(db: Database, request: Request) -> Channel:
    viewer, number = signed_in(request), request.path_params["channel"]
    found = channel_by_row(db, number) if number < 2**62 else None
    is_own = found is not None and viewer.user is not None and found.user == viewer.user.user
    is_shared = found is not None and found.user is None
    if found is None or not (is_own or is_shared):
        raise Problem("not_found", "there is no such channel")
    if is_shared and not viewer.is_admin:
        raise Problem("forbidden", "shared channels are changed by admins: ask one of them")
    return found


def _change(request: Request, what: str, change: Callable[[Database, Channel], None]) -> None:
    context, viewer, now_ms = context_of(request), signed_in(request), context_of(request).now_ms()

    def run(db: Database) -> None:
        channel = _readers_own(db, request)
        add_line(db, now_ms, viewer.name, what, channel.name)
        change(db, channel)

    context.writer.call(lambda db, _: run(db))


def worker(request: Request) -> Response:
    """`GET /alerts/worker.js`: what shows messages while no page is open. It may act below its own
    path only, and ask nobody."""
    policy = "default-src 'none'; img-src 'self'"
    headers = {"cache-control": "no-cache", "content-security-policy": policy}
    return FileResponse(WORKER, headers=headers, media_type="text/javascript")


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


ROUTES = [
    Route("/alerts/worker.js", worker),
    Route(PATH, channels),
    Route(PATH, add, methods=["POST"]),
    Route(f"{PATH}/push", subscribe, methods=["POST"]),
    Route(f"{PATH}/push-key", push_key),
    Route(f"{PATH}/{{channel:int}}/test", test, methods=["POST"]),
    Route(f"{PATH}/{{channel:int}}/remove", remove, methods=["POST"]),
    Route(f"{PATH}/{{channel:int}}/on", switch_on, methods=["POST"]),
]
