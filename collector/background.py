"""What happens after the commit, in one thread: batches are checked, contiguous ones sealed into
segments, sessions that are over packed."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable

from collector.checking import check_batch, save_checks
from collector.device import device_of
from collector.live import Hub
from collector.metrics import Metrics
from collector.sealing import Contents, batches_of_segment, seal
from collector.settings import Pace
from collector.store import recordings
from collector.store.arrival import Taken
from collector.store.contents import content_of_session_exists
from collector.store.database import Database, Readers, StoreError
from collector.store.devices import agents_without_class, set_devices
from collector.writer import Writer
from replay.section import TimedOp
from replay.wire import write_section

log = logging.getLogger("visitreel.background")

BATCHES_A_STEP = 128
PAUSE_S = 0.02
MAX_PAUSES = 25
"""Half a second for a step: even a flood does not stop the replay of what has come."""
BATCHES_A_BUSY_STEP = 24
"""Little in a flood, for each takes as long as an acknowledgement. Who is watched goes first."""
SESSIONS_A_SWEEP = 50


class Background:
    """Lives from `start` to `stop`. `notice` may be called from any thread."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        pace: Pace,
        hub: Hub,
        metrics: Metrics,
        now_ms: Callable[[], int],
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._pace = pace
        self._hub = hub
        self._metrics = metrics
        self._now_ms = now_ms
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._rung = threading.Event()
        self._awaited = threading.Event()
        """Something came that somebody watches."""
        self._done = threading.Condition()
        self._noticed = 0
        self._worked = 0
        self._touched: set[int] = set()
        self._swept_at_ms = 0
        self._thread = threading.Thread(target=self._run, name="visitreel-background", daemon=True)

    def start(self) -> None:
        """Begins with what an earlier process left."""
        with self._readers.lend() as db:
            self._touched = set(recordings.loose_documents(db))
        self.ring()
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step at hand; the rest is done after the next start."""
        self._bell.put(False)
        if self._thread.is_alive():
            self._thread.join()

    def notice(self, values: list[object]) -> None:
        """These were committed."""
        taken = [value for value in values if isinstance(value, Taken) and value.has_ops]
        if taken:
            now_ms = self._now_ms()
            if any(self._hub.is_watched(value.session_id, now_ms) for value in taken):
                self._awaited.set()
            self.ring()

    def ring(self) -> None:
        """There may be something to do."""
        with self._done:
            self._noticed += 1
        if not self._rung.is_set():
            self._rung.set()
            self._bell.put(True)

    def sweep(self) -> None:
        """Packs what is over at the next step, without waiting for its time."""
        self._swept_at_ms = 0
        self.ring()

    def settle(self, timeout_s: float) -> bool:
        """Waits until all that was noticed before the call is done."""
        with self._done:
            upto = self._noticed
            return self._done.wait_for(lambda: self._worked >= upto, timeout_s)

    # --- the thread ----------------------------------------------------------

    def _run(self) -> None:
        # Its regular expressions take a fifth of a second to load: not while somebody waits.
        device_of("", bot=False)
        while True:
            try:
                goes_on = self._bell.get(timeout=self._pace.sweep_s)
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

    def _work(self) -> None:
        self._step(self._name_devices)
        self._step(self._check_all)
        touched, self._touched = self._touched, set()
        for document in touched:
            self._step(lambda document=document: self._reopen(document))  # type: ignore[misc]
            self._step(lambda document=document: self._seal_full(document))  # type: ignore[misc]
        now_ms = self._now_ms()
        if abs(now_ms - self._swept_at_ms) >= self._pace.sweep_s * 1000:
            self._swept_at_ms = now_ms
            self._step(self._pack)
            self._step(self._forget_salts)

    def _step(self, step: Callable[[], None]) -> None:
        """One bad document or a busy disk must not end the thread."""
        try:
            step()
        except StoreError as error:
            log.warning("later again: %s", error)
        except Exception as error:
            self._metrics.report(error)

    def _check_all(self) -> None:
        while True:
            batches = self._watched_unchecked()
            if not batches:
                is_busy = self._give_way()
                batches = self._watched_unchecked() or self._unchecked(
                    BATCHES_A_BUSY_STEP if is_busy else BATCHES_A_STEP
                )
            if not batches:
                return
            found = [check_batch(batch, self._metrics.report) for batch in batches]
            self._writer.call(
                lambda db, intake, found=found: save_checks(db, intake, found, self._now_ms())  # type: ignore[misc]
            )
            self._touched.update(batch.document for batch in batches)
            self._hub.tell({batch.session for batch in batches})
            self._metrics.checked.inc(len(found))
            self._metrics.problems.inc(sum(len(checked.problems) for checked in found))

    def _watched_unchecked(self) -> list[recordings.StoredBatch]:
        """The next batches to check of sessions that somebody watches: they wait for nothing."""
        self._awaited.clear()
        watched = self._hub.watched(self._now_ms())
        if not watched:
            return []
        with self._readers.lend() as db:
            return recordings.unchecked_of(db, watched, BATCHES_A_BUSY_STEP)

    def _unchecked(self, limit: int) -> list[recordings.StoredBatch]:
        """The oldest batches to check."""
        with self._readers.lend() as db:
            return recordings.unchecked_batches(db, limit)

    def _name_devices(self) -> None:
        """Of sessions that are new: to read a user agent takes too long for an acknowledgement."""
        while True:
            with self._readers.lend() as db:
                agents = agents_without_class(db, SESSIONS_A_SWEEP)
            if not agents:
                return
            found = [(row, device_of(agent, bot=is_bot)) for row, agent, is_bot in agents]
            self._writer.call(lambda db, _, found=found: set_devices(db, found))  # type: ignore[misc]

    def _give_way(self) -> bool:
        """Acknowledgements come first: while many come in, what is safe already can wait, unless
        somebody waits for it. True: they still do."""
        for _ in range(MAX_PAUSES):
            if not self._writer.is_busy:
                return False
            if self._awaited.wait(PAUSE_S):
                return True
        return True

    def _seal_full(self, document: int) -> None:
        with self._readers.lend() as db:
            amount, count = recordings.loose_amount(db, document)
        if amount >= self._pace.seal_bytes or count >= self._pace.seal_ops:
            self._seal(document, whole=False)

    def _seal(self, document: int, *, whole: bool) -> None:
        contents, (before, batches) = self._read(document)
        segments = seal(batches, before, contents, self._pace, whole=whole)
        if not segments:
            return
        last_seq = before.last_seq if before else -1

        def store(db: Database, _: object) -> None:
            now = recordings.last_segment(db, document)
            if (now.last_seq if now else -1) != last_seq:
                return  # reopened or erased meanwhile: later, again
            if recordings.has_batches(db, document):
                recordings.store_segments(db, document, segments)

        self._writer.call(store)
        self._metrics.segments.inc(len(segments))

    def _read(
        self, document: int
    ) -> tuple[Contents, tuple[recordings.StoredSegment | None, list[recordings.StoredBatch]]]:
        with self._readers.lend() as db:
            before = recordings.last_segment(db, document)
            batches = recordings.loose_batches(db, document, before.last_seq if before else -1)
        session = batches[0].session if batches else 0

        def is_stored(hash_: bytes) -> bool:
            with self._readers.lend() as db:
                return content_of_session_exists(db, session, hash_)

        return Contents(is_stored, secrets.token_hex(8)), (before, batches)

    def _reopen(self, document: int) -> None:
        """A batch came late, into a gap: what lies behind it is taken apart and sealed anew."""
        with self._readers.lend() as db:
            seq = recordings.late_batch(db, document)
            segments = recordings.segments_behind(db, document, seq) if seq is not None else []
        if seq is None:
            return
        contents, _ = self._read(document)
        ops = {
            its_seq: _section(timed, contents)
            for segment in segments
            for its_seq, timed in batches_of_segment(segment, contents).items()
        }
        self._writer.call(lambda db, _: recordings.reopen(db, document, seq, ops))

    def _pack(self) -> None:
        before_ms = self._now_ms() - self._pace.over_ms
        with self._readers.lend() as db:
            sessions = recordings.sessions_to_pack(db, before_ms, SESSIONS_A_SWEEP)
        for session in sessions:
            self._step(lambda session=session: self._pack_one(session, before_ms))  # type: ignore[misc]

    def _pack_one(self, session: int, before_ms: int) -> None:
        with self._readers.lend() as db:
            documents = recordings.documents_of(db, session)
        for document in documents:
            self._seal(document, whole=True)
        self._writer.call(lambda db, _: recordings.mark_packed(db, session, before_ms))

    def _forget_salts(self) -> None:
        self._writer.call(lambda db, intake: intake.forget_old_salts(self._now_ms()))


def _section(timed: list[TimedOp], contents: Contents) -> tuple[int, bytes]:
    base_t_ms = timed[0][0] if timed else 0
    return base_t_ms, write_section(timed, base_t_ms, contents.name)
