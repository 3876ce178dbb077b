"""The outbox: what people are to be told, one row for each channel. A row is written with its
signal, and stays until a channel took it; the id of a row never changes, so that receivers can drop
what comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

AlertKind = Literal["signal", "left", "digest", "test"]
State = Literal["waiting", "held", "sent", "digested", "dropped"]

OPEN = "state IN ('waiting', 'held')"
"""As the index has it, or SQLite does not use it."""
KEPT_MS = 30 * 24 * 3600 * 1000
"""What was sent or dropped is known for so long."""
FORGOTTEN_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Alert:
    """One row. `session`: what it is about, None: nothing single. `about`: JSON of what is known
    (`collector/alerts/outbox.py`). `state`: `waiting` to be sent; `held` for the next digest;
    `digested`: told in the row `digest`; `dropped`: it did not matter any more."""

    alert: int
    alert_id: str
    channel: int
    kind: AlertKind
    signal: int | None
    session: int | None
    about: str
    state: State
    created_at_ms: int
    expires_at_ms: int
    held_at_ms: int | None
    sent_at_ms: int | None
    tries: int
    digest: int | None


COLUMNS = (
    "alert, alert_id, channel, kind, signal, session, about, state, created_at_ms, expires_at_ms,"
    " held_at_ms, sent_at_ms, tries, digest"
)


def add_alert(
    db: Database,
    channel: int,
    alert_id: str,
    kind: AlertKind,
    about: str,
    now_ms: int,
    expires_at_ms: int,
    *,
    signal: int | None = None,
    session: int | None = None,
) -> int | None:
    """One more row; its number. None: the channel has one with this id already."""
    found = db.execute(
        "INSERT INTO alert (alert_id, channel, kind, signal, session, about, state, created_at_ms,"
        " expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?) ON CONFLICT DO NOTHING"
        " RETURNING alert",
        [alert_id, channel, kind, signal, session, about, now_ms, expires_at_ms],
    ).fetchall()
    return int(found[0][0]) if found else None


def is_bot_session(db: Database, session: int) -> bool:
    """Is nobody looking there?"""
    row = db.execute("SELECT bot FROM session WHERE session = ?", [session]).fetchone()
    return row is None or bool(row[0])


def forget_old_alerts(db: Database, now_ms: int) -> None:
    """A few of those that are done with since long."""
    db.execute(
        "DELETE FROM alert WHERE alert IN (SELECT alert FROM alert ORDER BY alert LIMIT ?)"
        " AND created_at_ms < ? AND state IN ('sent', 'digested', 'dropped')",
        [FORGOTTEN_AT_ONCE, now_ms - KEPT_MS],
    )


def channels_at_work(db: Database) -> list[int]:
    """The channels for which anything waits or is held."""
    rows = db.execute(
        f"SELECT DISTINCT channel FROM alert WHERE {OPEN} ORDER BY channel"  # noqa: S608 - constant
    )
    return [row[0] for row in rows]


def waiting_alerts(db: Database, channel: int, limit: int) -> list[Alert]:
    """The oldest first."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM alert WHERE channel = ? AND {OPEN}"  # noqa: S608
        " AND state = 'waiting' ORDER BY alert LIMIT ?",
        [channel, limit],
    )
    return [Alert(*row) for row in rows]


def alert_by_row(db: Database, alert: int) -> Alert | None:
    """A row of the outbox."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM alert WHERE alert = ?",  # noqa: S608 - constant columns
        [alert],
    ).fetchone()
    return Alert(*row) if row else None


def held_since_ms(db: Database, channel: int) -> int | None:
    """Since when the oldest alert is held; None: none is."""
    row = db.execute(
        f"SELECT min(held_at_ms) FROM alert WHERE channel = ? AND {OPEN} AND state = 'held'",  # noqa: S608
        [channel],
    ).fetchone()
    return None if row[0] is None else int(row[0])


def sent_times_ms(db: Database, channel: int, since_ms: int) -> list[int]:
    """When the messages of late were sent, in order."""
    rows = db.execute(
        "SELECT sent_at_ms FROM alert WHERE channel = ? AND sent_at_ms > ? ORDER BY sent_at_ms",
        [channel, since_ms],
    )
    return [row[0] for row in rows]


def hold(db: Database, alerts: Sequence[int], now_ms: int) -> None:
    """They are not sent one by one any more, but told together."""
    _each(db, "SET state = 'held', held_at_ms = ?", "waiting", now_ms, alerts)


def hold_all(db: Database, channel: int, after: int, now_ms: int) -> None:
    """All alerts of a channel behind this one that wait, but follow-ups, which are dropped."""
    db.execute(
        f"UPDATE alert SET state = CASE kind WHEN 'signal' THEN 'held' ELSE 'dropped' END,"  # noqa: S608
        f" held_at_ms = ? WHERE channel = ? AND {OPEN} AND state = 'waiting'"
        " AND kind IN ('signal', 'left') AND alert > ?",
        [now_ms, channel, after],
    )


def drop(db: Database, alerts: Sequence[int]) -> None:
    """They do not matter any more."""
    _each(db, "SET state = 'dropped', held_at_ms = ?", "waiting", None, alerts)


def _each(
    db: Database, change: str, state: State, value: int | None, alerts: Sequence[int]
) -> None:
    for alert in alerts:
        db.execute(
            f"UPDATE alert {change} WHERE alert = ? AND state = ?",
            [value, alert, state],
        )


def note_sent(db: Database, alert: int, now_ms: int) -> None:
    """A channel took it."""
    db.execute(
        "UPDATE alert SET state = 'sent', sent_at_ms = ?, tries = tries + 1"
        " WHERE alert = ? AND state = 'waiting'",
        [now_ms, alert],
    )


def note_try(db: Database, alert: int) -> None:
    """A channel did not take it."""
    db.execute("UPDATE alert SET tries = tries + 1 WHERE alert = ?", [alert])


def add_digest(db: Database, channel: int, alert_id: str, now_ms: int) -> int | None:
    """One message for all that is held now; None: nothing is."""
    if held_since_ms(db, channel) is None:
        return None
    digest = add_alert(db, channel, alert_id, "digest", "{}", now_ms, 2**53)
    db.execute(
        f"UPDATE alert SET state = 'digested', digest = ? WHERE channel = ? AND {OPEN}"  # noqa: S608
        " AND state = 'held'",
        [digest, channel],
    )
    return digest


def digested(db: Database, digest: int, limit: int) -> tuple[int, int, list[Alert]]:
    """What a digest tells: how many, since when, and the newest of them."""
    count, since_ms = db.execute(
        "SELECT count(*), min(created_at_ms) FROM alert WHERE digest = ?", [digest]
    ).fetchone()
    rows = db.execute(
        f"SELECT {COLUMNS} FROM alert WHERE digest = ? ORDER BY alert DESC LIMIT ?",  # noqa: S608
        [digest, limit],
    )
    return count, since_ms or 0, [Alert(*row) for row in rows]


# --- they leave ----------------------------------------------------------------------------------


def sessions_to_follow(db: Database, since_ms: int) -> list[tuple[int, str]]:
    """Sessions (row, id) of which somebody was told lately, and not that they ended."""
    rows = db.execute(
        "SELECT DISTINCT a.session, s.session_id FROM alert a JOIN session s USING (session)"
        " WHERE a.sent_at_ms > ? AND a.kind = 'signal' AND NOT EXISTS (SELECT 1 FROM alert f"
        " WHERE f.session = a.session AND f.kind = 'left' AND f.signal = a.signal)",
        [since_ms],
    )
    return [(row[0], row[1]) for row in rows]


def session_id_of(db: Database, session: int) -> str | None:
    """The id of a session by its row."""
    row = db.execute("SELECT session_id FROM session WHERE session = ?", [session]).fetchone()
    return str(row[0]) if row else None


def told_of(db: Database, session: int) -> list[Alert]:
    """The alerts about a session that were sent by themselves."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM alert WHERE session = ? AND kind = 'signal'"  # noqa: S608
        " AND state = 'sent' ORDER BY alert",
        [session],
    )
    return [Alert(*row) for row in rows]


def alerts_of_signal(db: Database, signal: int) -> list[tuple[Alert, str, str]]:
    """To whom a signal was told: the rows, each with the name and kind of its channel."""
    named = ", ".join(f"a.{column}" for column in COLUMNS.split(", "))
    rows = db.execute(
        f"SELECT {named}, c.name, c.kind FROM alert a JOIN channel c USING (channel)"  # noqa: S608
        " WHERE a.signal = ? ORDER BY a.alert",
        [signal],
    )
    return [(Alert(*row[:-2]), row[-2], row[-1]) for row in rows]
