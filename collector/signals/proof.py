"""Proof of a signal: in go a rule and the facts that a signal names, out comes whether they alone
make it hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from collector.signals.clause import Hit, Open, Seen
from collector.signals.evaluator import Cause, hits_of
from collector.signals.facts import Fact
from collector.signals.rules import Rule
from collector.signals.tree import Leaf, Slots


def clause_hits(leaf: Leaf, facts: Iterable[Fact]) -> list[tuple[Cause, Hit]]:
    """When a clause holds by these facts and no others."""
    rest, seen = sorted(facts, key=lambda fact: fact.order), Seen(leaf.clause.looks_back)
    opens: dict[int, Open] = {leaf.number: {}}
    found: list[tuple[Cause, Hit]] = []

    def pass_until(now_ms: float) -> None:
        open_ = opens[leaf.number]
        for key, waiting in sorted(open_.items(), key=lambda one: one[1].due_ms or inf):
            if waiting.due_ms is not None and waiting.due_ms <= now_ms:
                row = waiting.moments[-1].row
                cause = waiting.due_ms, 0, leaf.number, row
                found.append((cause, leaf.clause.due(open_.pop(key))))

    for fact in rest:
        at_ms, rank, row = fact.order
        pass_until(at_ms)
        for hit in hits_of([leaf], fact, seen, opens).values():
            found.append(((at_ms, rank + 1, row, 0), hit))
        seen.note(fact)
    pass_until(inf)
    return found


def holds(rule: Rule, evidence: Mapping[str, Iterable[Fact]]) -> bool:
    """Does a rule hold, when each of its clauses has these facts alone? `evidence`: by the path of
    the clause (`Fired.clause`). Of the facts that a signal names none can be left out."""
    events: dict[Cause, dict[int, Hit]] = {}
    for leaf in rule.leaves:
        for cause, hit in clause_hits(leaf, evidence.get(leaf.path, ())):
            events.setdefault(cause, {})[leaf.number] = hit
    slots: Slots = {}
    for cause in sorted(events):
        found = rule.when.step(events[cause], slots, cause[0])
        if found is not None and cause[0] - found.start_ms <= rule.window_ms:
            return True
    return False


def clause_holds(rule: Rule, clause: str, facts: Iterable[Fact]) -> bool:
    """Does one clause of a rule hold by these facts and no others?"""
    leaf = next(leaf for leaf in rule.leaves if leaf.path == clause)
    slots: Slots = {}
    return any(
        leaf.step({leaf.number: hit}, slots, cause[0]) is not None
        for cause, hit in clause_hits(leaf, facts)
    )
