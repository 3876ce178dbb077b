"""Segments: whatever way a recording is stored, its frames are those of the batches as they
came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from collector.live import WATCHED_FOR_MS
from collector.settings import Pace
from collector.store import recordings
from collector.store.database import Database
from replay import ops
from replay.ops import NewNode
from replay.section import TimedOp
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import TEXT_NODE, Tab, page_view, post, snapshot

HALF_AN_HOUR_MS = 31 * 60 * 1000
SMALL = Pace(seal_ops=20, seal_bytes=1 << 20, sweep_s=3600)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Running]:
    """A collector that seals a segment every 20 ops."""
    with running_collector(tmp_path / "data", pace=SMALL) as running:
        yield running


def busy_batches(tab: Tab, count: int, seed: int = 1) -> list[bytes]:
    """A page that changes its text, grows, and has a big text, in `count` batches of 5 ops."""
    random = Random(seed)
    bodies = [tab.batch(snapshot(), [(0, page_view())])]
    next_id = 100
    for batch in range(1, count):
        timed: list[TimedOp] = []
        for step in range(5):
            t_ms = batch * 100 + step * 10
            if step == 4:
                run = (NewNode(-1, "element", "li"), NewNode(0, "text", text=f"row {next_id}"))
                timed.append((t_ms, ops.Put(3, TEXT_NODE, next_id, run)))
                next_id += 2
            else:
                text = f"text {random.randrange(1000)}" * (1 if random.random() < 0.8 else 300)
                timed.append((t_ms, ops.SetText(TEXT_NODE, text)))
        bodies.append(tab.batch(timed))
    return bodies


def frames_of(running: Running, tab: Tab, count: int) -> list[tuple[int, str, str]]:
    """Status, HTML and staleness of frames all over the recording."""
    found = []
    for t_ms in range(0, count * 100, 127):
        path = f"/api/sessions/{tab.session_id}/frame"
        answer = running.api.get(path, params={"t_ms": t_ms})
        found.append((answer.status_code, answer.text, answer.headers.get("x-frame-stale", "")))
    return found


def timeline_of(running: Running, tab: Tab) -> dict[str, list[dict[str, object]]]:
    answer = running.api.get(f"/api/sessions/{tab.session_id}/timeline")
    assert answer.status_code == 200
    found: dict[str, list[dict[str, object]]] = answer.json()
    return found


def test_sealing_and_packing_change_no_frame(small: Running) -> None:
    tab = small.tab()
    bodies = busy_batches(tab, 30)
    for body in bodies:
        assert post(small.client, body).status_code == 200
        small.settle()
    sealed = frames_of(small, tab, 30)
    loose = small.rows("SELECT count(*) FROM batch WHERE ops IS NOT NULL")
    assert small.rows("SELECT count(*) FROM segment") > [(5,)]
    assert loose < [(5,)]
    other = small.tab()
    for body in busy_batches(other, 30):
        post(small.client, body)
    small.settle()
    small.clock.ahead_ms += HALF_AN_HOUR_MS
    small.sweep()
    assert small.rows("SELECT count(*) FROM batch WHERE ops IS NOT NULL") == [(0,)]
    assert small.rows("SELECT count(*) FROM session WHERE packed") == [(2,)]
    assert frames_of(small, tab, 30) == sealed
    assert frames_of(small, other, 30) == sealed
    segments = timeline_of(small, tab)["segments"]
    assert all(segment["keyframe"] for segment in segments)
    assert not any(segment["gap_before"] for segment in segments)


def test_a_seek_costs_one_keyframe_and_few_ops(small: Running) -> None:
    tab = small.tab()
    for body in busy_batches(tab, 30):
        post(small.client, body)
    small.settle()
    rows = small.rows("SELECT parts, keyframe_ops FROM segment ORDER BY segment")
    assert len(rows) > 5
    assert all(int(str(keyframe)) < 15 for _, keyframe in rows)


def test_a_missing_batch_is_a_gap_until_the_document_starts_anew(small: Running) -> None:
    tab = small.tab()
    bodies = busy_batches(tab, 12)
    del bodies[5]
    anew = [(1300, ops.Document(0, 1)), *snapshot(1300, "anew")[1:]]
    bodies.append(tab.batch(anew))
    answers = [post(small.client, body).json() for body in bodies]
    assert [answer["snapshot"] for answer in answers].index(True) == 5
    small.settle()
    before = frames_of(small, tab, 14)
    gaps = timeline_of(small, tab)["gaps"]
    assert len(gaps) == 1
    assert gaps[0]["until_ms"] == 1300
    assert "1" in {stale for _, _, stale in before}
    assert "anew" in before[-1][1]
    small.clock.ahead_ms += HALF_AN_HOUR_MS
    small.sweep()
    assert small.rows("SELECT count(*) FROM batch WHERE ops IS NOT NULL") == [(0,)]
    assert frames_of(small, tab, 14) == before
    assert timeline_of(small, tab)["gaps"] == gaps


@pytest.mark.parametrize("packed_first", [False, True])
def test_a_late_batch_closes_its_gap(small: Running, packed_first: bool) -> None:
    whole, tab = small.tab(), small.tab()
    for body in busy_batches(whole, 20):
        post(small.client, body)
    small.settle()
    bodies = busy_batches(tab, 20)
    late = bodies.pop(7)
    for body in bodies:
        post(small.client, body)
    small.settle()
    if packed_first:
        small.clock.ahead_ms += HALF_AN_HOUR_MS
        small.sweep()
        assert small.rows("SELECT count(*) FROM session WHERE NOT packed") == [(0,)]
    assert frames_of(small, tab, 20) != frames_of(small, whole, 20)
    # Later, and still by its own time.
    ahead_ms = small.clock.ahead_ms
    sent_at_ms = 1_950 + ahead_ms
    again = late[:4] + _float(sent_at_ms) + late[12:]
    assert post(small.client, again).status_code == 200
    small.settle()
    assert timeline_of(small, tab)["gaps"] == []
    assert frames_of(small, tab, 20) == frames_of(small, whole, 20)
    small.clock.ahead_ms += HALF_AN_HOUR_MS
    small.sweep()
    assert frames_of(small, tab, 20) == frames_of(small, whole, 20)
    assert small.rows("SELECT count(*) FROM batch WHERE ops IS NOT NULL") == [(0,)]


def _float(value: float) -> bytes:
    import struct

    return struct.pack(">d", value)


@pytest.mark.parametrize("seed", range(3))
def test_batches_in_any_order_make_the_same_frames(small: Running, seed: int) -> None:
    whole, tab = small.tab(), small.tab()
    for body in busy_batches(whole, 15):
        post(small.client, body)
    bodies = busy_batches(tab, 15)
    shuffled = bodies[1:]
    Random(seed).shuffle(shuffled)
    for body in [bodies[0], *shuffled]:
        post(small.client, body)
        if seed:
            small.settle()
    small.settle()
    # The client's own times decide: their zero is that of the first batch.
    assert frames_of(small, tab, 15) == frames_of(small, whole, 15)


def test_a_snapshot_in_several_batches_is_not_cut(small: Running) -> None:
    tab = small.tab()
    run = tuple(NewNode(-1, "element", "p") for _ in range(3))
    begin: list[TimedOp] = [
        (0, ops.Document(0, 0)),
        (0, ops.Begin()),
        (0, ops.Put(1, 0, 2, (NewNode(-1, "element", "html"),))),
    ]
    post(small.client, tab.batch(begin, [(0, page_view())]))
    for batch in range(6):
        first = 10 + batch * 100
        timed: list[TimedOp] = [(1, ops.Put(2, 0, first + at * 3, run)) for at in range(10)]
        post(small.client, tab.batch(timed))
        small.settle()
    assert small.rows("SELECT count(*) FROM segment") == [(0,)]
    post(small.client, tab.batch([(2, ops.End())]))
    small.settle()
    assert small.rows("SELECT count(*) FROM segment") == [(1,)]
    frame = small.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 3})
    assert frame.text.count("<p") == 180


def test_a_text_that_comes_later_is_not_lost_by_sealing(small: Running) -> None:
    from replay.wire import content_hash

    tab = small.tab()
    text = "a big text " * 300
    hash_ = content_hash(text.encode())
    timed = [*snapshot(), (1, ops.SetText(TEXT_NODE, text))]
    assert post(small.client, tab.batch(timed, contents={text: hash_})).json()["need"]
    for batch in range(1, 8):
        marks: list[TimedOp] = [(batch * 10 + at, ops.Mark("x")) for at in range(5)]
        post(small.client, tab.batch(marks))
    small.settle()
    assert small.rows("SELECT count(*) FROM segment") > [(0,)]
    post(small.client, tab.asset(text.encode(), "text/css", hash_), "/v1/asset")
    frame = small.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 60})
    assert "a big text a big text" in frame.text


def test_segments_are_served_as_they_are_named(small: Running) -> None:
    from replay.wire import read_section

    tab = small.tab()
    for body in busy_batches(tab, 9):
        post(small.client, body)
    small.settle()
    segments = timeline_of(small, tab)["segments"]
    assert {int(str(segment["segment"])) % 2 for segment in segments} == {0, 1}
    for segment in segments:
        path = f"/api/sessions/{tab.session_id}/segments/{segment['segment']}"
        for encoding in ("gzip", "identity"):
            answer = small.api.get(path, headers={"accept-encoding": encoding})
            assert answer.headers["content-type"] == "application/octet-stream"
            assert len(answer.content) == segment["bytes"]
            section = read_section(answer.content, int(str(segment["t_ms"])), lambda h: "x")
            assert section.problems == []
            assert section.ops[-1][0] == segment["until_ms"]
            starts = isinstance(section.ops[0][1], ops.Document)
            assert starts == segment["keyframe"]
    foreign = small.tab()
    post(small.client, foreign.batch(snapshot()))
    path = f"/api/sessions/{foreign.session_id}/segments/{segments[0]['segment']}"
    assert small.api.get(path).status_code == 404


def test_what_somebody_watches_is_checked_before_what_came_earlier(running: Running) -> None:
    earlier, watched = running.tab(), running.tab()
    for tab in (earlier, watched):
        post(running.client, tab.batch(snapshot()))
    running.settle()
    hub, now_ms = running.collector.context.hub, running.clock.now_ms()
    hub.watch(watched.session_id, now_ms)

    def next_sessions(db: Database, _: object) -> tuple[list[int], list[int]]:
        db.execute("UPDATE batch SET checked = 0")
        every = recordings.unchecked_batches(db, 10)
        found = recordings.unchecked_of(db, hub.watched(now_ms), 10)
        db.execute("UPDATE batch SET checked = 1")
        return [batch.session for batch in every], [batch.session for batch in found]

    every, found = running.collector.writer.call(next_sessions)
    assert len(every) == 2
    assert found == every[1:]
    assert hub.watched(now_ms + WATCHED_FOR_MS) == []
