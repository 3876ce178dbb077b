"""Rows that only grow in number while visits are recorded: batches, page views, facts. They wait
for the end of the writer's transaction, and go in many at a time.

A statement lets go of Python's lock while it runs and has to get it back from the event loop, which
takes longer than the statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain

from sqlite_utils import Database

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

MAX_ROWS_SHIFT = 5
"""A statement inserts a power of two of rows, at most 32: few statements, all of them cached."""
BATCH = (
    "INSERT INTO batch (document, seq, digest, received_at_ms, sent_t_ms, t_ms, until_ms,"
    " compression, path, checked, ops) VALUES "
)
PAGE_VIEW = (
    "INSERT INTO page_view (session, document, t_ms, at_ms, url, title, referrer, route, campaign)"
    " VALUES "
)
FACT = "INSERT INTO fact (session, document, t_ms, kind, text, fields) VALUES "


class NewRows:
    """What the transaction at hand will insert. Lives with the writer connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sessions: set[int] = set()
        self._batches: list[Row] = []
        self._views: list[Row] = []
        self._facts: list[Row] = []

    def forget(self) -> None:
        """The transaction is undone."""
        self._sessions.clear()
        self._batches.clear()
        self._views.clear()
        self._facts.clear()

    def batch(self, session: int, row: Row) -> None:
        """A batch of this session that is certainly new."""
        self._sessions.add(session)
        self._batches.append(row)

    def page_view(self, row: Row) -> None:
        """A page view."""
        self._views.append(row)

    def fact(self, row: Row) -> None:
        """Any other fact."""
        self._facts.append(row)

    def holds(self, session: int) -> bool:
        """Do batches of this session wait?"""
        return session in self._sessions

    def write(self) -> None:
        """Inserts all that waits."""
        self._insert(BATCH, self._batches)
        self._insert(PAGE_VIEW, self._views)
        self._insert(FACT, self._facts)
        self.forget()

    def _insert(self, into: str, rows: Sequence[Row]) -> None:
        at = 0
        while at < len(rows):
            count = 1 << min(MAX_ROWS_SHIFT, (len(rows) - at).bit_length() - 1)
            self._db.conn.execute(
                _statement(into, len(rows[0]), count),
                tuple(chain.from_iterable(rows[at : at + count])),
            )
            at += count


@cache
def _statement(into: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return into + ", ".join([row] * count)
