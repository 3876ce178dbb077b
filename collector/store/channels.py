"""Channels on which people are told of signals, what an admin says about all of them, and who wants
to hear nothing of a visitor for a while."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

MAX_CHANNELS = 50
"""Of one user; as many are shared."""
MAX_ERROR = 300


class TooManyChannels(ValueError):
    """There are as many as there may be."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. `user`: whose; None: shared. `address` and `secret` let anybody write to it: they
    leave the collector only towards the channel. `off_at_ms`: since when it is not used any more.
    `failures`: in a row, the last of them with `error`; nothing is tried before `retry_at_ms`.
    `sent_at_ms`: when something arrived last."""

    channel: int
    user: int | None
    kind: str
    name: str
    address: str
    secret: str
    max_an_hour: int
    created_at_ms: int
    off_at_ms: int | None
    failures: int
    failing_since_ms: int | None
    retry_at_ms: int | None
    error: str
    sent_at_ms: int | None


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What an admin says about alerts. `kinds`: of channels that may be used, None: all;
    `mail_server`: an address of Apprise without a recipient; `fresh_ms`: for so long a signal is
    told as happening now."""

    kinds: frozenset[str] | None = None
    mail_server: str = ""
    fresh_ms: int = 5 * 60 * 1000

    def allows(self, kind: str) -> bool:
        """May channels of this kind be used?"""
        return self.kinds is None or kind in self.kinds


@dataclass(frozen=True, slots=True)
class SiteAlerts:
    """What an admin says about the alerts of one site. `crm_url`: where a person is found, with
    `{email}` and other places in it; `shares`: shared channels get a link that needs no account."""

    crm_url: str = ""
    shares: bool = False


COLUMNS = (
    "channel, user, kind, name, address, secret, max_an_hour, created_at_ms, off_at_ms, failures,"
    " failing_since_ms, retry_at_ms, error, sent_at_ms"
)


def add_channel(
    db: Database,
    user: int | None,
    kind: str,
    name: str,
    address: str,
    max_an_hour: int,
    now_ms: int,
) -> Channel:
    """A new channel, with a secret that signs what goes to a webhook. Raises `TooManyChannels`."""
    (count,) = db.execute("SELECT count(*) FROM channel WHERE user IS ?", [user]).fetchone()
    if count >= MAX_CHANNELS:
        raise TooManyChannels(f"there are {count} channels already: remove some first")
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    number = db.execute(
        "INSERT INTO channel (user, kind, name, address, secret, max_an_hour, created_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING channel",
        [user, kind, name, address, secret, max_an_hour, now_ms],
    ).fetchall()[0][0]
    found = channel_by_row(db, number)
    assert found is not None  # noqa: S101 - it was just written
    return found


def channel_by_row(db: Database, channel: int) -> Channel | None:
    """A channel by its number."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM channel WHERE channel = ?",  # noqa: S608 - constant columns
        [channel],
    ).fetchone()
    return Channel(*row) if row else None


def channels_of(db: Database, user: int | None) -> list[Channel]:
    """The channels of a user, None: the shared ones, in the order in which they were made."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM channel WHERE user IS ? ORDER BY channel",  # noqa: S608 - constant
        [user],
    )
    return [Channel(*row) for row in rows]


def owner_of(db: Database, email: str) -> int | None:
    """The user with this e-mail address."""
    row = db.execute("SELECT user FROM user WHERE email = ?", [email]).fetchone()
    return int(row[0]) if row else None


def all_channels(db: Database) -> list[tuple[Channel, str | None]]:
    """Every channel, with the e-mail address of whose it is."""
    named = ", ".join(f"c.{column}" for column in COLUMNS.split(", "))
    rows = db.execute(
        f"SELECT {named}, u.email FROM channel c LEFT JOIN user u USING (user)"  # noqa: S608
        " ORDER BY c.channel"
    )
    return [(Channel(*row[:-1]), row[-1]) for row in rows]


def remove_channel(db: Database, channel: int) -> None:
    """With all that waits for it."""
    db.execute("DELETE FROM channel WHERE channel = ?", [channel])


def change_channel(db: Database, channel: int, *, name: str, max_an_hour: int) -> None:
    """What its owner may change."""
    db.execute(
        "UPDATE channel SET name = ?, max_an_hour = ? WHERE channel = ?",
        [name, max_an_hour, channel],
    )


def turn_off(db: Database, channel: int, now_ms: int, why: str) -> None:
    """Nothing more is sent there until somebody turns it on."""
    db.execute(
        "UPDATE channel SET off_at_ms = coalesce(off_at_ms, ?), error = ? WHERE channel = ?",
        [now_ms, why[:MAX_ERROR], channel],
    )


def turn_on(db: Database, channel: int) -> None:
    """It is used again, at once."""
    db.execute(
        "UPDATE channel SET off_at_ms = NULL, retry_at_ms = NULL WHERE channel = ?", [channel]
    )


def note_arrival(db: Database, channel: int, now_ms: int) -> None:
    """Something arrived there: it works."""
    db.execute(
        "UPDATE channel SET failures = 0, failing_since_ms = NULL, retry_at_ms = NULL, error = '',"
        " sent_at_ms = ? WHERE channel = ?",
        [now_ms, channel],
    )


def note_failure(db: Database, channel: int, now_ms: int, retry_at_ms: int, error: str) -> None:
    """It did not work, and is not tried before `retry_at_ms`."""
    db.execute(
        "UPDATE channel SET failures = failures + 1, retry_at_ms = ?, error = ?,"
        " failing_since_ms = coalesce(failing_since_ms, ?) WHERE channel = ?",
        [retry_at_ms, error[:MAX_ERROR], now_ms, channel],
    )


def retry_now(db: Database, channel: int) -> None:
    """Somebody wants to know at once."""
    db.execute("UPDATE channel SET retry_at_ms = NULL WHERE channel = ?", [channel])


# --- what an admin says --------------------------------------------------------------------------


def alert_rules(db: Database) -> AlertRules:
    """What holds for all channels."""
    found = dict(db.execute("SELECT name, value FROM alert_setting").fetchall())
    plain = AlertRules()
    kinds = json.loads(found.get("kinds", "null"))
    return AlertRules(
        kinds=None if kinds is None else frozenset(kinds),
        mail_server=json.loads(found.get("mail_server", '""')),
        fresh_ms=json.loads(found.get("fresh_ms", str(plain.fresh_ms))),
    )


def set_alert_rules(db: Database, rules: AlertRules) -> None:
    """From now on."""
    values = {
        "kinds": None if rules.kinds is None else sorted(rules.kinds),
        "mail_server": rules.mail_server,
        "fresh_ms": rules.fresh_ms,
    }
    for name, value in values.items():
        db.execute(
            "INSERT INTO alert_setting (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, json.dumps(value)],
        )


def site_alerts(db: Database, site: int) -> SiteAlerts:
    """What holds for the alerts of a site."""
    row = db.execute("SELECT crm_url, shares FROM site_alert WHERE site = ?", [site]).fetchone()
    return SiteAlerts(row[0], bool(row[1])) if row else SiteAlerts()


def all_site_alerts(db: Database) -> Mapping[int, SiteAlerts]:
    """By site, those that are not as they were at first."""
    rows = db.execute("SELECT site, crm_url, shares FROM site_alert")
    return {site: SiteAlerts(crm_url, bool(shares)) for site, crm_url, shares in rows}


def set_site_alerts(db: Database, site: int, said: SiteAlerts) -> None:
    """From now on."""
    db.execute(
        "INSERT INTO site_alert (site, crm_url, shares) VALUES (?, ?, ?) ON CONFLICT (site)"
        " DO UPDATE SET crm_url = excluded.crm_url, shares = excluded.shares",
        [site, said.crm_url, int(said.shares)],
    )


# --- quiet for a while ---------------------------------------------------------------------------


def snooze(db: Database, user: int, visitor: int, until_ms: int, now_ms: int) -> None:
    """This user hears nothing of this visitor until then; in the past: hears again."""
    db.execute("DELETE FROM snooze WHERE until_ms <= ?", [now_ms])
    db.execute(
        "INSERT INTO snooze (user, visitor, until_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (user, visitor) DO UPDATE SET until_ms = excluded.until_ms",
        [user, visitor, until_ms],
    )


def snoozed_until(db: Database, user: int, visitor: int, now_ms: int) -> int | None:
    """Until when a user wants to hear nothing of a visitor; None: they do."""
    row = db.execute(
        "SELECT until_ms FROM snooze WHERE user = ? AND visitor = ? AND until_ms > ?",
        [user, visitor, now_ms],
    ).fetchone()
    return int(row[0]) if row else None
