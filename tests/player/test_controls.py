"""Keys, marks and words of the player, on a visit that has everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from replay import ops
from tests.e2e.axe import problems_everywhere
from tests.player.conftest import Play
from tests.player.player_page import PlayerPage
from tests.player.recorded import Recorded, Timed, opening, page_of, run_of
from tests.player.server import Server

pytestmark = pytest.mark.e2e

KEYS_JS = Path(__file__).parents[2] / "replay" / "player" / "keys.js"
README = Path(__file__).parents[2] / "README.md"
BUTTON, TEXT = 5, 6


def visit() -> Recorded:
    """Two tabs, three page views, facts of every kind, a gap, idle time."""
    recorded = Recorded(session="controls-session-01")
    button = ("button", {"style": "margin:200px"}, "Buy")
    counting: list[Timed] = []
    for t_ms in range(500, 4001, 500):
        counting.append((t_ms - 200, ops.Pointer(t_ms // 10, 300)))
        counting.append((t_ms, ops.SetText(TEXT, f"Buy {t_ms}")))
    changes: list[Timed] = [
        (4500, ops.Attr(BUTTON, "class", "big")),
        (5000, ops.Put(4, BUTTON, 300, run_of(*(("p", {}, f"row {n}") for n in range(4))))),
        (5500, ops.FieldValue(BUTTON, "x")),
        (6000, ops.Scroll(1, 0, 40)),
    ]
    recorded.load(opening(page_of(button), size=(1280, 720)), counting, changes)
    recorded.load(opening(page_of("second"), 10_000), [(12_000, ops.SetText(5, "later"))])
    recorded.load(opening(page_of("other tab"), 62_000), [(64_000, ops.SetText(5, "end"))], tab=2)
    where = {"tab": 1, "document": 1, "node": BUTTON, "x": 5, "y": 5}
    screen = {"device": "desktop", "screen_width": 1920, "screen_height": 1080}
    recorded.facts += [
        {"t_ms": 0, "kind": "context", **screen, **where},
        {"t_ms": 1000, "kind": "click", "label": "Buy", "href": "", **where},
        {"t_ms": 2000, "kind": "scroll_depth", "percent": 60, **where},
        {"t_ms": 3000, "kind": "form", "stage": 0, "name": "letter", "fields": 1, **where},
        {"t_ms": 11_000, "kind": "identify", "person": "ana@example.com", **where},
    ]
    recorded.gaps.append({"t_ms": 6_000, "until_ms": 10_000, "tab": 1})
    return recorded


def press(player: PlayerPage, key: str) -> int:
    player.page.keyboard.press(key)
    player.settle()
    return player.t_ms


def test_every_key_of_the_help_does_what_it_says(play: Play) -> None:
    player = play(visit(), 2_000)
    page = player.page
    steps = [
        ("ArrowRight", 7_000), ("ArrowLeft", 2_000), ("ArrowDown", 3_000), ("ArrowUp", 2_000),
        ("n", 10_000), ("p", 0), ("PageDown", 10_000), ("PageUp", 0), (".", 500), (",", 0),
        (">", 300), ("<", 0), ("End", 64_000), ("Home", 0),
    ]  # fmt: skip
    for key, t_ms in steps:
        assert (key, press(player, key)) == (key, t_ms)
    for key, speed in (("+", "2"), ("+", "4"), ("-", "2"), ("-", "1"), ("-", "0.5"), ("-", "0.5")):
        page.keyboard.press(key)
        assert page.input_value("[data-part=speed]") == speed
    page.keyboard.press("i")
    assert page.get_by_role("button", name="Skip idle time", pressed=False).count() == 1
    page.keyboard.press("i")
    page.keyboard.press("a")
    assert page.locator("#frame").bounding_box()["width"] == 1280  # type: ignore[index]
    page.keyboard.press("a")
    assert page.locator("#frame").bounding_box()["width"] < 1280  # type: ignore[index]
    page.keyboard.press("t")
    player.settle()
    assert page.locator("[data-part=tabs] [aria-pressed=true]").inner_text() == "Tab 1"
    page.keyboard.press("k")
    player.wait_for("playing")
    page.keyboard.press("Space")
    player.wait_for("paused")


def test_the_help_lists_the_keys_and_keeps_them_to_itself(play: Play) -> None:
    player = play(visit(), 2_000)
    page = player.page
    help_ = page.get_by_role("dialog", name="Keys and marks")
    page.keyboard.press("?")
    help_.wait_for()
    words = re.findall(r"words: '([^']+)'", KEYS_JS.read_text(encoding="utf-8"))
    assert help_.locator("[data-part=keys] dd").all_inner_texts() == words
    assert help_.locator("[data-part=legend] dd").count() == 8
    assert press(player, "ArrowRight") == 2_000
    page.keyboard.press("Escape")
    help_.wait_for(state="hidden")
    page.get_by_role("button", name="Help").click()
    help_.get_by_role("button", name="Close").click()
    help_.wait_for(state="hidden")


def test_the_readme_names_every_key() -> None:
    table = README.read_text(encoding="utf-8").partition("| key | does |")[2].partition("\n\n")[0]
    for shown in re.findall(r"shown: '([^']+)'", KEYS_JS.read_text(encoding="utf-8")):
        assert shown.split()[-1] in table, shown


def test_a_button_with_the_focus_keeps_its_own_keys(play: Play) -> None:
    player = play(visit(), 2_000)
    player.page.get_by_role("button", name="Skip idle time").focus()
    player.page.keyboard.press("Space")
    assert player.page.get_by_role("button", name="Skip idle time", pressed=False).count() == 1
    assert player.state == "paused"
    player.page.get_by_role("combobox", name="Speed").focus()
    player.page.keyboard.press("ArrowDown")
    assert (player.t_ms, player.page.input_value("[data-part=speed]")) == (2_000, "2")


def test_what_a_step_changed_is_outlined_and_named(play: Play) -> None:
    player = play(visit(), 4_000)
    said = {}
    for t_ms in (4_500, 5_000, 5_500, 6_000):
        assert press(player, ".") == t_ms
        said[t_ms] = player.page.inner_text("[data-part=changes]")
    assert said == {
        4_500: "Button “Buy 4000” looks different",
        5_000: "4 paragraphs added",
        5_500: "Button “Buy 4000” filled in",
        6_000: "Page scrolled",
    }
    press(player, ",")
    assert player.page.inner_text("[data-part=changes]") == said[5_500]
    outline = player.page.locator(".change").bounding_box()
    assert outline
    place = player.ask("doc.querySelector('button').getBoundingClientRect().toJSON()")
    frame = player.page.locator("#frame").bounding_box()
    assert frame
    scale = frame["width"] / 1280
    assert outline["x"] == pytest.approx(frame["x"] + place["x"] * scale, abs=6)
    assert outline["width"] == pytest.approx(place["width"] * scale, abs=10)
    player.page.locator(".change").wait_for(state="detached")
    player.seek(4_000)
    assert player.page.locator("[data-part=changes]").is_hidden()
    assert press(player, ".") == 4_500
    assert press(player, "n") == 10_000
    assert player.page.locator("[data-part=changes]").is_hidden()


def test_a_new_page_is_named_as_what_changed(play: Play) -> None:
    player = play(visit(), 6_000)
    assert press(player, ".") == 10_000
    assert player.page.inner_text("[data-part=changes]") == "A new page"


def test_the_time_bar_marks_and_names_everything(play: Play) -> None:
    player = play(visit(), 500)
    page = player.page
    kinds = page.locator("[data-part=marks] > *").evaluate_all(
        "all => all.map(one => one.className)"
    )
    assert sorted(set(kinds)) == [
        "fold", "mark is-click", "mark is-fact", "mark is-form", "mark is-gap", "mark is-page",
        "mark is-scroll", "mark is-tab",
    ]  # fmt: skip
    named = page.locator("[data-part=events] .words").all_inner_texts()
    assert named == [
        "Page 1", "Click “Buy”", "Scrolled to 60 %", "Form started “letter”",
        "4 seconds were not recorded", "Page 2", "Known as ana@example.com", "Page 3",
        "Changed to tab 2",
    ]  # fmt: skip
    click = page.locator("[data-part=marks] .is-click").bounding_box()
    assert click
    page.mouse.move(click["x"] + 3, click["y"] + 3)
    assert page.inner_text("[data-part=tip]") == "0:01 · Click “Buy”"
    fold = page.locator("[data-part=marks] .fold").last.bounding_box()
    assert fold
    page.mouse.move(fold["x"] + fold["width"] / 2, fold["y"] + 3)
    assert "without activity" in page.inner_text("[data-part=tip]")


def test_chapters_lead_to_their_pages(play: Play) -> None:
    player = play(visit(), 500)
    chapters = player.page.locator("[data-part=events] .chapter")
    assert chapters.locator(".path").all_inner_texts() == ["/page-1", "/page-2", "/page-3"]
    chapters.nth(1).click()
    player.settle()
    assert player.t_ms == 10_000
    current = player.page.locator("[aria-current=page]")
    assert "Page 2" in current.inner_text()
    assert player.page.inner_text("[data-part=url]") == "http://shop.example/page-2"


def test_the_device_and_its_window_are_shown(play: Play) -> None:
    player = play(visit(), 500)
    device = player.page.locator("[data-part=device]")
    assert device.inner_text().split("\n") == ["Desktop", "1280 × 720"]
    assert device.get_attribute("title") == "Screen 1920 × 1080, 1 px a point"
    player.seek(11_000)
    assert "800 × 600" in device.inner_text()


def test_the_way_of_the_pointer_is_drawn(play: Play) -> None:
    player = play(visit(), 2_300)
    inked = (
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.some(value => value > 0)"
    )
    assert player.page.locator(".trail").evaluate(inked)
    player.seek(20_000)
    assert not player.page.locator(".trail").evaluate(inked)


def test_the_screen_can_be_filled_and_left_again(play: Play) -> None:
    player = play(visit(), 500)
    page = player.page
    full = page.get_by_role("button", name="Full screen")

    def by_key() -> None:
        page.keyboard.press("f")

    for way in (by_key, full.click):
        way()
        page.wait_for_selector("#player:fullscreen")
        assert page.locator("[data-part=events]").is_hidden()
        way()
        page.wait_for_selector("#player:not(:fullscreen):not(.full)")
        assert page.locator("[data-part=events]").is_visible()


def test_the_player_is_for_everybody(play: Play) -> None:
    player = play(visit(), 4_000)
    page = player.page
    press(player, ".")
    assert problems_everywhere(page) == []
    page.keyboard.press("a")
    page.keyboard.press("?")
    page.locator("[data-part=help]").wait_for()
    assert problems_everywhere(page) == []


def test_a_failing_player_is_for_everybody(page: Page, server: Server) -> None:
    recorded = visit()
    recorded.session = "controls-session-02"
    server.broken.append(f"{recorded.session}/timeline")
    try:
        page.goto(server.add(recorded))
        PlayerPage(page).wait_for("error")
        assert problems_everywhere(page) == []
    finally:
        server.broken.clear()


def test_the_time_bar_can_be_dragged(play: Play) -> None:
    player = play(visit(), 500)
    page = player.page
    box = page.locator("[data-part=track]").bounding_box()
    thumb = page.locator("[data-part=scrub]").bounding_box()
    assert box
    assert thumb
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, middle, steps=5)
    page.mouse.move(box["x"] + 1, middle, steps=5)
    page.mouse.up()
    player.settle()
    assert player.t_ms < 300
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == "0:00 of 1:04"
    done = page.locator("[data-part=track]").evaluate("one => one.style.getPropertyValue('--done')")
    assert float(done) < 0.02
