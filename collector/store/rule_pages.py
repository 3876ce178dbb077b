"""What the pages of rules ask beyond the rules: how often they fired of late, and whose moments a
backtest found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database


def fired_since(db: Database, site: int, since_ms: int) -> dict[int, int]:
    """How many signals each rule of a site made since then, by the row of the rule."""
    rows = db.execute(
        "SELECT g.rule, count(*) FROM signal g JOIN rule r USING (rule)"
        " WHERE r.site = ? AND g.fired_at_ms >= ? GROUP BY g.rule",
        [site, since_ms],
    )
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class Whose:
    """A session by the words of a page."""

    session_id: str
    visitor_id: str
    person: str | None
    zero_at_ms: int


def whose_sessions(db: Database, sessions: Iterable[int]) -> dict[int, Whose]:
    """The sessions of these rows; those that were erased since are left out."""
    found: dict[int, Whose] = {}
    for session in sessions:
        row = db.execute(
            "SELECT s.session_id, v.visitor_id, s.person, s.zero_at_ms FROM session s"
            " JOIN visitor v USING (visitor) WHERE s.session = ?",
            [session],
        ).fetchone()
        if row:
            found[session] = Whose(*row)
    return found


def count_visitors(db: Database, site: int, since_ms: int, until_ms: int) -> int:
    """How many visitors came to a site in sessions that began in a span of time, without bots."""
    row = db.execute(
        "SELECT count(DISTINCT visitor) FROM session WHERE site = ? AND bot = 0"
        " AND zero_at_ms BETWEEN ? AND ?",
        [site, since_ms, until_ms],
    ).fetchone()
    return int(row[0])
