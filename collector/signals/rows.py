"""Conditions as rows of a form: in go fields by name, out come rows below each other, and back.

The fields of a row are `w.0.1:path`: root (`w` when, `o` outcome), the places of rows below each
other, then what is said there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.signals.documents import MAX_DEPTH
from collector.signals.rules import BRANCHES, CLAUSES

_WHERE = re.compile(r"(\d{1,3})\.(?:key|op|value)")
_QUIET = re.compile(r"quiet\.(\d{1,2})\.\w+")

Fields = dict[str, str]
Path = tuple[int, ...]


@dataclass(slots=True)
class Row:
    """A condition of the form. `own`: its fields without the place; `rows`: those below it."""

    own: Fields
    rows: list[Row] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Its key in the data."""
        kind = self.own.get("kind", "")
        return kind if kind in BRANCHES or kind in CLAUSES else ""


def row_of(fields: Mapping[str, str], root: str) -> Row | None:
    """The conditions below a root, as the form has them. None: there are none."""
    owned: dict[Path, Fields] = {}
    for name, value in fields.items():
        place, colon, own = name.partition(":")
        head, *steps = place.split(".")
        if not colon or head != root or len(steps) > MAX_DEPTH + 1:
            continue
        if all(step.isascii() and step.isdigit() and len(step) < 4 for step in steps):
            owned.setdefault(tuple(map(int, steps)), {})[own] = value
    return _row(owned, ()) if "kind" in owned.get((), {}) else None


def _row(owned: Mapping[Path, Fields], path: Path) -> Row:
    depth = len(path)
    below = sorted(one for one in owned if len(one) == depth + 1 and one[:depth] == path)
    return Row(dict(owned[path]), [_row(owned, one) for one in below])


def row_fields(row: Row, name: str) -> Fields:
    """A row and all below it as fields, numbered from 0."""
    found = {f"{name}:{own}": value for own, value in row.own.items()}
    for place, below in enumerate(row.rows):
        found.update(row_fields(below, f"{name}.{place}"))
    return found


def where_numbers(own: Mapping[str, str], part: str) -> list[int]:
    """The comparisons that a row has for a part, by their numbers."""
    found = set()
    for name in own:
        match = _WHERE.fullmatch(name.removeprefix(f"{part}."))
        if match and name.startswith(f"{part}."):
            found.add(int(match[1]))
    return sorted(found)


def quiet_numbers(fields: Mapping[str, str]) -> list[int]:
    """The quiet hours of the form, by their numbers."""
    return sorted({int(match[1]) for name in fields if (match := _QUIET.fullmatch(name))})
