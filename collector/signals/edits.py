"""What the buttons of a rule's form do to its fields: rows come, go, move, and become of another
kind. In go fields and the name of a button, out come fields and the one to go on with."""

from __future__ import annotations

from collections.abc import Mapping

from collector.signals.rows import (
    Fields,
    Row,
    quiet_numbers,
    row_fields,
    row_of,
    where_numbers,
)
from collector.signals.rules import BRANCHES

MAX_ROWS = 20
MAX_QUIET = 14
ROOTS = ("w", "o")
LASTING = (
    "kind",
    "was",
    "page",
    "page.op",
    "weight",
    "times",
    "within.n",
    "within.unit",
    "distinct",
)
"""What a row keeps when it becomes of another kind."""


def settled(fields: Mapping[str, str]) -> Fields:
    """Rows as their kinds need them: what was said of another kind is gone, and what combines
    others has some."""
    found = {name: value for name, value in fields.items() if ":" not in name}
    for root in ROOTS:
        row = row_of(fields, root)
        if row is not None:
            _settle(row)
            found.update(row_fields(row, root))
    return found


def _settle(row: Row) -> None:
    was = row.own.pop("was", row.kind)
    if was != row.kind and not {was, row.kind} <= set(BRANCHES):
        row.own = {name: value for name, value in row.own.items() if name in LASTING}
    if row.kind in BRANCHES:
        least = 2 if row.kind == "then" else 1
        while len(row.rows) < least:
            row.rows.append(Row({"kind": "page"}))
    else:
        row.rows.clear()
    for below in row.rows:
        _settle(below)


def edited(fields: Mapping[str, str], do: str) -> tuple[Fields, str]:
    """What a button does: `add:w`, `remove:w.0`, `up:w.1`, `down:w.0`, `kind:w.0`,
    `add-where:w.0:where`, `remove-where:w.0:where.1`, `add-quiet`, `remove-quiet:0`. Returns the
    fields, and the name of the field or button to go on with; what makes no sense changes
    nothing."""
    found = settled(fields)
    what, _, where = do.partition(":")
    if what == "add-quiet":
        return _add_quiet(found)
    if what == "remove-quiet":
        return _remove_quiet(found, where), "add-quiet"
    name, _, part = where.partition(":")
    root = name.partition(".")[0]
    row = row_of(found, root) if root in ROOTS else None
    if row is None:
        return found, ""
    focus = _change(row, what, name, part)
    rest = {
        key: value for key, value in found.items() if not key.startswith((f"{root}.", f"{root}:"))
    }
    return {**rest, **row_fields(row, root)}, focus


def _change(root: Row, what: str, name: str, part: str) -> str:
    """Changes the tree; returns where to go on."""
    above, row, place = _find(root, name)
    if row is None:
        return ""
    if what == "add" and row.kind in BRANCHES and len(row.rows) < MAX_ROWS:
        row.rows.append(Row({"kind": "page"}))
        return f"{name}.{len(row.rows) - 1}:kind"
    if what == "kind":
        return f"{name}:kind"
    if what == "add-where" and part:
        number = max(where_numbers(row.own, part), default=-1) + 1
        row.own.update({f"{part}.{number}.key": "", f"{part}.{number}.op": "is"})
        _renumber(row, part)
        return f"{name}:{part}.{len(where_numbers(row.own, part)) - 1}.key"
    if what == "remove-where" and "." in part:
        part, _, number_text = part.rpartition(".")
        for own in ("key", "op", "value"):
            row.own.pop(f"{part}.{number_text}.{own}", None)
        _renumber(row, part)
        return f"add-where:{name}:{part}"
    return _move(above, place, what, name.rpartition(".")[0]) if above else ""


def _move(above: Row, place: int, what: str, name: str) -> str:
    if what == "remove":
        del above.rows[place]
        return f"add:{name}"
    to = place + {"up": -1, "down": 1}.get(what, 0)
    if to == place or not 0 <= to < len(above.rows):
        return ""
    above.rows.insert(to, above.rows.pop(place))
    # At either end there is no way further.
    is_end = to == (0 if what == "up" else len(above.rows) - 1)
    return f"{'down' if what == 'up' else 'up'}:{name}.{to}" if is_end else f"{what}:{name}.{to}"


def _find(root: Row, name: str) -> tuple[Row | None, Row | None, int]:
    """The row of a name, the one above it, and its place there."""
    above, row, place = None, root, 0
    for step in name.split(".")[1:]:
        if not (step.isascii() and step.isdigit()) or int(step) >= len(row.rows):
            return None, None, 0
        above, place = row, int(step)
        row = row.rows[place]
    return above, row, place


def _renumber(row: Row, part: str) -> None:
    """Comparisons from 0, without gaps."""
    for to, number in enumerate(where_numbers(row.own, part)):
        for own in ("key", "op", "value"):
            if (value := row.own.pop(f"{part}.{number}.{own}", None)) is not None:
                row.own[f"{part}.{to}.{own}"] = value


def _add_quiet(fields: Fields) -> tuple[Fields, str]:
    found = _renumbered(fields)
    number = len(quiet_numbers(found))
    if number >= MAX_QUIET:
        return found, ""
    plain = {"zone": "", "from": "20:00", "until": "08:00"}
    found.update({f"quiet.{number}.{name}": value for name, value in plain.items()})
    return found, f"quiet.{number}.zone"


def _remove_quiet(fields: Fields, number: str) -> Fields:
    kept = {
        name: value for name, value in fields.items() if not name.startswith(f"quiet.{number}.")
    }
    return _renumbered(kept)


def _renumbered(fields: Fields) -> Fields:
    found = {name: value for name, value in fields.items() if not name.startswith("quiet.")}
    for to, number in enumerate(quiet_numbers(fields)):
        before = f"quiet.{number}."
        for name, value in fields.items():
            if name.startswith(before):
                found[f"quiet.{to}.{name.removeprefix(before)}"] = value
    return found
