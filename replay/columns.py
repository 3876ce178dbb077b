"""The bytes of an ops section: in goes the raw section, out come its columns as lists (and back). A
section is msgpack of four types only, read here by hand: a general reader allocates what a header
claims, and makes an object of every nested thing it meets."""

from __future__ import annotations

from dataclasses import dataclass, field

from replay.errors import BadSection

MAX_INT = 2**53 - 1
"""Largest integer that JavaScript tells from its neighbours."""

MAX_CONTENTS = 65_536
MAX_ANNOUNCED = 256
HASH_BYTES = 16


@dataclass(slots=True)
class Columns:
    """The elements of a section, as they lie there. `contents`: str is the text, bytes its hash.
    `announced`: code → letters."""

    codes: bytes = b""
    times: bytes = b""
    numbers: bytes = b""
    structure: bytes = b""
    hashes: bytes = b""
    names: str = ""
    values: str = ""
    text: str = ""
    contents: list[str | bytes] = field(default_factory=list)
    announced: dict[int, str] = field(default_factory=dict)
    left_over: int = 0


class _Source:
    """Reads msgpack headers one by one; every length is checked against what is there."""

    __slots__ = ("at", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def _take(self, count: int, what: str) -> bytes:
        end = self.at + count
        if end > len(self.raw):
            raise BadSection(f"section ends within {what}", offset=self.at)
        piece = self.raw[self.at : end]
        self.at = end
        return piece

    def _length(self, what: str, fixed: tuple[int, int] | None, sized: dict[int, int]) -> int:
        """The length in a header: `fixed` is a range of bytes that hold it, `sized` says how many
        bytes follow a first byte."""
        first = self._take(1, what)[0]
        if fixed and fixed[0] <= first <= fixed[1]:
            return first - fixed[0]
        if first not in sized:
            raise BadSection(f"{what}: unexpected type 0x{first:02x}", offset=self.at - 1)
        return int.from_bytes(self._take(sized[first], what), "big")

    def array(self, what: str) -> int:
        return self._length(what, (0x90, 0x9F), {0xDC: 2, 0xDD: 4})

    def map(self, what: str) -> int:
        return self._length(what, (0x80, 0x8F), {0xDE: 2, 0xDF: 4})

    def uint(self, what: str) -> int:
        return self._length(what, (0x00, 0x7F), {0xCC: 1, 0xCD: 2, 0xCE: 4})

    def bytes(self, what: str) -> bytes:
        return self._take(self._length(what, None, {0xC4: 1, 0xC5: 2, 0xC6: 4}), what)

    def text(self, what: str) -> str:
        length = self._length(what, (0xA0, 0xBF), {0xD9: 1, 0xDA: 2, 0xDB: 4})
        return self._take(length, what).decode("utf-8", "replace")

    def is_text(self) -> bool:
        first = self.raw[self.at] if self.at < len(self.raw) else 0
        return 0xA0 <= first <= 0xBF or 0xD9 <= first <= 0xDB


def _content(source: _Source, index: int) -> str | bytes:
    if source.is_text():
        return source.text(f"content {index}")
    named = source.bytes(f"content {index}")
    if len(named) != HASH_BYTES:
        raise BadSection(
            f"content {index}: a hash has 16 bytes, not {len(named)}", offset=source.at
        )
    return named


def _bounded(count: int, limit: int, what: str, source: _Source) -> int:
    if count > limit or count > len(source.raw) - source.at:
        raise BadSection(f"{what}: {count} elements are too many", offset=source.at)
    return count


def read_columns(raw: bytes) -> Columns:
    """The columns of a raw section. Raises BadSection when it is cut off or of the wrong types."""
    source = _Source(raw)
    size = source.array("section")
    if size < 9:
        raise BadSection(f"a section has nine elements, not {size}", offset=0)
    columns = Columns(
        source.bytes("codes"),
        source.bytes("times"),
        source.bytes("numbers"),
        source.bytes("structure"),
        source.bytes("hashes"),
        source.text("names"),
        source.text("values"),
        source.text("text"),
    )
    count = _bounded(source.array("contents"), MAX_CONTENTS, "contents", source)
    columns.contents = [_content(source, index) for index in range(count)]
    if size > 9:
        count = _bounded(source.map("announcements"), MAX_ANNOUNCED, "announcements", source)
        for _ in range(count):
            code = source.uint("announced code")
            columns.announced[code] = source.text("announced fields")
    if size <= 10:
        columns.left_over = len(raw) - source.at
    return columns


def _header(
    length: int, fixed: tuple[int, int] | None, sized: tuple[tuple[int, int], ...]
) -> bytes:
    if fixed and length < fixed[1]:
        return bytes((fixed[0] + length,))
    for first, width in sized:
        if length < 1 << (8 * width):
            return bytes((first,)) + length.to_bytes(width, "big")
    raise ValueError(f"length {length} does not fit")


def _bin(data: bytes) -> bytes:
    return _header(len(data), None, ((0xC4, 1), (0xC5, 2), (0xC6, 4))) + data


def _str(text: str) -> bytes:
    data = text.encode()
    return _header(len(data), (0xA0, 32), ((0xD9, 1), (0xDA, 2), (0xDB, 4))) + data


def _uint(number: int) -> bytes:
    return _header(number, (0x00, 128), ((0xCC, 1), (0xCD, 2), (0xCE, 4)))


def write_columns(columns: Columns) -> bytes:
    """The raw section, each element in the shortest form that msgpack has for it."""
    array = ((0xDC, 2), (0xDD, 4))
    parts = [_header(10 if columns.announced else 9, (0x90, 16), array)]
    for data in (columns.codes, columns.times, columns.numbers, columns.structure, columns.hashes):
        parts.append(_bin(data))
    parts += [_str(text) for text in (columns.names, columns.values, columns.text)]
    parts.append(_header(len(columns.contents), (0x90, 16), array))
    parts += [_str(item) if isinstance(item, str) else _bin(item) for item in columns.contents]
    if columns.announced:
        parts.append(_header(len(columns.announced), (0x80, 16), ((0xDE, 2), (0xDF, 4))))
        for code in sorted(columns.announced):
            parts += [_uint(code), _str(columns.announced[code])]
    return b"".join(parts)


def varints(data: bytes) -> list[int]:
    """All varints of a column. Stops before one that is cut off or larger than 2^53 - 1: whoever
    needs it finds the column ended."""
    if data.isascii():  # no byte has the continuation bit
        return list(data)
    found: list[int] = []
    add = found.append
    value = shift = 0
    for byte in data:
        if byte >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 49:
                return found
        elif shift:
            value |= byte << shift
            if value > MAX_INT:
                return found
            add(value)
            value = shift = 0
        else:
            add(byte)
    return found


def varint(number: int) -> bytes:
    """One varint. Raises ValueError for what a reader would refuse."""
    if not 0 <= number <= MAX_INT:
        raise ValueError(f"{number} does not fit a varint")
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def zigzag(number: int) -> int:
    """n ≥ 0 → 2n, n < 0 → -2n - 1."""
    return number * 2 if number >= 0 else -number * 2 - 1
