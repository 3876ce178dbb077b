"""What a frame costs does not depend on how large the page is. Counted, not timed, so that it holds
on a busy machine too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from replay import ops
from tests.player.player_page import PlayerPage
from tests.player.recorded import Html, Recorded, Timed, opening, page_of, run_of
from tests.player.server import Server

pytestmark = pytest.mark.e2e

FRAMES = 12
# Every look into a map, and every step of a walk through one.
_COUNT = """() => {
  window.looks = 0
  const get = Map.prototype.get
  Map.prototype.get = function (key) { window.looks++; return get.call(this, key) }
  for (const made of [new Map().values(), new Set().values()]) {
    const walk = Object.getPrototypeOf(made)
    const next = walk.next
    walk.next = function () { window.looks++; return next.call(this) }
  }
}"""


def changing(rows: int) -> Recorded:
    """A page of so many rows, of which few change: text, classes, nodes that come and go, hover,
    scrolling, a picture."""
    body: list[Html] = [("p", {}, "first"), ("ul", {}, ("li", {}, "one"))]
    body += [
        ("section", {}, *(("b", {}, f"row {n}") for n in range(50))) for _ in range(rows // 50)
    ]
    recorded = Recorded(session=f"pace-session-{rows:08}")
    # html 2, head 3, body 4, p 5, its text 6, ul 7, li 8
    changes: list[Timed] = []
    for frame in range(1, FRAMES + 1):
        t_ms = frame * 100
        new = 1_000_000 + frame
        changes += [
            (t_ms, ops.SetText(6, f"text {frame}")),
            (t_ms, ops.Attr(8, "class", f"c{frame}")),
            (
                t_ms,
                ops.Put(7, 8, new, run_of(("li", {}))),
            ),
            (t_ms, ops.Hover(8 if frame % 2 else 5)),
            (t_ms, ops.Scroll(1, 0, frame)),
            (t_ms, ops.Source(new, frame)),
        ]
        if frame > 2:
            changes.append((t_ms, ops.Remove(new - 1)))
    recorded.load(opening(page_of(*body)), changes)
    return recorded


def looks_a_frame(browser: Browser, server: Server, rows: int) -> float:
    """How often the player looks something up for one frame."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.add(changing(rows))}?t=0.1")
    player = PlayerPage(page)
    player.settle()
    page.evaluate(_COUNT)
    for _ in range(FRAMES - 2):
        player.step(1)
    looks: int = page.evaluate("window.looks")
    context.close()
    return looks / (FRAMES - 2)


def test_a_frame_costs_the_same_on_a_page_of_any_size(browser: Browser, server: Server) -> None:
    few = looks_a_frame(browser, server, 500)
    many = looks_a_frame(browser, server, 10_000)
    assert many < few + 200, (few, many)
