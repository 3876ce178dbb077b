"""A batch: in goes the body of a request, out come its head as a dataclass with facts, and its ops
section as it lies there (and back). The only file that knows msgpack's general form;
`replay/section.py` reads the ops."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgpack

from replay.columns import MAX_INT, read_columns
from replay.encode import content_hash, write_section
from replay.errors import BadCompression, BadFrame, BadHead, TooLarge, UnknownVersion, shown
from replay.fields import FIELDS
from replay.head import ID, MEDIA_TYPE, SITE_KEY, Fields, Head, head_of
from replay.ops import FORMAT_VERSION
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
    return Batch(
        head_of(_head_map(frame.head)), frame.sent_t_ms, frame.compression, frame.second, digest
    )


def read_asset(body: bytes) -> AssetUpload:
    """The asset in a request body. Raises BadFrame, UnknownVersion or BadHead; the bytes are not
    looked into."""
    frame = _frame(body)
    fields = Fields(_head_map(frame.head))
    return AssetUpload(
        fields.text("k", "site_key", SITE_KEY),
        fields.text("s", "session_id", ID),
        fields.binary("w", "write_secret"),
        fields.binary_or_nil("h", "hash"),
        fields.text("m", "media_type", MEDIA_TYPE),
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
    """A request body: `ops` is the raw section, b"" for facts only. A head without a session id is
    that of a later batch: it leaves out all that holds for the whole document load."""
    facts: list[list[Any]] = [
        [fact.CODE, t_ms - head.t_ms, *(getattr(fact, name) for name, _ in FIELDS[fact.CODE])]
        for t_ms, fact in head.facts
    ]
    fields = {
        "k": head.site_key,
        "w": head.write_secret,
        "d": head.document_id,
        "n": head.seq,
        "t": head.t_ms,
        "u": head.url,
        "f": facts,
        "r": list(head.references),
    }
    if head.session_id:
        fields |= {
            "s": head.session_id,
            "v": head.visitor_id,
            "b": head.tab_id,
            "o": head.origin_ms,
            "z": head.session_start_ms,
            "c": head.consent,
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
