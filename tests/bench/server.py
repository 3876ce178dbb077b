"""What the collector's server does under load, beside a route that does nothing. In comes a real
visit, out come rows; after each measurement the collector is asked whether it holds what it
acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser

from tests.bench import load, noop, tape
from tests.bench.client import Connection
from tests.bench.load import Book, Site
from tests.bench.recorders import visitreel
from tests.bench.rows import Row
from tests.bench.tape import Body, Tape
from tests.bench.visits import VISITS
from tests.e2e.api import Api
from tests.e2e.collector_process import Collector, free_port, is_healthy
from tests.e2e.waiting import wait_for

CONNECTIONS = 64
ROUNDS = 5
ROUND_S = 3.0
BODIES_A_CONNECTION = 500
"""More than a round can send."""
SITES = 8
"""A site of its own takes 1,000 requests a second."""
KILLS = 100
ACKS_BETWEEN_KILLS = 40
KILL_CONNECTIONS = 8
IDLE_S = 10.0
LIVE_VISITORS = 1_000
LIVE_S = 60.0
ORIGIN = "http://127.0.0.1:8999"

Result = TypeVar("Result")


class NotHeld(Exception):
    """The collector holds something else than it acknowledged."""


@dataclass(frozen=True, slots=True)
class Round:
    """Requests a second, and the 99th percentile of their times."""

    rate: float
    p99_ms: float


@cache
def shop_tape(browser: Browser) -> Tape:
    """The shop visit, recorded once a run."""
    return tape.tape_of(tape.recorded(browser, VISITS["shop"], visitreel()))


@contextmanager
def collector(sites: int = SITES) -> Iterator[tuple[Collector, list[Site], str]]:
    """A collector with an empty directory, some sites and a token."""
    with tempfile.TemporaryDirectory(prefix="visitreel-bench-") as folder:
        running = Collector(Path(folder) / "data")
        running.start()
        try:
            keys = [running.add_site(f"site{number}", ORIGIN) for number in range(sites)]
            yield running, [Site(key, ORIGIN) for key in keys], running.make_token()
        finally:
            running.kill()


@contextmanager
def no_op() -> Iterator[str]:
    """The server whose route does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.noop", str(port)]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for("the no-op server answers", lambda: is_healthy(url))
        yield url
    finally:
        process.kill()
        process.wait(10)


def apart(work: Callable[[], Coroutine[None, None, Result]]) -> Result:
    """Runs it in a thread of its own: the browser's driver has the loop of this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


def ack_rows(browser: Browser) -> Iterator[Row]:
    """Durable acknowledgements a second ÷ what the same server does when it does nothing. Rounds
    alternate; the first of each is a warm-up."""
    visit = shop_tape(browser)
    rounds: dict[str, list[Round]] = {"collector": [], "no-op": [], "short no-op": []}
    with collector() as (running, sites, token), no_op() as idle_url:
        book = Book()
        for turn in range(ROUNDS + 1):
            bodies = _bodies(visit, sites, turn)
            made = {
                "no-op": apart(partial(_round, idle_url, bodies, noop.PATH)),
                "collector": apart(partial(_round, running.url, bodies, None, book)),
                "short no-op": apart(partial(_round, idle_url, bodies, noop.SHORT_PATH)),
            }
            if turn:
                for name, one in made.items():
                    rounds[name].append(one)
        _expect_held(running, token, book)
    yield from _ack_rows(rounds["collector"], rounds["no-op"])
    mine, its = (
        statistics.median([one.rate for one in rounds[name]])
        for name in ("collector", "short no-op")
    )
    yield Row(
        "ack-short", "… beside a no-op that is read as short as a batch, median",
        round(mine), "/s", "no-op", round(its), is_ratio=True, better="higher",
    )  # fmt: skip


def _ack_rows(ours: Sequence[Round], idle: Sequence[Round]) -> Iterator[Row]:
    for word, of, aim in (("best", max, 0.75), ("median", statistics.median, None)):
        mine, its = (of([one.rate for one in those]) for those in (ours, idle))
        yield Row(
            "ack" if word == "best" else "ack-median",
            f"durable acks a second, {CONNECTIONS} connections, {word} of {ROUNDS}",
            round(mine), "/s", "no-op", round(its),
            0.60, aim, is_ratio=True, better="higher",
        )  # fmt: skip
    mine, its = (statistics.median([one.p99_ms for one in those]) for those in (ours, idle))
    yield Row(
        "ack-p99", f"durable ack, p99 at {CONNECTIONS} connections, median of {ROUNDS}",
        round(mine, 1), "ms", "no-op", round(its, 1), 3, 2, is_ratio=True,
    )  # fmt: skip


def _bodies(visit: Tape, sites: Sequence[Site], turn: int) -> list[list[Body]]:
    """For each connection, visits of new visitors one after the other."""
    now_ms = time.time_ns() // 1_000_000
    made = []
    for number in range(CONNECTIONS):
        chosen = random.Random(f"{turn}/{number}")
        key = sites[number % len(sites)].key
        visits = (tape.visitor(visit, key, chosen, now_ms) for _ in itertools.count())
        every = itertools.chain.from_iterable(visits)
        made.append(list(itertools.islice(every, BODIES_A_CONNECTION)))
    return made


async def _round(
    url: str, bodies: Sequence[Sequence[Body]], path: str | None, book: Book | None = None
) -> Round:
    """`path`: where all go; None: each where it belongs."""
    times: list[float] = []
    ends_at = time.monotonic() + ROUND_S

    async def send(mine: Sequence[Body]) -> None:
        connection = Connection(url, ORIGIN)
        # What does nothing may get the same again.
        for body in mine if book is not None else itertools.cycle(mine):
            if time.monotonic() >= ends_at:
                break
            answer = await connection.post(path or body.path, body.data)
            if answer.status != 200:
                raise NotHeld(f"{answer.status} {answer.body[:200]!r}")
            times.append(answer.taken_s)
            if book is not None:
                book.note(body, answer.status, answer.body)
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*(send(mine) for mine in bodies))
    taken_s = time.monotonic() - began
    if taken_s < ROUND_S:
        raise NotHeld("a connection ran out of batches before the round was over")
    times.sort()
    return Round(len(times) / taken_s, times[int(len(times) * 0.99)] * 1000)


def _expect_held(running: Collector, token: str, book: Book) -> None:
    found = load.differences(running.url, token, book)
    if found:
        raise NotHeld("; ".join(found[:5]))


def kill_rows(browser: Browser) -> Iterator[Row]:
    """Power cuts under load: batches that were acknowledged and are not there, or there twice."""
    visit = shop_tape(browser)
    with collector(1) as (running, sites, token):
        books = [Book() for _ in range(KILL_CONNECTIONS)]
        ended = threading.Event()
        pool = ThreadPoolExecutor(KILL_CONNECTIONS)
        loads = [
            pool.submit(_pour_until, running.url, sites[0], visit, number, book, ended)
            for number, book in enumerate(books)
        ]
        try:
            for number in range(KILLS):
                _kill_once(running, books, random.Random(number))
        finally:
            ended.set()
            for done in loads:
                done.result(load.WITHIN_S)
            pool.shutdown()
        lost, doubled = _lost_and_doubled(running, token, books)
    sent = sum(book.batches for book in books)
    yield Row("kills", f"of {sent:,} acked batches lost by {KILLS} SIGKILLs", lost, "", budget=0)
    yield Row("kills-doubled", "… doubled", doubled, "", budget=0)


def _pour_until(
    url: str, site: Site, visit: Tape, number: int, book: Book, ended: threading.Event
) -> None:
    """Visits one after the other, as fast as they are acknowledged. Where the collector is gone the
    same batch is sent again, as the script does."""

    async def pour() -> None:
        chosen = random.Random(f"kills/{number}")
        connection = Connection(url, site.origin)
        while not ended.is_set():
            for body in tape.visitor(visit, site.key, chosen, time.time_ns() // 1_000_000):
                answer = await connection.post_until_acknowledged(
                    body.path, body.data, load.WITHIN_S
                )
                book.note(body, answer.status, answer.body)
                if ended.is_set():
                    break
        connection.close()

    asyncio.run(pour())


def _kill_once(running: Collector, books: Sequence[Book], chosen: random.Random) -> None:
    before = sum(book.batches for book in books)
    wait_for(
        "batches are acknowledged",
        lambda: sum(book.batches for book in books) >= before + ACKS_BETWEEN_KILLS,
        instead=running.log,
    )
    time.sleep(chosen.uniform(0, 0.02))
    running.kill()
    running.start()


def _lost_and_doubled(running: Collector, token: str, books: Sequence[Book]) -> tuple[int, int]:
    """Batches, counted by the bytes that a session holds more or less than were acknowledged. Each
    batch has an answer, so nothing is in between."""
    lost = doubled = 0
    refused = [line for book in books for line in book.refused]
    if refused:
        raise NotHeld(f"{len(refused)} batches were refused: {refused[0]}")
    with Api(running.url, token) as api:
        for book in books:
            for session_id, said in book.sessions.items():
                answer = api.get(f"/api/sessions/{session_id}")
                if answer.status_code == 404:
                    lost += said.batches
                    continue
                session = answer.json()
                lost += session["bytes"] < said.bytes or bool(session["gaps"])
                doubled += session["bytes"] > said.bytes or len(session["facts"]) > said.facts
    return lost, doubled


def memory_rows(browser: Browser) -> Iterator[Row]:
    """Resident memory of the collector's process: when nothing happens, and the most it needed with
    many visitors at a time."""
    visit = shop_tape(browser)
    with collector() as (running, sites, token):
        time.sleep(IDLE_S)
        yield Row("memory-idle", "collector's memory, idle", _memory_mb(running, "VmRSS"), "MB",
                  budget=120, aim=80)  # fmt: skip
        book = apart(lambda: load.run(running.url, sites, visit, LIVE_VISITORS, LIVE_S, 1))
        peak = _memory_mb(running, "VmHWM")
        _expect_held(running, token, book)
    name = f"… at most, {LIVE_VISITORS:,} live visitors, {book.batches / LIVE_S:.0f} batches/s"
    yield Row("memory-live", name, peak, "MB", budget=250, aim=180)


def _memory_mb(running: Collector, what: str) -> float:
    """A line of /proc/PID/status, in MB."""
    for line in Path(f"/proc/{running.pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    raise LookupError(f"no {what} in /proc/{running.pid}/status")
