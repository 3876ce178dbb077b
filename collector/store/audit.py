"""The audit: who watched what and who changed what. Kept for a year, at most a million lines; an
erased session's lines stay, without naming it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from sqlite_utils import Database

KEPT_MS = 365 * 24 * 3600 * 1000
KEPT_LINES = 1_000_000
PRUNED_AT_ONCE = 10
"""With each line that is added: so it never takes long."""
MAX_ABOUT = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done. `who`: an e-mail address, `share link 7`, `API token NAME`, or
    `command line`. `what`: a word such as `view`. `session_id`: which visit it was about, None:
    none, or it was erased."""

    audit: int
    at_ms: int
    who: str
    what: str
    session_id: str | None
    t_ms: int | None
    about: str


class LineJson(TypedDict):
    """A line in JSON."""

    at_ms: int
    who: str
    what: str
    about: str
    session: str | None
    t_ms: int | None


def line_json(line: Line) -> LineJson:
    """A line for programs."""
    return {
        "at_ms": line.at_ms,
        "who": line.who,
        "what": line.what,
        "about": line.about,
        "session": line.session_id,
        "t_ms": line.t_ms,
    }


def add_line(
    db: Database,
    now_ms: int,
    who: str,
    what: str,
    about: str = "",
    *,
    session: int | None = None,
    t_ms: int | None = None,
) -> None:
    """Writes a line, and forgets some that are too old."""
    db.execute(
        "INSERT INTO audit (at_ms, who, what, about, session, t_ms)"
        " VALUES (?, ?, ?, ?, (SELECT session FROM session WHERE session = ?), ?)",
        [now_ms, who[:MAX_ABOUT], what, about[:MAX_ABOUT], session, t_ms],
    )
    db.execute(
        "DELETE FROM audit WHERE audit IN (SELECT audit FROM audit ORDER BY audit LIMIT ?)"
        " AND (at_ms < ? OR audit <= (SELECT max(audit) FROM audit) - ?)",
        [PRUNED_AT_ONCE, now_ms - KEPT_MS, KEPT_LINES],
    )


def lines(db: Database, limit: int, before: int | None = None) -> list[Line]:
    """Lines, newest first; `before`: only those older than this one."""
    rows = db.execute(
        "SELECT a.audit, a.at_ms, a.who, a.what, s.session_id, a.t_ms, a.about FROM audit a"
        " LEFT JOIN session s USING (session) WHERE a.audit < ? ORDER BY a.audit DESC LIMIT ?",
        [2**62 if before is None else before, limit],
    )
    return [Line(*row) for row in rows]
