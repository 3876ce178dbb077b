"""Portable recordings as files: what is written is read, and damage loses what it hits."""

from __future__ import annotations

import io
import json
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import Recording, ReplayError, ops
from replay.encode import content_hash, write_section
from replay.errors import BadReel, UnknownVersion
from replay.fields import FACTS
from replay.ops import Fact
from replay.reel import HEADER, MAX_HEAD_BYTES, Part, ReelWriter, front_of, read_body, scan
from replay.reel_parts import (
    DOCUMENT,
    SEGMENT,
    TABLE,
    ReelDocument,
    ReelSession,
    ReelTable,
    write_asset,
    write_document,
    write_facts,
    write_segment,
    write_session,
    write_text,
)
from replay.reel_parts import FACTS as FACTS_PART
from replay.reel_parts import SESSION as SESSION_PART
from replay.reel_read import Reel, facts_of, read_reel
from replay.section import SectionOp
from replay.timeline import SegmentEntry
from replay.tree import dump
from tests.replay.recorded import page_view, snapshot, text

SESSION = ReelSession(
    "session-00000000001", "shop", 1_700_000_000_000, "visitor-00000000001", False
)
STYLE = "p{color:red}" * 300
PICTURE = bytes(range(256)) * 30
SECOND_MS = 1_000


def section(t_ms: int, timed: list[tuple[int, SectionOp]]) -> bytes:
    hashes = {STYLE: content_hash(STYLE.encode())}
    return write_section(timed, t_ms, hashes.get)


def entry(document: int, t_ms: int, until_ms: int, keyframe: bool = True) -> SegmentEntry:
    return SegmentEntry(0, document, t_ms, until_ms, keyframe, False)


@cache
def visit() -> bytes:
    """Two document loads of three and two segments, facts, a text, an asset."""
    file = io.BytesIO()
    writer = ReelWriter(file.write)
    session = replace(SESSION, documents=2, person="ana@example.com", traits={"n": 1.5})
    write_session(writer, session)
    for number, count in ((1, 3), (2, 2)):
        first = number * 10 * SECOND_MS
        last = first + count * SECOND_MS
        table = ReelTable(
            [(60, content_hash(PICTURE), "image/png")], [(50, "a.png", 60)], [(first, 2)]
        )
        write_document(writer, ReelDocument(number, 1, first, last, segments=count), table)
        facts: list[tuple[int, Fact]] = [(first, page_view(f"/{number}", "Title"))]
        facts.append((first + 5, ops.Track("cart", {"sku": "A", "price": 2.5, "new": True})))
        write_facts(writer, number, 1, facts)
    write_text(writer, content_hash(STYLE.encode()), STYLE.encode())
    write_asset(writer, content_hash(PICTURE), "image/png", PICTURE)
    for number, count in ((1, 3), (2, 2)):
        for place in range(count):
            t_ms = (number * 10 + place) * SECOND_MS
            timed = snapshot(t_ms, text(2, f"page {number}, part {place}"), reason=3)
            timed += [(t_ms, ops.Sheet(50, STYLE, "")), (t_ms, ops.Adopted(1, (50,)))]
            timed += [(t_ms + 500, ops.SetText(5, f"{t_ms}"))]
            raw = section(t_ms, timed)
            write_segment(writer, entry(number, t_ms, t_ms + 500), 1, place, raw)
    write_session(writer, session)
    writer.close()
    return file.getvalue()


def parts_of(data: bytes) -> list[Part]:
    return scan(io.BytesIO(data)).parts


def read(data: bytes) -> Reel:
    return read_reel(io.BytesIO(data))


def open_bytes(data: bytes, folder: Path) -> Recording:
    file = folder / "visit.reel"
    file.write_bytes(data)
    return Recording.open(file)


def frames_of(recording: Recording) -> dict[int, str]:
    return {frame.t_ms: dump(frame.tree).__repr__() for frame in recording.frames()}


def fields(part: Part) -> dict[str, object]:
    found: dict[str, object] = json.loads(part.head)
    return found


# --- round trips ------------------------------------------------------------------------------

PARTS = st.lists(
    st.tuples(
        st.integers(0, 254),
        st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=9), max_size=4),
        st.binary(max_size=300) | st.integers(0, 60_000).map(bytes),
    ),
    max_size=12,
)


@given(PARTS)
def test_parts_come_back_as_they_were_written(
    parts: list[tuple[int, dict[str, object], bytes]],
) -> None:
    file = io.BytesIO()
    writer = ReelWriter(file.write)
    for kind, head, body in parts:
        writer.add(kind, head, body)
    writer.close()
    found = scan(file)
    assert found.problems == []
    back = [(part.kind, json.loads(part.head), read_body(file, part)) for part in found.parts]
    assert back == parts
    assert all(part.is_whole for part in found.parts)


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
INTS = st.integers(-(2**40), 2**40)
FACT_VALUES = st.dictionaries(WORDS, st.none() | st.booleans() | INTS | WORDS, max_size=3)


def some_facts() -> st.SearchStrategy[Fact]:
    made: list[st.SearchStrategy[Fact]] = [
        st.builds(ops.PageView, WORDS, WORDS, WORDS, INTS, FACT_VALUES),
        st.builds(ops.Click, INTS, INTS, INTS, WORDS, WORDS),
        st.builds(ops.Track, WORDS, FACT_VALUES),
        st.builds(ops.Leave, INTS),
    ]
    return st.one_of(made)


@given(st.lists(st.tuples(st.integers(-(2**34), 2**34), some_facts()), max_size=20), INTS)
def test_facts_come_back_as_they_were_written(facts: list[tuple[int, Fact]], number: int) -> None:
    facts.sort(key=lambda timed: timed[0])
    file = io.BytesIO()
    writer = ReelWriter(file.write)
    document = abs(number) + 1
    write_facts(writer, document, 1, facts)
    writer.close()
    back = []
    for part in read_reel(file).facts:
        assert part.document == document
        timed, problems = facts_of(file, part)
        assert problems == []
        back += timed
    assert back == facts
    assert {fact.CODE for _, fact in facts} <= FACTS.keys()


def test_long_lists_are_cut_into_parts_and_joined() -> None:
    file = io.BytesIO()
    writer = ReelWriter(file.write)
    css = [(index, "x" * 100, index) for index in range(9_000)]
    write_document(writer, ReelDocument(1, 1, 0, 0), ReelTable(css=css))
    writer.close()
    assert len([part for part in scan(file).parts if part.kind == TABLE]) > 2
    assert read_reel(file).tables[1].css == css


def test_a_whole_file_says_all(tmp_path: Path) -> None:
    reel = read(visit())
    assert reel.problems == []
    assert reel.session is not None
    assert (reel.session.person, reel.session.traits) == ("ana@example.com", {"n": 1.5})
    recording = open_bytes(visit(), tmp_path)
    assert recording.problems == ()
    assert len(frames_of(recording)) == 10
    frame = recording.frame_at(21_600)
    assert (frame.text(), frame.url, frame.tab) == ("21000", "/2", 1)
    assert frame.html(lambda hash_, kind: f"/{hash_.hex()}").count("color:red") == 300
    assert frame.assets == {60: (content_hash(PICTURE), "image/png")}


def test_kinds_and_names_that_are_not_known_are_skipped() -> None:
    file = io.BytesIO()
    writer = ReelWriter(file.write)
    writer.add(99, {"new": [1, 2]}, b"something")
    write_session(writer, SESSION)
    writer.add(FACTS_PART, {"document": 1, "tab": 1, "t_ms": 0, "more": 1}, b"[[71,5,0,9,9]]")
    writer.close()
    reel = read_reel(file)
    assert reel.problems == []
    assert reel.session == SESSION
    assert facts_of(file, reel.facts[0])[0] == [(5, ops.Leave(0))]


# --- damage -----------------------------------------------------------------------------------


def test_other_files_and_later_versions_are_refused(tmp_path: Path) -> None:
    for data in (b"", b"GIF89a", HEADER[:7], b"VREEL\n" + visit()):
        with pytest.raises(BadReel):
            open_bytes(data, tmp_path)
    with pytest.raises(UnknownVersion, match="version 2"):
        open_bytes(HEADER[:8] + b"\2" + visit()[9:], tmp_path)
    with pytest.raises(BadReel, match="nothing"):
        open_bytes(HEADER, tmp_path)


@given(st.data())
def test_a_file_that_is_cut_keeps_the_parts_in_front(data: st.DataObject) -> None:
    whole = parts_of(visit())
    edges = [edge for part in whole for edge in (part.offset, part.body_at, part.end)]
    near = st.sampled_from(edges).flatmap(lambda edge: st.integers(edge - 2, edge + 2))
    cut = data.draw(near | st.integers(len(HEADER), len(visit()) - 1))
    cut = min(max(cut, len(HEADER)), len(visit()) - 1)
    found = scan(io.BytesIO(visit()[:cut]))
    assert [part for part in found.parts if part.is_whole] == [p for p in whole if p.end <= cut]
    assert found.problems
    _check(visit()[:cut])


@given(st.data())
def test_a_flipped_byte_loses_one_part_at_most(data: st.DataObject) -> None:
    at = data.draw(st.integers(len(HEADER), len(visit()) - 1))
    bad = bytearray(visit())
    bad[at] ^= data.draw(st.integers(1, 255))
    whole = parts_of(visit())
    kept = [part for part in scan(io.BytesIO(bad)).parts if part.is_whole]
    assert kept == [part for part in whole if not part.offset <= at < part.end]
    _check(bytes(bad))


@given(st.lists(st.tuples(st.integers(12, len(visit()) - 1), st.integers(0, 255)), max_size=40))
def test_many_bad_bytes_lose_what_they_hit(changes: list[tuple[int, int]]) -> None:
    bad = bytearray(visit())
    for at, value in changes:
        bad[at] = value
    hit = {at for at, _ in changes if bad[at] != visit()[at]}
    kept = [part for part in scan(io.BytesIO(bad)).parts if part.is_whole]
    for part in parts_of(visit()):
        if not hit & set(range(part.offset, part.end)):
            assert part in kept
    _check(bytes(bad))


@given(st.integers(12, len(visit())), st.integers(1, 3_000), st.binary(max_size=60))
def test_missing_and_foreign_bytes_lose_what_they_hit(at: int, count: int, new: bytes) -> None:
    bad = visit()[:at] + new + visit()[at + count :]
    kept = {(part.kind, part.digest) for part in scan(io.BytesIO(bad)).parts if part.is_whole}
    for part in parts_of(visit()):
        if part.end <= at or part.offset >= at + count:
            assert (part.kind, part.digest) in kept
    _check(bad)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_random_bytes_are_no_recording(data: bytes, marks: list[int]) -> None:
    noise = bytearray(data)
    for at in marks:
        noise[at:at] = front_of(Part(SEGMENT, 0, b"{}", at % 2, at, at, bytes(16))) + b"{}"
    assert not any(part.is_whole and part.body_bytes for part in parts_of(HEADER + bytes(noise)))
    _check(HEADER + bytes(noise))


def _check(data: bytes) -> None:
    """What can be read can be played; nothing but a ReplayError comes out."""
    reel = read(data)
    for facts in reel.facts:
        facts_of(io.BytesIO(data), facts)
    assert len(reel.problems) < 100


def test_a_lost_segment_is_a_gap_and_all_other_frames_stay(tmp_path: Path) -> None:
    expected = frames_of(open_bytes(visit(), tmp_path))
    segments = [part for part in parts_of(visit()) if part.kind == SEGMENT]
    for lost in segments:
        bad = bytearray(visit())
        bad[lost.body_at] ^= 1
        recording = open_bytes(bytes(bad), tmp_path)
        head = fields(lost)
        low, high = head["t_ms"], head["until_ms"]
        assert isinstance(low, int)
        assert isinstance(high, int)
        kept = {t_ms: html for t_ms, html in expected.items() if not low <= t_ms <= high}
        assert frames_of(recording) == kept
        assert len(recording.gaps) == 1
        assert f"document {head['document']}: segment" in recording.problems[0]
        assert f"{low / 1000:.1f} to {high / 1000:.1f} s" in recording.problems[0]


def test_the_rest_plays_without_session_documents_and_index(tmp_path: Path) -> None:
    expected = frames_of(open_bytes(visit(), tmp_path))
    parts = parts_of(visit())
    bad = bytearray(visit())
    for part in parts:
        if part.kind in {SESSION_PART, DOCUMENT}:
            bad[part.offset + 5] = 9
    recording = open_bytes(bytes(bad[: parts[-1].end]), tmp_path)
    assert frames_of(recording) == expected
    assert len(recording.problems) == 5


def _forged(kind: int, head: bytes, body: bytes, raw_bytes: int, compression: int = 0) -> bytes:
    """A file of one part whose checksums are right, whatever it says."""
    part = Part(kind, 0, head, compression, len(body), raw_bytes, content_hash(body))
    return HEADER + front_of(part) + head + body


HOSTILE_HEADS = (
    b"",
    b"[]",
    b"null",
    b'{"document":0,"tab":1}',
    b'{"document":1e999,"tab":1}',
    b'{"document":NaN}',
    b'{"document":' + b"9" * 480 + b"}",
    b'{"document":true,"tab":true,"place":true}',
    b'{"document":1,"tab":1,"place":0,"t_ms":5,"until_ms":4,"keyframe":true,"gap_before":true}',
    b"[" * MAX_HEAD_BYTES,
    b'{"hash":"zz"}',
    b'{"hash":"\\ud800"}',
    b"\xff\xfe",
)


@pytest.mark.parametrize("kind", range(1, 8))
def test_a_forged_part_is_named_or_empty(kind: int) -> None:
    good = b'{"document":1,"tab":1,"t_ms":0,"hash":"' + b"0" * 32 + b'","media_type":"image/png"}'
    deep = b"[" * 100_000
    for head in (*HOSTILE_HEADS, good):
        for body in (b"", b"{}", b"[]", b"[[71,-1,0],[71,0]]", deep, b'{"id":"\\ud800"}', b"\xff"):
            data = _forged(kind, head, body, len(body))
            reel = read(data)
            for facts in reel.facts:
                try:
                    facts_of(io.BytesIO(data), facts)
                except ReplayError:
                    continue


@pytest.mark.parametrize("kind", [2, 3, 5, 7])
def test_lengths_are_not_believed(kind: int) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(40)) + packer.flush()
    head = b'{"document":1,"tab":1,"t_ms":0}'
    tracemalloc.start()
    try:
        for claimed in (10, 1 << 20, 64 << 20, 2**32 - 1):
            data = _forged(kind, head, bomb, claimed, 1)
            found = scan(io.BytesIO(data))
            for part in found.parts:
                with pytest.raises(ReplayError):
                    read_body(io.BytesIO(data), part, 1 << 20)
            read(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_a_file_of_marks_takes_no_square_of_time() -> None:
    head = b"{}"
    front = front_of(Part(SEGMENT, 0, head, 0, 50 << 20, 50 << 20, bytes(16))) + head
    found = scan(io.BytesIO(HEADER + front * 20_000))
    assert not any(part.is_whole for part in found.parts)
    assert len(found.parts) < 100


def test_memory_stays_bounded_while_a_large_visit_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "large.reel"

    def peak_of(work: Callable[[], object]) -> int:
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    noise = content_hash(b"noise")

    def write() -> None:
        nonlocal noise
        with file.open("wb") as out:
            writer = ReelWriter(out.write)
            for place in range(60):
                noise = content_hash(noise)
                raw = noise * (1 << 16)
                writer.add(SEGMENT, {"document": 1, "tab": 1, "place": place}, raw)
                writer.add(7, {"hash": content_hash(raw).hex()}, raw[: place * 1000])
            writer.close()

    assert peak_of(write) < 8 << 20

    def look() -> None:
        with file.open("rb") as stored:
            scan(stored)

    assert peak_of(look) < 4 << 20
