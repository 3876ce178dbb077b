"""The vocabulary as tables: in goes `replay/ops.py`, out come its classes by code and the fields of
each with their kinds."""

from __future__ import annotations

import dataclasses
import re
import typing
from typing import get_args, get_type_hints

from replay import ops
from replay.ops import Kind


def fields_of(op: type) -> tuple[tuple[str, Kind], ...]:
    """The fields of an op in the order in which they travel: (name, kind)."""
    hints = get_type_hints(op, include_extras=True)
    found = []
    for field in dataclasses.fields(op):
        kinds = [note for note in get_args(hints[field.name])[1:] if isinstance(note, Kind)]
        found.append((field.name, kinds[0]))
    return tuple(found)


def snake(name: str) -> str:
    """`RuleInsert` → `rule_insert`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


TREE_OPS: dict[int, type] = {op.CODE: op for op in typing.get_args(ops.TreeOp)}
"""Ops of the ops section by code."""

FACTS: dict[int, type] = {fact.CODE: fact for fact in typing.get_args(ops.Fact)}
"""Facts of the head by code."""

OPS: dict[int, type] = TREE_OPS | FACTS

FIELDS: dict[int, tuple[tuple[str, Kind], ...]] = {code: fields_of(op) for code, op in OPS.items()}
NAMES: dict[int, str] = {code: snake(op.__name__) for code, op in OPS.items()}
CODES: dict[str, int] = {name: code for code, name in NAMES.items()}

LETTERS: dict[str, Kind] = {
    "i": Kind.ID,
    "u": Kind.UINT,
    "s": Kind.SINT,
    "I": Kind.IDS,
    "U": Kind.UINTS,
    "n": Kind.NAME,
    "v": Kind.VALUE,
    "t": Kind.TEXT,
    "h": Kind.HASH,
    "r": Kind.RUN,
}
"""How an announcement (tenth element of a section) writes the kinds of an op's fields."""
