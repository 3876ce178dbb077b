"""The search: in goes a session that is over, its words go into an index; in goes what somebody
typed, out come conditions. What is still being recorded is searched where it lies."""

from __future__ import annotations

import re

from sqlite_utils import Database

MAX_TEXT = 256 << 10
"""Of one session: nobody looks for what lies behind it, and it bounds the work of packing."""
MAX_LINES = 5_000
MAX_TERMS = 8
TRIGRAM = 3
_VISITOR = re.compile(r"(?:visitor\s+)?([A-Za-z0-9_-]{6,43})", re.IGNORECASE)
_TERM = re.compile(r'"([^"]+)"|(\S+)')

Condition = tuple[str, list[object]]


def index_session(db: Database, session: int) -> None:
    """Puts a session's words into the index, or renews them."""
    row = db.execute("SELECT place, person FROM session WHERE session = ?", [session]).fetchone()
    if row is None:
        return
    place, person = row
    text = "\n".join(dict.fromkeys([*filter(None, [person]), *_lines(db, session)]))[:MAX_TEXT]
    db.execute("INSERT OR REPLACE INTO search (rowid, text) VALUES (?, ?)", [place, text])


def _lines(db: Database, session: int) -> list[str]:
    views = db.execute(
        "SELECT DISTINCT url, title, referrer, campaign FROM page_view WHERE session = ? LIMIT ?",
        [session, MAX_LINES],
    )
    facts = db.execute(
        "SELECT DISTINCT text FROM fact WHERE session = ? LIMIT ?", [session, MAX_LINES]
    )
    return [word for row in (*views.fetchall(), *facts.fetchall()) for word in row if word]


def overwrite_erased(db: Database) -> None:
    """What was erased leaves the index as well. Where SQLite is too old to overwrite it at once,
    the whole index is written anew."""
    if not db.execute("SELECT 1 FROM search_config WHERE k = 'secure-delete' AND v").fetchone():
        db.execute("INSERT INTO search (search) VALUES ('optimize')")


def terms_of(q: str) -> list[str]:
    """The words somebody typed; what stands in quotes stays together."""
    found = (match[1] or match[2] for match in _TERM.finditer(q.replace("\0", " ")))
    return list(dict.fromkeys(term.strip() for term in found if term.strip()))[:MAX_TERMS]


def in_index(terms: list[str]) -> Condition:
    """All terms, in the index called `f`. Shorter ones than a trigram are looked for in its
    text."""
    long = [term for term in terms if len(term) >= TRIGRAM]
    short = [term for term in terms if len(term) < TRIGRAM]
    where, values = [], []
    if long:
        where.append("f.search MATCH ?")
        values.append(" AND ".join('"' + term.replace('"', '""') + '"' for term in long))
    for term in short:
        where.append(r"f.text LIKE ? ESCAPE '\'")
        values.append(_pattern(term))
    return " AND ".join(where), [*values]


def in_rows(terms: list[str]) -> Condition:
    """All terms, in the rows of a session `s`."""
    where = (
        r"(s.person LIKE ?1 ESCAPE '\'"
        r" OR EXISTS (SELECT 1 FROM page_view p WHERE p.session = s.session"
        r" AND (p.url LIKE ?1 ESCAPE '\' OR p.title LIKE ?1 ESCAPE '\'"
        r" OR p.referrer LIKE ?1 ESCAPE '\' OR p.campaign LIKE ?1 ESCAPE '\'))"
        r" OR EXISTS (SELECT 1 FROM fact x WHERE x.session = s.session"
        r" AND x.text LIKE ?1 ESCAPE '\'))"
    )
    values: list[object] = []
    for term in terms:
        values += [_pattern(term)] * where.count("?1")
    return " AND ".join([where.replace("?1", "?")] * len(terms)), values


def by_visitor(q: str) -> Condition | None:
    """Sessions `s` of the visitors whose id begins as somebody typed it, as the list calls them.
    Ids are random: among the words they would be found by chance."""
    match = _VISITOR.fullmatch(q)
    if not match:
        return None
    where = (
        "s.visitor IN (SELECT visitor FROM visitor WHERE visitor_id >= ? AND visitor_id < ? || '~')"
    )
    return where, [match[1], match[1]]


def _pattern(term: str) -> str:
    return "%" + re.sub(r"([\\%_])", r"\\\1", term) + "%"
