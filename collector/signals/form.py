"""A rule as a form: in go the fields of one, out comes the rule as data, with the field of each of
its places, and back. Whatever was typed stays as it is.

Those of conditions are named in `rows.py`, those of the rule itself have plain names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from collector.signals.documents import Wrong
from collector.signals.fields import DAYS, PARTS, Part, key_of
from collector.signals.rows import Fields, Row, quiet_numbers, row_fields, row_of, where_numbers
from collector.signals.rules import BRANCHES, CLAUSES, Data
from collector.signals.values import (
    comparison_of,
    comparison_texts,
    pattern_of,
    pattern_text,
    scalar_of,
)

EMPTY = {"page": "say which page: * is any", "source": "say from where"}
"""Conditions that say nothing, in words."""
_SPAN = re.compile(r"([0-9]+)(ms|s|m|h|d)")


@dataclass(slots=True)
class Read:
    """What a form says. `places`: the field by the place in the data; `wrong`: what can't even be
    said as data, by field."""

    data: dict[str, object] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def complain(self, name: str, reason: str) -> None:
        """Something is wrong with a field."""
        self.wrong.setdefault(name, []).append(reason)

    def place(self, wrong: Sequence[Wrong]) -> dict[str, list[str]]:
        """All that is wrong by field; empty: nowhere in particular."""
        found = {name: list(reasons) for name, reasons in self.wrong.items()}
        for one in wrong:
            name = self._field_of(one)
            if name not in self.wrong:
                found.setdefault(name, []).append(one.reason)
        return found

    def _field_of(self, wrong: Wrong) -> str:
        missing = re.fullmatch(r"(\w+) is missing", wrong.reason)
        path = f"{wrong.field}.{missing[1]}" if missing else wrong.field
        around = [place for place in self.places if path == place or path.startswith(f"{place}.")]
        return self.places[max(around, key=len)] if around else ""


# --- from the form --------------------------------------------------------------------------------


def read_form(fields: Mapping[str, str]) -> Read:
    """The rule that a form says."""
    read = Read(places={"": "name"})
    for name in ("id", "name", "about"):
        _text(read, fields, name)
    if "enabled" not in fields:
        read.data["enabled"] = False
    _text(read, fields, "owner")
    for name in ("window", "cooldown"):
        _span(read, fields, name, read.data, name, name)
    _quiet(read, fields)
    if "backfill" not in fields:
        read.data["fire_on_backfill"] = True
    when = row_of(fields, "w") or Row({"kind": "all"})
    read.data["when"] = _root(read, when)
    outcome = row_of(fields, "o")
    if outcome is not None and outcome.kind:
        read.data["outcome"] = _condition(read, outcome, "o", "outcome")
    return read


def _root(read: Read, row: Row) -> object:
    """One condition alone needs no `all`."""
    is_alone = len(row.rows) == 1 and row.kind in {"all", "any"}
    if is_alone and not row.own.get("within.n", "").strip():
        return _condition(read, row.rows[0], "w.0", "when")
    return _condition(read, row, "w", "when")


def _condition(read: Read, row: Row, name: str, path: str) -> dict[str, object]:
    read.places[path] = f"{name}:kind"
    kind = row.kind or "page"
    data: dict[str, object] = {}
    if kind in BRANCHES:
        _branch(read, row, name, path, data)
    else:
        data[kind] = _clause(read, row, kind, name, f"{path}.{kind}")
    _count(read, row, name, path, data)
    return data


def _branch(read: Read, row: Row, name: str, path: str, data: dict[str, object]) -> None:
    where = f"{path}.{row.kind}" + (".of" if row.kind == "score" else "")
    below = []
    for place, one in enumerate(row.rows):
        found = _condition(read, one, f"{name}.{place}", f"{where}.{place}")
        if row.kind == "score":
            _number(read, one, f"{name}.{place}", "weight", found, f"{where}.{place}")
        below.append(found)
    if row.kind != "score":
        data[row.kind] = below
        return
    score: dict[str, object] = {}
    _number(read, row, name, "at_least", score, f"{path}.score")
    data["score"] = {**score, "of": below}


def _count(read: Read, row: Row, name: str, path: str, data: dict[str, object]) -> None:
    if row.kind not in BRANCHES:
        _number(read, row, name, "times", data, path)
        read.places[f"{path}.distinct"] = f"{name}:distinct"
        if row.own.get("distinct"):
            data["distinct"] = True
    if row.kind != "any":
        _span(read, row.own, "within", data, f"{path}.within", f"{name}:within")


def _clause(read: Read, row: Row, kind: str, name: str, path: str) -> dict[str, object]:
    data: dict[str, object] = {}
    for at, part in enumerate(PARTS[kind]):
        where = f"{path}.{part.name}"
        control = f"{name}:{key_of(kind, part)}"
        if not at:
            read.places[path] = control + (".n" if part.kind == "span" else "")
        _part(read, row.own, part, data, where, control)
    if not data and kind in EMPTY:
        read.complain(read.places[path], EMPTY[kind])
    return data


def _part(
    read: Read, own: Fields, part: Part, data: dict[str, object], path: str, control: str
) -> None:
    key = control.partition(":")[2]
    read.places[path] = control
    if part.kind == "span":
        _span(read, own, key, data, path, control, part.name)
    elif part.kind == "where":
        _where(read, own, part, data, path, control)
    elif part.kind == "flag":
        if own.get(key):
            data[part.name] = True
    elif text := own.get(key, ""):
        if part.kind == "number":
            data[part.name] = scalar_of(text)
        elif part.kind == "pattern":
            data[part.name] = pattern_of(own.get(f"{key}.op", "glob"), text)
        else:
            data[part.name] = {"yes": True, "no": False}.get(text, text)


def _where(
    read: Read, own: Fields, part: Part, data: dict[str, object], path: str, control: str
) -> None:
    found: dict[str, dict[str, object]] = {}
    for number in where_numbers(own, part.name):
        at = f"{part.name}.{number}"
        key, text = own.get(f"{at}.key", "").strip(), own.get(f"{at}.value", "")
        operator = own.get(f"{at}.op", "is")
        if not key:
            if text.strip():
                read.complain(f"{control}.{number}.key", "which one?")
            continue
        name, wanted = comparison_of(operator, text)
        if name in found.setdefault(key, {}):
            read.complain(f"{control}.{number}.op", f"{key} is asked for in this way already")
        found[key][name] = wanted
        read.places.setdefault(f"{path}.{key}", f"{control}.{number}.value")
        read.places[f"{path}.{key}.{name}"] = f"{control}.{number}.value"
    if found:
        data[part.name] = {
            key: comparison["is"] if list(comparison) == ["is"] else comparison
            for key, comparison in found.items()
        }


def _text(read: Read, fields: Mapping[str, str], name: str) -> None:
    read.places[name] = name
    if text := fields.get(name, "").strip():
        read.data[name] = text


def _number(read: Read, row: Row, name: str, key: str, data: dict[str, object], path: str) -> None:
    read.places[f"{path}.{key}"] = f"{name}:{key}"
    if text := row.own.get(key, "").strip():
        data[key] = scalar_of(text)


def _span(
    read: Read,
    own: Mapping[str, str],
    key: str,
    data: dict[str, object],
    path: str,
    control: str,
    name: str = "",
) -> None:
    read.places[path] = f"{control}.n"
    number = own.get(f"{key}.n", "").strip()
    if number:
        data[name or key] = f"{number}{own.get(f'{key}.unit', 's')}"


def _quiet(read: Read, fields: Mapping[str, str]) -> None:
    spans: list[dict[str, object]] = []
    numbers = quiet_numbers(fields)
    for at, number in enumerate(numbers):
        path = f"quiet_hours.{at}" if len(numbers) > 1 else "quiet_hours"
        read.places[path] = f"quiet.{number}.zone"
        span: dict[str, object] = {}
        for name in ("zone", "from", "until"):
            read.places[f"{path}.{name}"] = f"quiet.{number}.{name}"
            if text := fields.get(f"quiet.{number}.{name}", "").strip():
                span[name] = text
        days = [day for day, _ in DAYS if fields.get(f"quiet.{number}.{day}")]
        if days and len(days) < len(DAYS):
            span["days"] = days
        spans.append(span)
    if spans:
        read.data["quiet_hours"] = spans if len(spans) > 1 else spans[0]


# --- to the form ----------------------------------------------------------------------------------


def fields_of(rule: Data) -> Fields:
    """A checked rule as the fields of a form."""
    found = {name: str(rule[name]) for name in ("id", "name", "about", "owner") if name in rule}
    if rule.get("enabled", True):
        found["enabled"] = "1"
    if not rule.get("fire_on_backfill"):
        found["backfill"] = "1"
    for name in ("window", "cooldown"):
        found.update(_span_fields(rule, name, name))
    found.update(_quiet_fields(rule))
    when = _row_of(cast(Data, rule["when"]))
    root = when if when.kind in BRANCHES else Row({"kind": "all"}, [when])
    found.update(row_fields(root, "w"))
    if "outcome" in rule:
        found.update(row_fields(_row_of(cast(Data, rule["outcome"])), "o"))
    return found


def _row_of(data: Data) -> Row:
    kind = next(name for name in (*BRANCHES, *CLAUSES) if name in data)
    own = {"kind": kind}
    rows: list[Row] = []
    if kind == "score":
        score = cast(Data, data["score"])
        own["at_least"] = str(score["at_least"])
        rows = [_row_of(one) for one in cast(Sequence[Data], score["of"])]
    elif kind in BRANCHES:
        rows = [_row_of(one) for one in cast(Sequence[Data], data[kind])]
    else:
        for name, value in _clause_fields(kind, cast(Data, data[kind])):
            own[name] = value
    own.update({name: str(data[name]) for name in ("times", "weight") if name in data})
    if data.get("distinct"):
        own["distinct"] = "1"
    own.update(_span_fields(data, "within", "within"))
    return Row(own, rows)


def _clause_fields(kind: str, clause: Data) -> Iterator[tuple[str, str]]:
    for part in PARTS[kind]:
        if part.name not in clause:
            continue
        value = clause[part.name]
        key = key_of(kind, part)
        if part.kind == "span":
            yield from _span_fields(clause, part.name, key).items()
        elif part.kind == "where":
            yield from _where_fields(part.name, cast(Data, value))
        elif part.kind == "pattern":
            operator, text = pattern_text(value)
            yield key, text
            yield f"{key}.op", operator
        elif part.kind == "flag":
            yield from [(key, "1")] if value else []
        elif isinstance(value, bool):
            yield key, "yes" if value else "no"
        else:
            yield key, str(value)


def _where_fields(name: str, where: Data) -> Iterator[tuple[str, str]]:
    number = 0
    for key, comparison in where.items():
        for operator, text in comparison_texts(comparison):
            at = f"{name}.{number}"
            yield f"{at}.key", key
            yield f"{at}.op", operator
            yield f"{at}.value", text
            number += 1


def _span_fields(data: Data, name: str, key: str) -> Fields:
    match = _SPAN.fullmatch(str(data.get(name, "")))
    return {f"{key}.n": match[1], f"{key}.unit": match[2]} if match else {}


def _quiet_fields(rule: Data) -> Fields:
    quiet = rule.get("quiet_hours") or []
    spans = cast(Sequence[Data], quiet if isinstance(quiet, list) else [quiet])
    found: Fields = {}
    for number, span in enumerate(spans):
        for name in ("zone", "from", "until"):
            found[f"quiet.{number}.{name}"] = str(span[name])
        for day in cast(Sequence[str], span.get("days", [day for day, _ in DAYS])):
            found[f"quiet.{number}.{day}"] = "1"
    return found
