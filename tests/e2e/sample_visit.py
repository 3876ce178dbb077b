"""The visit that comes with the demo: somebody looks for a vase, reads on, begins to order. In come
a page and a tempo, out go real input events."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

WAYPOINTS = 22
"""Of one movement of the hand."""
FEWEST_WAYPOINTS = 4
"""Of one that goes as fast as it can."""
FRAME_S = 0.016


@dataclass(slots=True)
class Hand:
    """A visitor's hand and eyes. `tempo` 1: as a person; 0: as fast as it goes."""

    page: Page
    tempo: float
    x: float = 640
    y: float = 360

    def look(self, seconds: float) -> None:
        """Does nothing for a while."""
        if self.tempo:
            time.sleep(seconds * self.tempo)

    def arrive(self, path: str) -> None:
        """Returns when the next page is there and is being recorded."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("typeof visitreel === 'function' && visitreel.version")
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        self.look(0.8)

    def point(self, selector: str) -> None:
        """Moves there in a bow, faster in the middle."""
        element = self.page.locator(selector).first
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        assert box is not None, selector
        goal_x, goal_y = box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5
        from_x, from_y = self.x, self.y
        waypoints = WAYPOINTS if self.tempo else FEWEST_WAYPOINTS
        for step in range(1, waypoints + 1):
            part = (1 - math.cos(math.pi * step / waypoints)) / 2
            bow = 18 * math.sin(math.pi * part)
            x, y = from_x + (goal_x - from_x) * part, from_y + (goal_y - from_y) * part
            self.page.mouse.move(x, y + bow)
            self.look(FRAME_S)
        self.x, self.y = goal_x, goal_y

    def click(self, selector: str) -> None:
        """Moves there, presses, releases."""
        self.point(selector)
        self.look(0.15)
        self.page.mouse.down()
        self.look(0.08)
        self.page.mouse.up()
        self.look(0.5)

    def type(self, selector: str, text: str) -> None:
        """Clicks into a field and types, key by key."""
        self.click(selector)
        self.page.keyboard.type(text, delay=85 * self.tempo)
        self.look(0.4)

    def scroll(self, turns: int, step: int = 120) -> None:
        """Turns the wheel, a notch at a time."""
        for _ in range(turns):
            before = self.page.evaluate("scrollY")
            self.page.mouse.wheel(0, step)
            self.page.wait_for_function(_HAS_MOVED, arg=before)
            self.look(0.12)


# At the end of the page the wheel moves nothing.
_HAS_MOVED = """before => scrollY !== before ||
  scrollY === 0 || scrollY + innerHeight >= document.documentElement.scrollHeight - 1"""


def visit_shop(page: Page, shop_url: str, tempo: float) -> str:
    """Goes through the shop; returns the session's id. The last page is left when this returns."""
    hand = Hand(page, tempo)
    page.goto(f"{shop_url}/?utm_source=newsletter&utm_campaign=autumn")
    hand.arrive("/")
    session: str = page.evaluate("visitreel('session').id")
    browse(hand)
    choose(hand)
    hand.click("#added a")
    hand.arrive("/cart")
    weigh(hand)
    hand.click('.menu a[href="/article"]')
    hand.arrive("/article")
    read(hand)
    hand.click(".bag")
    hand.arrive("/cart")
    hand.click("text=To the checkout")
    hand.arrive("/checkout")
    begin_order(hand)
    page.goto("about:blank")
    return session


def browse(hand: Hand) -> None:
    """The front page: a note, the menu, a filter, a ware."""
    hand.click('[data-consent-answer="granted"]')
    hand.point(".menu > li:nth-child(2)")
    hand.look(0.6)
    hand.click('label:has([value="house"])')
    hand.look(0.8)
    hand.point('[data-sku="jar"] > a')
    hand.look(0.7)
    hand.click('[data-sku="vase"] > a')
    hand.arrive("/product")


def choose(hand: Hand) -> None:
    """A product: pictures, the size guide, a size, how many."""
    hand.click("#thumbs button:nth-child(2)")
    hand.look(0.6)
    hand.click("#guide")
    hand.page.frame_locator("iframe").locator("td").first.wait_for()
    hand.look(1.2)
    hand.click("#close")
    hand.click('label:has([name="size"][value="L"])')
    hand.click('[data-step="1"]')
    hand.click("text=Put in the bag")
    hand.look(0.5)


def weigh(hand: Hand) -> None:
    """The bag: one less, a gift."""
    hand.look(0.8)
    hand.click("[aria-label=Fewer]")
    hand.click("#gift")
    hand.look(0.6)


def read(hand: Hand) -> None:
    """A long page, down to where it says what glaze is safe, and up again."""
    hand.scroll(14)
    hand.look(1.0)
    hand.scroll(10, 240)
    hand.look(0.8)
    hand.page.keyboard.press("Home")
    hand.page.wait_for_function("scrollY === 0")
    hand.look(0.4)


def begin_order(hand: Hand) -> None:
    """The checkout, left before it is sent."""
    hand.type("[name=name]", "Ana Pérez")
    hand.type("[name=email]", "ana@example.com")
    hand.type("[name=street]", "Ulica 7")
    hand.click('label:has([value="bike"])')
    hand.scroll(4)
    hand.look(1.2)
