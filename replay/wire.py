"""A batch: in goes the body of a request, out come its head as a dataclass with facts, and its ops
section as it lies there (and back). The only file that knows msgpack's general form;
`replay/section.py` reads the ops."""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgpack

from replay.columns import HASH_BYTES, MAX_INT, read_columns
from replay.encode import content_hash, write_section
from replay.errors import BadCompression, BadFrame, BadHead, TooLarge, UnknownVersion, shown
from replay.fields import FACTS, FIELDS
from replay.ops import FORMAT_VERSION, Fact, Kind
from replay.section import Section, read_section

__all__ = [
    "AssetUpload",
    "Batch",
    "Head",
    "Section",
    "content_hash",
    "inflate",
    "read_asset",
    "read_batch",
    "read_section",
    "section_contents",
    "write_asset",
    "write_batch",
    "write_section",
]

FRAME_BYTES = 20
NONE, GZIP = 0, 1
MAX_HEAD_BYTES = 256 * 1024
MAX_HEAD_ITEMS = 8192
"""Entries of one array or map in the head."""

_ID = re.compile(r"[A-Za-z0-9_-]{16,43}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,95}")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a batch (names: `replay/FORMAT.md`). `facts`: (ms since the document's time
    origin, fact), those that could be read; `problems` names the others."""

    site_key: str
    session_id: str
    write_secret: bytes
    visitor_id: str | None
    tab_id: str
    document_id: str
    seq: int
    origin_ms: int
    session_start_ms: int
    t_ms: int
    url: str
    consent: int
    facts: tuple[tuple[int, Fact], ...]
    references: tuple[bytes, ...]
    sdk_version: str
    replay: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one POST carried. `ops` as on the wire (see `compression`). `digest`: of the body
    without `sent_t_ms`, so that a retry has the same one."""

    head: Head
    sent_t_ms: float
    compression: int
    ops: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class AssetUpload:
    """What one POST to /v1/asset carried. `hash` None: the client could not make one. `body` as on
    the wire."""

    site_key: str
    session_id: str
    write_secret: bytes
    hash: bytes | None
    media_type: str
    url: str
    compression: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _BadMap:
    """Stands where a map has repeated or foreign keys: wrong in the head, and only a bad fact in a
    fact."""

    reason: str


def _pairs(pairs: list[tuple[object, object]]) -> dict[str, object] | _BadMap:
    found: dict[str, object] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            return _BadMap(f"key {shown(key)} is no string")
        if key in found:
            return _BadMap(f"key {shown(key)} comes twice")
        if key == "__proto__":
            return _BadMap("key '__proto__'")
        found[key] = value
    return found


def _no_extension(code: int, data: bytes) -> object:
    raise ValueError(f"extension type {code}")


def _head_map(data: bytes) -> dict[str, object]:
    if len(data) > MAX_HEAD_BYTES:
        raise BadHead(f"head: {len(data)} bytes, at most {MAX_HEAD_BYTES}", offset=FRAME_BYTES)
    try:
        head = msgpack.unpackb(
            data,
            strict_map_key=False,
            unicode_errors="replace",
            object_pairs_hook=_pairs,
            ext_hook=_no_extension,
            max_array_len=MAX_HEAD_ITEMS,
            max_map_len=MAX_HEAD_ITEMS,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        reason = str(error) or type(error).__name__
        raise BadHead(f"head: no msgpack: {reason}", offset=FRAME_BYTES) from None
    if isinstance(head, _BadMap):
        raise BadHead(f"head: {head.reason}", offset=FRAME_BYTES)
    if not isinstance(head, dict):
        raise BadHead("head: no map", offset=FRAME_BYTES)
    return cast(dict[str, object], head)


class _Fields:
    """Takes fields of the head by their key; every refusal names key, name and value."""

    def __init__(self, head: dict[str, object]) -> None:
        self._head = head

    def refuse(self, key: str, name: str, expected: str) -> BadHead:
        value = shown(self._head[key]) if key in self._head else "missing"
        return BadHead(f"head field {key} ({name}): {value}, expected {expected}", field=name)

    def text(self, key: str, name: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._head.get(key)
        if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
            raise self.refuse(key, name, pattern.pattern if pattern else "a string")
        return value.replace("\0", "\ufffd")

    def text_or_nil(self, key: str, name: str, pattern: re.Pattern[str]) -> str | None:
        return None if self._head.get(key, 0) is None else self.text(key, name, pattern)

    def number(self, key: str, name: str, low: int, high: int = MAX_INT) -> int:
        value = self._head.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self.refuse(key, name, f"an integer of {low} to {high}")
        return value

    def binary(self, key: str, name: str) -> bytes:
        value = self._head.get(key)
        if not isinstance(value, bytes) or len(value) != HASH_BYTES:
            raise self.refuse(key, name, f"{HASH_BYTES} bytes")
        return value

    def binary_or_nil(self, key: str, name: str) -> bytes | None:
        return None if self._head.get(key, 0) is None else self.binary(key, name)

    def array(self, key: str, name: str) -> list[object]:
        value = self._head.get(key)
        if not isinstance(value, list):
            raise self.refuse(key, name, "an array")
        return cast(list[object], value)

    def binaries(self, key: str, name: str) -> tuple[bytes, ...]:
        values = self.array(key, name)
        hashes = [v for v in values if isinstance(v, bytes) and len(v) == HASH_BYTES]
        if len(hashes) < len(values):
            raise self.refuse(key, name, f"an array of {HASH_BYTES} bytes each")
        return tuple(hashes)


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if type(value) is int:
        return -MAX_INT <= value <= MAX_INT
    return value is None or isinstance(value, (str, bool))


def _fact_field(kind: Kind, value: object) -> object:
    """The value of a fact's field, or ValueError with what it should be."""
    if kind is Kind.WORD and isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if kind is Kind.NUMBER and type(value) is int and -MAX_INT <= value <= MAX_INT:
        return value
    if kind is Kind.MAP and isinstance(value, dict) and all(map(_is_scalar, value.values())):
        return {
            key.replace("\0", "\ufffd"): v.replace("\0", "\ufffd") if isinstance(v, str) else v
            for key, v in value.items()
        }
    raise ValueError(f"{shown(value)} is no {kind.value}")


def _fact(item: object, t_ms: int) -> tuple[int, Fact]:
    """One fact with its time, or ValueError with what is wrong."""
    if not isinstance(item, list) or len(item) < 2:
        raise ValueError("no array of code and time")
    code, dt_ms, *values = item
    if type(code) is not int or code not in FACTS:
        raise ValueError(f"unknown code {shown(code)}")
    if type(dt_ms) is not int or not 0 <= dt_ms <= MAX_INT:
        raise ValueError(f"dt_ms {shown(dt_ms)} is no integer of 0 or more")
    kinds = FIELDS[code]
    if len(values) < len(kinds):
        raise ValueError(f"code {code} has {len(values)} of {len(kinds)} fields")
    fields = {}
    for (name, kind), value in zip(kinds, values, strict=False):
        try:
            fields[name] = _fact_field(kind, value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return t_ms + dt_ms, cast(Fact, FACTS[code](**fields))


def _facts(items: Sequence[object], t_ms: int) -> tuple[list[tuple[int, Fact]], list[str]]:
    facts = []
    problems = []
    for index, item in enumerate(items):
        try:
            facts.append(_fact(item, t_ms))
        except ValueError as error:
            problems.append(f"fact {index}: {error}")
    return facts, problems


def _head(data: bytes) -> Head:
    fields = _Fields(_head_map(data))
    t_ms = fields.number("t", "t_ms", 0)
    facts, problems = _facts(fields.array("f", "facts"), t_ms)
    return Head(
        site_key=fields.text("k", "site_key", _KEY),
        session_id=fields.text("s", "session_id", _ID),
        write_secret=fields.binary("w", "write_secret"),
        visitor_id=fields.text_or_nil("v", "visitor_id", _ID),
        tab_id=fields.text("b", "tab_id", _ID),
        document_id=fields.text("d", "document_id", _ID),
        seq=fields.number("n", "seq", 0),
        origin_ms=fields.number("o", "origin_ms", -MAX_INT),
        session_start_ms=fields.number("z", "session_start_ms", -MAX_INT),
        t_ms=t_ms,
        url=fields.text("u", "url"),
        consent=fields.number("c", "consent", 1, 2),
        facts=tuple(facts),
        references=fields.binaries("r", "references"),
        sdk_version=fields.text("q", "sdk_version"),
        replay=fields.number("x", "replay", 0, 1),
        problems=tuple(problems),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    compression: int
    sent_t_ms: float
    head: bytes
    second: bytes


def _frame(body: bytes) -> _Frame:
    """The 20 bytes in front, and the two sections that they measure."""
    if len(body) < FRAME_BYTES:
        raise BadFrame(f"{len(body)} bytes are too few for a batch", offset=len(body))
    if body[:2] != b"VR":
        raise BadFrame(f"begins with {shown(bytes(body[:2]))}, not with VR", offset=0)
    if body[2] != FORMAT_VERSION:
        raise UnknownVersion(f"format version {body[2]}, known is {FORMAT_VERSION}", offset=2)
    compression = body[3]
    if compression not in (NONE, GZIP):
        raise BadFrame(f"compression {compression}, known are 0 and 1", offset=3)
    sent_t_ms, head_bytes, second_bytes = struct.unpack_from(">dII", body, 4)
    if not math.isfinite(sent_t_ms) or not 0 <= sent_t_ms <= MAX_INT:
        raise BadFrame(f"sent_t_ms {sent_t_ms} is no time", offset=4)
    if FRAME_BYTES + head_bytes + second_bytes != len(body):
        raise BadFrame(
            f"a head of {head_bytes} and a section of {second_bytes} bytes do not make {len(body)}",
            offset=12,
        )
    split = FRAME_BYTES + head_bytes
    return _Frame(compression, sent_t_ms, bytes(body[FRAME_BYTES:split]), bytes(body[split:]))


def read_batch(body: bytes) -> Batch:
    """The batch in a request body. Raises BadFrame, UnknownVersion or BadHead; the ops are not
    looked into."""
    frame = _frame(body)
    digest = content_hash(body[:4] + body[12:])
    return Batch(_head(frame.head), frame.sent_t_ms, frame.compression, frame.second, digest)


def read_asset(body: bytes) -> AssetUpload:
    """The asset in a request body. Raises BadFrame, UnknownVersion or BadHead; the bytes are not
    looked into."""
    frame = _frame(body)
    fields = _Fields(_head_map(frame.head))
    return AssetUpload(
        fields.text("k", "site_key", _KEY),
        fields.text("s", "session_id", _ID),
        fields.binary("w", "write_secret"),
        fields.binary_or_nil("h", "hash"),
        fields.text("m", "media_type", _MEDIA_TYPE),
        fields.text("u", "url"),
        frame.compression,
        frame.second,
    )


def _packed(head: Mapping[str, object], second: bytes, sent_t_ms: float, compression: int) -> bytes:
    packed = cast(bytes, msgpack.packb(head))
    data = second
    if compression == GZIP and second:
        packer = zlib.compressobj(wbits=31)
        data = packer.compress(second) + packer.flush()
    front = struct.pack(">dII", sent_t_ms, len(packed), len(data))
    return b"VR" + bytes((FORMAT_VERSION, compression)) + front + packed + data


def write_batch(head: Head, ops: bytes, sent_t_ms: float, compression: int = GZIP) -> bytes:
    """A request body: `ops` is the raw section, b"" for facts only."""
    facts: list[list[Any]] = [
        [fact.CODE, t_ms - head.t_ms, *(getattr(fact, name) for name, _ in FIELDS[fact.CODE])]
        for t_ms, fact in head.facts
    ]
    fields = {
        "k": head.site_key,
        "s": head.session_id,
        "w": head.write_secret,
        "v": head.visitor_id,
        "b": head.tab_id,
        "d": head.document_id,
        "n": head.seq,
        "o": head.origin_ms,
        "z": head.session_start_ms,
        "t": head.t_ms,
        "u": head.url,
        "c": head.consent,
        "f": facts,
        "r": list(head.references),
        "q": head.sdk_version,
        "x": head.replay,
    }
    return _packed(fields, ops, sent_t_ms, compression)


def write_asset(upload: AssetUpload, sent_t_ms: float = 0) -> bytes:
    """A request body for an asset whose `body` is not compressed yet."""
    fields = {
        "k": upload.site_key,
        "s": upload.session_id,
        "w": upload.write_secret,
        "h": upload.hash,
        "m": upload.media_type,
        "u": upload.url,
    }
    return _packed(fields, upload.body, sent_t_ms, upload.compression)


def inflate(data: bytes, compression: int, max_bytes: int) -> bytes:
    """The raw section. Raises TooLarge at `max_bytes` (nothing beyond is inflated) and
    BadCompression for truncated or damaged bytes or something behind them. No bytes at all are no
    section."""
    if compression == NONE or not data:
        if len(data) > max_bytes:
            raise TooLarge(f"{len(data)} bytes, at most {max_bytes}")
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        raw = unpacker.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise BadCompression(f"no gzip: {error}") from None
    if len(raw) > max_bytes:
        raise TooLarge(f"more than {max_bytes} bytes inflated")
    if not unpacker.eof:
        raise BadCompression("gzip is truncated", offset=len(data))
    if unpacker.unused_data:
        offset = len(data) - len(unpacker.unused_data)
        raise BadCompression(f"{len(unpacker.unused_data)} bytes behind the gzip", offset=offset)
    return raw


def section_contents(raw: bytes) -> tuple[list[str], list[bytes]]:
    """The big texts that a raw section carries, and the hashes of those that it only names. Raises
    BadSection."""
    contents = read_columns(raw).contents
    carried = [item for item in contents if isinstance(item, str)]
    return carried, [item for item in contents if isinstance(item, bytes)]
