"""The head of a batch: in goes the map that lay there, out come its fields as a dataclass and its
facts. Every refusal names the field and its value; a bad fact is listed, and the others stay."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from replay.columns import HASH_BYTES, MAX_INT
from replay.errors import BadHead, shown
from replay.fields import FACTS, FIELDS
from replay.ops import Fact, Kind

ID = re.compile(r"[A-Za-z0-9_-]{16,43}")
SITE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,95}")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a batch (names: `replay/FORMAT.md`). `facts`: (ms since the document's time
    origin, fact), those that could be read; `problems` names the others. What a later batch of a
    document left out is "", 0 or None."""

    site_key: str
    session_id: str
    write_secret: bytes
    visitor_id: str | None
    tab_id: str
    document_id: str
    seq: int
    origin_ms: int | None
    session_start_ms: int
    t_ms: int
    url: str
    consent: int
    facts: tuple[tuple[int, Fact], ...]
    references: tuple[bytes, ...]
    sdk_version: str
    replay: int | None
    problems: tuple[str, ...] = ()


class Fields:
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
        return self.text(key, name, pattern) if self._head.get(key) is not None else None

    def has(self, key: str) -> bool:
        """False where a field that later batches of a document may leave out is left out."""
        return key in self._head

    def number(self, key: str, name: str, low: int, high: int = MAX_INT) -> int:
        value = self._head.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self.refuse(key, name, f"an integer of {low} to {high}")
        return value

    def clock_ms(self, key: str, name: str) -> int:
        """A time of the visitor's clock."""
        value = _whole(self._head.get(key))
        if type(value) is not int or not -MAX_INT <= value <= MAX_INT:
            raise self.refuse(key, name, f"an integer of {-MAX_INT} to {MAX_INT}")
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


def _whole(value: object) -> object:
    """Integers may come as floats, exact up to 2^53."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INT:
        return int(value)
    return value


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
    value = _whole(value)
    if kind is Kind.NUMBER and type(value) is int and -MAX_INT <= value <= MAX_INT:
        return value
    if kind is Kind.MAP and isinstance(value, dict) and all(map(_is_scalar, value.values())):
        return {
            key.replace("\0", "\ufffd"): v.replace("\0", "\ufffd")
            if isinstance(v, str)
            else _whole(v)
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
    fields: list[object] = []
    for (name, kind), value in zip(kinds, values, strict=False):
        # What most fields are, without a call.
        if kind is Kind.WORD and type(value) is str and "\0" not in value:
            fields.append(value)
            continue
        try:
            fields.append(_fact_field(kind, value))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return t_ms + dt_ms, cast(Fact, FACTS[code](*fields))


def read_facts(items: Sequence[object], t_ms: int) -> tuple[list[tuple[int, Fact]], list[str]]:
    """Facts with their times (`t_ms`: what theirs count from), and what was wrong with the
    others."""
    facts = []
    problems = []
    for index, item in enumerate(items):
        try:
            facts.append(_fact(item, t_ms))
        except ValueError as error:
            problems.append(f"fact {index}: {error}")
    return facts, problems


def head_of(found: dict[str, object]) -> Head:
    """The head in a map. Raises BadHead."""
    fields = Fields(found)
    t_ms = fields.number("t", "t_ms", 0)
    facts, problems = read_facts(fields.array("f", "facts"), t_ms)
    return Head(
        site_key=fields.text("k", "site_key", SITE_KEY),
        session_id=fields.text("s", "session_id", ID) if fields.has("s") else "",
        write_secret=fields.binary("w", "write_secret"),
        visitor_id=fields.text_or_nil("v", "visitor_id", ID),
        tab_id=fields.text("b", "tab_id", ID) if fields.has("b") else "",
        document_id=fields.text("d", "document_id", ID),
        seq=fields.number("n", "seq", 0),
        origin_ms=fields.clock_ms("o", "origin_ms") if fields.has("o") else None,
        session_start_ms=(fields.clock_ms("z", "session_start_ms") if fields.has("z") else 0),
        t_ms=t_ms,
        url=fields.text("u", "url") if fields.has("u") else "",
        consent=fields.number("c", "consent", 1, 2) if fields.has("c") else 0,
        facts=tuple(facts),
        references=fields.binaries("r", "references") if fields.has("r") else (),
        sdk_version=fields.text("q", "sdk_version") if fields.has("q") else "",
        replay=fields.number("x", "replay", 0, 1) if fields.has("x") else None,
        problems=tuple(problems),
    )
