"""Alerts while many visitors are live: from a click in a real browser to a webhook receiver on this
machine. In comes a browser, out come rows."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.bench.live import WARM_UP_S, others
from tests.bench.load import Site
from tests.bench.rows import Row
from tests.bench.server import ORIGIN, shop_tape
from tests.collector.alerts.receiver import Receiver, receiving
from tests.e2e.collector_process import Collector, free_port
from tests.e2e.shop_server import serve_shop

ACTIONS = 100
PAUSE_MS = (50, 500)
VISITORS = 200
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
"""A headless browser says that it is one: of such nobody is told."""
RULE = """version: 1
rules:
  - id: bench
    name: Bench
    cooldown: 0s
    when:
      click:
        label: "*"
"""
_CLOCK = """() => {
  window.benchClicks = []
  const note = () => benchClicks.push(performance.timeOrigin + performance.now())
  addEventListener('click', note, true)
  const button = document.createElement('button')
  button.id = 'bench'
  button.textContent = 'Bench'
  button.style.cssText = 'position:fixed;inset:0 auto auto 0;z-index:9999'
  document.body.append(button)
}"""


def alert_rows(browser: Browser) -> Iterator[Row]:
    """One visitor among many does what a rule waits for, again and again."""
    visit = shop_tape(browser)
    with (
        tempfile.TemporaryDirectory(prefix="visitreel-bench-") as folder,
        receiving() as receiver,
    ):
        running = Collector(Path(folder) / "data", options=("--allow-private", "127.0.0.0/8"))
        running.start()
        try:
            site = Site(running.add_site("others", ORIGIN), ORIGIN)
            with others(running, site, visit):
                time.sleep(WARM_UP_S)
                delays = _delays(browser, running, receiver, Path(folder))
        finally:
            running.kill()
    delays.sort()
    name = f"click → webhook, {VISITORS} live visitors"
    yield Row("alert-p50", f"{name}, p50", round(statistics.median(delays)), "ms", budget=200)
    p99 = delays[min(len(delays) - 1, int(len(delays) * 0.99))]
    yield Row("alert-p99", "… p99", round(p99), "ms", budget=1_000)


def _delays(browser: Browser, running: Collector, receiver: Receiver, folder: Path) -> list[float]:
    """How much later than each click its message arrived, in ms. The first is not measured: with it
    the sending process starts."""
    port = free_port()
    key = running.add_site("shop", f"http://127.0.0.1:{port}")
    file = folder / "rule.yaml"
    file.write_text(RULE, encoding="utf-8")
    running.say("rule", "import", "--site", "shop", str(file))
    running.say("channel", "add", "webhook", receiver.url, "--max-an-hour", "1000")
    with serve_shop(running.url, key, port=port) as shop:
        context = browser.new_context(user_agent=AGENT)
        try:
            page = context.new_page()
            page.goto(f"{shop.url}/")
            page.wait_for_function("typeof visitreel === 'function' && visitreel('session')")
            page.evaluate(_CLOCK)
            return _clicks(page, receiver)[1:]
        finally:
            context.close()


def _clicks(page: Page, receiver: Receiver) -> list[float]:
    chosen = random.Random(1)
    for number in range(ACTIONS + 1):
        page.click("#bench")
        receiver.wait_for(number + 1)
        page.wait_for_timeout(chosen.randrange(*PAUSE_MS))
    clicked_ms: list[float] = page.evaluate("benchClicks")
    arrived = [got.at_ms for got in receiver.got]
    if len(arrived) != len(clicked_ms):
        raise RuntimeError(f"{len(clicked_ms)} clicks, {len(arrived)} messages")
    return [at - began for began, at in zip(clicked_ms, arrived, strict=True)]
