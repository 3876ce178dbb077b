"""Sessions as the API and the pages show them: in go ids and searches, out come plain dictionaries
in the words of the contract."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from sqlite_utils import Database

from collector.store.gaps import Gap, gaps_of

SESSION_ID = re.compile(r"[A-Za-z0-9_-]{16,43}")
MAX_FACTS = 2_000
"""Facts of one session in one answer."""
MAX_VIEWS = 1_000


class PageViewJson(TypedDict):
    """A page view in the API."""

    t_ms: int
    tab: int
    document: int
    url: str
    title: str


class GapJson(TypedDict):
    """A gap in the API."""

    t_ms: int
    until_ms: int
    tab: int


class SessionJson(TypedDict):
    """SESSION of the contract."""

    id: str
    site: str
    visitor_id: str
    person: str | None
    started_at_ms: int
    duration_ms: int
    live: bool
    bytes: int
    fidelity: str
    bot: bool
    continues: str | None
    page_views: list[PageViewJson]
    facts: list[dict[str, object]]
    gaps: list[GapJson]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session's own row."""

    session: int
    session_id: str
    site: str
    visitor_id: str
    person: str | None
    zero_at_ms: int
    last_received_at_ms: int
    t_ms: int
    until_ms: int
    bytes: int
    bot: bool
    continues: str | None


ROW = (
    "s.session, s.session_id, i.name, v.visitor_id, s.person, s.zero_at_ms, s.last_received_at_ms,"
    " s.t_ms, s.until_ms, s.bytes, s.bot,"
    " (SELECT o.session_id FROM session o WHERE o.session = s.continues)"
)
FROM_SESSION = "FROM session s JOIN site i USING (site) JOIN visitor v USING (visitor)"


def _row(values: tuple[Any, ...]) -> SessionRow:
    row = SessionRow(*values)
    return replace(row, bot=bool(row.bot))


def session_by_id(db: Database, session_id: str) -> SessionRow | None:
    """A session by its id or by that of a page that was joined to it."""
    if not SESSION_ID.fullmatch(session_id):
        return None
    values = db.execute(
        f"SELECT {ROW} {FROM_SESSION} WHERE s.session_id = ?",
        [session_id],
    ).fetchone()
    if values is None:
        values = db.execute(
            f"SELECT {ROW} {FROM_SESSION} JOIN client_session c USING (session)"
            " WHERE c.client_id = ?",
            [session_id],
        ).fetchone()
    return _row(values) if values else None


def list_sessions(
    db: Database, now_ms: int, live_ms: int, *, limit: int, before: str = "", q: str = ""
) -> tuple[list[SessionJson], str | None]:
    """Sessions, newest first, and the cursor of the next page. `q`: in URL, title, person, facts.
    Raises ValueError for a bad cursor."""
    where: list[str] = []
    values: list[object] = []
    if before:
        match = re.fullmatch(r"(-?[0-9]{1,16})\.([0-9]{1,16})", before)
        if not match:
            raise ValueError(f"{before[:40]!r} is no cursor")
        where.append("(s.zero_at_ms, s.session) < (?, ?)")
        values += [int(match[1]), int(match[2])]
    if q:
        pattern = "%" + re.sub(r"([\\%_])", r"\\\1", q) + "%"
        where.append(
            r"(s.person LIKE ? ESCAPE '\' OR EXISTS (SELECT 1 FROM page_view p WHERE"
            r" p.session = s.session AND (p.url LIKE ? ESCAPE '\' OR p.title LIKE ? ESCAPE '\'))"
            r" OR EXISTS (SELECT 1 FROM fact f WHERE f.session = s.session"
            r" AND f.text LIKE ? ESCAPE '\'))"
        )
        values += [pattern] * 4
    sql = (
        f"SELECT {ROW} {FROM_SESSION}"
        + (f" WHERE {' AND '.join(where)}" if where else "")
        + " ORDER BY s.zero_at_ms DESC, s.session DESC LIMIT ?"
    )
    rows = [_row(found) for found in db.execute(sql, [*values, limit + 1])]
    shown = rows[:limit]
    sessions = [session_json(db, row, now_ms, live_ms) for row in shown]
    more = len(rows) > limit
    return sessions, f"{shown[-1].zero_at_ms}.{shown[-1].session}" if more else None


def session_json(db: Database, row: SessionRow, now_ms: int, live_ms: int) -> SessionJson:
    """A session as the API shows it."""
    gaps = gaps_of(db, row.session)
    return {
        "id": row.session_id,
        "site": row.site,
        "visitor_id": row.visitor_id,
        "person": row.person,
        "started_at_ms": row.zero_at_ms,
        "duration_ms": max(0, row.until_ms - min(0, row.t_ms)),
        "live": is_live(db, row, now_ms, live_ms),
        "bytes": row.bytes,
        "fidelity": _fidelity(db, row.session, gaps),
        "bot": row.bot,
        "continues": row.continues,
        "page_views": page_views(db, row.session),
        "facts": facts(db, row.session),
        "gaps": [gap_json(gap) for gap in gaps],
    }


def is_live(db: Database, row: SessionRow, now_ms: int, live_ms: int) -> bool:
    """A batch came lately and no end was recorded in the document that sent it."""
    since = now_ms - live_ms
    if row.last_received_at_ms < since:
        return False
    found = db.execute(
        "SELECT 1 FROM document d JOIN batch b ON b.document = d.document AND b.seq = d.last_seq"
        " WHERE d.session = ? AND b.received_at_ms >= ?"
        " AND (d.left_seq IS NULL OR d.left_seq < d.last_seq) LIMIT 1",
        [row.session, since],
    )
    return found.fetchone() is not None


def _fidelity(db: Database, session: int, gaps: list[Gap]) -> str:
    """facts: nothing to replay. gaps: batches are missing. damaged: some ops were bad. full: all is
    there."""
    counts: tuple[int | None, int] = db.execute(
        "SELECT max(replay), (SELECT count(*) FROM problem p WHERE p.session = d.session)"
        " FROM document d WHERE session = ?",
        [session],
    ).fetchone()
    if not counts[0]:
        return "facts"
    if gaps:
        return "gaps"
    return "damaged" if counts[1] else "full"


def page_views(db: Database, session: int) -> list[PageViewJson]:
    """The page views of a session in order."""
    rows = db.execute(
        "SELECT p.t_ms, d.tab, d.number, p.url, p.title FROM page_view p JOIN document d"
        " USING (document) WHERE p.session = ? ORDER BY p.t_ms, p.page_view LIMIT ?",
        [session, MAX_VIEWS],
    )
    return [
        {"t_ms": t_ms, "tab": tab, "document": number, "url": url, "title": title}
        for t_ms, tab, number, url, title in rows
    ]


def facts(db: Database, session: int) -> list[dict[str, object]]:
    """The facts of a session in order, without page views."""
    rows = db.execute(
        "SELECT f.t_ms, d.tab, d.number, f.kind, f.fields FROM fact f JOIN document d"
        " USING (document) WHERE f.session = ? ORDER BY f.t_ms, f.fact LIMIT ?",
        [session, MAX_FACTS],
    )
    return [
        {**json.loads(fields), "t_ms": t_ms, "tab": tab, "document": number, "kind": kind}
        for t_ms, tab, number, kind, fields in rows
    ]


def gap_json(gap: Gap) -> GapJson:
    """A gap as the API shows it."""
    return {"t_ms": gap.t_ms, "until_ms": gap.until_ms, "tab": gap.tab}
