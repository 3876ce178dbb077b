"""A rule over recorded history: in go the facts of visitors, out come how often it would have
fired, for whom, and whether an outcome followed more often than otherwise."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.signals.evaluator import Evaluator, Signal
from collector.signals.facts import Fact
from collector.signals.rules import Rule

History = Iterable[tuple[int, Sequence[Fact]]]
"""Visitors, each with all facts in order; nobody twice, no bots."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What was found. `converted`: visitors with the outcome; `signalled`: those for whom the rule
    fired; `followed`: those for whom the outcome came with or after the first signal."""

    signals: tuple[Signal, ...]
    visitors: int
    signalled: int
    converted: int
    followed: int

    @property
    def precision(self) -> float | None:
        """The share of signalled visitors for whom the outcome followed. None: nobody."""
        return self.followed / self.signalled if self.signalled else None

    @property
    def recall(self) -> float | None:
        """The share of outcomes that a signal came before. None: there are none."""
        return self.followed / self.converted if self.converted else None

    @property
    def lift(self) -> float | None:
        """How many times as likely the outcome is after a signal as for any visitor. None: there
        are no signals or no outcomes."""
        if self.precision is None or not self.converted:
            return None
        return self.precision / (self.converted / self.visitors)


def backtest(rule: Rule, history: History, until_ms: int, outcome: Rule | None = None) -> Backtest:
    """Runs the evaluator over visitors one by one. `until_ms`: what would become true by time alone
    only later has not become true. Facts from before the rule was there count like any others."""
    rules = [replace(rule, since_ms=None), *([outcome] if outcome else [])]
    evaluators = [Evaluator([one]) for one in rules]
    signals: list[Signal] = []
    visitors = signalled = converted = followed = 0
    for visitor, facts in history:
        visitors += 1
        found, *ends = [_fired(one, visitor, facts, until_ms) for one in evaluators]
        signals += found
        signalled += bool(found)
        for end in ends:
            ends_ms = [one.at_ms for one in end]
            converted += bool(ends_ms)
            if found and bisect_left(ends_ms, found[0].at_ms) < len(ends_ms):
                followed += 1
    return Backtest(tuple(signals), visitors, signalled, converted, followed)


def fired(rule: Rule, visitor: int, facts: Sequence[Fact], until_ms: float) -> list[Signal]:
    """All signals of one rule for one visitor."""
    return _fired(Evaluator([rule]), visitor, facts, until_ms)


def _fired(
    evaluator: Evaluator, visitor: int, facts: Sequence[Fact], until_ms: float
) -> list[Signal]:
    [rule] = evaluator.rules
    kinds = rule.kinds
    signals: list[Signal] = []
    for fact in facts:
        if kinds is None or fact.kind in kinds:
            signals += evaluator.feed(visitor, fact)
    signals += evaluator.advance(until_ms)
    evaluator.forget(visitor)
    return signals
