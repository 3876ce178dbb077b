"""What a rep did about a signal, for their own eyes: when they saw it, what they did, what came of
it, and how long that took."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

COLUMNS = "signal, seen_at_ms, acted_at_ms, act, outcome, outcome_at_ms"
MAX_TIMES = 500
"""Of one's own times, the newest."""


@dataclass(frozen=True, slots=True)
class Act:
    """Of one user about one signal. `act`: what they did first, a word; `outcome`: what came of it,
    empty: nothing yet."""

    signal: int
    seen_at_ms: int | None = None
    acted_at_ms: int | None = None
    act: str = ""
    outcome: str = ""
    outcome_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OwnTimes:
    """From signal to act: how many, and the time that half of them took at most."""

    signals: int
    acted: int
    median_ms: int | None


def note_seen(db: Database, user: int, signal: int, now_ms: int) -> None:
    """The first time counts."""
    db.execute(
        "INSERT INTO signal_act (user, signal, seen_at_ms) SELECT ?, signal, ? FROM signal"
        " WHERE signal = ? ON CONFLICT (user, signal)"
        " DO UPDATE SET seen_at_ms = coalesce(seen_at_ms, excluded.seen_at_ms)",
        [user, now_ms, signal],
    )


def note_act(db: Database, user: int, signal: int, act: str, now_ms: int) -> None:
    """The first act counts."""
    note_seen(db, user, signal, now_ms)
    db.execute(
        "UPDATE signal_act SET acted_at_ms = ?, act = ? WHERE user = ? AND signal = ?"
        " AND acted_at_ms IS NULL",
        [now_ms, act, user, signal],
    )


def note_outcome(db: Database, user: int, signal: int, outcome: str, now_ms: int) -> None:
    """The last one counts; empty: nothing came of it yet."""
    note_seen(db, user, signal, now_ms)
    db.execute(
        "UPDATE signal_act SET outcome = ?, outcome_at_ms = ? WHERE user = ? AND signal = ?",
        [outcome, now_ms if outcome else None, user, signal],
    )


def acts_of(db: Database, user: int, signals: Collection[int]) -> dict[int, Act]:
    """What a user did about each of these signals."""
    marks = ", ".join("?" * len(signals))
    rows = db.execute(
        f"SELECT {COLUMNS} FROM signal_act WHERE user = ? AND signal IN ({marks})",  # noqa: S608
        [user, *signals],
    )
    return {row[0]: Act(*row) for row in rows}


def own_times(db: Database, user: int, since_ms: int) -> OwnTimes:
    """How fast a user was lately."""
    rows = db.execute(
        "SELECT a.acted_at_ms - g.fired_at_ms FROM signal_act a JOIN signal g USING (signal)"
        " WHERE a.user = ? AND g.fired_at_ms > ? ORDER BY g.signal DESC LIMIT ?",
        [user, since_ms, MAX_TIMES],
    ).fetchall()
    times = sorted(row[0] for row in rows if row[0] is not None)
    return OwnTimes(len(rows), len(times), times[len(times) // 2] if times else None)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the person behind a visitor, as the site's pages said; none of it is checked."""

    person: str
    traits: str


def contact_of(db: Database, visitor: int) -> Contact:
    """What is known of a visitor. `traits`: JSON."""
    row = db.execute(
        "SELECT coalesce(person, ''), coalesce(traits, '{}') FROM visitor WHERE visitor = ?",
        [visitor],
    ).fetchone()
    return Contact(*row) if row else Contact("", "{}")
