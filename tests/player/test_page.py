"""The page around the replay: what it shows, what keys and buttons do, how it fails and goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from replay import ops
from tests.player.conftest import Play
from tests.player.player_page import PlayerPage
from tests.player.recorded import Html, Recorded, Timed, opening, page_of
from tests.player.server import Server

pytestmark = pytest.mark.e2e


def short(session: str, until_ms: int = 1000) -> Recorded:
    """A recording in which a text counts tenths of seconds and the pointer moves in between."""
    counting: list[Timed] = []
    for t_ms in range(100, until_ms + 1, 100):
        counting.append((t_ms - 50, ops.Pointer(t_ms // 10, 50)))
        counting.append((t_ms, ops.SetText(5, str(t_ms))))
    recorded = Recorded(session=session)
    recorded.load(opening(page_of("0")), counting)
    return recorded


def text_of(player: PlayerPage) -> str:
    found: str = player.ask("doc.body.textContent")
    return found


def test_a_moment_in_the_address_is_shown_and_stays(play: Play) -> None:
    player = play(short("page-session-000001"), 450)
    assert (player.state, player.t_ms, text_of(player)) == ("paused", 450, "400")


def test_without_a_moment_it_plays_to_the_end(play: Play) -> None:
    player = play(short("page-session-000002"), None)
    player.wait_for("ended")
    assert (player.t_ms, text_of(player)) == (1000, "1000")
    player.page.get_by_role("button", name="Play").click()
    player.wait_for("playing")
    player.wait_for("ended")


def test_what_moves_by_itself_moves_when_a_link_begins_to_play(play: Play) -> None:
    recorded = Recorded(session="page-session-000019")
    style: Html = (
        "style",
        {},
        "@keyframes a { to { opacity: 0 } } p { animation: a 60s infinite }",
    )
    recorded.load(opening(page_of(("p", {}, "x"), head=[style])), [(5000, ops.Pointer(1, 1))])
    running = "doc.getAnimations().map((one) => one.playState)"
    player = play(recorded, None)
    assert (player.state, player.ask(running)) == ("playing", ["running"])
    player.page.keyboard.press("Space")
    player.wait_for("paused")
    assert player.ask(running) == ["paused"]


@pytest.mark.parametrize("asked", ["-5", "1e9", "x", ""])
def test_a_moment_outside_is_the_nearest_inside(page: Page, server: Server, asked: str) -> None:
    page.goto(f"{server.add(short('page-session-000003'))}?t={asked}")
    player = PlayerPage(page)
    player.settle()
    assert 0 <= player.t_ms <= 1000


def test_scale_1_shows_the_viewport_as_it_was(play: Play) -> None:
    player = play(short("page-session-000004"), 450, "&scale=1")
    box = player.page.locator("#frame").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 800, "height": 600}
    assert player.page.is_hidden("[data-part=overlay]")
    section = player.page.locator("#player").bounding_box()
    assert section is not None
    assert (section["x"], section["y"]) == (0, 0)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (768, 1024), (390, 844), (360, 640)])
def test_the_screen_fits_into_every_window(play: Play, width: int, height: int) -> None:
    recorded = Recorded(session="page-session-000005")
    recorded.load(opening(page_of("wide"), size=(1920, 1080)))
    recorded.page_views[0] |= {"url": "http://shop.example/" + "long/" * 60, "title": "T" * 300}
    player = play(recorded, 0)
    player.page.set_viewport_size({"width": width, "height": height})
    player.seek(0)
    stage = player.page.locator("[data-part=stage]").bounding_box()
    frame = player.page.locator("#frame").bounding_box()
    assert stage
    assert frame
    assert stage["x"] <= frame["x"]
    assert frame["x"] + frame["width"] <= stage["x"] + stage["width"] + 0.5
    assert frame["y"] + frame["height"] <= stage["y"] + stage["height"] + 0.5
    assert frame["width"] > stage["width"] * 0.5
    assert frame["width"] / frame["height"] == pytest.approx(16 / 9, abs=0.02)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= width
    inside = (
        "(one) => { const box = one.getBoundingClientRect();"
        " return box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight }"
    )
    for name in ("play", "back", "forward", "speed", "now"):
        assert player.page.locator(f"[data-part={name}]").evaluate(inside), name
    assert player.page.is_visible(".rec")


def test_keys_play_step_and_jump(play: Play) -> None:
    player = play(short("page-session-000006"), 450)
    press = player.page.keyboard.press
    for key, t_ms in [(".", 500), (".", 600), (",", 500), (">", 550), ("<", 500), ("Home", 0)]:
        press(key)
        player.settle()
        assert (key, player.t_ms) == (key, t_ms)
    press(",")
    player.settle()
    assert player.t_ms == 0
    press("Space")
    player.wait_for("playing")
    press("Space")
    player.wait_for("paused")
    press("End")
    player.settle()
    assert (player.state, player.t_ms) == ("ended", 1000)


def test_buttons_have_names_and_do_what_they_say(play: Play) -> None:
    player = play(short("page-session-000007", 5000), 450)
    page = player.page
    page.get_by_role("button", name="One frame on").click()
    player.settle()
    assert player.t_ms == 500
    page.get_by_role("button", name="One frame back").click(modifiers=["Shift"])
    player.settle()
    assert player.t_ms == 450
    page.get_by_role("combobox", name="Speed").select_option("8")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").wait_for()
    player.wait_for("ended")
    scrub = page.get_by_role("slider", name="Time in the visit")
    assert scrub.get_attribute("aria-valuetext") == "0:05 of 0:05"
    scrub.focus()
    page.keyboard.press("ArrowLeft")
    player.settle()
    assert player.t_ms == 0
    box = scrub.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    player.settle()
    assert abs(player.t_ms - 2500) < 100
    page.locator("[data-part=stage]").click(position={"x": 5, "y": 5})
    player.wait_for("playing")


def test_a_quick_drag_ends_where_it_ends(play: Play) -> None:
    player = play(short("page-session-000008", 3000), 0)
    player.page.evaluate(
        "() => Promise.all([100, 900, 2500, 300, 1700].map((t) => visitreelPlayer.seek(t)))"
    )
    player.settle()
    assert (player.t_ms, text_of(player)) == (1700, "1700")


def test_what_happened_is_listed_and_leads_there(play: Play) -> None:
    recorded = short("page-session-000009", 3000)
    where = {"tab": 1, "document": 1, "node": 4, "x": 5, "y": 5}
    recorded.facts += [
        {"t_ms": 1500, "kind": "click", "label": "<b>Buy</b>", "href": "", **where},
        {"t_ms": 1800, "kind": "track", "name": "add_to_cart", "properties": {}, **where},
        {"t_ms": 2000, "kind": "form", "stage": 2, "name": "letter", "fields": 1, **where},
        {"t_ms": 2500, "kind": '"><img src=x>', "name": "?", **where},
    ]
    recorded.page_views[0]["title"] = "<i>Home</i>"
    player = play(recorded, 0)
    items = player.page.locator("[data-part=events] .words").all_inner_texts()
    assert items == [
        "<i>Home</i>",
        "Click “<b>Buy</b>”",
        "add_to_cart",
        "Form sent “letter”",
    ]
    player.page.get_by_role("button", name="add_to_cart").click()
    player.settle()
    assert player.t_ms == 1800
    current = player.page.locator("[data-part=events] [aria-current]").all_inner_texts()
    assert ["<i>Home</i>" in current[0], "add_to_cart" in current[1]] == [True, True]
    assert player.page.locator("[data-part=marks] .mark").count() == 4


def test_the_pointer_lies_over_the_same_place(play: Play) -> None:
    recorded = Recorded(session="page-session-000010")
    spot = ("p", {"style": "position:absolute;left:700px;top:300px;margin:0"}, "spot")
    page = opening(page_of(spot), size=(1600, 900))
    recorded.load(page, [(100, ops.Pointer(700, 300)), (200, ops.Press(5, 700, 300, 0, 0))])
    player = play(recorded, 100)
    away = player.page.evaluate(
        "() => { const frame = document.getElementById('frame').getBoundingClientRect();"
        " const scale = frame.width / 1600;"
        " const matrix = new DOMMatrix(document.querySelector('.pointer').style.transform);"
        " return [matrix.e - 700 * scale, matrix.f - 300 * scale] }"
    )
    assert away == pytest.approx([0, 0], abs=0.1)
    assert player.page.locator(".pointer").evaluate("one => one.style.visibility") == "visible"
    player.seek(200)
    assert player.page.locator(".pointer.down").count() == 1


def test_touches_are_shown_instead_of_a_pointer(play: Play) -> None:
    recorded = Recorded(session="page-session-000011")
    touch: list[Timed] = [
        (50, ops.Environment(4 | 8)),
        (100, ops.Touch(0, 50, 60, 0)),
        (150, ops.Touch(1, 90, 60, 0)),
        (200, ops.Touch(0, 70, 60, 1)),
        (300, ops.Touch(0, 70, 60, 2)),
    ]
    recorded.load(opening(page_of("x"), size=(390, 700)), touch)
    player = play(recorded, 200)
    assert player.page.locator(".touch").count() == 2
    assert player.page.locator(".pointer").evaluate("one => one.style.visibility") == "hidden"
    player.seek(300)
    assert player.page.locator(".touch").count() == 1


def test_a_segment_that_cannot_be_fetched_is_told_and_asked_for_again(
    play: Play, server: Server
) -> None:
    recorded = short("page-session-000012")
    recorded.load(opening(page_of("later"), 60_000))
    server.broken.append(f"{recorded.session}/segments/3")
    try:
        player = play(recorded, 450)
        player.seek(60_000)
        player.wait_for("error")
        alert = player.page.get_by_role("alert")
        assert "503" in alert.inner_text()
        assert "Trying again in" in alert.inner_text()
        assert (player.t_ms, text_of(player)) == (60_000, "400")
        with player.page.expect_response("**/segments/3") as again:
            pass
        assert again.value.status == 503
    finally:
        server.broken.clear()
    player.wait_for("ended")
    assert (player.t_ms, text_of(player)) == (60_000, "later")
    assert player.page.get_by_role("alert").count() == 0


def test_playing_goes_on_by_itself_when_the_network_is_back(play: Play, server: Server) -> None:
    recorded = short("page-session-000020")
    recorded.load(opening(page_of("later"), 2_000), [(2_500, ops.SetText(5, "last"))])
    server.broken.append(f"{recorded.session}/segments/3")
    try:
        player = play(recorded, None)
        player.wait_for("error")
        assert 1_000 <= player.t_ms <= 2_000
    finally:
        server.broken.clear()
    player.page.get_by_role("button", name="Try again now").click()
    player.wait_for("ended")
    assert text_of(player) == "last"


def test_a_lost_network_is_told_and_its_return_is_noticed_at_once(play: Play) -> None:
    recorded = Recorded(session="page-session-000021")
    busy = [[(t_ms, ops.SetText(5, str(t_ms)))] for t_ms in range(4_000, 61_000, 4_000)]
    recorded.load(opening(page_of("0")), *busy)
    player = play(recorded, 4_000)
    player.page.context.set_offline(True)
    player.seek(60_000)
    assert (player.state, player.t_ms, text_of(player)) == ("error", 60_000, "4000")
    assert "cannot be reached. Trying again in" in player.page.get_by_role("alert").inner_text()
    player.page.context.set_offline(False)
    player.wait_for("ended")
    assert text_of(player) == "60000"


@pytest.mark.parametrize("missing", ["shell", "timeline"])
def test_a_player_that_could_not_begin_begins_by_itself(
    page: Page, server: Server, missing: str
) -> None:
    recorded = short("page-session-000022")
    url = server.add(recorded)
    server.broken.append(f"{recorded.session}/{missing}")
    try:
        page.goto(f"{url}?t=0.45")
        PlayerPage(page).wait_for("error")
        assert "Trying again in" in page.get_by_role("alert").inner_text()
    finally:
        server.broken.clear()
    player = PlayerPage(page)
    player.wait_for("paused")
    assert (player.t_ms, text_of(player)) == (450, "400")


def test_a_live_session_waits_at_its_end_and_goes_on(play: Play, server: Server) -> None:
    recorded = short("page-session-000014")
    recorded.live = True
    player = play(recorded, None)
    player.page.get_by_text("waiting for the visitor").wait_for()
    assert player.state == "playing"

    def by_key() -> None:
        player.page.keyboard.press("l")

    more: list[Timed] = [(t_ms, ops.SetText(5, f"more {t_ms}")) for t_ms in range(1200, 1600, 100)]
    recorded.go_on(1, more)
    player.page.wait_for_selector('#player[data-t-ms="1500"]')
    assert text_of(player) == "more 1500"
    player.page.get_by_role("button", name="Live", pressed=True).wait_for()
    for catch_up in (player.page.get_by_role("button", name="Live").click, by_key):
        player.page.keyboard.press("k")
        player.page.keyboard.press("Home")
        player.page.get_by_role("button", name="Live", pressed=False).wait_for()
        catch_up()
        player.page.wait_for_selector('#player[data-t-ms="1500"][data-state=playing]')
    recorded.live = False
    player.wait_for("ended")
    path = f"/sessions/{recorded.session}"
    assert server.asked.count(f"{path}/timeline") == server.asked.count(f"{path}/live") == 1


def test_packed_segments_take_over_while_it_is_watched(play: Play) -> None:
    recorded = short("page-session-000015")
    recorded.live = True
    player = play(recorded, 450)
    # The collector has packed both segments into one, under a new number.
    old = [recorded.sections.pop(number) for number in (1, 2)]
    assert len(old) == 2
    packed = short("page-session-000015-packed")
    recorded.sections |= {7: packed.sections[1], 8: packed.sections[2]}
    with player.page.expect_response("**/timeline*"):
        recorded.segments[:] = [
            packed.segments[0] | {"segment": 7},
            packed.segments[1] | {"segment": 8},
        ]
    player.seek(700)
    assert (player.state, text_of(player)) == ("paused", "700")


def test_a_visit_without_replay_says_so(play: Play) -> None:
    recorded = Recorded(session="page-session-000016")
    recorded.page_views.append(
        {"t_ms": 0, "tab": 1, "document": 1, "url": "http://shop.example/", "title": "Home"}
    )
    player = play(recorded, None)
    assert "not how the page looked" in player.page.inner_text("[data-part=notice]")
    assert player.page.get_by_role("button", name="Play").is_disabled()


def test_idle_time_is_folded_or_not(play: Play) -> None:
    recorded = Recorded(session="page-session-000017")
    recorded.load(opening(page_of("0")), [(600_000, ops.SetText(5, "ten minutes later"))])
    player = play(recorded, 300_000)
    fold = player.page.locator("[data-part=marks] .fold").bounding_box()
    track = player.page.locator("[data-part=track]").bounding_box()
    assert fold
    assert track
    assert 0 < fold["width"] < track["width"] / 10
    player.page.get_by_role("button", name="Play").click()
    player.page.get_by_text("Skipping 10 minutes without activity").wait_for()
    player.wait_for("ended")
    assert text_of(player) == "ten minutes later"
    player.page.get_by_role("button", name="Skip idle time", pressed=True).click()
    assert player.page.locator("[data-part=marks] .fold").count() == 0
    player.seek(300_000)
    player.page.get_by_role("button", name="Play").click()
    player.wait_for("playing")
    player.page.locator("[data-part=now]", has_text="5:01").wait_for()
    assert player.t_ms < 310_000


def test_the_page_of_the_player_reports_no_policy_violation(play: Play) -> None:
    reports: list[str] = []
    player = play(short("page-session-000018"), 450)
    player.page.on("console", lambda message: reports.append(message.text))
    player.page.reload()
    player.settle()
    assert [text for text in reports if "Content Security Policy" in text] == []


def test_the_list_shows_where_the_replay_stands_from_the_beginning(play: Play) -> None:
    recorded = Recorded(session="page-session-000023")
    for load, clicks in enumerate((4, 12, 3, 3, 2, 7)):
        t_ms = load * 1_000
        number = recorded.load(opening(page_of(f"page {load}"), t_ms))
        where = {"tab": 1, "document": number, "node": 4, "x": 5, "y": 5}
        recorded.facts += [
            {"t_ms": t_ms + n, "kind": "click", "label": f"{n}", "href": "", **where}
            for n in range(1, clicks + 1)
        ]
        recorded.go_on(number, [(t_ms + 20, ops.Pointer(1, 1))])
    player = play(recorded, 5_020)
    # What comes into sight is laid out a frame later: it must be right when that has come to rest.
    in_sight = """async () => {
      for (let n = 0; n < 6; n++) await new Promise(requestAnimationFrame)
      const now = document.querySelector('[data-part=events] .event[aria-current]')
      const list = document.querySelector('[data-part=events]').getBoundingClientRect()
      const box = now?.getBoundingClientRect()
      return !!box && box.top >= list.top && box.bottom <= list.bottom
    }"""
    player.page.wait_for_function(in_sight)
    for t_ms in (1_012, 4_002, 2):
        player.seek(t_ms)
        player.page.wait_for_function(in_sight)
