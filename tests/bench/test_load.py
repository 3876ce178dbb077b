"""The load generator itself: visits by hand go in, a real collector says what it holds."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay import ops
from replay.head import Head
from replay.wire import read_batch, write_batch, write_section
from tests.bench import load, tape
from tests.bench.load import Book, Site
from tests.e2e.api import Api
from tests.e2e.collector_process import Collector
from tests.player.recorded import opening, page_of

ORIGIN = "http://127.0.0.1:8999"
URL = f"{ORIGIN}/visit"
BATCHES = 4
BETWEEN_MS = 100


def batch(seq: int) -> bytes:
    """A page view and a page, then a click a batch."""
    t_ms = seq * BETWEEN_MS
    facts = (ops.PageView(URL, "Visit", "", 0, {}),) if seq == 0 else (ops.Track("step", {}),)
    section = write_section(opening(page_of("hello")), 0) if seq == 0 else b""
    head = Head(
        site_key="k", session_id="s" * 22, write_secret=bytes(16), visitor_id="v" * 22,
        tab_id="t" * 22, document_id="d" * 22, seq=seq, origin_ms=1_000, session_start_ms=1_000,
        t_ms=t_ms, url=URL, consent=1, facts=tuple((t_ms, fact) for fact in facts),
        references=(), sdk_version="0", replay=1,
    )  # fmt: skip
    return write_batch(head, section, float(t_ms))


@pytest.fixture(scope="module")
def visit() -> tape.Tape:
    posted = [(tape.BATCH, batch(seq)) for seq in range(BATCHES)]
    return tape.tape_of([*posted, posted[-1]])


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    running = Collector(tmp_path_factory.mktemp("load") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def site(collector: Collector) -> Site:
    return Site(collector.add_site("load", ORIGIN), ORIGIN)


@pytest.fixture(scope="module")
def token(collector: Collector) -> str:
    return collector.make_token()


def test_a_batch_that_was_sent_twice_is_one_of_the_visit(visit: tape.Tape) -> None:
    assert len(visit.pieces) == BATCHES


def test_the_same_seed_makes_the_same_visitor_and_another_another(visit: tape.Tape) -> None:
    bodies = [
        [body.data for body in tape.visitor(visit, "key", random.Random(seed), 5_000)]
        for seed in (1, 1, 2)
    ]
    assert bodies[0] == bodies[1] != bodies[2]


def test_a_visitor_says_what_was_recorded_under_new_ids(visit: tape.Tape) -> None:
    first, *_, last = tape.visitor(visit, "key", random.Random(1), 5_000)
    head, recorded = read_batch(first.data).head, read_batch(batch(0)).head
    assert (head.site_key, head.origin_ms, head.session_start_ms) == ("key", 5_000, 5_000)
    assert head.facts == recorded.facts
    assert read_batch(first.data).ops == read_batch(batch(0)).ops
    assert not {head.session_id, head.document_id, head.tab_id} & {
        recorded.session_id, recorded.document_id, recorded.tab_id
    }  # fmt: skip
    assert read_batch(last.data).head.document_id == head.document_id


def test_visitors_come_again_until_the_time_is_over_and_all_is_held(
    visit: tape.Tape, collector: Collector, site: Site, token: str
) -> None:
    book = asyncio.run(load.run(collector.url, [site], visit, visitors=5, seconds=2, seed=7))
    assert len(book.sessions) > 5
    assert load.differences(collector.url, token, book) == []


def test_what_is_not_held_is_named(
    visit: tape.Tape, collector: Collector, site: Site, token: str
) -> None:
    bodies = list(tape.visitor(visit, site.key, random.Random(8), 5_000))
    book = asyncio.run(load.pour(collector.url, site, bodies[:-1]))
    assert load.differences(collector.url, token, book) == []
    never_sent = Book()
    for body in bodies:
        never_sent.note(body, 200, b"")
    lost = load.differences(collector.url, token, never_sent)
    assert any("bytes" in line for line in lost)
    assert any("facts" in line for line in lost)
    refused = Book()
    refused.note(dataclasses.replace(bodies[0], session_id="x" * 22), 200, b"")
    assert load.differences(collector.url, token, refused) == [f"{'x' * 22}: 404, 1 batches lost"]


def test_one_session_lasts_as_long_as_it_was_asked_to(
    visit: tape.Tape, collector: Collector, site: Site, token: str
) -> None:
    bodies = load.long_session(visit, site, seconds=600, seed=9, round_ms=60_000)
    book = asyncio.run(load.pour(collector.url, site, bodies))
    assert load.differences(collector.url, token, book) == []
    (session_id,) = book.sessions
    with Api(collector.url, token) as api:
        session = api.session(session_id)
    expected_ms = 9 * 60_000 + (BATCHES - 1) * BETWEEN_MS
    assert abs(session["duration_ms"] - expected_ms) < 2_000
    assert len(session["page_views"]) == 10


def test_a_tape_outlasts_the_run(tmp_path: Path, visit: tape.Tape) -> None:
    file = tmp_path / "visit.tape"
    tape.save(file, [(tape.BATCH, batch(seq)) for seq in range(BATCHES)])
    assert tape.load(file) == visit
