"""Commands about channels: in go a name and arguments, out comes JSON."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from collector.address import plain_line
from collector.alerts.kinds import KINDS, BadAddress, Kind, checked_address, shown_address
from collector.alerts.plan import MIN_AN_HOUR
from collector.store.alerts import add_alert
from collector.store.channels import (
    Channel,
    TooManyChannels,
    add_channel,
    alert_rules,
    channel_by_row,
    owner_of,
    remove_channel,
    retry_now,
)
from collector.store.database import Database, StoreError
from collector.store.intake import Intake

Json = dict[str, object]
Command = Callable[[Database, Intake, Json, int], Json]

MAX_NAME = 80
DEFAULT_AN_HOUR = 20
MOST_AN_HOUR = 1_000
TEST_MS = 60_000
"""A test that did not arrive by then is none."""


class BadChannel(StoreError):
    """A channel that can't be made or found; the message is for whoever asked."""


def new_channel(
    db: Database,
    user: int | None,
    kind: Kind,
    name: str,
    address: str,
    max_an_hour: int,
    now_ms: int,
) -> Channel:
    """A channel with all of it checked. Raises `BadChannel`."""
    if not alert_rules(db).allows(kind.name):
        raise BadChannel(f"channels of the kind {kind.title} are switched off: ask an admin")
    if not MIN_AN_HOUR <= max_an_hour <= MOST_AN_HOUR:
        raise BadChannel(f"messages an hour: expected {MIN_AN_HOUR} to {MOST_AN_HOUR}")
    name = plain_line(name.strip(), MAX_NAME) or kind.title
    try:
        checked = checked_address(kind, address)
        return add_channel(db, user, kind.name, name, checked, max_an_hour, now_ms)
    except (BadAddress, TooManyChannels) as error:
        raise BadChannel(str(error)) from error


def add_test(db: Database, channel: Channel, now_ms: int) -> int:
    """A test message for a channel, which is tried at once; its row."""
    retry_now(db, channel.channel)
    alert_id = f"test_{secrets.token_hex(12)}"
    added = add_alert(db, channel.channel, alert_id, "test", "{}", now_ms, now_ms + TEST_MS)
    assert added is not None  # noqa: S101 - its id is new
    return added


def channel_json(channel: Channel, owner: str | None) -> Json:
    """A channel without what is secret."""
    return {
        "channel": channel.channel,
        "owner": owner,
        "kind": channel.kind,
        "name": channel.name,
        "address": shown_address(KINDS[channel.kind], channel.address),
        "max_an_hour": channel.max_an_hour,
        "off": channel.off_at_ms is not None,
        "failing_since_ms": channel.failing_since_ms,
        "error": channel.error or None,
        "sent_at_ms": channel.sent_at_ms,
    }


def _channel_add(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    kind = KINDS.get(str(arguments.get("kind")))
    if kind is None or kind.name == "push":
        names = ", ".join(name for name in KINDS if name != "push")
        raise BadChannel(f"kind: expected one of {names}")
    email = arguments.get("owner")
    user = owner_of(db, str(email)) if email else None
    if email and user is None:
        raise BadChannel(f"there is no user {email}: `visitreel user add` lets somebody in")
    most = arguments.get("max_an_hour")
    made = new_channel(
        db,
        user,
        kind,
        str(arguments.get("name", "")),
        str(arguments.get("address", "")),
        most if isinstance(most, int) else DEFAULT_AN_HOUR,
        now_ms,
    )
    secret = made.secret if kind.name == "webhook" else None
    return {**channel_json(made, str(email) if email else None), "secret": secret}


def _found(db: Database, arguments: Json) -> Channel:
    number = arguments.get("channel")
    found = channel_by_row(db, number) if isinstance(number, int) and number < 2**62 else None
    if found is None:
        raise BadChannel(f"there is no channel {number}: `visitreel channel list` shows them")
    return found


def _channel_remove(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    found = _found(db, arguments)
    remove_channel(db, found.channel)
    return {"channel": found.channel, "name": found.name}


def _channel_test(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    found = _found(db, arguments)
    return {"name": found.name, "alert": add_test(db, found, now_ms)}


CHANNEL_COMMANDS: dict[str, Command] = {
    "channel_add": _channel_add,
    "channel_remove": _channel_remove,
    "channel_test": _channel_test,
}
