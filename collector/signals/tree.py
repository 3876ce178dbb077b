"""How clauses combine: in go the clauses that hold by one event, out comes whether the whole does,
and by which facts. What is remembered in between is bounded by the rule alone.

An occurrence is kept by its *start*, the time of its earliest fact: of two that would do, the one
that starts later does at least as long, so one for each branch is enough. What holds by an event
always names a fact of that event: so its facts alone make it hold at the same moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.signals.clause import Clause, Hit
from collector.signals.facts import Moment


@dataclass(frozen=True, slots=True)
class Fired:
    """A clause that held, by its place in the rule (`when.all.0`), with its facts."""

    clause: str
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A condition held. `start_ms`: its earliest fact."""

    start_ms: int
    fired: tuple[Fired, ...]


Slots = dict[int, object]
"""What each node remembers, by its number in the rule. Empty: nothing yet."""
Hits = Mapping[int, Hit]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A clause; it may have to hold several times within a time, with different values."""

    number: int
    path: str
    clause: Clause
    times: int
    within_ms: int
    distinct: bool

    def step(self, hits: Hits, slots: Slots, now_ms: int) -> Occurrence | None:
        """Did it hold often enough by this event?"""
        hit = hits.get(self.number)
        if hit is None:
            return None
        if self.times == 1:
            return self._occurrence([hit])
        recent = self._recent(hit, slots, now_ms)
        return self._occurrence(recent) if len(recent) == self.times else None

    def _recent(self, hit: Hit, slots: Slots, now_ms: int) -> list[Hit]:
        before = slots.get(self.number)
        kept = list(before) if isinstance(before, list) else []
        if self.distinct:
            kept = [one for one in kept if one.value != hit.value]
        since_ms = now_ms - self.within_ms
        recent = [one for one in (*kept, hit) if one.since_ms >= since_ms][-self.times :]
        slots[self.number] = recent
        return recent

    def _occurrence(self, hits: list[Hit]) -> Occurrence:
        moments: dict[str, Moment] = {}
        documents: set[int] = set()
        for hit in hits:
            # One page view of a document will do for all that came about in it.
            is_there = hit.document is not None and hit.document in documents
            moments.update((one.fact, one) for one in hit.moments[int(is_there) :])
            documents.update(() if hit.document is None else (hit.document,))
        start_ms = min(hit.since_ms for hit in hits)
        return Occurrence(start_ms, (Fired(self.path, tuple(moments.values())),))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several."""

    number: int
    children: tuple[Node, ...]

    def step(self, hits: Hits, slots: Slots, now_ms: int) -> Occurrence | None:
        """The one that starts last."""
        found = [child.step(hits, slots, now_ms) for child in self.children]
        return max(filter(None, found), key=lambda one: one.start_ms, default=None)


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of several within a time, in any order."""

    number: int
    children: tuple[Node, ...]
    within_ms: int

    def step(self, hits: Hits, slots: Slots, now_ms: int) -> Occurrence | None:
        """Does the event complete it?"""
        new, parts = stepped(self, hits, slots, now_ms)
        if None in parts:
            return None
        # One of the parts has to be new; it may start earlier than one that is there.
        wholes = [joined([*parts[:at], one, *parts[at + 1 :]]) for at, one in new]
        found = max(wholes, key=lambda whole: whole.start_ms, default=None)
        return found if found and now_ms - found.start_ms <= self.within_ms else None


@dataclass(frozen=True, slots=True)
class Then:
    """One after the other within a time: each is complete by an event after that of the one
    before."""

    number: int
    children: tuple[Node, ...]
    within_ms: int

    def step(self, hits: Hits, slots: Slots, now_ms: int) -> Occurrence | None:
        """Does the event complete it? Of every beginning of the sequence one is kept."""
        chains = occurrences(slots, self.number, len(self.children))
        new = [child.step(hits, slots, now_ms) for child in self.children]
        found = None
        # From behind, so that one event takes a sequence one step further, not two.
        for place in reversed(range(len(new))):
            one, before = new[place], chains[place - 1] if place else None
            if one is None or (place and before is None):
                continue
            chain = joined([before, one] if before else [one])
            if now_ms - chain.start_ms > self.within_ms:
                continue
            if place == len(new) - 1:
                found = chain
            else:
                chains[place] = later(chains[place], chain)
        slots[self.number] = chains
        return found


@dataclass(frozen=True, slots=True)
class Score:
    """The weights of those that held within a time reach a threshold; each counts once."""

    number: int
    children: tuple[Node, ...]
    weights: tuple[float, ...]
    at_least: float
    within_ms: int

    def step(self, hits: Hits, slots: Slots, now_ms: int) -> Occurrence | None:
        """Does a clause of this event reach it? Names no clause that could be left out."""
        new, parts = stepped(self, hits, slots, now_ms)
        since_ms = now_ms - self.within_ms
        counted = {at: part for at, part in enumerate(parts) if part and part.start_ms >= since_ms}
        for at, one in sorted(new, key=lambda found: -self.weights[found[0]]):
            named = self._needed({**counted, at: one}, at) if one.start_ms >= since_ms else None
            if named:
                return joined(named)
        return None

    def _needed(self, counted: dict[int, Occurrence], new: int) -> list[Occurrence | None] | None:
        """Without those that can be left out, the heaviest first. None: it is not reached, or was
        without the new one."""
        total = sum(self.weights[at] for at in counted)
        for at in sorted(counted, key=lambda at: -self.weights[at]):
            if at != new and total - self.weights[at] >= self.at_least:
                total -= self.weights[at]
                del counted[at]
        if total < self.at_least or total - self.weights[new] >= self.at_least:
            return None
        return [counted[at] for at in sorted(counted)]


Node = Leaf | AnyOf | AllOf | Then | Score


def occurrences(slots: Slots, number: int, count: int) -> list[Occurrence | None]:
    """What a node remembers of each of its children."""
    kept = slots.get(number)
    return list(kept) if isinstance(kept, list) else [None] * count


def later(mine: Occurrence | None, other: Occurrence | None) -> Occurrence | None:
    """The one that starts later; of two that start together the newer."""
    if mine is None or other is None:
        return other or mine
    return other if other.start_ms >= mine.start_ms else mine


def joined(parts: Iterable[Occurrence | None]) -> Occurrence:
    """Several as one."""
    whole = [part for part in parts if part is not None]
    start_ms = min(part.start_ms for part in whole)
    return Occurrence(start_ms, tuple(fired for part in whole for fired in part.fired))


def stepped(
    node: AllOf | Score, hits: Hits, slots: Slots, now_ms: int
) -> tuple[list[tuple[int, Occurrence]], list[Occurrence | None]]:
    """Which children hold by this event, by their places, and the best of each until now."""
    parts = occurrences(slots, node.number, len(node.children))
    found = [child.step(hits, slots, now_ms) for child in node.children]
    new = [(at, one) for at, one in enumerate(found) if one is not None]
    for at, one in new:
        parts[at] = later(parts[at], one)
    if new:
        slots[node.number] = parts
    return new, parts


def leaves_of(node: Node) -> list[Leaf]:
    """All clauses below a node, in the order in which they are written."""
    if isinstance(node, Leaf):
        return [node]
    return [leaf for child in node.children for leaf in leaves_of(child)]


def most_moments(node: Node) -> int:
    """How many moments one rule remembers of one visitor at most, what is open not counted: of each
    branch what its parent keeps, in a sequence that of every beginning."""
    if isinstance(node, Leaf):
        return node.times * node.clause.most_facts
    below = sum(most_moments(child) for child in node.children)
    whole = sum(size_of(child) for child in node.children)
    if isinstance(node, Then):
        return below + whole * len(node.children)
    return below + whole


def size_of(node: Node) -> int:
    """How many moments one occurrence has at most."""
    if isinstance(node, Leaf):
        return node.times * node.clause.most_facts
    return sum(size_of(child) for child in node.children)
