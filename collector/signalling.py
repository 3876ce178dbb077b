"""Signals as they happen, in one thread: after each commit the new facts are evaluated by the rules
of their site, and what fires is written with its alerts. Without rules the thread sleeps."""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING

from collector.metrics import Metrics
from collector.store import histories
from collector.store.arrival import Taken
from collector.store.database import Database, Readers, StoreError
from collector.store.histories import NewFact, Place
from collector.store.rules import StoredRule, rules_of
from collector.store.signals import Outbox, StoredSignal, add_signals, last_causes
from collector.writer import Writer

if TYPE_CHECKING:  # a collector without rules loads none of this
    from collector.signals.evaluator import Evaluator, Signal

log = logging.getLogger("visitreel.signals")

BACKFILL_MS = 10 * 60 * 1000
"""What is older when it arrives is backfill."""
GRACE_MS = 500
"""What becomes true by time waits so long for facts that are on their way, such as a leave."""
AGAIN_S = 1.0
"""After a failed write."""
MAX_RECOVERED = 5_000
"""Visitors of late who are looked at after a start or a change of rules."""
MAX_PLACED = 50_000


@dataclass(frozen=True, slots=True)
class SignalsFired:
    """What the writer hands out after the commit: `Collector.committed` sees it among the
    others."""

    signals: tuple[StoredSignal, ...]


@dataclass(slots=True)
class _Running:
    """The rules at work, all of one reading."""

    rules: dict[tuple[int, str], StoredRule] = field(default_factory=dict)
    sites: dict[int, Evaluator] = field(default_factory=dict)

    @property
    def due_ms(self) -> float:
        """When the next of them may become true by time alone."""
        return min((evaluator.due_ms for evaluator in self.sites.values()), default=inf)


class Signalling:
    """Lives from `start` to `stop`. `outbox` runs in the transaction that writes a signal, `awaits`
    whenever rules begin or cease to wait for facts of sites.
    `notice` and `reload` may be called from any thread."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        metrics: Metrics,
        now_ms: Callable[[], int],
        outbox: Outbox = lambda db, signal: None,
        awaits: Callable[[frozenset[int]], None] = lambda sites: None,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._metrics = metrics
        self._now_ms = now_ms
        self._outbox = outbox
        self._awaits = awaits
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._rung = threading.Event()
        self._done = threading.Condition()
        self._noticed = 0
        self._worked = 0
        self._changed = True
        self._listens = True
        self._running = _Running()
        self._place = Place(0, 0, 0)
        self._visitors: OrderedDict[int, int] = OrderedDict()
        self._waiting: list[tuple[int, int, Signal]] = []
        self._thread = threading.Thread(target=self._run, name="visitreel-signals", daemon=True)

    def start(self) -> None:
        """Begins with the visitors of late: what was true and not written is written now."""
        self.ring()
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step at hand; the rest is found after the next start."""
        self._bell.put(False)
        if self._thread.is_alive():
            self._thread.join()

    def notice(self, values: list[object]) -> None:
        """These were committed: are there new facts?"""
        if self._listens and any(isinstance(value, Taken) for value in values):
            self.ring()

    def reload(self) -> None:
        """Rules were changed, or visitors erased."""
        self._changed = True
        self.ring()

    def ring(self) -> None:
        """There may be something to do."""
        with self._done:
            self._noticed += 1
        if not self._rung.is_set():
            self._rung.set()
            self._bell.put(True)

    def settle(self, timeout_s: float) -> bool:
        """Waits until all that was noticed before the call is evaluated, and written."""
        with self._done:
            upto = self._noticed
            return self._done.wait_for(lambda: self._worked >= upto, timeout_s)

    # --- the thread ----------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                goes_on = self._bell.get(timeout=self._pause_s())
            except queue.Empty:
                goes_on = True
            if not goes_on:
                return
            self._rung.clear()
            with self._done:
                upto = self._noticed
            self._work()
            with self._done:
                self._worked = upto
                self._done.notify_all()

    def _pause_s(self) -> float | None:
        """Until the next may become true by time alone. None: until something comes."""
        if self._waiting or self._changed:
            return AGAIN_S
        due_ms = self._running.due_ms
        if due_ms == inf:
            return None
        # A clock may be set back: not to sleep for ever then.
        return min(max(0.001, (due_ms + GRACE_MS - self._now_ms()) / 1000), 60.0)

    def _work(self) -> None:
        """One bad rule or a busy disk must not end the thread."""
        try:
            if self._changed:
                self._changed = False
                self._begin()
            while self._running.sites and self._evaluate():
                pass
            self._write()
        except StoreError as error:
            self._changed = True
            log.warning("signals, later again: %s", error)
        except Exception as error:
            self._changed = True
            self._metrics.report(error)

    def _begin(self) -> None:
        """Reads the rules, and looks at who was here of late."""
        with self._readers.lend() as db:
            stored = [rule for rule in rules_of(db) if rule.enabled]
            # From here on everything rings, before the tables are read.
            self._listens = bool(stored)
            self._running = _running(stored)
        self._awaits(frozenset(self._running.sites))
        if not stored:
            return
        with self._readers.lend() as db:
            self._place = histories.place_now(db)
            self._visitors.clear()
            now_ms = self._now_ms()
            longest_ms = max(evaluator.patience_ms for evaluator in self._running.sites.values())
            since_ms = now_ms - BACKFILL_MS - longest_ms
            sites = list(self._running.sites)
            late = histories.visitors_of_late(db, sites, since_ms, MAX_RECOVERED)
            for site, visitor in late:
                self._safely(visitor, partial(self._recover, db, site, visitor))

    def _evaluate(self) -> bool:
        """Takes the facts that are new. True: there are more."""
        with self._readers.lend() as db:
            new, place = histories.new_facts(db, self._place)
            for visitor, facts in groupby(sorted(new, key=_visitor), key=_visitor):
                self._safely(visitor, partial(self._feed, db, visitor, list(facts)))
        is_end, self._place = place == self._place, place
        now_ms = self._now_ms()
        for site, evaluator in self._running.sites.items():
            signals = evaluator.advance(now_ms - GRACE_MS, now_ms - BACKFILL_MS)
            self._found(site, signals)
        return not is_end

    def _safely(self, visitor: int, step: Callable[[], None]) -> None:
        """What is wrong with one visitor must not keep the others from being seen."""
        try:
            step()
        except StoreError:
            raise
        except Exception as error:
            self._metrics.report(error)
            for evaluator in self._running.sites.values():
                evaluator.forget(visitor)

    def _feed(self, db: Database, visitor: int, new: list[NewFact]) -> None:
        """The new facts of one visitor, which may come from a while ago."""
        from collector.signals.evaluator import LateFact

        site = new[0].site
        evaluator = self._running.sites.get(site)
        if evaluator is None:
            return
        kinds = evaluator.kinds
        new = [one for one in new if kinds is None or one.fact.kind in kinds]
        moved = [self._moved(evaluator, one) for one in new]
        if not new:
            return
        if any(moved) or not evaluator.knows(visitor):
            self._recover(db, site, visitor)
            return
        fresh_ms = self._now_ms() - BACKFILL_MS
        for one in new:
            try:
                self._found(site, evaluator.feed(visitor, one.fact, fresh_ms))
            except LateFact:
                self._recover(db, site, visitor)
                return

    def _moved(self, evaluator: Evaluator, new: NewFact) -> bool:
        """Has the session got another visitor since, who consented in it? Then what is known of
        both is not all."""
        session, before = new.fact.session, self._visitors.get(new.fact.session)
        self._visitors[session] = new.visitor
        self._visitors.move_to_end(session)
        if len(self._visitors) > MAX_PLACED:
            self._visitors.popitem(last=False)
        if before is None or before == new.visitor:
            return False
        evaluator.forget(before)
        return True

    def _recover(self, db: Database, site: int, visitor: int) -> None:
        """All that is stored of a visitor and may count, also what is new."""
        evaluator, now_ms = self._running.sites[site], self._now_ms()
        since_ms = now_ms - evaluator.history_ms - BACKFILL_MS
        facts = histories.history_of(db, visitor, since_ms)
        before = histories.last_before(db, visitor, since_ms) if evaluator.looks_back else None
        causes = last_causes(db, site, visitor)
        for _, _, signal in self._waiting:
            if signal.visitor == visitor:
                causes[signal.rule] = max(causes.get(signal.rule, signal.cause), signal.cause)
        fresh_ms = now_ms - BACKFILL_MS
        self._found(site, evaluator.recover(visitor, facts, causes, fresh_ms, before))

    def _found(self, site: int, signals: list[Signal]) -> None:
        for signal in signals:
            rule = self._running.rules[site, signal.rule]
            self._waiting.append((rule.rule, rule.version, signal))

    def _write(self) -> None:
        """Signals with their alerts, in one transaction."""
        waiting = self._waiting
        if not waiting:
            return
        now_ms = self._now_ms()

        def write(db: Database, _: object) -> SignalsFired:
            return SignalsFired(tuple(add_signals(db, waiting, now_ms, self._outbox)))

        fired = self._writer.call(write)
        self._waiting = []
        self._metrics.signals.inc(len(fired.signals))


def _visitor(new: NewFact) -> int:
    return new.visitor


def _running(stored: list[StoredRule]) -> _Running:
    """The evaluators of all sites."""
    if not stored:
        return _Running()
    from collector.signals.evaluator import Evaluator
    from collector.signals.rules import rule_of

    running = _Running()
    for site, rules in groupby(stored, key=lambda rule: rule.site):
        mine = list(rules)
        running.rules.update({(site, rule.rule_id): rule for rule in mine})
        running.sites[site] = Evaluator([rule_of(rule.data, rule.since_ms) for rule in mine])
    return running
