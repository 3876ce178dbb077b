"""Live, while many others are live too: how far a rep's frame is behind the visitor, and what the
list of those who are here takes. In comes a browser, out come rows."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from playwright.sync_api import Browser, Page

from tests.bench import load
from tests.bench.load import Site
from tests.bench.rows import Row
from tests.bench.server import collector, shop_tape
from tests.bench.tape import Tape
from tests.e2e.browser import sign_in
from tests.e2e.collector_process import Collector, free_port
from tests.e2e.shop_server import serve_shop
from tests.e2e.waiting import wait_for

VISITORS = 200
SECONDS = 95.0
WARM_UP_S = 15.0
ACTIONS = 80
FIRST = 12
"""Changes until the visitor's browser has surely heard that somebody watches: it sends every five
seconds before."""
PAUSE_MS = (100, 900)
LOOKS = 3
LATE_S = 1.5

_ACT = """words => {
  const headline = document.querySelector('h1')
  headline.textContent = `${words} ${performance.timeOrigin + performance.now()}`
}"""
_WATCH = """() => {
  const frame = document.getElementById('frame')
  const lags = (window.benchLags = new Map())
  const look = () => {
    const [words, at] = (frame.contentDocument?.querySelector('h1')?.textContent ?? '').split(' ')
    const isNew = /^[0-9]+$/.test(words) && at && !lags.has(words)
    if (isNew) lags.set(words, performance.timeOrigin + performance.now() - at)
    requestAnimationFrame(look)
  }
  look()
}"""


@dataclass
class Heard:
    """What a rep's list was told."""

    here: set[str] = field(default_factory=set)
    most_a_second: int = 0
    most: int = 0


def live_rows(browser: Browser) -> Iterator[Row]:
    """One visitor among many, followed by a rep whose list is open as well."""
    visit = shop_tape(browser)
    with (
        collector(1) as (running, sites, token),
        others(running, sites[0], visit),
        _listening(running, token) as heard,
    ):
        time.sleep(WARM_UP_S)
        first, lags = _lags(browser, running)
        wrong = _wrong(running, token, heard)
    lags.sort()
    p50, p95 = statistics.median(lags), lags[int(len(lags) * 0.95)]
    most = max(first)
    name = f"visitor's change → rep's frame, {VISITORS} live visitors"
    yield Row("live-lag-p50", f"{name}, p50", round(p50), "ms")
    yield Row("live-lag-p95", "… p95", round(p95), "ms", budget=1_500)
    yield Row("live-lag-first", "… in the first seconds of watching, at most", round(most), "ms")
    yield Row("live-list", f"messages a second to a list with {heard.most} live visitors, at most",
              heard.most_a_second, "", budget=2)  # fmt: skip
    yield Row("live-list-wrong", "… who are wrong in it", wrong, "", budget=0)


@contextmanager
def others(running: Collector, site: Site, visit: Tape) -> Iterator[None]:
    """Visitors who replay a visit during the block, and until their time is over."""
    with ThreadPoolExecutor(1) as pool:
        visits = pool.submit(
            lambda: asyncio.run(load.run(running.url, [site], visit, VISITORS, SECONDS, 1))
        )
        yield
        refused = visits.result(SECONDS + load.WITHIN_S).refused
    if refused:
        raise RuntimeError(f"{len(refused)} batches were refused: {refused[0]}")


@contextmanager
def _listening(running: Collector, token: str) -> Iterator[Heard]:
    """A rep's list."""
    heard = Heard()
    client = httpx.Client(base_url=running.url, headers={"authorization": f"Bearer {token}"})
    ended = threading.Event()

    def listen() -> None:
        try:
            with client.stream("GET", "/api/live", timeout=60) as response:
                _hear(response, heard, ended.is_set)
        except httpx.HTTPError:
            if not ended.is_set():
                raise

    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(listen)
        try:
            yield heard
        finally:
            ended.set()
            listening.result(60)
            client.close()


def _hear(response: httpx.Response, heard: Heard, is_over: Callable[[], bool]) -> None:
    name = ""
    times: list[float] = []
    for line in response.iter_lines():
        if is_over():
            return
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if not line.startswith("data: ") or name == "beat":
            continue
        data = json.loads(line.removeprefix("data: "))
        now = time.monotonic()
        times = [at for at in times if at > now - 1] + [now]
        heard.most_a_second = max(heard.most_a_second, len(times))
        heard.here -= set(data.get("left", ()))
        heard.here |= {session["id"] for session in data.get("sessions", ())}
        heard.most = max(heard.most, len(heard.here))


def _lags(browser: Browser, running: Collector) -> tuple[list[float], list[float]]:
    """A real visitor changes the page now and then; how much later each change is on the rep's
    screen, in ms: in the first seconds, and from then on."""
    chosen = random.Random(1)
    port = free_port()
    key = running.add_site("real", f"http://127.0.0.1:{port}")
    with serve_shop(running.url, key, port=port) as shop:
        visitors, reps = browser.new_context(), browser.new_context()
        try:
            page, player = visitors.new_page(), reps.new_page()
            page.goto(f"{shop.url}/")
            page.wait_for_function("typeof visitreel === 'function' && visitreel('session')")
            session_id = page.evaluate("visitreel('session').id")
            sign_in(reps, running.sign_in_link("watcher@example.com"))
            wait_for("it can be watched", lambda: _opened(player, running, session_id), 60)
            player.evaluate(_WATCH)
            for number in range(ACTIONS):
                page.evaluate(_ACT, f"{number}")
                page.wait_for_timeout(chosen.randrange(*PAUSE_MS))
            wait_for("all is shown", lambda: player.evaluate("benchLags.size") >= ACTIONS / 2, 30)
            player.wait_for_timeout(3_000)
            found: dict[str, float] = player.evaluate("Object.fromEntries(benchLags)")
        finally:
            visitors.close()
            reps.close()
    if len(found) < ACTIONS * 0.9:
        raise RuntimeError(f"{len(found)} of {ACTIONS} changes were seen")
    first = [lag for number, lag in found.items() if int(number) < FIRST]
    return first, [lag for number, lag in found.items() if int(number) >= FIRST]


def _opened(player: Page, running: Collector, session_id: str) -> bool:
    player.goto(f"{running.url}/sessions/{session_id}?live=1")
    player.wait_for_selector("#player:not([data-state=loading])", state="attached")
    return player.locator("[data-part=live][aria-pressed=true]").count() == 1


def _wrong(running: Collector, token: str, heard: Heard) -> int:
    """Sessions that the list shows and the API does not call live, or the other way round, and that
    are still wrong a moment later: both move on all the time."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:
        wrong = _live(client) ^ set(heard.here)
        for _ in range(LOOKS):
            time.sleep(LATE_S)
            wrong &= _live(client) ^ set(heard.here)
        return len(wrong)


def _live(client: httpx.Client) -> set[str]:
    """Who is live, as the API says it."""
    live: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/api/sessions?live=1&limit=200&before={cursor}").json()
        live |= {session["id"] for session in page["sessions"]}
        cursor = page["next"]
    return live
