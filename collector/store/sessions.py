"""Sessions as the API and the pages show them: in go ids and searches, out come plain dictionaries
in the words of the contract."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from sqlite_utils import Database

from collector.store.gaps import Gap

SESSION_ID = re.compile(r"[A-Za-z0-9_-]{16,43}")
MAX_FACTS = 2_000
"""Facts of one session in one answer; a cursor leads to the rest."""
MAX_VIEWS = 1_000
_FACT_CURSOR = re.compile(r"(-?[0-9]{1,16})\.([0-9]{1,18})")


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
    device: str | None
    browser: str
    system: str
    referrer: str
    campaign: dict[str, str]
    watched: bool
    pages: int
    page_views: list[PageViewJson]
    facts: list[dict[str, object]]
    facts_next: str | None
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
    place: int
    pages: int
    device: str | None
    browser: str
    system: str


ROW = (
    "s.session, s.session_id, i.name, v.visitor_id, s.person, s.zero_at_ms, s.last_received_at_ms,"
    " s.t_ms, s.until_ms, s.bytes, s.bot,"
    " (SELECT o.session_id FROM session o WHERE o.session = s.continues),"
    " s.place, s.pages, s.device, s.browser, s.system"
)
FROM_SESSION = (
    "FROM session s CROSS JOIN site i ON i.site = s.site"
    " CROSS JOIN visitor v ON v.visitor = s.visitor"
)
"""Sessions first: their order is that of the list."""


def row_of(values: tuple[Any, ...]) -> SessionRow:
    """What a SELECT of `ROW` found."""
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
        joined = "SELECT c.session FROM client_session c WHERE c.client_id = ?"
        values = db.execute(
            f"SELECT {ROW} {FROM_SESSION} WHERE s.session = ({joined})",
            [session_id],
        ).fetchone()
    return row_of(values) if values else None


def newest_of_site(db: Database, site: int) -> SessionRow | None:
    """The visit that began last; None: there has been none."""
    values = db.execute(
        f"SELECT {ROW} {FROM_SESSION} WHERE s.site = ? ORDER BY s.place DESC LIMIT 1", [site]
    ).fetchone()
    return row_of(values) if values else None


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
    """The first facts of a session in order, without page views."""
    return facts_page(db, session)[0]


def facts_page(
    db: Database, session: int, after: str = "", limit: int = MAX_FACTS
) -> tuple[list[dict[str, object]], str | None]:
    """Facts of a session in order, without page views: those behind the cursor `after`, and the
    cursor to go on with. None: that is all. Raises ValueError for a bad cursor."""
    match = _FACT_CURSOR.fullmatch(after or f"-{10**16 - 1}.0")
    if not match:
        raise ValueError(f"{after[:40]!r} is no cursor")
    rows = db.execute(
        "SELECT f.t_ms, f.fact, d.tab, d.number, f.kind, f.fields FROM fact f JOIN document d"
        " USING (document) WHERE f.session = ? AND (f.t_ms, f.fact) > (?, ?)"
        " ORDER BY f.t_ms, f.fact LIMIT ?",
        [session, int(match[1]), int(match[2]), limit + 1],
    ).fetchall()
    shown = rows[:limit]
    found = [
        {**json.loads(fields), "t_ms": t_ms, "tab": tab, "document": number, "kind": kind}
        for t_ms, _, tab, number, kind, fields in shown
    ]
    return found, f"{shown[-1][0]}.{shown[-1][1]}" if len(rows) > limit else None


def gap_json(gap: Gap) -> GapJson:
    """A gap as the API shows it."""
    return {"t_ms": gap.t_ms, "until_ms": gap.until_ms, "tab": gap.tab}
