"""Power cuts: the collector is killed again and again under load. What was acknowledged is there
once, the visit has no gap."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from replay import ops
from tests.e2e.api import Api
from tests.e2e.browser import visitor
from tests.e2e.collector_process import Collector, free_port
from tests.e2e.conftest import Site
from tests.e2e.forged import Forger, post_batch
from tests.e2e.replayed import Replayed
from tests.e2e.shop_server import serve_shop
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for
from tests.normal_form.normal_form import normal_form

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

KILLS = 20
ACKS_BETWEEN_KILLS = 5
PAUSE_S = 0.02
"""Between two batches: a flood would only keep the visitor's browser waiting, on one machine."""
MAX_BACK_OFF_S = 70
"""Where a collector takes long to come back, the script's tries are up to a minute apart."""
PAGE = (
    ops.Document(0, 0),
    ops.Begin(),
    ops.Put(1, 0, 2, (ops.NewNode(-1, "element", "html"),)),
    ops.End(),
)


@dataclass(slots=True)
class Load:
    """A client that posts batches one after the other, each with a fact and an op of one name, and
    writes down what was acknowledged."""

    collector_url: str
    site: Site
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    session_id: str = ""

    def run(self) -> None:
        forger = Forger(self.collector_url, self.site)
        self.session_id = forger.session_id
        while not self.stopped.is_set():
            name = f"batch-{forger.seq}"
            played = (*(() if forger.seq else PAGE), ops.Mark(name))
            body = forger.body(played, forger.seq, (ops.Track(name, {}),))
            # As the script does: the same bytes again, until there is an answer.
            while not self._is_acknowledged(body):
                if self.stopped.wait(0.02):
                    return
            self.acknowledged.append(name)
            forger.seq += 1
            self.stopped.wait(PAUSE_S)

    def _is_acknowledged(self, body: bytes) -> bool:
        try:
            answer = post_batch(self.collector_url, self.site, body)
        except httpx.TransportError:
            return False
        if answer.status_code not in {200, 503}:
            self.refused.append(f"{answer.status_code} {answer.text}")
        return answer.status_code == 200


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Collector]:
    collector = Collector(tmp_path / "data")
    collector.start()
    yield collector
    collector.kill()


def test_twenty_kills_lose_nothing_that_was_acknowledged(
    mortal: Collector, browser: Browser
) -> None:
    site = Site(mortal.add_site("shop", f"http://127.0.0.1:{(port := free_port())}"), port)
    loads = [Load(mortal.url, site) for _ in range(3)]
    threads = [threading.Thread(target=load.run) for load in loads]
    with Api(mortal.url, mortal.make_token()) as api:
        for thread in threads:
            thread.start()
        try:
            with serve_shop(mortal.url, site.key, port=port) as shop, visitor(browser) as page:
                visit = Visit(page, api)
                page.goto(shop.url)
                visit.arrive("/")
                for kill in range(KILLS):
                    kill_once(mortal, visit, loads, kill)
                wait_for(
                    "the last mark",
                    lambda: f"kill {KILLS - 1}" in Replayed(api, visit.session_id).marks,
                    within_s=MAX_BACK_OFF_S,
                )
        finally:
            for load in loads:
                load.stopped.set()
            for thread in threads:
                thread.join()
        check_loads(api, loads)
        check_visit(api, visit)


def kill_once(mortal: Collector, visit: Visit, loads: list[Load], kill: int) -> None:
    """The visitor does something, batches arrive, the power goes, and comes back."""
    before = [len(load.acknowledged) for load in loads]
    visit.click(f".chips label:nth-of-type({kill % 4 + 1})")
    visit.check(f"kill {kill}")
    for load, count in zip(loads, before, strict=True):
        wait_for("batches are acknowledged", lambda load=load, count=count: (  # type: ignore[misc]
            len(load.acknowledged) >= count + ACKS_BETWEEN_KILLS
        ))  # fmt: skip
    mortal.kill()
    mortal.start()


def check_loads(api: Api, loads: list[Load]) -> None:
    """Of each acknowledged batch the fact and the op are there once."""
    for load in loads:
        assert load.refused == []
        assert len(load.acknowledged) >= KILLS * ACKS_BETWEEN_KILLS
        facts = api.session(load.session_id)["facts"]
        there = Counter(fact["name"] for fact in facts if fact["kind"] == "track")
        assert [name for name in load.acknowledged if there[name] != 1] == []
        assert set(there.values()) == {1}
        # What was just acknowledged is looked through a moment later.
        names = set(load.acknowledged)
        replayed = wait_for(
            "every op can be replayed",
            lambda load=load, names=names: (
                found  # type: ignore[misc]
                if (found := Replayed(api, load.session_id)).marks.keys() >= names
                else None
            ),
        )
        assert replayed.timeline["gaps"] == []


def check_visit(api: Api, visit: Visit) -> None:
    """The browser's visit is whole: no gap, and every marked moment is the page as it was."""
    replayed = Replayed(api, visit.session_id)
    assert replayed.timeline["gaps"] == []
    for point in visit.checkpoints:
        shown = normal_form(replayed.at_mark(point.name), mask=False)
        assert shown == normal_form(point.live, mask=True), point.name
