"""Load: visitors who replay a real visit under new ids, seeded and bounded, and a look afterwards
whether the collector holds exactly what it acknowledged. In comes a collector, out come counts.

    python -m tests.bench.load --visitors 50 --seconds 30 --seed 1 http://127.0.0.1:8000 \\
        --site KEY --origin https://shop.example --token TOKEN
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench import tape as tapes
from tests.bench.client import Connection
from tests.bench.recorders import set_up, visitreel
from tests.bench.tape import BATCH, Body, Tape
from tests.bench.visits import VISITS, launch
from tests.e2e.api import Api, Json

WITHIN_S = 60.0
"""A batch that is not acknowledged by then ends the load."""
MAX_LISTED_FACTS = 2_000
CHECKED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where visitors are: a site's key and an origin that it allows."""

    key: str
    origin: str


@dataclass(slots=True)
class Acknowledged:
    """What the collector said it holds of one session."""

    batches: int = 0
    bytes: int = 0
    facts: int = 0
    views: int = 0


@dataclass(slots=True)
class Book:
    """Everything that was acknowledged, by session; `refused`: answers that were no 200."""

    sessions: dict[str, Acknowledged] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    batches: int = 0
    with_ops: int = 0

    def note(self, body: Body, status: int, answer: bytes) -> None:
        """One answer."""
        if status != 200:
            self.refused.append(f"{status} {answer[:200]!r}")
        elif body.path == BATCH:
            session = self.sessions.setdefault(body.session_id, Acknowledged())
            session.batches += 1
            session.bytes += len(body.data)
            session.facts += body.facts
            session.views += body.views
            self.batches += 1
            self.with_ops += body.ops


async def run(
    url: str, sites: Sequence[Site], tape: Tape, visitors: int, seconds: float, seed: int
) -> Book:
    """`visitors` at a time replay the tape at its own pace for `seconds`; who has come to the end
    is followed by another."""
    book = Book()
    ends_at = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(visitors):
            chosen = random.Random(f"{seed}/{number}")
            site = sites[number % len(sites)]
            group.create_task(_visits(url, site, tape, chosen, ends_at, book, number < len(sites)))
    return book


async def _visits(
    url: str,
    site: Site,
    tape: Tape,
    chosen: random.Random,
    ends_at: float,
    book: Book,
    with_assets: bool,
) -> None:
    connection = Connection(url, site.origin)
    # They do not all come at once.
    late_s = chosen.uniform(0, min(tape.long_ms / 1000, max(0.0, ends_at - time.monotonic()) / 2))
    await asyncio.sleep(late_s)
    while time.monotonic() < ends_at:
        began = time.monotonic()
        began_ms = time.time_ns() // 1_000_000
        for body in tapes.visitor(tape, site.key, chosen, began_ms, with_assets=with_assets):
            await asyncio.sleep(max(0.0, began + body.due_ms / 1000 - time.monotonic()))
            if time.monotonic() >= ends_at:
                break
            answer = await connection.post_until_acknowledged(body.path, body.data, WITHIN_S)
            book.note(body, answer.status, answer.body)
    connection.close()


async def pour(url: str, site: Site, bodies: Iterable[Body]) -> Book:
    """Posts these one after the other, as fast as they are acknowledged."""
    book = Book()
    connection = Connection(url, site.origin)
    for body in bodies:
        answer = await connection.post_until_acknowledged(body.path, body.data, WITHIN_S)
        book.note(body, answer.status, answer.body)
    connection.close()
    return book


def long_session(
    tape: Tape, site: Site, seconds: float, seed: int, round_ms: int = 0
) -> Iterator[Body]:
    """One session of this length that ends now: the visit again and again, in new documents, as if
    it had waited in the browser's outbox."""
    now_ms = time.time_ns() // 1_000_000
    began_ms = now_ms - round(seconds * 1000)
    round_ms = round_ms or tape.long_ms + tapes.PAUSE_MS
    bodies = tapes.visitor(
        tape,
        site.key,
        random.Random(seed),
        began_ms,
        rounds=max(1, round(seconds * 1000 / round_ms)),
        round_ms=round_ms,
        with_assets=True,
    )
    for body in bodies:
        sent_ms = time.time_ns() // 1_000_000
        yield tapes.sent_late(body, sent_ms, began_ms) if body.path == BATCH else body


def differences(url: str, token: str, book: Book) -> list[str]:
    """What the collector holds otherwise than it acknowledged, as its API tells it; nothing when
    all is well."""
    found = [f"refused: {line}" for line in book.refused[:10]]
    with Api(url, token) as api:
        for session_id, said in book.sessions.items():
            answer = api.get(f"/api/sessions/{session_id}")
            if answer.status_code != 200:
                found.append(f"{session_id}: {answer.status_code}, {said.batches} batches lost")
                continue
            found += [f"{session_id}: {line}" for line in _compared(answer.json(), said)]
    return found


def _compared(session: Json, said: Acknowledged) -> Iterator[str]:
    held = {
        "bytes": (session["bytes"], said.bytes),
        "facts": (len(session["facts"]), min(said.facts, MAX_LISTED_FACTS)),
        "page views": (len(session["page_views"]), said.views),
        "gaps": (len(session["gaps"]), 0),
    }
    for what, (found, acknowledged) in held.items():
        if found != acknowledged:
            yield f"{found} {what} are held, {acknowledged} were acknowledged"


def tape_from(file: Path | None, name: str) -> Tape:
    """The visit of a file; without one, or where the file is not there yet, it is recorded now."""
    if file is not None and file.is_file():
        return tapes.load(file)
    set_up()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        posted = tapes.recorded(browser, VISITS[name], visitreel())
        browser.close()
    if file is not None:
        tapes.save(file, posted)
    return tapes.tape_of(posted)


def main(words: Sequence[str]) -> int:
    """0 when the collector holds exactly what it acknowledged, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--site", required=True, help="a site's key")
    parser.add_argument("--origin", required=True, help="an origin that the site allows")
    parser.add_argument("--token", required=True, help="an API token, to look at what is held")
    parser.add_argument("--visitors", type=int, default=10, help="at a time")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--visit", choices=sorted(VISITS), default="shop")
    parser.add_argument("--tape", type=Path, help="keep the recorded visit here, and read it again")
    parser.add_argument(
        "--one-session", action="store_true", help="a single session that lasts --seconds, at once"
    )
    asked = parser.parse_args(words)
    tape = tape_from(asked.tape, asked.visit)
    site = Site(asked.site, asked.origin)
    began = time.monotonic()
    if asked.one_session:
        book = asyncio.run(
            pour(asked.url, site, long_session(tape, site, asked.seconds, asked.seed))
        )
    else:
        book = asyncio.run(run(asked.url, [site], tape, asked.visitors, asked.seconds, asked.seed))
    taken_s = time.monotonic() - began
    print(f"{book.batches} batches of {len(book.sessions)} sessions in {taken_s:.1f} s")
    for session_id in itertools.islice(book.sessions, 1 if asked.one_session else 0):
        print(session_id)
    found = differences(asked.url, asked.token, book)
    for line in found[:20]:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
