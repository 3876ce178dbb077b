"""Writes an ops section in its one canonical form: in go timed ops, out comes the raw section that
`replay/section.py` reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from replay.columns import Columns, varint, write_columns, zigzag
from replay.fields import FIELDS, LETTERS
from replay.ops import Kind, NewNode
from replay.section import ESCAPE, SectionOp, UnknownOp, Unpacked

MIN_CONTENT_UNITS = 2048
"""A string of so many UTF-16 units is a content of its own."""

_UNSAFE = re.compile("[\0\ud800-\udfff]")

NameContent = Callable[[str], bytes | None]
"""The hash by which a big text may be named, or None when it must be carried."""


def content_hash(data: bytes) -> bytes:
    """How contents and assets are named: SHA-256, cut to 128 bits."""
    return hashlib.sha256(data).digest()[:16]


def clean(text: str) -> str:
    """The text as it may travel: U+0000 and lone surrogates are U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def _is_big(text: str) -> bool:
    if len(text) >= MIN_CONTENT_UNITS:
        return True
    return (
        len(text) * 2 >= MIN_CONTENT_UNITS
        and len(text.encode("utf-16-le")) >= 2 * MIN_CONTENT_UNITS
    )


class _Writer:
    """Puts fields behind the columns."""

    def __init__(self, name_content: NameContent) -> None:
        self._name_content = name_content
        self._last_id = 0
        self._shapes: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self.contents: list[str | bytes] = []
        self.codes = bytearray()
        self.times = bytearray()
        self.numbers = bytearray()
        self.structure = bytearray()
        self.hashes = bytearray()
        self.names: list[str] = []
        self.values: list[str] = []
        self.text: list[str] = []
        self.announced: dict[int, str] = {}

    def _string(self, string: str) -> str:
        text = clean(string)
        if _is_big(text):
            place = self._places.get(text)
            if place is None:
                place = self._places[text] = len(self.contents)
                named = self._name_content(text)
                self.contents.append(text if named is None else named)
            return f"{ESCAPE}{place}"
        return ESCAPE + text if text.startswith(ESCAPE) else text

    def field(self, kind: Kind, value: Unpacked) -> None:
        """Writes one field of an op."""
        match kind, value:
            case Kind.UINT, int():
                self.numbers += varint(value)
            case Kind.SINT, int():
                self.numbers += varint(zigzag(value))
            case Kind.ID, int():
                self._id(value)
            case ((Kind.IDS | Kind.UINTS), tuple()):
                each = Kind.ID if kind is Kind.IDS else Kind.UINT
                self.numbers += varint(len(value))
                for number in cast(tuple[int, ...], value):
                    self.field(each, number)
            case Kind.NAME, str():
                self.names.append(self._string(value))
            case Kind.VALUE, str():
                self.values.append(self._string(value))
            case Kind.TEXT, str():
                self.text.append(self._string(value))
            case Kind.HASH, bytes():
                self.hashes += value
            case Kind.RUN, tuple():
                self._run(cast(tuple[NewNode, ...], value))
            case _:
                raise ValueError(f"{value!r} is no {kind.value}")

    def _id(self, node: int) -> None:
        self.numbers += varint(zigzag(node - self._last_id))
        self._last_id = node

    def _run(self, run: Sequence[NewNode]) -> None:
        parents = {node.parent for node in run}
        open_nodes: list[int] = []
        for index, node in enumerate(run):
            while open_nodes and open_nodes[-1] != node.parent:
                open_nodes.pop()
                self.structure.append(0)
            if node.parent >= 0 and not open_nodes:
                raise ValueError(f"node {index} of a run is not in preorder")
            if self._token(node, index in parents):
                open_nodes.append(index)
        self.structure += bytes(len(open_nodes) + 1)

    def _token(self, node: NewNode, has_children: bool) -> bool:
        """Writes the token of one node; true when the node is open behind it."""
        if node.kind == "element":
            self._element(node, has_children)
            return has_children
        if node.kind == "text":
            self.structure.append(1)
            self.text.append(self._string(node.text))
            return False
        if node.kind == "shadow":
            self.structure.append(2)
        else:
            self.structure.append(3)
            self.structure += varint(node.mode)
        return True

    def _element(self, node: NewNode, has_children: bool) -> None:
        attributes = node.attrs or {}
        shape = clean(" ".join((node.name, *attributes)))
        if "class" in attributes:
            shape += "\n" + clean(attributes["class"])
        index = self._shapes.get(shape)
        if index is None:
            index = self._shapes[shape] = len(self._shapes)
            self.names.append(self._string(shape))
        self.structure += varint(8 + 2 * index + has_children)
        for name, value in attributes.items():
            if name != "class":
                self.values.append(self._string(value))

    def op(self, op: SectionOp) -> None:
        """Writes code and fields of one op."""
        self.codes.append(op.code if isinstance(op, UnknownOp) else op.CODE)
        if isinstance(op, UnknownOp):
            self.announced[op.code] = op.letters
            for letter, value in zip(op.letters, op.fields, strict=True):
                self.field(LETTERS[letter], value)
        else:
            for name, kind in FIELDS[op.CODE]:
                self.field(kind, getattr(op, name))

    def section(self) -> bytes:
        return write_columns(
            Columns(
                bytes(self.codes),
                bytes(self.times),
                bytes(self.numbers),
                bytes(self.structure),
                bytes(self.hashes),
                "\0".join(self.names),
                "\0".join(self.values),
                "\0".join(self.text),
                self.contents,
                self.announced,
            )
        )


def write_section(
    ops: Iterable[tuple[int, SectionOp]], base_t_ms: int, name_content: NameContent | None = None
) -> bytes:
    """The raw section of ops whose times never fall and are `base_t_ms` or later. `name_content`
    says which big texts are named by hash; without it all are carried. Raises ValueError for times
    that fall and for runs that are not in preorder."""
    writer = _Writer(name_content or (lambda text: None))
    last = base_t_ms
    for t_ms, op in ops:
        if t_ms < last:
            raise ValueError(f"t_ms {t_ms} comes after {last}")
        writer.times += varint(t_ms - last)
        last = t_ms
        writer.op(op)
    return writer.section()
