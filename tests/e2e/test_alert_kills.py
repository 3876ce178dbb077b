"""Power cuts between a signal and its alert: the collector is killed again and again. Each signal
reaches its receiver, with an id by which repeats can be dropped; and the link that it carries shows
what the visitor did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from replay import ops
from tests.collector.alerts.receiver import Got, Receiver, receiving
from tests.e2e.collector_process import Collector, free_port
from tests.e2e.conftest import Site
from tests.e2e.forged import Forger
from tests.e2e.plain_http import CLIENT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

KILLS = 20
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36"
RULE = """version: 1
rules:
  - id: hot
    name: Hot lead
    cooldown: 0s
    when:
      track:
        name: hot-*
"""
PAGE = (
    ops.Document(0, 0),
    ops.Begin(),
    ops.Put(1, 0, 2, (ops.NewNode(-1, "element", "html"),)),
    ops.End(),
)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Collector]:
    options = ("--allow-private", "127.0.0.1")
    collector = Collector(tmp_path / "data", options=options)
    collector.start()
    yield collector
    collector.kill()


def send(forger: Forger, body: bytes) -> None:
    """As the browser of a person: of others nobody is told."""
    origin = f"http://127.0.0.1:{forger.site.port}"
    headers = {"Origin": origin, "Content-Type": "text/plain", "User-Agent": BROWSER}
    answer = CLIENT.post(f"{forger.collector_url}/v1/batch", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    forger.seq += 1


def slowly(name: str, gate: threading.Event) -> Callable[[Got], tuple[int, dict[str, str]]]:
    """Answers the message about this name once the gate is open. Others must not wait for it: no
    more than a few are under way at once."""

    def answer(got: Got) -> tuple[int, dict[str, str]]:
        if name_of(got) == name:
            gate.wait(30)
        return 200, {}

    return answer


def name_of(got: Got) -> str:
    """Of what the visitor did."""
    name: str = got.json["data"]["facts"][-1]["fields"]["name"]
    return name


def told(receiver: Receiver) -> dict[str, str]:
    """What was told, by the id of the message."""
    return {got.id: name_of(got) for got in receiver.got}


def test_twenty_kills_lose_no_alert(mortal: Collector, tmp_path: Path) -> None:
    site = Site(mortal.add_site("shop", f"http://127.0.0.1:{(port := free_port())}"), port)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE, encoding="utf-8")
    mortal.say("rule", "import", "--site", "shop", str(rules))
    with receiving() as receiver:
        mortal.say("channel", "add", "webhook", receiver.url, "--max-an-hour", "1000")
        forger = Forger(mortal.url, site)
        for kill in range(KILLS):
            name = f"hot-{kill}"
            # While the receiver takes its time, after it has taken it, or before it even was sent.
            gate = threading.Event()
            receiver.answer = slowly(name, gate) if kill % 2 else lambda got: (200, {})
            played = () if forger.seq else PAGE
            send(forger, forger.body(played, 1_000 * (kill + 1), [ops.Track(name, {})]))
            if kill % 4 > 1:
                receiver.wait(lambda got, name=name: name in told(receiver).values())  # type: ignore[misc]
            mortal.kill()
            gate.set()
            mortal.start()
        receiver.answer = lambda got: (200, {})
        every = {f"hot-{kill}" for kill in range(KILLS)}
        receiver.wait(lambda got: set(told(receiver).values()) >= every, 120)
        # One id for each, however often it came.
        assert sorted(told(receiver).values()) == sorted(every)
