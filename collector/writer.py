"""One thread that writes: jobs in, one transaction for many of them, and each answer only after the
commit."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from collector.store.database import (
    Database,
    StorageBroken,
    StoreError,
    as_store_error,
    begin,
    checkpoint,
    commit,
    database_path,
    is_storage_error,
    roll_back,
    wal_bytes,
)
from collector.store.intake import Intake

log = logging.getLogger("visitreel.writer")

Result = TypeVar("Result")

MAX_WAITING = 2_000
MAX_WAITING_BYTES = 64 << 20
MAX_GROUP = 256
BUSY_GROUP = 4
BUSY_FOR_S = 0.1
GATHER_S = 0.005
"""Under load it pays to wait a moment for more: each commit costs an fsync and two switches between
threads, whatever its size."""
MAX_LOG_BYTES = 64 << 20
COMMITS_BETWEEN = 64
CHECKPOINT_WAIT_MS = 200
"""Nothing is acknowledged while a checkpoint waits for a reader: rather a longer log."""
ERASE_WAIT_MS = 5_000

Work = Callable[[Database, Intake], object]


class QueueFull(StoreError):
    """More waits to be written than can be kept in memory."""


@dataclass(slots=True)
class _Job:
    work: Work
    bytes: int
    # Commands may write before they fail, so each gets a savepoint; arrivals are refused before
    # they write.
    guarded: bool
    reply: asyncio.Future[object] | Future[object]


@dataclass(slots=True)
class _Outcome:
    job: _Job
    value: object = None
    error: BaseException | None = None


class Writer:
    """Owns the writing connection from `start` to `stop`. `after_commit` runs in the writer's
    thread with the values just committed."""

    def __init__(
        self,
        db: Database,
        *,
        after_commit: Callable[[list[object]], None] = lambda values: None,
        max_waiting: int = MAX_WAITING,
        commit: Callable[[Database], None] = commit,
    ) -> None:
        self.db = db
        self._path = database_path(db)
        self.intake = Intake(db)
        self.broken: str | None = None
        self.commits = 0
        self._after_commit = after_commit
        self._commit = commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._max_waiting = max_waiting
        self._waiting = 0
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._closing = False
        self._truncates = False
        self._last_group = 0
        self._busy_at_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="visitreel-writer", daemon=True)

    # --- those who ask -------------------------------------------------------

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self) -> None:
        """Writes all that waits, then ends. Later jobs are refused."""
        with self._lock:
            self._closing = True
            self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self.db.conn.close()

    def truncate_log(self) -> None:
        """Soon after: what was erased must not stay in the write-ahead log."""
        self._truncates = True
        self.call(lambda db, intake: None)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._waiting

    @property
    def is_busy(self) -> bool:
        """Did many arrivals come together just now, or do many wait?"""
        is_recent = time.monotonic() - self._busy_at_s < BUSY_FOR_S
        return is_recent or self._waiting >= BUSY_GROUP

    @property
    def is_alive(self) -> bool:
        """Can it still write?"""
        return self.broken is None and self._thread.is_alive() and not self._closing

    async def arrive(self, work: Callable[[Database, Intake], Result], size: int) -> Result:
        """Runs `work` with an arrival of `size` bytes and returns after the commit. Raises
        `QueueFull` at once, `StoreError`."""
        reply: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._enqueue(_Job(work, size, False, reply))
        return await reply  # type: ignore[return-value]

    def call(self, work: Callable[[Database, Intake], Result]) -> Result:
        """Runs `work` and returns after the commit; for other threads. Raises what it raises, or
        `StoreError`."""
        reply: Future[object] = Future()
        self._enqueue(_Job(work, 0, True, reply), always=True)
        return reply.result()  # type: ignore[return-value]

    def _enqueue(self, job: _Job, *, always: bool = False) -> None:
        with self._lock:
            if self._closing:
                raise StorageBroken("the collector is stopping")
            if self.broken:
                raise StorageBroken(self.broken)
            full = (
                self._waiting >= self._max_waiting
                or self._waiting_bytes + job.bytes > MAX_WAITING_BYTES
            )
            if full and not always:
                raise QueueFull("too much waits to be written")
            self._waiting += 1
            self._waiting_bytes += job.bytes
            self._jobs.put(job)

    # --- the thread ----------------------------------------------------------

    def _run(self) -> None:
        ending = False
        while not ending:
            group, ending = self._next_group()
            self._last_group = len(group)
            if self._last_group >= BUSY_GROUP:
                self._busy_at_s = time.monotonic()
            if group:
                outcomes = self._write(group)
                with self._lock:
                    self._waiting -= len(group)
                    self._waiting_bytes -= sum(job.bytes for job in group)
                self._answer(outcomes)
                values = [outcome.value for outcome in outcomes if outcome.error is None]
                if values:
                    self._after_commit(values)
                self._keep_log_small()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Waits for a job, and takes all that have come with it."""
        group: list[_Job] = []
        job = self._jobs.get()
        if self._last_group >= BUSY_GROUP:
            time.sleep(GATHER_S)
        while job is not None:
            group.append(job)
            if len(group) >= MAX_GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _write(self, group: list[_Job]) -> list[_Outcome]:
        if self.broken:
            return [_Outcome(job, error=StorageBroken(self.broken)) for job in group]
        try:
            return self._transaction(group)
        except Exception as error:
            self._roll_back()
            if len(group) == 1 or is_storage_error(error):
                return self._fail(group, error)
            # One of them is to blame: the others must not suffer for it.
            return [outcome for job in group for outcome in self._write([job])]

    def _transaction(self, group: list[_Job]) -> list[_Outcome]:
        begin(self.db)
        outcomes = [self._do(job) for job in group]
        self.intake.flush()
        self._commit(self.db)
        self.commits += 1
        return outcomes

    def _do(self, job: _Job) -> _Outcome:
        if not job.guarded:
            return _Outcome(job, job.work(self.db, self.intake))
        try:
            self.intake.flush()
            with self.db.atomic():
                return _Outcome(job, job.work(self.db, self.intake))
        except Exception as error:
            if is_storage_error(error):
                raise
            self.intake.forget()
            return _Outcome(job, error=error)

    def _roll_back(self) -> None:
        self.intake.forget()
        try:
            roll_back(self.db)
        except Exception as error:
            self._break(as_store_error(error))

    def _fail(self, group: list[_Job], error: Exception) -> list[_Outcome]:
        if not is_storage_error(error):
            log.error("a write failed: %s: %s", type(error).__name__, error)
            return [_Outcome(job, error=error) for job in group]
        problem = as_store_error(error)
        if isinstance(problem, StorageBroken):
            self._break(problem)
        else:
            log.error("nothing was written: %s", problem)
        return [_Outcome(job, error=problem) for job in group]

    def _break(self, problem: StoreError) -> None:
        """After a failed write or fsync nobody knows what the disk holds
        (https://lwn.net/Articles/752063): only a restart, which reads it again, may acknowledge
        anything."""
        self.broken = str(problem)
        log.critical("no batch is acknowledged any more: %s. Check the disk, then restart", problem)

    def _answer(self, outcomes: list[_Outcome]) -> None:
        waiting: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
        for outcome in outcomes:
            reply = outcome.job.reply
            if isinstance(reply, asyncio.Future):
                waiting.setdefault(reply.get_loop(), []).append(outcome)
            elif outcome.error is not None:
                reply.set_exception(outcome.error)
            else:
                reply.set_result(outcome.value)
        for loop, answered in waiting.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, answered)

    def _keep_log_small(self) -> None:
        """Readers can keep SQLite's own checkpoints from resetting the log; then one of ours waits
        for them."""
        try:
            is_long = self.commits % COMMITS_BETWEEN == 0 and wal_bytes(self._path) > MAX_LOG_BYTES
            if is_long or self._truncates:
                wait_ms = ERASE_WAIT_MS if self._truncates else CHECKPOINT_WAIT_MS
                self._truncates = False
                checkpoint(self.db, wait_ms)
        except Exception as error:
            log.warning("checkpoint: %s", as_store_error(error))


def _resolve(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        reply = outcome.job.reply
        # Whoever asked may have gone: the batch is stored nevertheless, and a retry finds it.
        if reply.done():
            continue
        if outcome.error is not None:
            reply.set_exception(outcome.error)
        else:
            reply.set_result(outcome.value)
