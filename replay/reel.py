"""The container of a portable recording (`.reel`): parts in, bytes out, and back. Each part has its
own lengths and checksums, so that damage loses what it hits and nothing else."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from replay.encode import content_hash
from replay.errors import BadReel, ReplayError, UnknownVersion, shown
from replay.wire import GZIP, NONE, inflate

MAGIC = b"\x89VREEL\r\n"
VERSION = 1
HEADER = MAGIC + bytes((VERSION, 0, 0, 0))

MARK = b"\x89VRp"
FRONT = struct.Struct(">4sBBHII16sI")
"""mark, kind, compression, length of the head, of the body, of the body inflated; hash of the body;
CRC-32 of all this and the head."""
ENTRY = struct.Struct(">BQI")
"""In the index: kind of a part, where it begins, its length."""
TRAILER = struct.Struct(">4sQI")
TRAILER_MARK = b"\x89VRe"

INDEX = 255
MAX_HEAD_BYTES = 512
MAX_BODY_BYTES = 64 << 20
MAX_PARTS = 65_536
MAX_RAW_BYTES = 2 << 30
"""Of all parts together, inflated: a session has at most 300 MB on the wire."""
CHUNK_BYTES = 1 << 18
MAX_EFFORT = 8
"""Bytes that are looked at, as a multiple of the file's: parts that only claim to be long could
make it the square."""
MAX_FALSE_MARKS = 100_000


@dataclass(frozen=True, slots=True)
class Part:
    """A part where it lies in a file. `head`: JSON, not looked into yet. `is_whole`: the body is as
    it was written."""

    kind: int
    offset: int
    head: bytes
    compression: int
    body_bytes: int
    raw_bytes: int
    digest: bytes
    is_whole: bool = True

    @property
    def body_at(self) -> int:
        """Where the body begins."""
        return self.offset + FRONT.size + len(self.head)

    @property
    def end(self) -> int:
        """Where the next part begins."""
        return self.body_at + self.body_bytes


@dataclass(slots=True)
class Scan:
    """What was found in a file. `problems`: one line for each stretch that is no part."""

    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def front_of(part: Part) -> bytes:
    """The fixed fields of a part, with their checksum."""
    fields = (MARK, part.kind, part.compression, len(part.head), part.body_bytes, part.raw_bytes)
    front = FRONT.pack(*fields, part.digest, 0)[:-4]
    return front + zlib.crc32(part.head, zlib.crc32(front)).to_bytes(4, "big")


class ReelWriter:
    """Writes parts one behind the other; keeps only the index of them. Nothing is complete before
    `close`."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._at = 0
        self._index = bytearray()
        self._put(HEADER)

    def add(self, kind: int, head: Mapping[str, object], body: bytes) -> None:
        """One more part. Raises BadReel for what no reader would take."""
        if len(self._index) >= (MAX_PARTS - 1) * ENTRY.size:
            raise BadReel(f"more than {MAX_PARTS} parts")
        self._index += self._add(kind, json.dumps(head, separators=(",", ":")).encode(), body)

    def close(self) -> None:
        """Writes the index and the end."""
        at = self._at
        self._add(INDEX, b"{}", bytes(self._index))
        front = TRAILER.pack(TRAILER_MARK, at, 0)[:-4]
        self._put(front + zlib.crc32(front).to_bytes(4, "big"))

    def _add(self, kind: int, head: bytes, raw: bytes) -> bytes:
        if len(head) > MAX_HEAD_BYTES or len(raw) > MAX_BODY_BYTES:
            raise BadReel(f"a part of {len(head)} and {len(raw)} bytes is too large")
        packer = zlib.compressobj(wbits=31)
        body = packer.compress(raw) + packer.flush()
        compression = GZIP if len(body) < len(raw) else NONE
        if compression == NONE:
            body = raw
        at = self._at
        part = Part(kind, at, head, compression, len(body), len(raw), content_hash(body))
        self._put(front_of(part) + head)
        self._put(body)
        return ENTRY.pack(kind, at, self._at - at)

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._at += len(data)


def scan(file: BinaryIO) -> Scan:
    """Every part of a file but the index, in order, its body checked but not kept. Raises BadReel
    when it is no portable recording, and UnknownVersion."""
    size = file.seek(0, 2)
    _check_header(_read(file, 0, len(HEADER)))
    return _Walk(file, size).run()


def read_body(file: BinaryIO, part: Part, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The inflated body of a part, checked again. Raises ReplayError."""
    if part.raw_bytes > max_bytes:
        raise BadReel(f"{part.raw_bytes} bytes, at most {max_bytes}", offset=part.offset)
    body = _read(file, part.body_at, part.body_bytes)
    if content_hash(body) != part.digest:
        raise BadReel("its checksum is wrong", offset=part.offset)
    raw = inflate(body, part.compression, part.raw_bytes)
    if len(raw) != part.raw_bytes:
        raise BadReel(f"{len(raw)} bytes, not {part.raw_bytes}", offset=part.offset)
    return raw


class _Walk:
    """Goes from part to part; where there is none, to the next mark."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._left = size * MAX_EFFORT
        self._false_marks = 0
        self._raw = 0
        self._found = Scan()
        self._index = _index(file, size)

    def run(self) -> Scan:
        at = len(HEADER)
        while at < self._size and not self._is_end(at):
            part = self._part_at(at)
            at = self._take(part) if part else self._skip(at)
            if self._is_tired or len(self._found.parts) > MAX_PARTS or self._raw > MAX_RAW_BYTES:
                self._found.problems.append(f"what lies behind byte {at} is too much to read")
                break
        else:
            if at >= self._size:
                self._found.problems.append("the end of the file is missing")
        return self._found

    @property
    def _is_tired(self) -> bool:
        return self._left < 0 or self._false_marks > MAX_FALSE_MARKS

    def _part_at(self, at: int) -> Part | None:
        """The part whose front and head are whole at this place."""
        part = part_at(self._file, at)
        if part and max(part.body_bytes, part.raw_bytes) > MAX_BODY_BYTES + CHUNK_BYTES:
            return None
        return part

    def _take(self, part: Part) -> int:
        """Notes a part; where to go on."""
        self._left -= part.body_bytes + FRONT.size
        is_whole = part.end <= self._size and _hash_at(self._file, part) == part.digest
        if part.kind != INDEX:
            self._raw += part.raw_bytes
            self._found.parts.append(replace(part, is_whole=is_whole))
        elif not is_whole:
            self._found.problems.append("the index is damaged")
        if is_whole or self._is_end(part.end) or self._part_at(part.end):
            return part.end
        # Bytes are missing or came in between: the next part may begin inside of this one.
        return self._next_mark(part.body_at)

    def _skip(self, at: int) -> int:
        """Names what is no part; where to go on."""
        known = self._index.get(at)
        end = self._next_mark(at + 1)
        which = f" (part {known + 1})" if known is not None else ""
        self._found.problems.append(f"bytes {at} to {end} can't be read{which}")
        return end

    def _next_mark(self, at: int) -> int:
        """The next place at which a part or the end begins."""
        while at < self._size and not self._is_tired:
            chunk = _read(self._file, at, CHUNK_BYTES)
            self._left -= len(chunk)
            for place in _marks(chunk):
                if self._is_end(at + place) or self._part_at(at + place):
                    return at + place
                self._false_marks += 1
            at += max(1, len(chunk) - len(MARK) + 1)
        return self._size

    def _is_end(self, at: int) -> bool:
        return at == self._size - TRAILER.size and _trailer(self._file, self._size) is not None


def part_at(file: BinaryIO, at: int) -> Part | None:
    """The part that begins there, if its front and head are whole; the body is not looked at."""
    data = _read(file, at, FRONT.size + MAX_HEAD_BYTES)
    if len(data) < FRONT.size:
        return None
    mark, kind, compression, head_bytes, body_bytes, raw_bytes, digest, crc = FRONT.unpack_from(
        data
    )
    head = data[FRONT.size : FRONT.size + head_bytes]
    if mark != MARK or compression not in (NONE, GZIP) or len(head) < head_bytes:
        return None
    if zlib.crc32(head, zlib.crc32(data[: FRONT.size - 4])) != crc:
        return None
    return Part(kind, at, head, compression, body_bytes, raw_bytes, digest)


def _marks(chunk: bytes) -> Iterator[int]:
    at = chunk.find(MARK[:3])
    while at >= 0:
        if chunk[at : at + 4] in (MARK, TRAILER_MARK):
            yield at
        at = chunk.find(MARK[:3], at + 1)


def _check_header(header: bytes) -> None:
    if not header:
        raise BadReel("the file is empty", offset=0)
    if not header.startswith(MAGIC):
        raise BadReel(f"begins with {shown(header[: len(MAGIC)])}: no .reel file", offset=0)
    if len(header) < len(HEADER):
        raise BadReel("ends within its first bytes", offset=len(header))
    if header[len(MAGIC)] != VERSION:
        raise UnknownVersion(
            f".reel version {header[len(MAGIC)]}, known is {VERSION}", offset=len(MAGIC)
        )


def _trailer(file: BinaryIO, size: int) -> int | None:
    """Where the index begins, if the file ends as it should."""
    data = _read(file, max(0, size - TRAILER.size), TRAILER.size)
    if len(data) < TRAILER.size:
        return None
    mark, at, crc = TRAILER.unpack(data)
    is_good = mark == TRAILER_MARK and zlib.crc32(data[:-4]) == crc and at < size
    return int(at) if is_good else None


def _index(file: BinaryIO, size: int) -> dict[int, int]:
    """Where each part begins → its number; empty when the index is not whole."""
    at = _trailer(file, size)
    part = part_at(file, at) if at is not None else None
    if part is None or part.kind != INDEX or part.end > size:
        return {}
    try:
        raw = read_body(file, part, MAX_PARTS * ENTRY.size)
        return {offset: number for number, (_, offset, _) in enumerate(ENTRY.iter_unpack(raw))}
    except (ReplayError, struct.error):
        return {}


def _hash_at(file: BinaryIO, part: Part) -> bytes:
    digest = hashlib.sha256()
    file.seek(part.body_at)
    left = part.body_bytes
    while left:
        chunk = file.read(min(left, CHUNK_BYTES))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return digest.digest()[:16]


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
