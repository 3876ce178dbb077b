"""Every way to a moment leads to the same document, and that is the one that Python makes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from replay import ops
from replay.recording import Recording
from replay.source import AssetTable
from replay.timeline import (
    DocumentEntry,
    GapEntry,
    Index,
    PageViewEntry,
    SegmentEntry,
    VisibilityEntry,
)
from replay.tree import dump
from tests.normal_form.dump import raw_of
from tests.normal_form.normal_form import normal_form
from tests.player.conftest import Play
from tests.player.player_page import PlayerPage
from tests.player.random_ops import random_recording
from tests.player.recorded import Recorded, Timed, opening, page_of, run_of

pytestmark = pytest.mark.e2e


class MadeSource:
    """Lets Python read a recording made by hand."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def index(self) -> Index:
        known = self._recorded.timeline()
        return Index(
            [
                DocumentEntry(one["document"], one["tab"], one["t_ms"], one["until_ms"])
                for one in known["documents"]
            ],
            [
                SegmentEntry(
                    one["segment"],
                    one["document"],
                    one["t_ms"],
                    one["until_ms"],
                    one["keyframe"],
                    one["gap_before"],
                )
                for one in known["segments"]
            ],
            [PageViewEntry(**one) for one in known["page_views"]],
            [VisibilityEntry(**one) for one in known["visibility"]],
            [GapEntry(**one) for one in known["gaps"]],
        )

    def segment(self, segment: int) -> bytes:
        return self._recorded.sections[segment]

    def content(self, hash_: bytes) -> str | None:
        return self._recorded.contents.get(hash_.hex())

    def assets(self, document: int) -> AssetTable:
        del document
        return AssetTable()


def forms(player: PlayerPage, times: Sequence[int]) -> dict[int, str]:
    """The hash at each time, sought in this order."""
    found = {}
    for t_ms in times:
        player.seek(t_ms)
        found[t_ms] = player.hash()
    return found


TWO_HOURS_MS = 2 * 3600 * 1000
SESSIONS = [
    *((seed, 12, 40) for seed in range(9)),
    (9, 50, 2 * TWO_HOURS_MS // 50),
]
"""Ten sessions: seed, moments, and how far they are apart at most; the last one takes hours."""


@pytest.mark.parametrize(("seed", "moments", "most_apart_ms"), SESSIONS)
def test_seek_play_and_step_make_the_same_document_as_python(
    play: Play, seed: int, moments: int, most_apart_ms: int
) -> None:
    recorded = random_recording(seed, moments, min(25, moments // 2), most_apart_ms)
    recording = Recording(MadeSource(recorded))
    player = play(recorded, 0)
    times = player.page.evaluate("visitreelPlayer.frameTimes(true)")
    assert times == recording.frame_times(1)
    assert player.page.evaluate("visitreelPlayer.frameTimes(false)") == recording.step_times(1)
    arrived = forms(player, times)
    for t_ms in times[::3]:
        player.seek(t_ms)
        dumped: dict[str, Any] = dump(recording.frame_at(t_ms).tree)
        chosen = dumped.setdefault("selected", {})
        for entry in dumped["nodes"]:
            if entry[3:4] == ["select"]:
                chosen.setdefault(str(entry[0]), [0])  # what a browser shows when nothing is said
        assert player.form() == normal_form(raw_of(dumped), mask=False), t_ms
    shuffled = random.Random(seed).sample(times, len(times))
    assert forms(player, shuffled) == arrived
    player.seek(times[0])
    stepped = {player.t_ms: player.hash()}
    for _ in times[1:]:
        player.step(1, True)
        stepped[player.t_ms] = player.hash()
    assert stepped == arrived
    for t_ms in reversed(times[-12:-1]):
        player.step(-1, True)
        assert (player.t_ms, player.hash()) == (t_ms, arrived[t_ms])
    assert player.problems() == {"skipped": [], "damage": []}


def test_playing_to_the_end_makes_the_same_document(play: Play) -> None:
    recorded = random_recording(9, moments=30)
    player = play(recorded, recorded.timeline()["until_ms"])
    sought = player.hash()
    player.seek(0)
    player.page.keyboard.press("Space")
    player.wait_for("ended")
    assert player.hash() == sought


def text_of(player: PlayerPage) -> str:
    found: str = player.ask("doc.body ? doc.body.textContent : '-'")
    return found


def text_at(player: PlayerPage, t_ms: int) -> str:
    player.seek(t_ms)
    return text_of(player)


def later(t_ms: int, text: str, node: int = 5) -> Timed:
    return (t_ms, ops.SetText(node, text))


def test_a_gap_keeps_the_last_frame_until_the_next_snapshot_is_whole(play: Play) -> None:
    again = opening(page_of("again"), 900)
    again[-1] = (950, ops.End())
    recorded = Recorded()
    recorded.load(
        opening(page_of("before")),
        [later(100, "known")],
        [later(500, "lost its ground")],
        [later(600, "still lost")],
        again,
        [later(1000, "goes on")],
        gap_before=[2],
    )
    recorded.gaps.append({"t_ms": 100, "until_ms": 950, "tab": 1})
    player = play(recorded, 0)
    texts = {}
    for t_ms in (1000, 100, 950, 600, 0, 500, 920):
        player.seek(t_ms)
        texts[t_ms] = text_of(player)
    assert texts == {
        0: "before",
        100: "known",
        500: "known",
        600: "known",
        920: "known",
        950: "again",
        1000: "goes on",
    }
    player.seek(600)
    assert "missing" in player.page.inner_text("[data-part=notice]")
    player.seek(1000)
    assert player.page.is_hidden("[data-part=notice]")


def test_nothing_half_is_shown(play: Play) -> None:
    half: list[Timed] = [
        (100, ops.Begin()),
        later(100, "half"),
        (300, ops.Begin()),
        later(300, "more"),
        (400, ops.End()),
        later(450, "nearly"),
        (500, ops.End()),
        later(600, "after"),
        (700, ops.Begin()),
        later(700, "never closed"),
    ]
    recorded = Recorded()
    recorded.load(opening(page_of("whole")), half)
    player = play(recorded, 0)
    texts = [text_at(player, t_ms) for t_ms in (0, 450, 500, 600, 700)]
    assert texts == ["whole", "whole", "nearly", "after", "never closed"]


def test_the_page_before_stands_until_the_next_one_has_a_frame(play: Play) -> None:
    second = opening(page_of("second"), 1000)
    second[-1] = (1400, ops.End())
    recorded = Recorded()
    recorded.load(opening(page_of("first")), [later(800, "first still")])
    recorded.load(second)
    player = play(recorded, 0)
    texts = [text_at(player, t_ms) for t_ms in (1200, 1400, 0, 800)]
    assert texts == ["first still", "second", "first", "first still"]
    assert player.page.inner_text("[data-part=url]") == "http://shop.example/page-1"


def test_the_tab_that_was_looked_at_is_shown(play: Play) -> None:
    recorded = Recorded()
    recorded.load(opening(page_of("one")), [later(3000, "one later")], tab=1)
    recorded.load(opening(page_of("two"), 1000), [later(2500, "two later")], tab=2)
    recorded.visibility += [
        {"t_ms": 0, "tab": 1, "state": 2},
        {"t_ms": 1000, "tab": 1, "state": 0},
        {"t_ms": 1000, "tab": 2, "state": 2},
        {"t_ms": 2000, "tab": 2, "state": 0},
        {"t_ms": 2000, "tab": 1, "state": 2},
    ]
    player = play(recorded, 500)
    texts = [text_at(player, t_ms) for t_ms in (500, 1500, 2600, 3000)]
    assert texts == ["one", "two", "one", "one later"]
    player.page.get_by_role("button", name="Tab 2", exact=True).click()
    player.settle()
    assert text_of(player) == "two later"
    player.page.get_by_role("button", name="Follow").click()
    player.settle()
    assert text_of(player) == "one later"


def test_a_damaged_section_shows_what_holds_and_says_so(play: Play) -> None:
    recorded = Recorded()
    recorded.load(opening(page_of("whole")), [later(100, "held"), later(200, "cut off")])
    recorded.sections[2] = recorded.sections[2][:6] + recorded.sections[2][6:].replace(
        b"cut off", b"cut of"
    )
    player = play(recorded, 0)
    player.seek(200)
    assert text_of(player) in {"held", "whole"}
    assert "damaged" in player.page.inner_text("[data-part=notice]")


def test_bad_ops_are_skipped_and_counted(play: Play) -> None:
    recorded = Recorded()
    bad: list[Timed] = [
        (100, ops.SetText(99, "nowhere")),
        (100, ops.Move(4, 4, 0)),
        (100, ops.Put(5, 0, 300, run_of("below a text"))),
        later(100, "good"),
    ]
    recorded.load(opening(page_of("whole")), bad)
    player = play(recorded, 100)
    assert text_of(player) == "good"
    assert len(player.problems()["damage"]) == 3
    assert "3 changes" in player.page.inner_text("[data-part=notice]")
