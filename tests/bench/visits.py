"""The visits that everything is measured on, with real input events: each is played alike for every
recorder. In come a page and an address, out come events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.bench.recorders import Recorder
from tests.bench.sink import Sink
from tests.e2e.browser import PAGES_ALONE, VIEWPORT_PX, chromium_path
from tests.e2e.shop_server import serve_shop

PAGES = Path(__file__).parent / "pages"
SITE_KEY = "benchbenchbenchbench00"
FLUSH_WAIT_MS = 6_000
"""Before a page is left: longer than the intervals at which most recorders send (5 s)."""
HANDED_OVER_MS = 500
LOADED_MS = 1_000
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    PAGES_ALONE,
)
"""No recorder reaches its own service: nothing but loopback has an address."""

Rest = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Visit:
    """`play` does what the visitor does, and calls `rest` before each page is left. `shown`: texts
    that whoever recorded the visit must have sent."""

    name: str
    play: Callable[[Page, str, Rest], None]
    shown: tuple[str, ...]


def launch(playwright: Playwright) -> Browser:
    """A browser that reaches loopback only."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=list(_FLAGS))


@contextmanager
def serve_site(sink_url: str) -> Iterator[str]:
    """The shop, the table and the todo list, each with the tag; its address."""
    with serve_shop(sink_url, SITE_KEY) as shop:
        for file in PAGES.glob("*.html"):
            text = file.read_text(encoding="utf-8")
            text = text.replace("__COLLECTOR__", sink_url).replace("__SITE_KEY__", SITE_KEY)
            shop.extra[f"/bench/{file.stem}"] = ("text/html; charset=utf-8", text.encode())
        yield shop.url


@contextmanager
def visitor(browser: Browser, sink: Sink) -> Iterator[tuple[BrowserContext, Page]]:
    """A visitor who was never there before."""
    width, height = VIEWPORT_PX
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    context.add_init_script(f"window.benchCollector = {sink.url!r}")
    try:
        yield context, context.new_page()
    finally:
        context.close()


def rest_of(page: Page, recorder: Recorder) -> Rest:
    """Waits until what was recorded has been sent: the same time for everyone, then what the
    recorder offers for handing over at once."""

    def rest() -> None:
        page.wait_for_timeout(FLUSH_WAIT_MS)
        page.evaluate(recorder.flush or "0")
        page.wait_for_timeout(HANDED_OVER_MS)

    return rest


def _article(page: Page, site: str, rest: Rest) -> None:
    """A long article is read: a jump, the wheel, the pointer."""
    page.goto(f"{site}/article")
    page.wait_for_timeout(LOADED_MS)
    page.click('.contents a[href="#copper-red"]')
    for _ in range(10):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(120)
    page.mouse.move(300, 300, steps=15)
    page.mouse.move(900, 500, steps=15)
    rest()


def _table(page: Page, site: str, rest: Rest) -> None:
    """A thousand rows are made, changed, swapped, marked and removed, twice."""
    page.goto(f"{site}/bench/table")
    page.wait_for_timeout(LOADED_MS)
    for _ in range(2):
        page.click("#create")
        page.wait_for_timeout(400)
        page.click("#update")
        page.wait_for_timeout(250)
        page.click("#swap")
        page.wait_for_timeout(250)
        page.click("tr:nth-child(5) td:nth-child(2)")
        page.mouse.wheel(0, 2_000)
        page.wait_for_timeout(250)
        page.mouse.wheel(0, -2_000)
        page.wait_for_timeout(250)
        page.click("#clear")
        page.wait_for_timeout(250)
    rest()


def _todo(page: Page, site: str, rest: Rest) -> None:
    """Thirty things to do: written, ticked, renamed, filtered, cleared."""
    page.goto(f"{site}/bench/todo")
    page.wait_for_timeout(LOADED_MS)
    for number in range(30):
        page.locator("#new").press_sequentially(f"Errand number {number}")
        page.keyboard.press("Enter")
        page.wait_for_timeout(60)
    for place in range(1, 25, 2):
        page.click(f"#list li:nth-child({place}) .toggle")
    page.dblclick("#list li:nth-child(2) label")
    page.locator(".edit").press_sequentially(" and then some", delay=15)
    page.keyboard.press("Enter")
    for hash_ in ("#/active", "#/completed", "#/"):
        page.click(f'.filters a[href="{hash_}"]')
        page.wait_for_timeout(150)
    page.hover("#list li:nth-child(6)")
    page.click("#list li:nth-child(6) .destroy")
    page.click("#clear")
    rest()


def _shop(page: Page, site: str, rest: Rest) -> None:
    """Listing, product, bag and checkout, with what a buyer does there."""
    page.goto(site)
    page.wait_for_timeout(LOADED_MS)
    page.hover(".menu > li")
    page.click('label:has([value="drink"])')
    page.click('label:has([name="stock"])')
    page.locator("#sort").select_option(index=1)
    page.hover('[data-sku="mug"]')
    page.click('[data-sku="mug"] .quick')
    page.click('label:has([value="all"])')
    rest()
    page.click('[data-sku="vase"] > a')
    page.wait_for_timeout(LOADED_MS)
    page.click("#thumbs button:nth-child(2)")
    page.click("details:nth-of-type(1) summary")
    page.click('[data-step="1"]')
    page.click("text=Put in the bag")
    rest()
    page.click("#added a")
    page.wait_for_timeout(LOADED_MS)
    page.click("tr:nth-child(1) [aria-label=Down]")
    page.click("#sort-rows")
    page.click("#gift")
    rest()
    page.click("text=To the checkout")
    page.wait_for_timeout(LOADED_MS)
    page.locator("input[type=email]").first.press_sequentially("ana@example.com", delay=30)
    page.locator("[name=country]").select_option("jp")
    page.mouse.wheel(0, 600)
    rest()


VISITS = {
    "article": Visit("article", _article, ("Kiln & Grain", "reduction")),
    "table": Visit("table", _table, ("Update every", "handsome")),
    "todo": Visit("todo", _todo, ("Clear completed", "Errand number")),
    "shop": Visit(
        "shop", _shop, ("Sort by", "Put in the bag", "To the checkout", "Grain: checkout")
    ),
}
