"""How far somebody has read a session that goes on: in goes a session, out comes a cursor. It names
rows, and so holds over restarts."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from sqlite_utils import Database

_CURSOR = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18}){3}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last rows of a session that somebody has: all rows of it up to these."""

    batch: int
    page_view: int
    fact: int
    visibility: int

    def __str__(self) -> str:
        return ".".join(map(str, astuple(self)))


def cursor_from(text: str) -> Cursor:
    """A cursor as it was printed. Raises ValueError."""
    if not _CURSOR.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no cursor")
    return Cursor(*map(int, text.split(".")))


def cursor_now(db: Database, session: int) -> Cursor:
    """Where the timeline of a session ends now. What waits for its check lies behind the cursor,
    and with it all that came later."""
    row = db.execute(
        "SELECT (SELECT min(b.batch) - 1 FROM batch b JOIN document d USING (document)"
        "  WHERE d.session = ?1 AND b.checked = 0),"
        " (SELECT max(b.batch) FROM batch b JOIN document d USING (document) WHERE d.session = ?1),"
        " (SELECT max(page_view) FROM page_view WHERE session = ?1),"
        " (SELECT max(fact) FROM fact WHERE session = ?1),"
        " (SELECT max(v.rowid) FROM visibility v JOIN document d USING (document)"
        "  WHERE d.session = ?1)",
        [session],
    ).fetchone()
    before_unchecked, batch, page_view, fact, visibility = row
    if before_unchecked is not None:
        batch = before_unchecked
    return Cursor(batch or 0, page_view or 0, fact or 0, visibility or 0)
