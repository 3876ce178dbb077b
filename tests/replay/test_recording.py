"""Frames at any moment: gaps, pairs of begin and end, tabs, seeks."""

from __future__ import annotations

import random

import pytest

from replay import NoFrame, Recording, ops
from replay.encode import content_hash
from replay.ops import NewNode
from replay.section import SectionOp
from replay.timeline import GapEntry
from replay.tree import dump
from tests.replay.recorded import Load, element, page_view, recording_of, snapshot, text


def body_text(recording: Recording, t_ms: int, tab: int | None = None) -> str:
    return recording.frame_at(t_ms, tab).text()


def paragraph(t_ms: int, first_id: int, data: str) -> tuple[int, SectionOp]:
    return t_ms, ops.Put(4, 0, first_id, (element(-1, "p"), text(0, data)))


def test_a_frame_shows_all_ops_up_to_its_time() -> None:
    load = Load()
    load.batch(snapshot(10, text(2, "one")), [(0, page_view("https://x.test/", "Home"))])
    load.batch(
        [(500, ops.SetText(5, "two")), (500, ops.Scroll(1, 0, 40)), (900, ops.SetText(5, "3"))]
    )
    recording = recording_of(load)
    assert [body_text(recording, t) for t in (10, 499, 500, 899, 900)] == [
        "one",
        "one",
        "two",
        "two",
        "3",
    ]
    frame = recording.frame_at(600)
    assert (frame.t_ms, frame.tab, frame.scroll, frame.url) == (500, 1, (0, 40), "https://x.test/")
    assert not frame.stale


def test_zero_is_the_earliest_op_or_fact_of_the_first_batch() -> None:
    load = Load()
    load.batch(snapshot(1210, text(2, "one")), [(1200, page_view("https://x.test/"))])
    assert recording_of(load).frame_at(10).t_ms == 10


def test_before_the_first_keyframe_there_is_no_frame() -> None:
    load = Load()
    load.batch(snapshot(50), [(0, page_view("/"))])
    with pytest.raises(NoFrame, match="at 49 ms"):
        recording_of(load).frame_at(49)


def test_an_unknown_tab_has_no_frame() -> None:
    load = Load()
    load.batch(snapshot(0))
    with pytest.raises(NoFrame, match="no tab 7"):
        recording_of(load).frame_at(0, 7)


def test_behind_the_end_the_last_frame_stays_and_is_stale() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "one")))
    frame = recording_of(load).frame_at(60_000)
    assert (frame.text(), frame.stale, frame.t_ms) == ("one", True, 0)


def test_no_frame_is_shown_between_begin_and_end() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "one")))
    load.batch([(100, ops.Begin()), paragraph(100, 10, "half")])
    load.batch([(200, ops.SetText(5, "whole")), (300, ops.End()), (400, ops.Mark("m"))])
    recording = recording_of(load)
    assert [body_text(recording, t) for t in (99, 100, 299)] == ["one"] * 3
    assert body_text(recording, 300) == "half\nwhole"
    assert recording.frame_times(1) == [0, 300, 400]
    assert recording.step_times(1) == [0, 300]


def test_a_pair_that_never_ends_is_closed_by_the_end_of_the_document() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "one")))
    load.batch([(100, ops.Begin()), paragraph(100, 10, "half"), (200, ops.SetText(5, "end"))])
    recording = recording_of(load)
    assert body_text(recording, 199) == "one"
    assert body_text(recording, 200) == "half\nend"


def test_a_sliced_snapshot_shows_when_it_is_complete() -> None:
    load = Load()
    load.batch(
        [(0, ops.Document(0, 0)), (0, ops.Begin()), (5, ops.Put(1, 0, 2, (element(-1, "html"),)))]
    )
    load.batch([(20, ops.Put(2, 0, 3, (element(-1, "body"), text(0, "done")))), (30, ops.End())])
    recording = recording_of(load)
    with pytest.raises(NoFrame):
        recording.frame_at(29)
    assert body_text(recording, 30) == "done"
    assert recording.frame_times(1) == [30]


def test_a_missing_batch_keeps_the_last_frame_until_a_complete_snapshot() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "one")))
    load.batch([(100, ops.SetText(5, "two"))])
    load.batch([(300, ops.SetText(5, "lost"))], seq=3)
    resync = snapshot(500, text(2, "again"), reason=1)
    load.batch([*resync[:-1], (600, ops.End())], seq=4)
    load.batch([(700, ops.SetText(5, "after"))], seq=5)
    recording = recording_of(load)
    seen = [(body_text(recording, t), recording.frame_at(t).stale) for t in (100, 101, 300, 599)]
    assert seen == [("two", False), ("two", True), ("two", True), ("two", True)]
    assert [body_text(recording, t) for t in (600, 700)] == ["again", "after"]
    assert not recording.frame_at(600).stale
    assert recording.frame_times(1) == [0, 100, 600, 700]
    assert recording.gaps == (GapEntry(100, 500, 1),)


def test_a_gap_without_a_snapshot_lasts_to_the_end() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "one")))
    load.batch([(300, ops.SetText(5, "lost"))], seq=2)
    recording = recording_of(load)
    assert (body_text(recording, 300), recording.frame_at(300).stale) == ("one", True)
    assert recording.frame_times(1) == [0]


def test_batches_in_any_order_make_the_same_frames() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "0")))
    for seq in range(1, 8):
        load.batch([(seq * 100, ops.SetText(5, str(seq)))])
    first, *others = load.bodies
    random.Random(4).shuffle(others)
    recording = Recording.from_batches([first, *others, *others[:3]])
    assert [frame.text() for frame in recording.frames()] == [str(seq) for seq in range(8)]


def test_the_tab_that_was_focused_last_is_shown() -> None:
    one = Load()
    one.batch([*snapshot(0, text(2, "first")), (0, ops.Visibility(2)), (1000, ops.Visibility(0))])
    one.batch([(3000, ops.Visibility(2))])
    two = Load("document-000000002", "tab-00000000000002", one.origin_ms + 1000)
    two.batch([*snapshot(0, text(2, "second")), (0, ops.Visibility(2)), (2000, ops.Visibility(0))])
    recording = recording_of(one, two)
    assert recording.tabs == (1, 2)
    assert [recording.frame_at(t).tab for t in (500, 1000, 2900, 3000)] == [1, 2, 2, 1]
    assert body_text(recording, 1500, 1) == "first"


def test_the_next_document_of_a_tab_shows_when_its_snapshot_is_complete() -> None:
    one = Load()
    one.batch(snapshot(0, text(2, "first")), [(0, page_view("/1"))])
    two = Load("document-000000002", one.tab, one.origin_ms + 1000)
    begun = snapshot(0, text(2, "second"))
    two.batch([*begun[:-1], (200, ops.End())], [(0, page_view("/2"))])
    recording = recording_of(one, two)
    seen = [(frame.text(), frame.url) for frame in map(recording.frame_at, (999, 1199, 1200))]
    assert seen == [("first", "/1"), ("first", "/1"), ("second", "/2")]
    assert [(frame.t_ms, frame.text()) for frame in recording.frames()] == [
        (0, "first"),
        (1200, "second"),
    ]


def test_a_document_comes_back_with_a_snapshot_behind_the_later_one() -> None:
    one = Load()
    one.batch(snapshot(0, text(2, "first")))
    two = Load("document-000000002", one.tab, one.origin_ms + 1000)
    two.batch([*snapshot(0, text(2, "second")), (500, ops.Scroll(1, 0, 5))])
    one.batch(snapshot(3000, text(2, "back"), reason=1))
    recording = recording_of(one, two)
    assert [body_text(recording, t) for t in (999, 1000, 2999, 3000)] == [
        "first",
        "second",
        "second",
        "back",
    ]
    assert recording.frame_times(1) == [0, 1000, 1500, 3000]


def test_ops_of_the_earlier_document_behind_the_start_of_the_later_do_not_bring_it_back() -> None:
    one = Load()
    one.batch(snapshot(0, text(2, "first")))
    one.batch([(1200, ops.SetText(5, "leaving"))])
    two = Load("document-000000002", one.tab, one.origin_ms + 1000)
    two.batch(snapshot(0, text(2, "second")))
    assert body_text(recording_of(one, two), 1300) == "second"


def test_client_routes_change_the_url_alone() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "x")), [(0, page_view("/a"))])
    load.batch([], [(700, ops.PageView("/b", "", "", 1, {}))])
    recording = recording_of(load)
    assert [recording.frame_at(t).url for t in (699, 700)] == ["/a", "/b"]


def test_bad_ops_are_listed_with_the_frame() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "x")))
    load.batch([(100, ops.SetText(4012, "y"))])
    assert recording_of(load).frame_at(100).damage == ("segment 1, op 0: unknown node 4012",)


def test_what_a_style_sheet_shows_is_known_before_it_was_told() -> None:
    load = Load()
    sheet = ops.Sheet(50, "body{background:url(a.png)}", "https://x.test/s.css")
    load.batch([*snapshot(0, text(2, "x")), (0, sheet), (0, ops.Adopted(1, (50,)))])
    picture = content_hash(b"picture")
    load.batch([(900, ops.Asset(60, picture, "image/png")), (990, ops.CssAsset(50, "a.png", 60))])
    recording = recording_of(load)
    for t_ms in (0, 899, 989, 990):
        html = recording.frame_at(t_ms).html(lambda hash_, media_type: f"/assets/{hash_.hex()}")
        assert f"/assets/{picture.hex()}" in html


def test_frames_do_not_share_what_changes() -> None:
    load = Load()
    load.batch(snapshot(0, text(2, "0")))
    for seq in range(1, 5):
        load.batch([(seq * 100, ops.SetText(5, str(seq))), (seq * 100, ops.Attr(4, "n", str(seq)))])
    frames = list(recording_of(load).frames())
    assert [frame.text() for frame in frames] == ["0", "1", "2", "3", "4"]


def _random_load(seed: int) -> Load:
    """A visit of random changes, with gaps, resyncs and open pairs."""
    chance = random.Random(seed)
    load = Load()
    known = list(range(4, 9))
    body: list[NewNode] = [element(2, "p"), text(3, "a"), element(2, "div"), text(5, "b")]
    load.batch(snapshot(0, *body))
    next_id, t_ms, seq = 9, 0, 1
    for _ in range(40):
        timed: list[tuple[int, SectionOp]] = []
        for _ in range(chance.randrange(1, 12)):
            t_ms += chance.choice((0, 0, 7, 40))
            node, other = chance.choice(known), chance.choice(known)
            timed.append((t_ms, _random_op(chance, node, other, next_id)))
            if isinstance(timed[-1][1], ops.Put):
                known += [next_id, next_id + 1]
                next_id += 2
        if chance.random() < 0.08:
            timed += snapshot(t_ms, *body, reason=1)
            known, next_id = list(range(4, 9)), 9
        seq += chance.random() < 0.05
        load.batch(timed, seq=seq)
        seq += 1
    return load


def _random_op(chance: random.Random, node: int, other: int, next_id: int) -> SectionOp:
    return chance.choice(
        (
            ops.Put(node, 0, next_id, (element(-1, "i", n=str(next_id)), text(0, str(next_id)))),
            ops.Move(node, other, 0),
            ops.Take(node),
            ops.Remove(node),
            ops.SetText(node, str(next_id)),
            ops.Attr(node, "a", str(next_id)),
            ops.FieldValue(node, str(next_id)),
            ops.Scroll(node, 0, next_id),
            ops.Sheet(next_id + 500, "a{}", ""),
            ops.RuleInsert(next_id + 499, (0,), "b{}"),
            ops.Begin(),
            ops.End(),
            ops.Hover(node),
            ops.Pointer(node, other),
        )
    )


@pytest.mark.parametrize("seed", range(25))
def test_seek_equals_play(seed: int) -> None:
    load = _random_load(seed)
    recording = recording_of(load)
    played = {frame.t_ms: dump(frame.tree) for frame in recording.frames()}
    assert sorted(played) == recording.frame_times(1)
    times = recording.frame_times(1)
    chance = random.Random(seed)
    fresh = Recording.from_batches(load.bodies)
    for count, t_ms in enumerate(chance.sample(times, min(len(times), 40))):
        assert dump(fresh.frame_at(t_ms).tree) == played[t_ms]
        if count % 8:
            continue
        alone = Recording.from_batches(load.bodies)
        assert dump(alone.frame_at(t_ms + 3).tree) == played[alone.frame_at(t_ms + 3).t_ms]
