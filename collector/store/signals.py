"""Signals: in go those that fired, out come rows with the facts that each names, and the clauses as
the API shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from sqlite_utils import Database

if TYPE_CHECKING:  # a collector without rules loads none of this
    from collector.signals.evaluator import Cause, Signal
    from collector.signals.facts import Moment


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """A signal with what alerts and lists say of it. `at_ms`: when it was true; `fired_at_ms`: when
    that was noticed."""

    signal: int
    rule: int
    rule_id: str
    version: int
    name: str
    about: str
    owner: str | None
    site: int
    site_name: str
    session: int
    session_id: str
    visitor: int
    visitor_id: str
    person: str | None
    t_ms: int
    at_ms: int
    fired_at_ms: int


Outbox = Callable[[Database, StoredSignal], None]
"""Called in the transaction that writes a signal: what it writes is there with the signal, or
neither is."""

SELECT = (
    "SELECT g.signal, g.rule, r.rule_id, g.version, v.data, r.site, i.name, g.session,"
    " s.session_id, s.visitor, w.visitor_id, s.person, g.t_ms, g.at_ms, g.fired_at_ms"
    " FROM signal g CROSS JOIN session s ON s.session = g.session"
    " CROSS JOIN rule r ON r.rule = g.rule"
    " CROSS JOIN rule_version v ON v.rule = g.rule AND v.version = g.version"
    " CROSS JOIN site i ON i.site = r.site CROSS JOIN visitor w ON w.visitor = s.visitor"
)


def add_signals(
    db: Database,
    found: Sequence[tuple[int, int, Signal]],
    now_ms: int,
    outbox: Outbox = lambda db, signal: None,
) -> list[StoredSignal]:
    """Writes signals, each (row of its rule, version, signal) once: what is there already, or names
    what was erased since, is left out. Returns those that are new."""
    return [
        stored
        for rule, version, signal in found
        if (stored := _add(db, rule, version, signal, now_ms, outbox)) is not None
    ]


def _add(
    db: Database, rule: int, version: int, signal: Signal, now_ms: int, outbox: Outbox
) -> StoredSignal | None:
    moments = [(fired.clause, moment) for fired in signal.fired for moment in fired.moments]
    if not all(_is_there(db, moment) for _, moment in moments):
        return None
    row = db.execute(
        "INSERT INTO signal (rule, version, session, t_ms, at_ms, fired_at_ms, cause)"
        " SELECT rule, ?, ?, ?, ?, ?, ? FROM rule WHERE rule = ? ON CONFLICT DO NOTHING"
        " RETURNING signal",
        [version, signal.session, signal.t_ms, signal.at_ms, now_ms, json.dumps(signal.cause),
         rule],
    ).fetchone()  # fmt: skip
    if row is None:
        return None
    for clause, moment in moments:
        is_view = moment.fact.startswith("p")
        number = int(moment.fact[1:])
        db.execute(
            "INSERT INTO signal_fact (signal, clause, fact, page_view) VALUES (?, ?, ?, ?)",
            [row[0], clause, None if is_view else number, number if is_view else None],
        )
    stored = signal_by_row(db, row[0])
    if stored is not None:
        outbox(db, stored)
    return stored


def _is_there(db: Database, moment: Moment) -> bool:
    """The rows of what was erased may have been given to other facts."""
    table = "page_view" if moment.fact.startswith("p") else "fact"
    found = db.execute(
        f"SELECT 1 FROM {table} WHERE {table} = ? AND session = ? AND t_ms = ?",  # noqa: S608
        [int(moment.fact[1:]), moment.session, moment.t_ms],
    )
    return found.fetchone() is not None


def signal_by_row(db: Database, signal: int) -> StoredSignal | None:
    """A signal. None: there is none, or what it names was erased."""
    row = db.execute(f"{SELECT} WHERE g.signal = ?", [signal]).fetchone()
    return _signal(row) if row else None


def signals_before(
    db: Database,
    *,
    before: int | None = None,
    limit: int = 50,
    site: int | None = None,
    session: int | None = None,
    visitor: int | None = None,
    rule: int | None = None,
) -> list[StoredSignal]:
    """The newest first; `before`: the row of the last one of the page before."""
    wanted = {"g.session": session, "s.visitor": visitor, "g.rule": rule, "r.site": site}
    named = {column: value for column, value in wanted.items() if value is not None}
    tests = [f"{column} = ?" for column in named] + (["g.signal < ?"] if before else [])
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    rows = db.execute(
        f"{SELECT}{where} ORDER BY g.signal DESC LIMIT ?",
        [*named.values(), *([before] if before else []), limit],
    )
    return [_signal(row) for row in rows]


def last_causes(db: Database, site: int, visitor: int) -> dict[str, Cause]:
    """What fired last for a visitor, by the id of the rule."""
    rows = db.execute(
        "SELECT r.rule_id, g.cause FROM session s JOIN signal g ON g.session = s.session"
        " JOIN rule r ON r.rule = g.rule WHERE s.visitor = ? AND r.site = ?",
        [visitor, site],
    )
    found: dict[str, Cause] = {}
    for rule_id, text in rows:
        at_ms, rank, number, other = json.loads(text)
        cause: Cause = (at_ms, rank, number, other)
        found[rule_id] = max(found.get(rule_id, cause), cause)
    return found


class NamedFact(TypedDict):
    """A fact of a clause, as the API shows it: `session` and `t_ms` are its moment."""

    id: str
    kind: str
    session: str
    t_ms: int
    at_ms: int
    fields: Mapping[str, object]


class FiredClause(TypedDict):
    """A clause of a signal. `clause`: its place in the rule; `condition`: what it says there."""

    clause: str
    condition: object
    facts: list[NamedFact]


def clauses_of(db: Database, signal: int) -> list[FiredClause]:
    """The clauses that fired, in the order of the rule, each with its facts."""
    found: dict[str, FiredClause] = {}
    row = db.execute(
        "SELECT v.data FROM signal g JOIN rule_version v USING (rule, version) WHERE g.signal = ?",
        [signal],
    ).fetchone()
    data = json.loads(row[0]) if row else {}
    for clause, *values in db.execute(_FACTS, [signal, signal]).fetchall():
        letter, number, kind, session_id, t_ms, zero_at_ms, fields = values
        here = found.setdefault(
            clause, {"clause": clause, "condition": _at(data, clause), "facts": []}
        )
        here["facts"].append(
            {
                "id": f"{letter}{number}",
                "kind": kind,
                "session": session_id,
                "t_ms": t_ms,
                "at_ms": zero_at_ms + t_ms,
                "fields": json.loads(fields),
            }
        )
    return list(found.values())


_FACTS = """
SELECT n.clause, 'p', p.page_view, 'page_view', s.session_id, p.t_ms, s.zero_at_ms,
  json_object('url', p.url, 'title', p.title, 'referrer', p.referrer, 'route', p.route,
  'campaign', json(p.campaign)) FROM signal_fact n JOIN page_view p USING (page_view)
  JOIN session s ON s.session = p.session WHERE n.signal = ?
UNION ALL SELECT n.clause, 'f', f.fact, f.kind, s.session_id, f.t_ms, s.zero_at_ms, f.fields
  FROM signal_fact n JOIN fact f USING (fact) JOIN session s ON s.session = f.session
  WHERE n.signal = ?
ORDER BY 1, 6, 2 DESC, 3
"""


def _at(data: object, path: str) -> object:
    """What stands at a place of a rule."""
    for step in path.split("."):
        if isinstance(data, list):
            data = data[int(step)]
        elif isinstance(data, dict):
            data = data.get(step)
    return data


def _signal(row: tuple[Any, ...]) -> StoredSignal:
    signal, rule, rule_id, version, text, *rest = row
    data = json.loads(text)
    name, about = str(data.get("name", rule_id)), str(data.get("about", ""))
    return StoredSignal(signal, rule, rule_id, version, name, about, data.get("owner"), *rest)
