"""A visit while it goes on, with the real script and the real player: it plays as it happens, can
be paused and rewound meanwhile, and survives a restart of the collector. Then it is what was
recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.api import Api
from tests.e2e.browser import visitor
from tests.e2e.collector_process import Collector
from tests.e2e.conftest import Site
from tests.e2e.shop_server import serve_shop
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.e2e

STEPS = 6
WITHIN_MS = 20_000
FIRST_SHOWN = """
addEventListener('DOMContentLoaded', () => {
  const player = document.getElementById('player')
  new MutationObserver((_, observer) => {
    if (player.dataset.state === 'loading') return
    const { contentDocument } = document.getElementById('frame')
    window.firstShown = contentDocument.querySelector('h1').textContent
    observer.disconnect()
  }).observe(player, { attributeFilter: ['data-state'] })
})
"""
"""What the frame says when the player has stopped loading for the first time."""


@pytest.fixture
def visit(browser: Browser, collector: Collector, site: Site, api: Api) -> Iterator[Visit]:
    """Somebody who is on the first page of the shop."""
    with serve_shop(collector.url, site.key, port=site.port) as shop, visitor(browser) as page:
        page.goto(f"{shop.url}/")
        found = Visit(page, api)
        found.arrive()
        yield found


@pytest.fixture
def player(rep: BrowserContext, collector: Collector, visit: Visit) -> Iterator[Page]:
    """The player of that visit, live."""
    page = rep.new_page()
    page.goto(f"{collector.url}/sessions/{visit.session_id}?live=1")
    expect(live_button(page)).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
    yield page
    page.close()


def live_button(player: Page) -> Locator:
    return player.get_by_role("button", name="Live", exact=True)


def say(visit: Visit, words: str) -> None:
    """The visitor's page changes, and the visitor moves."""
    visit.page.mouse.move(200 + len(words) * 7, 300)
    visit.page.evaluate("words => { document.querySelector('h1').textContent = words }", words)


def shown(player: Page) -> str:
    """The headline of the frame that is on the screen."""
    found: str = player.evaluate(
        "document.getElementById('frame').contentDocument.querySelector('h1')?.textContent ?? ''"
    )
    return found


def wait_until_shown(player: Page, words: str) -> None:
    wait_for(f"the player shows {words!r}", lambda: shown(player) == words, instead=lambda: (
        shown(player), player.inner_text("body")[:300]
    ))  # fmt: skip


def test_live_frames_are_the_recorded_ones(visit: Visit, player: Page, api: Api) -> None:
    seen: dict[int, str] = {}
    for step in range(STEPS):
        say(visit, f"Step {step}")
        wait_until_shown(player, f"Step {step}")
        now, hash_ = player.evaluate("[visitreelPlayer.now(), visitreelPlayer.hash()]")
        seen[int(now)] = hash_
    assert len(set(seen.values())) >= STEPS - 1
    visit.page.close()
    path = f"/api/sessions/{visit.session_id}"
    wait_for("the visitor has gone", lambda: not api.get(path).json()["live"])
    player.reload()
    player.wait_for_selector("#player[data-state=playing]", state="attached")
    for t_ms, hash_ in seen.items():
        player.evaluate("t_ms => visitreelPlayer.seek(t_ms)", t_ms)
        assert player.evaluate("visitreelPlayer.hash()") == hash_, t_ms


def test_a_visit_can_be_paused_and_rewound_while_it_goes_on(visit: Visit, player: Page) -> None:
    say(visit, "First")
    wait_until_shown(player, "First")
    player.keyboard.press("k")
    player.wait_for_selector("#player[data-state=paused]", state="attached")
    say(visit, "Second")
    total = player.inner_text("[data-part=total]")
    say(visit, "Third")
    wait_for("the visit goes on", lambda: player.inner_text("[data-part=total]") != total, 30)
    assert shown(player) == "First"
    expect(live_button(player)).to_have_attribute("aria-pressed", "false")
    player.keyboard.press("Home")
    wait_for("the beginning is shown", lambda: shown(player) != "First")
    player.keyboard.press("l")
    wait_until_shown(player, "Third")
    expect(live_button(player)).to_have_attribute("aria-pressed", "true")
    say(visit, "Fourth")
    wait_until_shown(player, "Fourth")


def test_the_link_of_an_alert_plays_from_its_moment_on_and_goes_on_live(
    visit: Visit, rep: BrowserContext, collector: Collector, player: Page
) -> None:
    say(visit, "Asks")
    wait_until_shown(player, "Asks")
    seconds = player.evaluate("visitreelPlayer.now()") / 1000
    say(visit, "Goes on")
    page = rep.new_page()
    page.add_init_script(FIRST_SHOWN)
    page.goto(f"{collector.url}/sessions/{visit.session_id}?t={seconds:.3f}&live=1")
    wait_until_shown(page, "Goes on")
    assert page.evaluate("firstShown") == "Asks"
    say(visit, "Buys")
    wait_until_shown(page, "Buys")
    expect(live_button(page)).to_have_attribute("aria-pressed", "true")
    page.close()


def test_a_restart_is_said_and_nothing_is_missed(
    visit: Visit, player: Page, collector: Collector
) -> None:
    say(visit, "Before")
    wait_until_shown(player, "Before")
    collector.stop()
    try:
        player.get_by_text("The connection to the collector is lost").wait_for()
        say(visit, "Meanwhile")
    finally:
        collector.start()
    wait_until_shown(player, "Meanwhile")
    player.get_by_text("The connection to the collector is lost").wait_for(state="hidden")
    say(visit, "After")
    wait_until_shown(player, "After")
    assert player.evaluate("visitreelPlayer.problems().damage") == []


def test_the_list_shows_who_is_here_and_on_which_page(
    visit: Visit, rep: BrowserContext, collector: Collector
) -> None:
    page = rep.new_page()
    page.goto(f"{collector.url}/")
    mine = page.locator(f"[data-visit='{visit.session_id}']")
    mine.get_by_text("since").wait_for()
    line = page.locator(f"[data-session='{visit.session_id}']")
    before = line.bounding_box()
    visit.page.goto(visit.page.url + "cart")
    mine.get_by_text("/cart").wait_for()
    line.get_by_text("2 pages").wait_for()
    visit.page.goto("about:blank")
    mine.wait_for(state="detached")
    line.get_by_text("Live").wait_for(state="hidden")
    assert line.bounding_box() == before
    page.close()
