"""The list: in goes what somebody wants to see, out come the rows of sessions, newest first, in
pages that nothing that arrives meanwhile can shift."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.lines import Asking
from collector.store.search import by_visitor, in_index, in_rows, terms_of
from collector.store.sessions import FROM_SESSION, ROW, SessionRow, row_of

PLACES_A_MS = 1 << 20
_CURSOR = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions; what is not said is not asked for. Times are Unix ms; `until_ms` is the first
    that is too late."""

    q: str = ""
    site: str = ""
    live: bool = False
    watched: bool | None = None
    device: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    min_pages: int = 0
    min_s: int = 0


def cursor_of(row: SessionRow) -> str:
    """Names a place in the list, whatever comes or goes around it."""
    return str(row.place)


def find_sessions(
    db: Database,
    wanted: Wanted,
    asking: Asking,
    *,
    limit: int,
    before: str = "",
    after: str = "",
) -> tuple[list[SessionRow], bool]:
    """At most `limit` sessions, newest first, and whether there are more: those next to the cursor
    `before` (older) or `after` (newer), else the newest. Raises ValueError for a bad cursor."""
    order = "ASC" if after and not before else "DESC"
    where, values = _conditions(db, wanted, asking)
    if before or after:
        where.append(f"s.place {'<' if before else '>'} ?")
        values.append(_place(before or after))
    found = _rows(db, wanted, where, values, order, limit + 1)
    shown = found[:limit]
    return (shown if order == "DESC" else shown[::-1]), len(found) > limit


def count_newer(db: Database, wanted: Wanted, asking: Asking, after: str, limit: int) -> int:
    """How many sessions have come since the cursor; at most `limit`."""
    rows, _ = find_sessions(db, wanted, asking, limit=limit, after=after)
    return len(rows)


def _place(cursor: str) -> int:
    if not _CURSOR.fullmatch(cursor) or int(cursor) >= 2**63:
        raise ValueError(f"{cursor[:40]!r} is no cursor")
    return int(cursor)


def _conditions(db: Database, wanted: Wanted, asking: Asking) -> tuple[list[str], list[object]]:
    """SQL on a session `s`, but for the search."""
    where: list[str] = []
    values: list[object] = []

    def say(condition: str, *its_values: object) -> None:
        where.append(condition)
        values.extend(its_values)

    if wanted.site:
        site = db.execute("SELECT site FROM site WHERE name = ?", [wanted.site]).fetchone()
        say("s.site = ?", site[0] if site else 0)
    if wanted.device:
        say("s.device = ?", wanted.device)
    if wanted.since_ms is not None:
        say("s.place >= ?", wanted.since_ms * PLACES_A_MS)
    if wanted.until_ms is not None:
        say("s.place < ?", wanted.until_ms * PLACES_A_MS)
    if wanted.min_pages > 0:
        say("s.pages >= ?", wanted.min_pages)
    if wanted.min_s > 0:
        say("s.until_ms - min(0, s.t_ms) >= ?", wanted.min_s * 1000)
    if wanted.watched is not None:
        whose, user = ("", []) if asking.user is None else (" AND w.user = ?", [asking.user])
        seen = f"EXISTS (SELECT 1 FROM watched w WHERE w.session = s.session{whose})"  # noqa: S608 - constant
        say(seen if wanted.watched else f"NOT {seen}", *user)
    if wanted.live:
        since = asking.now_ms - asking.live_ms
        say("s.packed = 0 AND s.last_received_at_ms >= ?", since)
        say(
            "EXISTS (SELECT 1 FROM document d JOIN batch b ON b.document = d.document"
            " AND b.seq = d.last_seq WHERE d.session = s.session AND b.received_at_ms >= ?"
            " AND (d.left_seq IS NULL OR d.left_seq < d.last_seq))",
            since,
        )
    return where, values


def _rows(
    db: Database, wanted: Wanted, where: list[str], values: list[object], order: str, limit: int
) -> list[SessionRow]:
    terms = terms_of(wanted.q)
    if not terms:
        return _query(db, FROM_SESSION, where, values, f"s.place {order}", limit)
    # The index knows the sessions that are over, and its rows are called by their place: so both
    # halves come in the order of the list, and neither is read further than it has to be.
    indexed, its_values = in_index(terms)
    over = _query(
        db,
        "FROM search f CROSS JOIN session s ON s.place = f.rowid"
        " CROSS JOIN site i ON i.site = s.site CROSS JOIN visitor v ON v.visitor = s.visitor",
        [indexed, "s.packed = 1", *(_on_rowid(condition) for condition in where)],
        [*its_values, *values],
        f"f.rowid {order}",
        limit,
    )
    searched, its_values = in_rows(terms)
    going_on = _query(
        db,
        FROM_SESSION.replace("session s", "session s INDEXED BY session_unsearched"),
        ["s.packed = 0", *where, searched],
        [*values, *its_values],
        f"s.place {order}",
        limit,
    )
    visitor = by_visitor(wanted.q)
    theirs = []
    if visitor is not None:
        its_where, its_values = visitor
        theirs = _query(
            db, FROM_SESSION, [*where, its_where], [*values, *its_values], f"s.place {order}", limit
        )
    merged = heapq.merge(over, going_on, theirs, key=lambda row: row.place, reverse=order == "DESC")
    return list({row.place: row for row in merged}.values())[:limit]


def _on_rowid(condition: str) -> str:
    return condition.replace("s.place", "f.rowid")


def _query(
    db: Database, source: str, where: list[str], values: Iterable[object], order: str, limit: int
) -> list[SessionRow]:
    conditions = f" WHERE {' AND '.join(where)}" if where else ""
    sql = f"SELECT {ROW} {source}{conditions} ORDER BY {order} LIMIT ?"
    return [row_of(found) for found in db.execute(sql, [*values, limit])]
