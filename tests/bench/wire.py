"""Bytes on the wire: the same visits to the sample shop, recorded by visitreel and by rrweb.
In come the built script and rrweb from npm, out come bytes."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.bench.sink import Sink, running_sink
from tests.e2e.shop_server import serve_shop

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FLUSH_WAIT_MS = 6_000
"""Longer than both recorders' flush interval."""

_LONG_TASKS = """
window.benchTasks = []
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.benchTasks.push(entry.duration)
}).observe({type: 'longtask', buffered: true})
"""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What is served as `/sdk.js`, and how it is told to hand over."""

    name: str
    scripts: dict[str, bytes]
    paths: tuple[str, ...]
    flush: str


def visitreel() -> Recorder:
    """The built script."""
    dist = ROOT / "sdk_js" / "dist"
    scripts = {
        "/sdk.js": (dist / "sdk.min.js").read_bytes(),
        "/assets.js": (dist / "assets.min.js").read_bytes(),
    }
    return Recorder("visitreel", scripts, ("/v1/batch",), "0")


def rrweb() -> Recorder:
    """rrweb's recorder, bundled."""
    bundle = subprocess.run(
        [
            str(ROOT / "node_modules" / ".bin" / "esbuild"),
            str(HERE / "rrweb.js"),
            "--bundle",
            "--minify",
            "--target=es2020",
            "--log-level=error",
        ],
        check=True,
        capture_output=True,
    ).stdout
    return Recorder("rrweb", {"/sdk.js": bundle}, ("/rrweb",), "benchFlush()")


def script_bytes() -> dict[str, int]:
    """Length of each script, gzipped."""
    dist = ROOT / "sdk_js" / "dist"
    sizes = {
        name: len(gzip.compress((dist / name).read_bytes(), 9))
        for name in ("sdk.min.js", "assets.min.js")
    }
    sizes["rrweb"] = len(gzip.compress(rrweb().scripts["/sdk.js"], 9))
    return sizes


def rest(page: Page, recorder: Recorder) -> None:
    """Waits until what was recorded has been sent."""
    page.wait_for_timeout(FLUSH_WAIT_MS)
    page.evaluate(recorder.flush)
    page.wait_for_timeout(300)


def article(page: Page, shop: str, recorder: Recorder) -> None:
    """A long article is read: a jump, the wheel."""
    page.goto(f"{shop}/article")
    page.wait_for_timeout(1500)
    page.click('.contents a[href="#copper-red"]')
    for _ in range(10):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(120)
    page.mouse.move(300, 300, steps=15)
    page.mouse.move(900, 500, steps=15)
    rest(page, recorder)


def purchase(page: Page, shop: str, recorder: Recorder) -> None:
    """Listing, product, bag and checkout, with what a buyer does there."""
    page.goto(shop)
    page.wait_for_timeout(800)
    page.hover(".menu > li")
    page.click('label:has([value="drink"])')
    page.click('label:has([name="stock"])')
    page.locator("#sort").select_option(index=1)
    page.hover('[data-sku="mug"]')
    page.click('[data-sku="mug"] .quick')
    page.click('label:has([value="all"])')
    rest(page, recorder)
    page.click('[data-sku="vase"] > a')
    page.wait_for_timeout(800)
    page.click("#thumbs button:nth-child(2)")
    page.click("details:nth-of-type(1) summary")
    page.click('[data-step="1"]')
    page.click("text=Put in the bag")
    rest(page, recorder)
    page.click("#added a")
    page.wait_for_timeout(800)
    page.click("tr:nth-child(1) [aria-label=Down]")
    page.click("#sort-rows")
    page.click("#gift")
    rest(page, recorder)
    page.click("text=To the checkout")
    page.wait_for_timeout(800)
    page.locator("input[type=email]").first.press_sequentially("ana@example.com", delay=30)
    page.locator("[name=country]").select_option("jp")
    page.mouse.wheel(0, 600)
    rest(page, recorder)


VISITS: dict[str, Callable[[Page, str, Recorder], None]] = {"article": article, "shop": purchase}


def visit_bytes(browser: Browser, recorder: Recorder, name: str) -> int:
    """What one visit posts."""
    with (
        running_sink(recorder.scripts) as sink,
        serve_shop(sink.url, "benchbenchbenchbench00") as shop,
    ):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_init_script(f"window.benchCollector = {sink.url!r}")
        page = context.new_page()
        VISITS[name](page, shop.url, recorder)
        context.close()
        return posted(sink, recorder)


def posted(sink: Sink, recorder: Recorder) -> int:
    """Bytes of the bodies that carry the recording."""
    return sum(sink.posted[path] for path in recorder.paths)
