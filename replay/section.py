"""Reads an ops section: in go its raw bytes and the texts that it names by hash, out come ops with
their times, and what was wrong with it. Nothing in here raises for damage: the ops before it
hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from replay.columns import HASH_BYTES, MAX_INT, Columns, read_columns, varints
from replay.errors import Damaged, shown
from replay.fields import FIELDS, LETTERS, TREE_OPS
from replay.ops import Kind, NewNode, TreeOp

MAX_OPS = 500_000
MAX_NODES = 500_000
MAX_ATTRIBUTES = 512
MAX_VALUE_UNITS = 1_048_576
ESCAPE = "\x01"

_BAD_SHAPE = re.compile(r"[\t\r\f]|  |\A |\A\Z| \Z")

Content = Callable[[bytes], str | None]
"""The text with this hash, or None when it can't be had."""

Unpacked = int | str | bytes | tuple[int, ...] | tuple[NewNode, ...]
"""A field as it was read."""


@dataclass(frozen=True, slots=True)
class UnknownOp:
    """An op of a newer vocabulary that announced its fields: kept, and skipped in the tree."""

    code: int
    letters: str
    fields: tuple[Unpacked, ...]


SectionOp = TreeOp | UnknownOp
TimedOp = tuple[int, SectionOp]


@dataclass(slots=True)
class Section:
    """A section that was read. `ops`: (t_ms, op), times never fall. `missing`: hashes of contents
    that could not be had."""

    base_t_ms: int
    ops: list[TimedOp] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)


_Shape = tuple[str, tuple[str, ...], dict[str, str] | None, int]
"""A tag name; the attributes whose values follow in the values column; all attributes in order with
the class filled in, when there is one; how many more values follow and are dropped."""

_node: Callable[[tuple[object, ...]], NewNode] = partial(tuple.__new__, NewNode)
"""Makes a NewNode without the Python call that its constructor is."""


def cut_value(value: str) -> str:
    """The first MAX_VALUE_UNITS UTF-16 units, without half a surrogate pair."""
    if len(value) * 2 <= MAX_VALUE_UNITS:
        return value
    units = value.encode("utf-16-le", "replace")
    if len(units) <= MAX_VALUE_UNITS * 2:
        return value
    return units[: MAX_VALUE_UNITS * 2].decode("utf-16-le", "ignore")


class _Reader:
    """Takes fields from the columns, each column from its front."""

    def __init__(self, columns: Columns, content: Content, section: Section) -> None:
        self._section = section
        self._columns = columns
        self._contents = [self._resolve(item, content) for item in columns.contents]
        self._number = iter(varints(columns.numbers)).__next__
        self._token = iter(varints(columns.structure)).__next__
        self._values = [self._bounded(value) for value in self._strings(columns.values, "values")]
        self._value_at = 0
        self._text = iter(self._strings(columns.text, "text")).__next__
        self._name = iter(self._strings(columns.names, "names")).__next__
        self._hash_at = 0
        self._last_id = 0
        self._shapes: list[_Shape] = []
        self._nodes = 0

    def _resolve(self, item: str | bytes, content: Content) -> str:
        if isinstance(item, str):
            return item
        text = content(item)
        if text is None:
            self._section.missing.append(item)
            self._section.problems.append(f"content {item.hex()} can't be had")
            return ""
        return text

    def _strings(self, joined: str, column: str) -> list[str]:
        strings = joined.split("\0")
        if ESCAPE in joined:
            for index, string in enumerate(strings):
                if string.startswith(ESCAPE):
                    strings[index] = self._unescaped(string[1:], f"{column} {index}")
        return strings

    def _unescaped(self, rest: str, where: str) -> str:
        if rest.startswith(ESCAPE):
            return rest
        if rest.isascii() and rest.isdigit() and len(rest) < 10 and int(rest) < len(self._contents):
            return self._contents[int(rest)]
        self._section.problems.append(f"{where}: escape {shown(rest)} names no content")
        return ""

    def _bounded(self, value: str) -> str:
        if len(value) * 2 <= MAX_VALUE_UNITS:
            return value
        kept = cut_value(value)
        if len(kept) < len(value):
            self._section.problems.append(f"a value of {len(value)} characters was cut")
        return kept

    def readers(self) -> dict[Kind, Callable[[], Unpacked]]:
        """How to take a field of each kind."""
        return {
            Kind.ID: self.id,
            Kind.UINT: self._number,
            Kind.SINT: self.sint,
            Kind.IDS: self.ids,
            Kind.UINTS: self.uints,
            Kind.NAME: self._name,
            Kind.VALUE: self.value,
            Kind.TEXT: self._text,
            Kind.HASH: self.hash,
            Kind.RUN: self.run,
        }

    def id(self) -> int:
        number = self._number()
        last = self._last_id + ((number >> 1) ^ -(number & 1))
        if not -MAX_INT <= last <= MAX_INT:
            raise Damaged(f"id {last} is out of range")
        self._last_id = last
        return last

    def sint(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)

    def ids(self) -> tuple[int, ...]:
        return tuple([self.id() for _ in range(self._number())])

    def uints(self) -> tuple[int, ...]:
        number = self._number
        return tuple([number() for _ in range(number())])

    def value(self) -> str:
        at = self._value_at
        if at >= len(self._values):
            raise StopIteration
        self._value_at = at + 1
        return self._values[at]

    def hash(self) -> bytes:
        start = self._hash_at
        self._hash_at = start + HASH_BYTES
        if self._hash_at > len(self._columns.hashes):
            raise StopIteration
        return self._columns.hashes[start : self._hash_at]

    def _new_shape(self, index: int) -> _Shape:
        if index > len(self._shapes):
            raise Damaged(f"shape {index} of {len(self._shapes)}")
        head, _, class_value = self._name().partition("\n")
        name, *attributes = head.split(" ")
        if _BAD_SHAPE.search(head) or len(set(attributes)) < len(attributes):
            raise Damaged(f"shape {shown(head)} has an empty or repeated name, or white space")
        kept, cut = attributes[:MAX_ATTRIBUTES], attributes[MAX_ATTRIBUTES:]
        if cut:
            self._section.problems.append(f"{len(attributes)} attributes of {shown(name)} were cut")
        base = None
        if "class" in kept:
            base = dict.fromkeys(kept, "")
            base["class"] = self._bounded(class_value)
            kept.remove("class")
        keys, skipped = tuple(kept), len(cut) - cut.count("class")
        shape = (name, keys, base, skipped)
        self._shapes.append(shape)
        return shape

    def run(self) -> tuple[NewNode, ...]:
        """The hot loop of every seek: what a token needs is a local, and nothing is called that
        need not be."""
        token, text, shapes, values, node = (
            self._token,
            self._text,
            self._shapes,
            self._values,
            _node,
        )
        nodes: list[NewNode] = []
        add = nodes.append
        open_nodes: list[int] = []
        parent, index, at = -1, 0, self._value_at
        room = MAX_NODES - self._nodes
        try:
            while True:
                read = token()
                if read >= 8:
                    try:
                        name, keys, attributes, skipped = shapes[(read >> 1) - 4]
                    except IndexError:
                        name, keys, attributes, skipped = self._new_shape((read >> 1) - 4)
                    if keys:
                        attributes = attributes.copy() if attributes else {}
                        for key in keys:
                            attributes[key] = values[at]
                            at += 1
                    at += skipped
                    add(node((parent, "element", name, attributes, "", 0)))
                    if read & 1:
                        open_nodes.append(parent)
                        parent = index
                elif read == 1:
                    add(node((parent, "text", "", None, text(), 0)))
                elif read == 0:
                    if not open_nodes:
                        break
                    parent = open_nodes.pop()
                    continue
                elif read <= 3:
                    kind, mode = ("shadow", 0) if read == 2 else ("content", token())
                    add(node((parent, kind, "", None, "", mode)))
                    open_nodes.append(parent)
                    parent = index
                else:
                    raise Damaged(f"reserved token {read}")
                index += 1
                if index > room:
                    raise Damaged(f"more than {MAX_NODES} nodes")
        except IndexError:
            raise StopIteration from None
        self._value_at = at
        self._nodes += index
        return tuple(nodes)

    def left_over(self) -> Iterator[str]:
        """The columns that are not used up. An empty column may stand for one empty string."""
        columns = self._columns
        if _has_next(self._number):
            yield "numbers"
        if _has_next(self._token):
            yield "structure"
        if self._hash_at < len(columns.hashes):
            yield "hashes"
        if columns.names and _has_next(self._name):
            yield "names"
        if columns.values and self._value_at < len(self._values):
            yield "values"
        if columns.text and _has_next(self._text):
            yield "text"


def _has_next(take: Callable[[], object]) -> bool:
    try:
        take()
    except StopIteration:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to read one op: `make` gets the first `known` of the fields."""

    make: Callable[..., SectionOp]
    readers: tuple[Callable[[], Unpacked], ...]
    known: int


_KNOWN: dict[int, tuple[Callable[..., SectionOp], tuple[Kind, ...]]] = {
    code: (cast(Callable[..., SectionOp], op), tuple(kind for _, kind in FIELDS[code]))
    for code, op in TREE_OPS.items()
}


def _plans(
    reader: _Reader, codes: Iterable[int], announced: dict[int, str]
) -> dict[int, _Plan | str]:
    """For each of these codes that can be read its plan, or what is wrong with its announcement."""
    by_kind = reader.readers()
    plans: dict[int, _Plan | str] = {}
    for code in codes:
        if code in announced:
            plans[code] = _announced_plan(by_kind, code, announced[code])
        elif code in _KNOWN:
            make, kinds = _KNOWN[code]
            plans[code] = _Plan(make, tuple([by_kind[kind] for kind in kinds]), len(kinds))
    return plans


def _announced_plan(
    by_kind: dict[Kind, Callable[[], Unpacked]], code: int, letters: str
) -> _Plan | str:
    if any(letter not in LETTERS for letter in letters):
        return f"op code {code} announces unknown kinds {shown(letters)}"
    kinds = tuple(LETTERS[letter] for letter in letters)
    readers = tuple(by_kind[kind] for kind in kinds)
    if code not in _KNOWN:
        return _Plan(_unknown(code, letters), readers, len(kinds))
    make, known = _KNOWN[code]
    if kinds[: len(known)] != known:
        return f"op code {code} announces other fields {shown(letters)}"
    return _Plan(make, readers, len(known))


def _unknown(code: int, letters: str) -> Callable[..., SectionOp]:
    def make(*fields: Any) -> SectionOp:
        return UnknownOp(code, letters, fields)

    return make


def _read_ops(
    codes: bytes, times: Iterator[int], plans: dict[int, _Plan | str], into: Section
) -> None:
    """Reads op by op. Raises Damaged or StopIteration where it goes no further."""
    t_ms = into.base_t_ms
    add = into.ops.append
    for code in codes[:MAX_OPS]:
        t_ms += next(times)
        if t_ms > MAX_INT:
            raise Damaged(f"time {t_ms} is out of range")
        plan = plans.get(code)
        if not isinstance(plan, _Plan):
            raise Damaged(plan or f"unknown op code {code}")
        fields = [read() for read in plan.readers]
        if len(fields) > plan.known:
            del fields[plan.known :]
        add((t_ms, plan.make(*fields)))
    if len(codes) > MAX_OPS:
        raise Damaged(f"more than {MAX_OPS} ops")


def read_section(raw: bytes, base_t_ms: int, content: Content) -> Section:
    """The ops of a raw section with their times (`base_t_ms`: time that its first delta counts
    from). Raises BadSection when these bytes are no section; any other damage is listed in
    `problems`, and the ops before it hold."""
    columns = read_columns(raw)
    section = Section(base_t_ms)
    reader = _Reader(columns, content, section)
    times = iter(varints(columns.times))
    try:
        _read_ops(
            columns.codes, times, _plans(reader, set(columns.codes), columns.announced), section
        )
    except Damaged as damage:
        section.problems.append(f"op {len(section.ops)}: {damage.message}")
        return section
    except StopIteration:
        section.problems.append(f"op {len(section.ops)}: a column ends")
        return section
    left = list(reader.left_over())
    if next(times, None) is not None:
        left.append("times")
    if columns.left_over:
        left.append("bytes behind the section")
    if left:
        section.problems.append(f"left over: {', '.join(left)}")
    return section
