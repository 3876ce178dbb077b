"""Batches and sections: what is written is read again, and hostile bytes end in one clear error."""

from __future__ import annotations

import gzip
import random
import re
import struct
import time
from dataclasses import replace
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay import ops
from replay.columns import MAX_CONTENTS, Columns, read_columns, write_columns
from replay.errors import (
    BadCompression,
    BadFrame,
    BadHead,
    BadSection,
    ReplayError,
    TooLarge,
    UnknownVersion,
)
from replay.section import MAX_OPS, MAX_VALUE_UNITS, SectionOp, cut_value
from replay.wire import (
    AssetUpload,
    Head,
    content_hash,
    inflate,
    read_asset,
    read_batch,
    read_section,
    section_contents,
    write_asset,
    write_batch,
    write_section,
)
from tests.replay.recorded import element, snapshot, text
from tests.replay.test_reconstruct import _OPS

HEAD = Head(
    site_key="site-key",
    session_id="s" * 16,
    write_secret=bytes(range(16)),
    visitor_id="v" * 43,
    tab_id="t" * 20,
    document_id="d_-" * 8,
    seq=3,
    origin_ms=1_700_000_000_000,
    session_start_ms=-5,
    t_ms=70,
    url="https://x.test/\u00e9",
    consent=1,
    facts=(
        (70, ops.PageView("/a", "T", "r.test", 0, {"source": "mail", "n": 1.5, "b": None})),
        (90, ops.Click(4, 1, -2, "Buy", "")),
        (95, ops.Track("add", {"ok": True})),
    ),
    references=(bytes(16), b"\xff" * 16),
    sdk_version="0.1.0",
    replay=1,
)
RAW = write_section(snapshot(70, text(2, "x")), 70)


def nothing(named: bytes) -> str | None:
    return None


def fields() -> dict[str, Any]:
    body = write_batch(HEAD, b"", 100)
    return dict(msgpack.unpackb(body[20:]))


def body_of(head: object, second: bytes = b"") -> bytes:
    packed: bytes = msgpack.packb(head) if not isinstance(head, bytes) else head
    front = struct.pack(">dII", 1.0, len(packed), len(second))
    return b"VR\x01\x00" + front + packed + second


def test_a_batch_makes_the_round_trip() -> None:
    batch = read_batch(write_batch(HEAD, RAW, 123.5))
    assert (batch.head, batch.sent_t_ms, batch.compression) == (HEAD, 123.5, 1)
    assert inflate(batch.ops, 1, 10_000) == RAW


def test_a_retry_has_the_same_digest_and_other_bytes_have_not() -> None:
    first, again = (read_batch(write_batch(HEAD, RAW, sent)) for sent in (1, 2))
    other = read_batch(write_batch(replace(HEAD, seq=4), RAW, 1))
    assert first.digest == again.digest != other.digest


def test_an_asset_makes_the_round_trip() -> None:
    upload = AssetUpload("k", "s" * 16, bytes(16), None, "image/svg+xml", "/a.svg", 0, b"<svg/>")
    assert read_asset(write_asset(upload)) == upload
    packed = read_asset(write_asset(replace(upload, compression=1, hash=bytes(16))))
    assert inflate(packed.body, packed.compression, 100) == b"<svg/>"


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"", BadFrame, "0 bytes are too few"),
        (b"PK" + bytes(30), BadFrame, "not with VR"),
        (b"VR\x02" + bytes(30), UnknownVersion, "format version 2"),
        (b"VR\x01\x02" + bytes(16), BadFrame, "compression 2"),
        (b"VR\x01\x00" + struct.pack(">dII", float("nan"), 0, 0), BadFrame, "sent_t_ms nan"),
        (b"VR\x01\x00" + struct.pack(">dII", -1, 0, 0), BadFrame, "sent_t_ms -1"),
        (b"VR\x01\x00" + struct.pack(">dII", 1, 2**32 - 1, 5), BadFrame, "do not make 20"),
        (body_of({})[:-1] + b"\0\0", BadFrame, "do not make"),
    ],
)
def test_a_wrong_frame_is_refused(body: bytes, error: type[ReplayError], words: str) -> None:
    with pytest.raises(error, match=words):
        read_batch(body)


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("k", "", "site_key"),
        ("k", "a/b", "site_key"),
        ("s", "short", "session_id"),
        ("s", "x" * 44, "session_id"),
        ("s", "../../etc/passwd", "session_id"),
        ("s", "s" * 16 + "\n", "session_id"),
        ("w", b"short", "write_secret"),
        ("w", "x" * 16, "write_secret"),
        ("v", 5, "visitor_id"),
        ("d", None, "document_id"),
        ("n", -1, "seq"),
        ("n", 2**53, "seq"),
        ("n", 2**64 - 1, "seq"),
        ("n", 1.0, "seq"),
        ("n", True, "seq"),
        ("o", float("nan"), "origin_ms"),
        ("z", float("inf"), "session_start_ms"),
        ("t", -1, "t_ms"),
        ("u", b"/", "url"),
        ("c", 0, "consent"),
        ("x", 2, "replay"),
        ("f", {}, "facts"),
        ("r", [bytes(15)], "references"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(key: str, value: object, name: str) -> None:
    with pytest.raises(BadHead, match=rf"head field {key} \({name}\): .*expected") as caught:
        read_batch(body_of(fields() | {key: value}))
    assert caught.value.field == name


@pytest.mark.parametrize("key", "kwdntf")
def test_a_missing_field_is_named(key: str) -> None:
    head = fields()
    del head[key]
    with pytest.raises(BadHead, match=f"head field {key} .*missing"):
        read_batch(body_of(head))


@pytest.mark.parametrize("key", "vbozurq")
def test_a_field_that_a_later_batch_need_not_repeat_may_be_missing(key: str) -> None:
    head = fields()
    del head[key]
    assert read_batch(body_of(head)).head.document_id == HEAD.document_id


def test_unknown_fields_are_ignored() -> None:
    assert read_batch(body_of(fields() | {"new": [1, {"a": 2}]})).head == HEAD


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (b"\x82\xa1k\xa1a\xa1k\xa1b", "key 'k' comes twice"),
        (b"\x81\x01\xa1a", "key 1 is no string"),
        (b"\x81\x90\xa1a", r"key \[\] is no string"),
        (b"\x81\xa9__proto__\xa1a", "__proto__"),
        (b"\x91\xa1a", "no map"),
        (b"\xc1", "no msgpack"),
        (b"", "no msgpack"),
        (b"\x81\xa1k\xc7\x01\x05\x00", "extension type 5"),
        (b"\x81\xa1k\xdd\xff\xff\xff\xff", "no msgpack"),
        (b"\x81\xa1k\xc6\xff\xff\xff\xff", "no msgpack"),
        (b"\xdf\xff\xff\xff\xff", "no msgpack"),
        (b"\x91" * 100_000 + b"\xc0", "no msgpack"),
        (b"\x81\xa1a" * 50_000 + b"\xc0", "no msgpack"),
        (b"\x80\xc0", "no msgpack"),
        (bytes(300_000), "at most"),
    ],
)
def test_a_head_that_is_no_map_is_refused(packed: bytes, words: str) -> None:
    with pytest.raises(BadHead, match=words):
        read_batch(body_of(packed))


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("no", "no array"),
        ([65], "no array"),
        ([63, 0, "x"], "unknown code 63"),
        ([99, 0], "unknown code 99"),
        ([True, 0], "unknown code True"),
        ([66, -1, 50], "dt_ms -1"),
        ([66, 0], "0 of 1 fields"),
        ([66, 0, 50.5], "percent: 50.5 is no number"),
        ([66, 0, 2**60], "percent: .* is no number"),
        ([69, 0, 5, {}], "name: 5 is no word"),
        ([69, 0, "a", {"x": [1]}], "properties: .* is no map"),
        ([69, 0, "a", {"x": float("nan")}], "properties: .* is no map"),
        ([69, 0, "a", {1: 2}], "properties: .* is no map"),
        ([69, 0, "a", {"__proto__": 2}], "properties: .* is no map"),
    ],
)
def test_a_bad_fact_is_listed_and_the_good_ones_stay(fact: object, words: str) -> None:
    head = read_batch(body_of(fields() | {"f": [[66, 0, 10], fact, [66, 5, 20]]})).head
    assert head.facts == ((70, ops.ScrollDepth(10)), (75, ops.ScrollDepth(20)))
    assert len(head.problems) == 1
    assert re.search(f"fact 1: .*{words}", head.problems[0])


def test_fields_appended_to_a_fact_are_dropped() -> None:
    head = read_batch(body_of(fields() | {"f": [[66, 0, 10, "new", {}]]})).head
    assert head.facts == ((70, ops.ScrollDepth(10)),)


def test_odd_text_in_a_head_is_replaced_or_kept() -> None:
    raw = msgpack.packb(fields() | {"u": "MARK"}).replace(b"\xa4MARK", b"\xa6\xff\xed\xa0\x80a\x00")
    assert read_batch(body_of(raw)).head.url == "\ufffd\ufffd\ufffd\ufffda\ufffd"
    assert read_batch(body_of(fields() | {"u": "\u202e\x01"})).head.url == "\u202e\x01"


def test_a_truncated_batch_is_refused_at_every_byte() -> None:
    body = write_batch(HEAD, RAW, 1)
    for end in range(len(body)):
        with pytest.raises(ReplayError):
            read_batch(body[:end])


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_random_bytes_in_a_batch_end_in_one_error(noise: bytes, at: int) -> None:
    body = bytearray(write_batch(HEAD, RAW, 1))
    body[at : at + len(noise)] = noise
    for data in (noise, b"VR\x01\x00" + noise, bytes(body), body_of(noise)):
        try:
            batch = read_batch(data)
            read_section(inflate(batch.ops, batch.compression, 1 << 20), 0, nothing)
        except ReplayError:
            pass


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    started = time.perf_counter()
    with pytest.raises(TooLarge, match="more than 100000 bytes"):
        inflate(bomb, 1, 100_000)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"abc", mtime=0)[:-1], "truncated"),
        (gzip.compress(b"abc", mtime=0)[:-9], "truncated"),
        (gzip.compress(b"abc", mtime=0) + b"x", "1 bytes behind"),
        (gzip.compress(b"abc", mtime=0) * 2, "bytes behind"),
        (b"plain", "no gzip"),
        (gzip.compress(b"abc", mtime=0)[:-6] + b"\0" * 6, "no gzip"),
    ],
)
def test_damaged_gzip_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadCompression, match=words):
        inflate(data, 1, 1000)


def test_exactly_the_limit_is_allowed() -> None:
    assert inflate(gzip.compress(bytes(1000)), 1, 1000) == bytes(1000)
    assert inflate(bytes(1000), 0, 1000) == bytes(1000)
    with pytest.raises(TooLarge):
        inflate(bytes(1001), 0, 1000)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), _OPS), max_size=20), st.integers(-(2**40), 2**40))
def test_any_ops_make_the_round_trip(drawn: list[tuple[int, SectionOp]], base: int) -> None:
    t_ms, timed = base, []
    for step, op in drawn:
        if isinstance(op, ops.Put) and any(
            node.parent >= 0 and op.run[node.parent].kind == "text" for node in op.run
        ):
            continue  # a run can't even be written with a child below a text
        t_ms += step
        timed.append((t_ms, op))
    section = read_section(write_section(timed, base), base, nothing)
    assert section.problems == []
    assert [t for t, _ in section.ops] == [t for t, _ in timed]
    for (_, found), (_, wanted) in zip(section.ops, timed, strict=True):
        assert found == _as_travelled(wanted)


def _as_travelled(op: SectionOp) -> SectionOp:
    """What no column can hold is replaced."""
    changes = {
        name: getattr(op, name).replace("\0", "\ufffd")
        for name in getattr(op, "__slots__", ())
        if isinstance(getattr(op, name), str)
    }
    return replace(op, **changes) if changes else op


@settings(max_examples=200)
@given(st.text(st.characters(codec=None, categories=None), max_size=40))
def test_any_text_makes_the_round_trip(data: str) -> None:
    wanted = "".join("\ufffd" if c == "\0" or 0xD800 <= ord(c) < 0xE000 else c for c in data)
    raw = write_section([(0, ops.SetText(5, data)), (0, ops.FieldValue(5, data * 300))], 0)
    section = read_section(raw, 0, nothing)
    assert section.problems == []
    assert [op for _, op in section.ops] == [
        ops.SetText(5, wanted),
        ops.FieldValue(5, wanted * 300),
    ]


def test_a_truncated_section_is_refused_at_every_byte() -> None:
    raw = write_section(snapshot(0, element(2, "p", id="a"), text(3, "x" * 3000)), 0)
    for end in range(len(raw)):
        with pytest.raises(BadSection):
            read_section(raw[:end], 0, nothing)


@settings(max_examples=500)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_a_section_with_changed_bytes_never_raises_anything_else(
    chance: random.Random, count: int
) -> None:
    raw = bytearray(
        write_section(snapshot(0, element(2, "p", class_="a", id="b"), text(3, "x")), 0)
    )
    for _ in range(count):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    try:
        section = read_section(bytes(raw), 0, nothing)
    except BadSection:
        return
    times = [t_ms for t_ms, _ in section.ops]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc0",
        b"\x98" + b"\xc4\x00" * 8,
        b"\xdd\xff\xff\xff\xff",
        b"\x99\xc6\xff\xff\xff\xff",
        b"\x99" + b"\xc4\x00" * 5 + b"\xa0" * 3 + b"\xdd\xff\xff\xff\xff",
        b"\x99" + b"\xc4\x00" * 5 + b"\xa0" * 3 + b"\x91" * 1000,
        b"\x99" + b"\xc4\x00" * 5 + b"\xa0" * 3 + b"\x91\xc4\x0f" + bytes(15),
        b"\x9a" + b"\xc4\x00" * 5 + b"\xa0" * 3 + b"\x90\xdf\xff\xff\xff\xff",
        b"\x9a" + b"\xc4\x00" * 5 + b"\xa0" * 3 + b"\x90\x81\xa1a\xa1i",
        b"\x91" * 100_000,
    ],
)
def test_bytes_that_are_no_section_are_refused(raw: bytes) -> None:
    with pytest.raises(BadSection):
        read_section(raw, 0, nothing)


def test_a_claim_of_millions_of_nodes_is_bounded() -> None:
    raw = write_columns(
        Columns(b"\x04", b"\0", b"\x02\0\x04", b"\x01" * 2_000_000 + b"\0", text="\0" * 1_999_999)
    )
    section = read_section(raw, 0, nothing)
    assert (section.ops, section.problems) == ([], ["op 0: more than 500000 nodes"])


def test_a_claim_of_millions_of_ops_is_bounded() -> None:
    raw = write_columns(Columns(b"\x03" * 2_000_000, bytes(2_000_000)))
    section = read_section(raw, 0, nothing)
    assert len(section.ops) == MAX_OPS
    assert section.problems == [f"op {MAX_OPS}: more than {MAX_OPS} ops"]


def test_too_many_contents_are_refused() -> None:
    raw = write_columns(Columns(contents=[""] * (MAX_CONTENTS + 1)))
    with pytest.raises(BadSection, match="too many"):
        read_columns(raw)


def test_a_run_of_depth_100_000_is_read_without_recursion() -> None:
    run = tuple(element(index - 1, "b") for index in range(100_000))
    section = read_section(write_section([(0, ops.Put(1, 0, 2, run))], 0), 0, nothing)
    assert [op for _, op in section.ops] == [ops.Put(1, 0, 2, run)]


def test_a_huge_value_is_cut() -> None:
    data = "\U0001f600" * (MAX_VALUE_UNITS // 2 - 1) + "a\U0001f600"
    section = read_section(write_section([(0, ops.Attr(5, "x", data))], 0), 0, nothing)
    kept = section.ops[0][1]
    assert isinstance(kept, ops.Attr)
    assert kept.value == data[:-1] == cut_value(data)
    assert len(section.problems) == 1


def test_contents_are_listed_and_named() -> None:
    big = "a" * 5000
    named = content_hash(big.encode())
    timed: list[tuple[int, SectionOp]] = [
        (0, ops.Sheet(5, big, "")),
        (0, ops.Sheet(6, "b" * 5000, "")),
    ]
    assert section_contents(write_section(timed, 0)) == ([big, "b" * 5000], [])
    raw = write_section(timed, 0, {big: named}.get)
    assert section_contents(raw) == (["b" * 5000], [named])
    assert read_section(raw, 0, {named: big}.get).ops == timed
    assert read_section(raw, 0, nothing).missing == [named]


def test_times_that_fall_are_no_section() -> None:
    with pytest.raises(ValueError, match="t_ms 4 comes after 5"):
        write_section([(5, ops.Begin()), (4, ops.End())], 0)
