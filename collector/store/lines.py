"""What the list and the API show of one session: in goes its row, out come the words of the
contract. And who has watched it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlite_utils import Database

from collector.store.gaps import gaps_of
from collector.store.sessions import (
    MAX_FACTS,
    SessionJson,
    SessionRow,
    facts_page,
    gap_json,
    is_live,
    page_views,
)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to see sessions, and when. `user`: None for an API token and the command line;
    `live_ms`: a session is live for so long after a batch."""

    now_ms: int
    live_ms: int
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A session in the list. `gaps`: how many. `title`, `url`, `referrer_host` and `campaign` are
    those of its first page."""

    row: SessionRow
    live: bool
    watched: bool
    gaps: int
    fidelity: str
    title: str
    url: str
    referrer_host: str
    campaign: dict[str, str]


def line_of(db: Database, row: SessionRow, asking: Asking) -> Line:
    """What the list shows of a session."""
    first = db.execute(
        "SELECT url, title, referrer, campaign FROM page_view WHERE session = ?"
        " ORDER BY t_ms, page_view LIMIT 1",
        [row.session],
    ).fetchone()
    url, title, referrer, campaign = first or ("", "", "", "{}")
    host = _host(referrer)
    gaps, fidelity = wholeness(db, row)
    return Line(
        row=row,
        live=is_live(db, row, asking.now_ms, asking.live_ms),
        watched=_is_watched(db, row, asking.user),
        gaps=gaps,
        fidelity=fidelity,
        title=title,
        url=url,
        referrer_host="" if host == _host(url) else host,
        campaign={str(key): str(value) for key, value in json.loads(campaign).items()},
    )


def session_json(
    db: Database, row: SessionRow, asking: Asking, max_facts: int = MAX_FACTS
) -> SessionJson:
    """A session as the API shows it, with its first facts."""
    line = line_of(db, row, asking)
    facts, facts_next = facts_page(db, row.session, limit=max_facts)
    return {
        "id": row.session_id,
        "site": row.site,
        "visitor_id": row.visitor_id,
        "person": row.person,
        "started_at_ms": row.zero_at_ms,
        "duration_ms": duration_ms(row),
        "live": line.live,
        "bytes": row.bytes,
        "fidelity": line.fidelity,
        "bot": row.bot,
        "continues": row.continues,
        "device": row.device,
        "browser": row.browser,
        "system": row.system,
        "referrer": line.referrer_host,
        "campaign": line.campaign,
        "watched": line.watched,
        "pages": row.pages,
        "page_views": page_views(db, row.session),
        "facts": facts,
        "facts_next": facts_next,
        "gaps": [gap_json(gap) for gap in gaps_of(db, row.session)] if line.gaps else [],
    }


def duration_ms(row: SessionRow) -> int:
    """From the first to the last that is known of a session."""
    return max(0, row.until_ms - min(0, row.t_ms))


def wholeness(db: Database, row: SessionRow) -> tuple[int, str]:
    """How many gaps there are, and in a word: `facts`: nothing to replay; `gaps`: batches are
    missing; `damaged`: some ops were bad; `full`: all is there."""
    replays, problems, incomplete = db.execute(
        "SELECT max(d.replay), EXISTS (SELECT 1 FROM problem p WHERE p.session = d.session),"
        " max((SELECT count(*) FROM batch b WHERE b.document = d.document) <= d.last_seq)"
        " FROM document d WHERE d.session = ?",
        [row.session],
    ).fetchone()
    if not replays:
        return 0, "facts"
    # Unreadable batches count as missing, and each has left a problem.
    gaps = len(gaps_of(db, row.session)) if problems or incomplete else 0
    if gaps:
        return gaps, "gaps"
    return 0, "damaged" if problems else "full"


def _is_watched(db: Database, row: SessionRow, user: int | None) -> bool:
    whose, values = ("", []) if user is None else (" AND user = ?", [user])
    found = db.execute(
        f"SELECT 1 FROM watched WHERE session = ?{whose} LIMIT 1",  # noqa: S608 - constant
        [row.session, *values],
    )
    return found.fetchone() is not None


def mark_watched(db: Database, user: int, session: int, now_ms: int) -> None:
    """This user has opened the visit."""
    db.execute(
        "INSERT INTO watched (user, session, at_ms)"
        " SELECT ?, session, ? FROM session WHERE session = ? ON CONFLICT DO NOTHING",
        [user, now_ms, session],
    )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
