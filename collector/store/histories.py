"""Facts as the evaluator of signals reads them: in go visitors or places in the tables, out come
facts in the order of time. Bots are left out everywhere."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from sqlite_utils import Database

from collector.signals.facts import CHANGE, Fact

MAX_HISTORY = 20_000
"""Facts of one visitor that are read again; the newest."""
MAX_NEW = 2_000
"""Facts that are read at a time."""

VIEW = (
    "s.site, s.visitor, 'p', p.page_view, 'page_view', s.zero_at_ms + p.t_ms, p.session, p.t_ms,"
    " p.document, '', p.url, p.title, p.referrer, p.route, p.campaign"
)
FACT = (
    "s.site, s.visitor, 'f', f.fact, f.kind, s.zero_at_ms + f.t_ms, f.session, f.t_ms,"
    " f.document, f.fields, '', '', '', 0, ''"
)


ANSWER = (
    f"s.site, s.visitor, 'c', a.fact, '{CHANGE}', s.zero_at_ms + a.t_ms, f.session, a.t_ms,"
    " f.document, '{}', '', '', '', 0, ''"
)
OF_VIEWS = f"SELECT {VIEW} FROM session s CROSS JOIN page_view p USING (session)"  # noqa: S608
OF_FACTS = f"SELECT {FACT} FROM session s CROSS JOIN fact f USING (session)"  # noqa: S608
OF_ANSWERS = (
    f"SELECT {ANSWER} FROM session s CROSS JOIN fact f USING (session)"  # noqa: S608
    " CROSS JOIN click_answer a USING (fact)"
)
MINE = " WHERE s.visitor = :visitor AND s.bot = 0 AND"
NEW_VIEWS = (
    f"SELECT {VIEW}, s.bot FROM page_view p CROSS JOIN session s USING (session)"  # noqa: S608
    " WHERE p.page_view > ? ORDER BY p.page_view LIMIT ?"
)
NEW_FACTS = (
    f"SELECT {FACT}, s.bot FROM fact f CROSS JOIN session s USING (session)"  # noqa: S608
    " WHERE f.fact > ? ORDER BY f.fact LIMIT ?"
)
NEW_ANSWERS = (
    f"SELECT {ANSWER}, s.bot, a.click_answer FROM click_answer a CROSS JOIN fact f USING (fact)"  # noqa: S608
    " CROSS JOIN session s USING (session) WHERE a.click_answer > ? ORDER BY 17 LIMIT ?"
)
HISTORY = (
    f"{OF_VIEWS}{MINE} p.t_ms >= :since_ms - s.zero_at_ms"
    f" UNION ALL {OF_FACTS}{MINE} f.t_ms >= :since_ms - s.zero_at_ms"
    f" UNION ALL {OF_ANSWERS}{MINE} f.t_ms >= :since_ms - s.zero_at_ms AND f.kind = 'click'"
    " ORDER BY 6 DESC LIMIT :limit"
)
LAST = "o WHERE o.session = s.session AND o.t_ms < :since_ms - s.zero_at_ms)"
BEFORE = (
    f"{OF_VIEWS}{MINE} p.t_ms = (SELECT max(t_ms) FROM page_view {LAST}"  # noqa: S608
    f" UNION ALL {OF_FACTS}{MINE} f.t_ms = (SELECT max(t_ms) FROM fact {LAST}"
)
"""The last ones of each session."""
IN_SPAN = " WHERE s.site = :site AND s.bot = 0 AND s.zero_at_ms BETWEEN :since_ms AND :until_ms"
EVERY_VISITOR = (
    "SELECT s.site, s.visitor, '', 0, '', 0, 0, 0, 0, '', '', '', '', 0, '' FROM session s"  # noqa: S608
    f"{IN_SPAN}"
)
EVERY_VIEW = f" UNION ALL {OF_VIEWS}{IN_SPAN}"
EVERY_ANSWER = f" UNION ALL {OF_ANSWERS}{IN_SPAN} AND f.kind = 'click'"
EVERY_FACT = f" UNION ALL {OF_FACTS}{IN_SPAN}"


ANSWERED_MS = 10_000
"""A change so long after a click has another reason."""
ANSWER_CLICKS = """
INSERT INTO click_answer (fact, t_ms)
SELECT f.fact, min(c.value) FROM fact f CROSS JOIN json_each(:changed) c
  WHERE f.session = :session AND f.t_ms BETWEEN :from_ms AND :until_ms AND f.kind = 'click'
  AND +f.document = :document AND c.value BETWEEN f.t_ms AND f.t_ms + :within_ms GROUP BY f.fact
ON CONFLICT DO UPDATE SET t_ms = min(t_ms, excluded.t_ms)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the tables were read: the last rows."""

    page_view: int
    fact: int
    answer: int


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact, and whose it is."""

    site: int
    visitor: int
    fact: Fact


def place_now(db: Database) -> Place:
    """The end of the tables."""
    row = db.execute(
        "SELECT coalesce((SELECT max(page_view) FROM page_view), 0),"
        " coalesce((SELECT max(fact) FROM fact), 0),"
        " coalesce((SELECT max(click_answer) FROM click_answer), 0)"
    ).fetchone()
    return Place(*row)


def new_facts(db: Database, place: Place) -> tuple[list[NewFact], Place]:
    """The next facts behind a place, of all sites, and the place behind them: nothing new means the
    same place."""
    views = db.execute(NEW_VIEWS, [place.page_view, MAX_NEW]).fetchall()
    facts = db.execute(NEW_FACTS, [place.fact, MAX_NEW]).fetchall()
    answers = db.execute(NEW_ANSWERS, [place.answer, MAX_NEW]).fetchall()
    behind = Place(
        page_view=views[-1][3] if views else place.page_view,
        fact=facts[-1][3] if facts else place.fact,
        answer=answers[-1][16] if answers else place.answer,
    )
    rows = (*views, *facts, *answers)
    found = [NewFact(row[0], row[1], _fact(row)) for row in rows if not row[15]]
    return sorted(found, key=lambda new: new.fact.order), behind


def history_of(db: Database, visitor: int, since_ms: int) -> list[Fact]:
    """The facts of a visitor from a time on."""
    given = {"visitor": visitor, "since_ms": since_ms, "limit": MAX_HISTORY}
    rows = db.execute(HISTORY, given).fetchall()
    return sorted((_fact(row) for row in rows), key=lambda fact: fact.order)


def last_before(db: Database, visitor: int, since_ms: int) -> Fact | None:
    """The last fact of a visitor before a time."""
    rows = db.execute(BEFORE, {"visitor": visitor, "since_ms": since_ms}).fetchall()
    return max((_fact(row) for row in rows), key=lambda fact: fact.order, default=None)


def answer_clicks(db: Database, session: int, document: int, changed_ms: Sequence[int]) -> None:
    """The page of a document changed at these times: the first change after a click is what came of
    it."""
    if not changed_ms:
        return
    db.execute(
        ANSWER_CLICKS,
        {
            "session": session,
            "document": document,
            "from_ms": changed_ms[0] - ANSWERED_MS,
            "until_ms": changed_ms[-1],
            "changed": orjson.dumps(changed_ms).decode(),
            "within_ms": ANSWERED_MS,
        },
    )


def visitors_of_late(
    db: Database, sites: Sequence[int], since_ms: int, limit: int
) -> list[tuple[int, int]]:
    """(site, visitor) of whom anything came since then, the latest first."""
    marks = ", ".join("?" * len(sites))
    rows = db.execute(
        "SELECT site, visitor FROM session WHERE last_received_at_ms >= ? AND bot = 0"  # noqa: S608
        f" AND site IN ({marks}) GROUP BY visitor ORDER BY max(last_received_at_ms) DESC LIMIT ?",
        [since_ms, *sites, limit],
    )
    return [(row[0], row[1]) for row in rows]


def visitors_with_facts(
    db: Database, site: int, since_ms: int, until_ms: int, kinds: frozenset[str] | None
) -> Generator[tuple[int, list[Fact]], None, None]:
    """Every visitor who came in a span of time, with all facts of these kinds in order (None: of
    all kinds), of the sessions that began in it."""
    given: dict[str, object] = {"site": site, "since_ms": since_ms, "until_ms": until_ms}
    statement = EVERY_VISITOR
    if kinds is None:
        statement += EVERY_VIEW + EVERY_FACT + EVERY_ANSWER
    else:
        statement += EVERY_VIEW if "page_view" in kinds else ""
        statement += EVERY_ANSWER if CHANGE in kinds else ""
        statement += f"{EVERY_FACT} AND f.kind IN (SELECT value FROM json_each(:kinds))"  # noqa: S608
        given["kinds"] = orjson.dumps(sorted(kinds)).decode()
    rows = db.execute(f"{statement} ORDER BY 2", given)
    for visitor, group in groupby(rows, key=lambda row: row[1]):
        facts = [_fact(row) for row in group if row[2]]
        yield visitor, sorted(facts, key=lambda fact: fact.order)


def _fact(row: tuple[Any, ...]) -> Fact:
    letter, row_number, kind, at_ms, session, t_ms, document, fields = row[2:10]
    if letter == "p":
        url, title, referrer, route, campaign = row[10:15]
        known = {
            "url": url, "title": title, "referrer": referrer, "route": route,
            "campaign": orjson.loads(campaign),
        }  # fmt: skip
    else:
        known = orjson.loads(fields)
    return Fact(kind, row_number, at_ms, session, t_ms, document, known)


@dataclass(frozen=True, slots=True)
class VisitorName:
    """Whose a session is."""

    session_id: str
    visitor_id: str
    person: str | None


def visitor_names(db: Database, sessions: Sequence[int]) -> dict[int, VisitorName]:
    """Who these sessions belong to, by their rows."""
    rows = db.execute(
        "SELECT s.session, s.session_id, v.visitor_id, s.person FROM session s"
        " JOIN visitor v USING (visitor) WHERE s.session IN (SELECT value FROM json_each(?))",
        [orjson.dumps(list(sessions)).decode()],
    )
    return {row[0]: VisitorName(*row[1:]) for row in rows}
