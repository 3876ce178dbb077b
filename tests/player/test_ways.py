"""Every control of the player by each way that people have: mouse, keyboard, touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from replay import ops
from tests.e2e.axe import overflow_px
from tests.e2e.waiting import wait_for
from tests.player.player_page import PlayerPage
from tests.player.recorded import Recorded, Timed, opening, page_of
from tests.player.server import Server
from tests.player.test_controls import visit

pytestmark = pytest.mark.e2e

LEAST_PX = 44
"""What a finger hits."""
DESKTOP: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def click(page: Page, what: Locator) -> None:
    """As a hand with a mouse."""
    box = what.bounding_box()
    assert box, what
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def enter(page: Page, what: Locator) -> None:
    """As somebody who uses no pointer. What comes and goes by itself may go in between."""

    def has_focus() -> bool:
        what.focus()
        return bool(what.evaluate("one => one === document.activeElement"))

    wait_for(f"{what} has the focus", has_focus)
    page.keyboard.press("Enter")


def tap(page: Page, what: Locator) -> None:
    """As a finger does; what is tapped must be large enough for one."""
    box = what.bounding_box()
    assert box, what
    assert min(box["width"], box["height"]) >= LEAST_PX, what
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


Press = Callable[[Page, Locator], None]
WAYS: Mapping[str, Press] = {"mouse": click, "keyboard": enter, "touch": tap}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def player(browser: Browser, way: str) -> Iterator[PlayerPage]:
    """A page on a desktop or, for fingers, on a phone."""
    options = PHONE if way == "touch" else DESKTOP
    context = browser.new_context(**options)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield PlayerPage(page)
    assert overflow_px(page) == 0
    context.close()
    assert errors == []


def button(player: PlayerPage, name: str) -> Locator:
    places = player.page.locator("[data-part=view], dialog")
    return places.get_by_role("button", name=name, exact=True)


def test_every_button_works(player: PlayerPage, server: Server, way: str) -> None:
    page, press = player.page, WAYS[way]
    page.goto(f"{server.add(visit())}?t=0.5")
    player.settle()

    # What a finger does is heard a moment after it has done it.
    def leads(what: Locator, t_ms: int) -> None:
        press(page, what)
        wait_for(f"{what} leads to {t_ms}", lambda: player.t_ms == t_ms)
        player.settle()

    def turns(what: Locator, is_on: bool) -> None:
        press(page, what)
        expect(what).to_have_attribute("aria-pressed", str(is_on).lower())
        player.settle()

    leads(button(player, "One frame on"), 1_000)
    leads(button(player, "One frame back"), 500)
    press(page, button(player, "Play"))
    player.wait_for("playing")
    press(page, button(player, "Pause"))
    player.wait_for("paused")
    turns(button(player, "Tab 2"), True)
    turns(button(player, "Follow"), True)
    for name in ("Skip idle time", "Actual size"):
        before = button(player, name).get_attribute("aria-pressed") == "true"
        turns(button(player, name), not before)
        turns(button(player, name), before)
    press(page, button(player, "Full screen"))
    page.wait_for_selector("#player:is(:fullscreen, .full)")
    press(page, button(player, "Full screen"))
    page.wait_for_selector("#player:not(:fullscreen, .full)")
    press(page, button(player, "Help"))
    press(page, button(player, "Close"))
    page.locator("[data-part=help]").wait_for(state="hidden")
    happened = page.locator("[data-part=events]")
    leads(happened.locator(".chapter").nth(1), 10_000)
    leads(happened.get_by_role("button", name="Click “Buy”"), 1_000)
    press(page, page.get_by_role("button", name="Share"))
    shared = page.get_by_role("dialog", name="Share this visit")
    press(page, shared.get_by_role("button", name="Close"))
    shared.wait_for(state="hidden")


def drag(page: Page, points: list[tuple[float, float]]) -> None:
    """A finger goes down at the first point and up at the last."""
    session = page.context.new_cdp_session(page)
    kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
    for kind, (x, y) in zip(kinds, points, strict=True):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def test_time_speed_and_the_page_itself_work(player: PlayerPage, server: Server, way: str) -> None:
    page, press = player.page, WAYS[way]
    page.goto(f"{server.add(visit())}?t=0.5")
    player.settle()
    scrub, speed = page.locator("[data-part=scrub]"), page.locator("[data-part=speed]")
    box = scrub.bounding_box()
    assert box
    assert box["height"] >= LEAST_PX
    middle, left = box["y"] + box["height"] / 2, box["x"] + 20
    right = box["x"] + box["width"] * 0.9
    if way == "keyboard":
        speed.focus()
        page.keyboard.press("ArrowDown")
        scrub.focus()
        page.keyboard.press("PageUp")
        player.settle()
        assert player.t_ms == 30_500
        page.keyboard.press("ArrowLeft")
        player.settle()
        assert player.t_ms == 25_500
        page.locator("body").press("Space")
    else:
        # What a system draws over the page to choose from is not ours.
        speed.select_option("2")
        if way == "mouse":
            page.mouse.click(left, middle)
        else:
            page.touchscreen.tap(left, middle)
        expect(page.locator("[data-part=tip]")).not_to_be_empty()
        player.settle()
        assert player.t_ms < 2_000
        if way == "touch":
            drag(page, [(left, middle), (right / 2, middle), (right, middle)])
            wait_for("the end of the drag", lambda: player.t_ms > 40_000)
            player.settle()
        press(page, page.locator("[data-part=stage]"))
    assert speed.input_value() == "2"
    player.wait_for("playing")


def test_a_lost_collector_is_asked_again_and_live_is_caught_up_with(
    player: PlayerPage, server: Server, way: str
) -> None:
    page, press = player.page, WAYS[way]
    counting: list[Timed] = [(t_ms, ops.SetText(5, f"{t_ms}")) for t_ms in range(100, 1_001, 100)]
    recorded = Recorded(session=f"ways-session-{way:_<8}", live=True)
    recorded.load(opening(page_of("0")), counting)
    server.broken.append(f"{recorded.session}/timeline")
    try:
        page.goto(server.add(recorded))
        player.wait_for("error")
        with page.expect_request("**/timeline*"):
            press(page, page.get_by_role("button", name="Try again"))
        player.wait_for("error")
    finally:
        server.broken.clear()
    page.get_by_text("waiting for the visitor").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("Home")
    page.get_by_role("button", name="Live", pressed=False).wait_for()
    press(page, page.get_by_role("button", name="Live"))
    page.wait_for_selector('#player[data-t-ms="1000"][data-state=playing]')


def test_tab_leads_to_every_control_in_the_order_of_the_page(
    browser: Browser, server: Server
) -> None:
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    page.goto(f"{server.add(visit())}?t=0.5")
    PlayerPage(page).settle()
    page.locator("[data-part=events] .event").first.wait_for()
    reached: list[str] = []
    named = """() => {
      const one = document.activeElement
      const label = one.labels?.[0]?.firstChild.textContent
      return one.getAttribute('aria-label') ?? label ?? one.innerText
    }"""
    while not reached or "Page 1" not in reached[-1]:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(named))
        assert len(reached) < 30, reached
    assert reached[:-1] == [
        "To the content", "visitreel", "Share", "Follow", "Tab 1", "Tab 2", "Time in the visit",
        "One frame back", "Play", "One frame on", "Speed", "Skip idle time", "Actual size",
        "Full screen", "Help",
    ]  # fmt: skip
    context.close()
