"""What leaves when: in come commits that may have filled the outbox, answers of the sending process
and the passing of time; out go jobs for that process, and what became of them into the store. One
thread; nothing is asked for again and again."""

from __future__ import annotations

import logging
import queue
import random
import secrets
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass

from collector.alerts.follow import Followed
from collector.alerts.kinds import BadAddress
from collector.alerts.messages import Writing, line_of
from collector.alerts.plan import HOUR_MS, Plan, pause_ms, plan_for
from collector.alerts.process import DIED, Line, Sender
from collector.signalling import SignalsFired
from collector.store import alerts as store
from collector.store import channels
from collector.store.arrival import Taken
from collector.store.database import Database, Readers, StoreError
from collector.writer import Writer

log = logging.getLogger("visitreel.alerts")

AT_ONCE = 100
"""Rows of one channel that are looked at in one step."""
NOW_MS = 5_000
"""A row older than this may be about somebody who has left meanwhile."""
LOST_AFTER_MS = 90_000
"""All that sends gives up sooner: then the process hangs."""
MAX_DEATHS = 3
"""In a row: then whatever it was given is to blame."""
MAX_RESULTS = 1_000
LONGEST_WAIT_S = 3_600.0


@dataclass(frozen=True, slots=True)
class _UnderWay:
    alert: store.Alert
    since_ms: int


@dataclass(frozen=True, slots=True)
class _Answered:
    job: int
    line: Line


@dataclass(frozen=True, slots=True)
class _Seen:
    session_id: str


_Event = _Answered | _Seen | bool


class Dispatcher:
    """Lives from `start` to `stop`. `ring`, `notice`, `ask` and `result` may be called from any
    thread."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        begin: Line,
        writing: Callable[[int, str], Writing],
        now_ms: Callable[[], int],
        live_ms: int,
        report: Callable[[BaseException], None],
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._writing = writing
        self._now_ms = now_ms
        self._report = report
        self._rest_s = 0.01
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._sender = Sender(begin, self._answered)
        self._asked: dict[int, Future[Line]] = {}
        self._under_way: dict[int, _UnderWay] = {}
        self._answers: list[_Answered] = []
        self._again_ms: int | None = None
        self._deaths = 0
        self._followed = Followed(live_ms)
        self._results: dict[int, str] = {}
        self._told = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="visitreel-alerts", daemon=True)

    # --- those who ask ---------------------------------------------------------------------------

    def start(self) -> None:
        """Begins with what an earlier process left."""
        with self._readers.lend() as db:
            self._followed.recover(db, self._now_ms())
        self.ring()
        self._thread.start()

    def stop(self) -> None:
        """Ends, also the sending process; what is under way is sent again after the next start."""
        self._events.put(False)
        if self._thread.is_alive():
            self._thread.join()
        self._sender.stop()

    def ring(self) -> None:
        """There may be something in the outbox."""
        self._events.put(True)

    def notice(self, values: list[object]) -> None:
        """These were committed: is there more to tell, has anybody left of whom was told?"""
        for value in values:
            if isinstance(value, SignalsFired):
                self.ring()
            elif isinstance(value, Taken) and value.session_id in self._followed:
                self._events.put(_Seen(value.session_id))

    def ask(self, line: Line, timeout_s: float) -> Line:
        """Has the sending process do something else, and returns its answer. Raises
        TimeoutError."""
        job = self._sender.next_job()
        reply = self._asked[job] = Future()
        try:
            self._sender.send(job, line)
            return reply.result(timeout_s)
        finally:
            self._asked.pop(job, None)

    def result(self, alert: int, timeout_s: float) -> str | None:
        """What became of a row: empty: it was sent, else the error. None: nothing yet."""
        with self._told:
            self._told.wait_for(lambda: alert in self._results, timeout_s)
            return self._results.get(alert)

    @property
    def sender_pid(self) -> int | None:
        """Of the sending process; None: there is none."""
        return self._sender.pid

    def _answered(self, job: int, line: Line) -> None:
        asked = self._asked.pop(job, None)
        if asked is not None:
            asked.set_result(line)
        else:
            self._events.put(_Answered(job, line))

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                event: _Event | None = self._events.get(timeout=self._pause_s())
            except queue.Empty:
                event = None
            while event is not None:
                if event is False:
                    return
                self._take(event)
                event = None if self._events.empty() else self._events.get()
            self._step(self._work)

    def _take(self, event: _Event) -> None:
        if isinstance(event, _Answered):
            if event.job in self._under_way:
                self._answers.append(event)
        elif isinstance(event, _Seen):
            self._followed.seen(event.session_id, self._now_ms())

    def _pause_s(self) -> float:
        times = [self._again_ms, self._followed.next_ms]
        times += [one.since_ms + LOST_AFTER_MS for one in self._under_way.values()]
        due = [one for one in times if one is not None]
        wait_s = (min(due) - self._now_ms()) / 1000 if due else LONGEST_WAIT_S
        return min(max(wait_s, self._rest_s), LONGEST_WAIT_S)

    def _step(self, step: Callable[[], None]) -> None:
        """A busy disk must not end the thread."""
        try:
            step()
            self._rest_s = 0.01
        except StoreError as error:
            log.warning("later again: %s", error)
            self._again_ms, self._rest_s = self._now_ms() + 1_000, 1.0
        except Exception as error:
            self._report(error)
            self._again_ms, self._rest_s = self._now_ms() + 10_000, 10.0

    def _work(self) -> None:
        self._send_all()
        while self._answers:
            self._finish(self._answers[:AT_ONCE])
            self._send_all()
        self._follow()
        now_ms = self._now_ms()
        if any(one.since_ms + LOST_AFTER_MS <= now_ms for one in self._under_way.values()):
            self._sender.kill()

    # --- what leaves -----------------------------------------------------------------------------

    def _send_all(self) -> None:
        """Until nothing more can be sent now."""
        self._again_ms = None
        with self._readers.lend() as db:
            at_work = store.channels_at_work(db)
        for number in at_work:
            while self._send_some(number):
                pass

    def _send_some(self, number: int) -> bool:
        """The next messages for a channel. True: the outbox has changed, look again."""
        now_ms = self._now_ms()
        of_channel = {
            one.alert.alert for one in self._under_way.values() if one.alert.channel == number
        }
        with self._readers.lend() as db:
            channel = channels.channel_by_row(db, number)
            if channel is None:
                return False
            rules = channels.alert_rules(db)
            plan = self._plan(db, channel, of_channel, now_ms)
            if not rules.allows(channel.kind):
                return self._forbid(channel)
            writing = self._writing(now_ms, rules.mail_server)
            jobs: list[tuple[store.Alert, Line]] = []
            for alert in plan.send:
                gone_ms = self._gone_ms(db, alert, now_ms)
                if alert.kind == "left" and gone_ms is None:
                    plan.drop.append(alert.alert)
                    continue
                try:
                    jobs.append((alert, line_of(db, alert, channel, writing, gone_ms)))
                except BadAddress as error:
                    jobs.append((alert, {"ok": False, "error": str(error)}))
        for alert, line in jobs:
            self._give(alert, line, now_ms)
        if plan.again_ms is not None:
            self._again_ms = min(plan.again_ms, self._again_ms or plan.again_ms)
        return self._store_plan(number, plan, now_ms)

    def _plan(
        self, db: Database, channel: channels.Channel, under_way: Collection[int], now_ms: int
    ) -> Plan:
        return plan_for(
            channel,
            store.waiting_alerts(db, channel.channel, AT_ONCE),
            under_way,
            store.sent_times_ms(db, channel.channel, now_ms - HOUR_MS),
            store.held_since_ms(db, channel.channel),
            now_ms,
        )

    def _give(self, alert: store.Alert, line: Line, now_ms: int) -> None:
        job = self._sender.next_job()
        self._under_way[job] = _UnderWay(alert, now_ms)
        if "do" in line:
            self._sender.send(job, line)
        else:
            self._answers.append(_Answered(job, line))

    def _gone_ms(self, db: Database, alert: store.Alert, now_ms: int) -> int | None:
        """Since when the visitor is gone; None: is here, as far as anybody knows."""
        if alert.session is None or (
            now_ms - alert.created_at_ms < NOW_MS and alert.kind != "left"
        ):
            return None
        return self._followed.gone_ms(db, alert.session, now_ms)

    def _forbid(self, channel: channels.Channel) -> bool:
        """An admin allows no such channels any more."""
        why = "an admin has switched off channels of this kind"
        if channel.off_at_ms is None:
            self._writer.call(
                lambda db, _: channels.turn_off(db, channel.channel, self._now_ms(), why)
            )
        return False

    def _store_plan(self, channel: int, plan: Plan, now_ms: int) -> bool:
        if not (plan.hold or plan.drop or plan.digest or plan.hold_after is not None):
            return False

        def keep(db: Database) -> bool:
            before = db.conn.total_changes
            store.hold(db, plan.hold, now_ms)
            store.drop(db, plan.drop)
            if plan.hold_after is not None:
                store.hold_all(db, channel, plan.hold_after, now_ms)
            if plan.digest:
                store.add_digest(db, channel, f"digest_{secrets.token_hex(12)}", now_ms)
            return bool(db.conn.total_changes > before)

        changed = self._writer.call(lambda db, _: keep(db))
        for alert in plan.drop:
            self._tell(alert, "it was too late")
        return changed

    # --- what became of it -----------------------------------------------------------------------

    def _finish(self, answers: list[_Answered]) -> None:
        """Several answers in one transaction. Those that are not stored come again."""
        now_ms = self._now_ms()
        done = [(self._under_way[one.job].alert, one.line) for one in answers]
        died = [line for _, line in done if line.get("died")]
        self._deaths = self._deaths + bool(died) if len(died) == len(done) else 0
        is_poison = self._deaths > MAX_DEATHS

        def keep(db: Database) -> None:
            for alert, line in done:
                if line.get("died") and not is_poison:
                    continue
                self._keep(db, alert, line, now_ms)

        self._writer.call(lambda db, _: keep(db))
        for one in answers:
            del self._under_way[one.job]
        del self._answers[: len(answers)]
        for alert, line in done:
            if not line.get("died"):
                self._tell(alert.alert, "" if line["ok"] else str(line["error"]))
            if line["ok"] and alert.kind == "signal" and alert.session is not None:
                session_id = self._followed.id_of(alert)
                self._followed.add(alert.session, session_id, now_ms)

    def _keep(self, db: Database, alert: store.Alert, line: Line, now_ms: int) -> None:
        if line["ok"]:
            store.note_sent(db, alert.alert, now_ms)
            channels.note_arrival(db, alert.channel, now_ms)
            return
        store.note_try(db, alert.alert)
        if alert.kind == "test":
            store.drop(db, [alert.alert])
        channel = channels.channel_by_row(db, alert.channel)
        if channel is None:
            return
        error = str(line.get("error", DIED))
        chance = random.random()  # noqa: S311 - spreads load
        pause = pause_ms(channel.failures + 1, chance, line.get("retry_after_s"))
        channels.note_failure(db, channel.channel, now_ms, now_ms + pause, error)
        if line.get("gone"):
            channels.turn_off(db, channel.channel, now_ms, error)

    def _tell(self, alert: int, result: str) -> None:
        with self._told:
            self._results[alert] = result
            if len(self._results) > MAX_RESULTS:
                del self._results[next(iter(self._results))]
            self._told.notify_all()

    # --- they leave ------------------------------------------------------------------------------

    def _follow(self) -> None:
        now_ms = self._now_ms()
        with self._readers.lend() as db:
            gone = self._followed.gone(db, now_ms)
        if gone:
            self._writer.call(lambda db, _: self._followed.note_left(db, gone, now_ms))
            for session in gone:
                self._followed.forget(session)
            self.ring()
