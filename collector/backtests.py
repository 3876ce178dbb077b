"""Rules over what is stored: in go a rule and a span of time, out comes how often it would have
fired, for whom, and what followed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypedDict

from collector.signals.backtest import Backtest, History, backtest
from collector.signals.evaluator import Signal
from collector.signals.rules import Data, outcome_of, rule_of
from collector.store.database import Database
from collector.store.histories import VisitorName, visitor_names, visitors_with_facts

MAX_SHOWN = 100


class Would(TypedDict):
    """A signal that would have fired, and who it was."""

    session: str
    visitor_id: str
    person: str | None
    t_ms: int
    at_ms: int
    clauses: list[str]


class BacktestJson(TypedDict):
    """A backtest in the API. `signals`: how often; `newest`: the last of them. Shares are 0 to 1,
    and None where nothing can be said."""

    rule: str
    since_ms: int
    until_ms: int
    visitors: int
    signals: int
    signalled: int
    converted: int
    followed: int
    precision: float | None
    recall: float | None
    lift: float | None
    newest: list[Would]


@dataclass(frozen=True, slots=True)
class Span:
    """Sessions that began in it are looked at."""

    since_ms: int
    until_ms: int


def run_backtest(
    db: Database,
    site: int,
    data: Data,
    span: Span,
    outcome: Data | None = None,
    watched: Callable[[History], History] = lambda history: history,
) -> Backtest:
    """A checked rule over the history of a site. `outcome`: a checked condition, else that of the
    rule, if it has one. `watched` passes on what is looked at, and may end it."""
    rule = rule_of(data)
    wanted = outcome if outcome is not None else data.get("outcome")
    against = outcome_of(wanted) if isinstance(wanted, dict) else None
    kinds = rule.kinds
    if kinds is not None and against is not None:
        kinds = None if against.kinds is None else kinds | against.kinds
    with closing(visitors_with_facts(db, site, span.since_ms, span.until_ms, kinds)) as history:
        return backtest(rule, watched(history), span.until_ms, against)


def backtest_json(db: Database, data: Data, span: Span, found: Backtest) -> BacktestJson:
    """A backtest as the API and the command line show it."""
    newest = sorted(found.signals, key=lambda signal: signal.at_ms, reverse=True)[:MAX_SHOWN]
    names = visitor_names(db, [signal.session for signal in newest])
    return {
        "rule": str(data["id"]),
        "since_ms": span.since_ms,
        "until_ms": span.until_ms,
        "visitors": found.visitors,
        "signals": len(found.signals),
        "signalled": found.signalled,
        "converted": found.converted,
        "followed": found.followed,
        "precision": found.precision,
        "recall": found.recall,
        "lift": found.lift,
        "newest": [_would(signal, names[signal.session]) for signal in newest],
    }


def _would(signal: Signal, name: VisitorName) -> Would:
    return {
        "session": name.session_id,
        "visitor_id": name.visitor_id,
        "person": name.person,
        "t_ms": signal.t_ms,
        "at_ms": signal.at_ms,
        "clauses": [fired.clause for fired in signal.fired],
    }
