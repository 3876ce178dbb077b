"""Who is here now: in goes the time, out come the sessions that go on, each with the page that it
is on."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.sessions import ROW, SessionRow, row_of

MAX_HERE = 1_000
_LATEST = (
    "(SELECT json_array(p.url, p.title) FROM page_view p WHERE p.session = s.session"
    " ORDER BY p.t_ms DESC, p.page_view DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that goes on, and the page that was opened last in it."""

    row: SessionRow
    url: str
    title: str


def here_now(db: Database, now_ms: int, live_ms: int) -> tuple[Visit, ...]:
    """The sessions that are live, newest first; at most `MAX_HERE`."""
    since = now_ms - live_ms
    # The sessions of the last half minute come from an index of their own.
    rows = db.execute(
        f"SELECT {ROW}, {_LATEST}"  # noqa: S608 - constant texts
        " FROM session s INDEXED BY session_unpacked CROSS JOIN site i ON i.site = s.site"
        " CROSS JOIN visitor v ON v.visitor = s.visitor"
        " WHERE s.packed = 0 AND s.last_received_at_ms >= ?1"
        " AND EXISTS (SELECT 1 FROM document d JOIN batch b ON b.document = d.document"
        "  AND b.seq = d.last_seq WHERE d.session = s.session AND b.received_at_ms >= ?1"
        "  AND (d.left_seq IS NULL OR d.left_seq < d.last_seq))"
        " ORDER BY s.place DESC LIMIT ?2",
        [since, MAX_HERE],
    )
    return tuple(_visit(row) for row in rows)


def _visit(row: tuple[object, ...]) -> Visit:
    url, title = json.loads(str(row[-1])) if row[-1] else ("", "")
    return Visit(row_of(row[:-1]), url, title)


def silent_in_ms(visits: tuple[Visit, ...], now_ms: int, live_ms: int) -> int | None:
    """When the first of these has been silent for too long; None: there is nobody."""
    last = [visit.row.last_received_at_ms for visit in visits]
    return max(0, min(last) + live_ms - now_ms) if last else None
