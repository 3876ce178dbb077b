"""`make recordings`: in comes a folder, out go the recorded visits on which the player's ways to a
moment are compared: nine portable recordings of the sample shop, and a tape of batches."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from collector.exporting import export_file
from tests.bench import tape
from tests.bench.recorders import visitreel
from tests.bench.visits import VISITS
from tests.collector.conftest import Running, running_collector
from tests.e2e.browser import VIEWPORT_PX, launch
from tests.e2e.sample_visit import Hand, begin_order, browse, choose, read, visit_shop, weigh
from tests.e2e.shop_server import serve_shop
from tests.e2e.waiting import wait_for

SITE = "shop"
TAPE = "shop.tape"
HALF_AN_HOUR_MS = 31 * 60 * 1000
TEMPO = 0.2
_PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 760},
    "has_touch": True,
    "is_mobile": True,
}
_DESKTOP: Mapping[str, Any] = {"viewport": dict(zip(("width", "height"), VIEWPORT_PX, strict=True))}


def front(hand: Hand) -> None:
    browse(hand)


def product(hand: Hand) -> None:
    choose(hand)


def cart(hand: Hand) -> None:
    hand.click("text=Put in the bag")
    hand.click("#added a")
    hand.arrive("/cart")
    weigh(hand)
    hand.click("#sort-rows")


def checkout(hand: Hand) -> None:
    begin_order(hand)
    hand.page.locator('[name="country"]').select_option("jp")
    hand.click("#all")
    hand.click("#reveal")


def article(hand: Hand) -> None:
    read(hand)
    hand.click('.contents a[href="#copper-red"]')


def planner(hand: Hand) -> None:
    hand.click('#tabs a[href="/app/glazes"]')
    hand.type("[type=search]", "o")
    hand.click("#turn")
    hand.click('li a[href$="tenmoku"]')
    hand.click('#tabs a[href="/app/schedule"]')
    hand.click("tr:nth-child(2) td:nth-child(3)")
    hand.click("#louder")
    hand.page.go_back()
    hand.look(0.5)


def tabs(hand: Hand) -> None:
    """The wares in one tab, a page in another, and back."""
    hand.click('label:has([value="drink"])')
    with hand.page.context.expect_page() as opened:
        hand.page.evaluate("open('/article')")
    other = Hand(opened.value, hand.tempo)
    other.arrive("/article")
    other.scroll(6)
    opened.value.close()
    hand.page.bring_to_front()
    hand.click('label:has([value="all"])')


def phone(hand: Hand) -> None:
    page = hand.page
    page.tap('[data-consent-answer="granted"]')
    hand.look(0.5)
    page.tap('label:has([value="house"])')
    hand.look(0.5)
    page.tap('[data-sku="vase"] > a')
    hand.arrive("/product")
    page.tap("text=Put in the bag")
    hand.look(0.5)


Play = Callable[[Hand], None]
VISITED: Mapping[str, tuple[str, Mapping[str, Any], Play]] = {
    "front": ("/", _DESKTOP, front),
    "product": ("/product?sku=vase", _DESKTOP, product),
    "cart": ("/product?sku=vase", _DESKTOP, cart),
    "checkout": ("/checkout", _DESKTOP, checkout),
    "article": ("/article", _DESKTOP, article),
    "planner": ("/app", _DESKTOP, planner),
    "tabs": ("/", _DESKTOP, tabs),
    "phone": ("/", _PHONE, phone),
}
"""Where each visit begins, with what, and what the visitor does there. The ninth goes through the
whole shop."""


def record(running: Running, browser: Browser, shop_url: str, name: str) -> str:
    """One visit by a new visitor; returns the session once all of it is stored and packed."""
    path, options, play = VISITED.get(name, ("", _DESKTOP, front))
    context = browser.new_context(**options)
    # What the shop looks like is drawn; what is compared are documents.
    context.route("**/*.{webp,woff2,png}", lambda route: route.abort())
    page = context.new_page()
    session = (
        _visit(page, f"{shop_url}{path}", play) if path else visit_shop(page, shop_url, TEMPO / 2)
    )
    wait_for("all of the visit has come", lambda: _has_come(running, session))
    context.close()
    running.clock.ahead_ms += HALF_AN_HOUR_MS
    running.sweep()
    return session


def _visit(page: Page, url: str, play: Play) -> str:
    hand = Hand(page, TEMPO)
    page.goto(url)
    page.wait_for_function("typeof visitreel === 'function' && visitreel.version")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    session: str = page.evaluate("visitreel('session').id")
    hand.look(1)
    play(hand)
    page.goto("about:blank")
    return session


def _has_come(running: Running, session: str) -> bool:
    told = running.api.get(f"/api/sessions/{session}").json()
    documents = {view["document"] for view in told["page_views"]}
    left = {fact["document"] for fact in told["facts"] if fact["kind"] == "leave"}
    return left == documents and not told["gaps"]


def make_recordings(folder: Path) -> None:
    """Writes all files anew."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        running_collector(Path(data) / "data") as running,
        serve_shop(running.url, running.add_site(SITE, "http://127.0.0.1")) as shop,
        sync_playwright() as playwright,
    ):
        running.run("site_origin_add", name=SITE, origin=shop.url)
        browser = launch(playwright)
        for name in (*VISITED, "whole"):
            session = record(running, browser, shop.url, name)
            file = folder / f"{name}.reel"
            file.unlink(missing_ok=True)
            size = export_file(running.collector.settings.database, session, file, with_person=True)
            print(f"{file}: {size} bytes")
        posted = tape.recorded(browser, VISITS["shop"], visitreel())
        browser.close()
    # The pages' pictures are nothing to compare.
    tape.save(folder / TAPE, [(path, body) for path, body in posted if path == tape.BATCH])
    print(f"{folder / TAPE}: {(folder / TAPE).stat().st_size} bytes")


if __name__ == "__main__":
    make_recordings(Path(sys.argv[1]))
