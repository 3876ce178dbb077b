"""The evaluator, the same for live and backtest: facts of visitors go in, in the order of time for
each visitor, signals come out as soon as they are true.

What is remembered of a visitor is bounded by the rules (`Evaluator.most_moments`), how many
visitors are remembered by `max_visitors`. Both can be forgotten: `recover` makes the state anew
from stored facts and the signals that fired last."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from collector.signals.clause import MAX_OPEN, Hit, Open, Seen
from collector.signals.facts import CHANGE, Fact, Order
from collector.signals.rules import Rule
from collector.signals.tree import Fired, Leaf, Occurrence, Slots

MAX_VISITORS = 20_000

Cause = tuple[int, int, int, int]
"""Which event completed a signal, and its place in the order of all: (Unix ms, 0 for time that
passed, 1 for a page view, 2 for another fact, clause or row, document or 0)."""


class LateFact(Exception):
    """An earlier fact than one that was evaluated: recover the visitor, with this fact among the
    others."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule held, at `t_ms` in the session of its last fact. `cause` is unique for rule and
    visitor."""

    rule: str
    visitor: int
    session: int
    t_ms: int
    at_ms: int
    fired: tuple[Fired, ...]
    cause: Cause


@dataclass(slots=True)
class _RuleState:
    """One rule for one visitor. `opens`: by the number of the clause."""

    slots: Slots = field(default_factory=dict)
    opens: dict[int, Open] = field(default_factory=dict)
    fired: Cause | None = None


@dataclass(slots=True)
class _Visitor:
    """All that is remembered of a visitor."""

    seen: Seen
    rules: dict[str, _RuleState] = field(default_factory=dict)
    last: Order | None = None
    next_due_ms: float = inf
    scheduled_ms: float = inf


class Evaluator:
    """Runs rules over the facts of many visitors. Not for several threads."""

    def __init__(self, rules: Sequence[Rule], max_visitors: int = MAX_VISITORS) -> None:
        self.rules = tuple(rules)
        self.looks_back = any(leaf.clause.looks_back for rule in rules for leaf in rule.leaves)
        """Does `recover` need the last fact before `history_ms`, too?"""
        self._max_visitors = max_visitors
        self._visitors: OrderedDict[int, _Visitor] = OrderedDict()
        self._due: list[tuple[float, int]] = []
        self._waiting_rules = [
            rule for rule in self.rules if any(leaf.clause.span_ms for leaf in rule.leaves)
        ]
        self._by_kind: dict[str, list[_Concern]] = {}

    @property
    def most_moments(self) -> int:
        """How many moments are remembered of one visitor at most."""
        return sum(rule.most_moments for rule in self.rules) + MAX_OPEN + 1

    @property
    def history_ms(self) -> int:
        """How far back `recover` needs facts."""
        return max((rule.history_ms for rule in self.rules), default=0)

    @property
    def patience_ms(self) -> int:
        """How long a clause may wait at most for time to make it true."""
        spans = (leaf.clause.span_ms for rule in self.rules for leaf in rule.leaves)
        return max(spans, default=0)

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds of facts that matter; None: all."""
        found: set[str] = set()
        for rule in self.rules:
            if rule.kinds is None:
                return None
            found |= rule.kinds
        return frozenset(found)

    @property
    def due_ms(self) -> float:
        """When the next clause may become true by time alone, Unix ms; infinite: none waits."""
        return self._due[0][0] if self._due else inf

    def knows(self, visitor: int) -> bool:
        """Is anything remembered of this visitor?"""
        return visitor in self._visitors

    def __len__(self) -> int:
        return len(self._visitors)

    def forget(self, visitor: int) -> None:
        """Nothing is remembered: the visitor was erased, or has to be recovered."""
        self._visitors.pop(visitor, None)

    def feed(self, visitor: int, fact: Fact, fresh_ms: float = -inf) -> list[Signal]:
        """The signals that this fact makes true, and those that the time before it did. Matches
        from before `fresh_ms` are backfill. Raises `LateFact`."""
        known = self._visitor(visitor)
        order = fact.order
        # That the page changed is known late, and only closes what is open.
        if fact.kind != CHANGE and known.last is not None and order <= known.last:
            if order == known.last:
                return []
            raise LateFact(f"{fact.id} of visitor {visitor} comes before what was evaluated")
        signals = self._pass(visitor, known, fact.at_ms, fresh_ms)
        if fact.kind != CHANGE:
            known.last = order
        cause = (order[0], order[1] + 1, order[2], 0)
        waits = False
        for concern in self._concerned(fact.kind):
            rule, waits = concern.rule, waits or concern.waits
            state = known.rules.get(rule.id)
            if state is None:
                state = known.rules[rule.id] = _RuleState()
            hits = hits_of(concern.leaves, fact, known.seen, state.opens)
            if hits:
                signals += self._step(visitor, rule, state, hits, cause, fresh_ms)
        known.seen.note(fact)
        if waits:
            known.next_due_ms = self._next_due_ms(known)
            self._schedule(visitor, known)
        return signals

    def advance(self, now_ms: float, fresh_ms: float = -inf) -> list[Signal]:
        """The signals that became true by time alone, up to `now_ms`."""
        signals: list[Signal] = []
        while self._due and self._due[0][0] <= now_ms:
            due_ms, visitor = heapq.heappop(self._due)
            known = self._visitors.get(visitor)
            if known is None or known.scheduled_ms != due_ms:
                continue
            known.scheduled_ms = inf
            signals += self._pass(visitor, known, now_ms, fresh_ms)
            self._schedule(visitor, known)
        return signals

    def recover(
        self,
        visitor: int,
        facts: Iterable[Fact],
        fired: Mapping[str, Cause],
        fresh_ms: float = -inf,
        before: Fact | None = None,
    ) -> list[Signal]:
        """The state from stored facts in order, of `history_ms`, and with `looks_back` the last one
        `before` them. `fired`: by rule the cause of the signal that fired last. Returns what is
        true and did not fire yet."""
        self.forget(visitor)
        known = self._visitor(visitor)
        for rule, cause in fired.items():
            known.rules[rule] = _RuleState(fired=cause)
        if before is not None:
            # What came with it is not there: it can't be evaluated.
            known.seen.note(before)
        return [signal for fact in facts for signal in self.feed(visitor, fact, fresh_ms)]

    # --- one visitor ---------------------------------------------------------

    def _visitor(self, visitor: int) -> _Visitor:
        known = self._visitors.get(visitor)
        if known is None:
            known = self._visitors[visitor] = _Visitor(Seen(self.looks_back))
            if len(self._visitors) > self._max_visitors:
                self._visitors.popitem(last=False)
        else:
            self._visitors.move_to_end(visitor)
        return known

    def _concerned(self, kind: str) -> list[_Concern]:
        """The clauses that have to see facts of a kind."""
        found = self._by_kind.get(kind)
        if found is None:
            found = [_concern(rule, kind) for rule in self.rules]
            found = self._by_kind[kind] = [one for one in found if one.leaves]
        return found

    def _pass(self, visitor: int, known: _Visitor, now_ms: float, fresh_ms: float) -> list[Signal]:
        """Time passes: what waited comes true, in order."""
        signals: list[Signal] = []
        while known.next_due_ms < inf and known.next_due_ms <= now_ms:
            due = min(self._dues(known), key=lambda one: one.cause)
            hit = due.leaf.clause.due(due.state.opens[due.leaf.number].pop(due.key))
            # Whatever comes from before this comes late.
            known.last = max(known.last or (0, 0, 0), (hit.at_ms, -1, 0))
            hits = {due.leaf.number: hit}
            signals += self._step(visitor, due.rule, due.state, hits, due.cause, fresh_ms)
            known.next_due_ms = self._next_due_ms(known)
        return signals

    def _dues(self, known: _Visitor) -> Iterator[_Due]:
        for rule in self._waiting_rules:
            state = known.rules.get(rule.id)
            if state is None:
                continue
            for leaf in rule.leaves:
                for key, waiting in state.opens.get(leaf.number, {}).items():
                    if waiting.due_ms is not None:
                        row = waiting.moments[-1].row
                        cause = waiting.due_ms, 0, leaf.number, row
                        yield _Due(cause, rule, state, leaf, key)

    def _next_due_ms(self, known: _Visitor) -> float:
        return min((due.cause[0] for due in self._dues(known)), default=inf)

    def _schedule(self, visitor: int, known: _Visitor) -> None:
        """One entry a visitor: a later time replaces it when it is taken out."""
        if known.next_due_ms < known.scheduled_ms:
            known.scheduled_ms = known.next_due_ms
            heapq.heappush(self._due, (known.next_due_ms, visitor))

    def _step(
        self,
        visitor: int,
        rule: Rule,
        state: _RuleState,
        hits: Mapping[int, Hit],
        cause: Cause,
        fresh_ms: float,
    ) -> list[Signal]:
        if state.fired is not None and cause <= state.fired:
            return []  # from before the signal that fired last: seen again after a restart
        at_ms = cause[0]
        found = rule.when.step(hits, state.slots, at_ms)
        if found is None or at_ms - found.start_ms > rule.window_ms:
            return []
        if not _may_fire(rule, state.fired, at_ms, fresh_ms):
            return []
        # A fact has a part in one signal of a rule, not in the next one, too.
        state.slots.clear()
        state.fired = cause
        return [_signal(rule, visitor, found, cause)]


@dataclass(frozen=True, slots=True)
class _Concern:
    """A rule, and those of its clauses that have to see facts of some kind. `waits`: what they wait
    for may change."""

    rule: Rule
    leaves: tuple[Leaf, ...]
    waits: bool


@dataclass(frozen=True, slots=True)
class _Due:
    """Something that waits for time."""

    cause: Cause
    rule: Rule
    state: _RuleState
    leaf: Leaf
    key: object


def _concern(rule: Rule, kind: str) -> _Concern:
    leaves = [one for one in rule.leaves if one.clause.kinds is None or kind in one.clause.kinds]
    return _Concern(rule, tuple(leaves), any(leaf.clause.span_ms for leaf in leaves))


def hits_of(
    leaves: Iterable[Leaf], fact: Fact, seen: Seen, opens: dict[int, Open]
) -> dict[int, Hit]:
    """The clauses that hold by this fact."""
    hits: dict[int, Hit] = {}
    for leaf in leaves:
        open_ = opens.get(leaf.number)
        if open_ is None:
            open_ = opens[leaf.number] = {}
        hit = leaf.clause.hits(fact, seen, open_)
        if hit is not None:
            hits[leaf.number] = hit
    return hits


def _may_fire(rule: Rule, fired: Cause | None, at_ms: int, fresh_ms: float) -> bool:
    """A match that may not is forgotten: it takes nothing from the next one."""
    if fired is not None and at_ms - fired[0] < rule.cooldown_ms:
        return False
    if rule.since_ms is not None and at_ms < rule.since_ms:
        return False
    if at_ms < fresh_ms and not rule.fires_on_backfill:
        return False
    return not any(quiet.holds(at_ms) for quiet in rule.quiet)


def _signal(rule: Rule, visitor: int, found: Occurrence, cause: Cause) -> Signal:
    """It is shown at its last fact, or the time that had passed since."""
    last = max((m for one in found.fired for m in one.moments), key=lambda one: one.at_ms)
    at_ms = cause[0]
    t_ms = last.t_ms + at_ms - last.at_ms
    return Signal(rule.id, visitor, last.session, t_ms, at_ms, found.fired, cause)
