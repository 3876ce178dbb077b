"""Rules as people keep them: in goes YAML or JSON, out come rules as data, checked, or what is
wrong with line and field; and back, without loss."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import cast
from zoneinfo import ZoneInfo

import jsonschema

from collector.signals.durations import DAY_MS, span_ms, span_text
from collector.signals.facts import COPY, KINDS
from collector.signals.patterns import BadPattern, text_test, value_test
from collector.signals.rules import (
    BRANCHES,
    CLAUSES,
    DEFAULT_WINDOW,
    Data,
    rule_of,
)
from collector.signals.yaml import BadYaml, Path, Text, read_yaml, write_yaml

VERSION = 1
MAX_DEPTH = 6
"""Conditions in conditions."""
MAX_MOMENTS = 10_000
"""What one rule may remember of one visitor."""
MAX_WINDOW_MS = 400 * DAY_MS
MAX_DEAD_MS = 10_000
"""What came of a click is kept for so long after it."""
UNCOUNTED = ("returned", "left")
KEYS = (*BRANCHES, *CLAUSES, "times", "within", "distinct", "weight")
"""What a condition may have."""
PATTERNS = frozenset({"url", "path", "host", "title", "label", "href", "page", "name", "text"}) | {
    "referrer", "network", "person",
}  # fmt: skip
COMPARED = frozenset({"where", "traits", "campaign"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong where. `field`: `rules.0.when.page.dwell`."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.field}: {self.reason}"
            if self.field
            else (f"line {self.line}: {self.reason}")
        )


class BadRules(ValueError):
    """Rules that are not taken."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        super().__init__(f"{wrong[0]}{more}")
        self.wrong = tuple(wrong)


def read_rules(text: str, retention_ms: int | None = None) -> list[Data]:
    """The rules of a document. `retention_ms`: for how long facts are kept; None: without end.
    Raises `BadRules` with all that is wrong."""
    try:
        found = read_yaml(text)
    except BadYaml as error:
        raise BadRules([Wrong(error.line, "", str(error))]) from error
    return _checked(found, retention_ms)


def _checked(found: Text, retention_ms: int | None) -> list[Data]:
    wrong = list(_wrong_shape(found)) or list(_wrong_sense(found, retention_ms))
    if wrong:
        raise BadRules(sorted(wrong, key=lambda one: one.line))
    return cast(list[Data], cast(Data, found.data)["rules"])


def check_rule(data: object, retention_ms: int | None = None) -> Data:
    """One rule that came as data, such as from a form. Raises `BadRules`; fields are named from
    the rule, lines mean nothing."""
    try:
        [rule] = _checked(Text({"version": VERSION, "rules": [data]}), retention_ms)
    except BadRules as error:
        wrong = [
            Wrong(one.line, one.field.removeprefix("rules.0").lstrip("."), one.reason)
            for one in error.wrong
        ]
        raise BadRules(wrong) from error
    return rule


def read_condition(text: str, retention_ms: int | None = None) -> Data:
    """A condition alone, as an outcome: `track: {name: purchase}`. Raises `BadRules`."""
    try:
        found = read_yaml(text)
    except BadYaml as error:
        raise BadRules([Wrong(error.line, "", str(error))]) from error
    return cast(Data, check_rule({"id": "outcome", "when": found.data}, retention_ms)["when"])


def write_rules(rules: Sequence[Data]) -> str:
    """Rules as a document that `read_rules` takes."""
    return write_yaml({"version": VERSION, "rules": [dict(rule) for rule in rules]})


@cache
def schema() -> Data:
    """The JSON Schema of a document of rules."""
    text = files("collector.signals").joinpath("rules.schema.json").read_text(encoding="utf-8")
    return cast(Data, json.loads(text))


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


# --- what the schema says -------------------------------------------------------------------------


def _wrong_shape(found: Text) -> Iterator[Wrong]:
    for error in _validator().iter_errors(found.data):
        yield from _told(error, found)


def _told(error: jsonschema.ValidationError, found: Text) -> Iterator[Wrong]:
    """What a validator found, in words."""
    path, value = tuple(error.absolute_path), error.instance
    if error.validator == "additionalProperties" and isinstance(value, Mapping):
        known = sorted(cast(Data, cast(Data, error.schema).get("properties", {})))
        for name in value:
            if name not in known:
                yield _wrong(found, (*path, name), f"is not known{_nearest(name, known)}")
        return
    if error.validator == "required" and isinstance(value, Mapping):
        for name in cast(Sequence[str], error.validator_value):
            if name not in value:
                yield _wrong(found, path, f"{name} is missing")
        return
    if error.validator == "oneOf" and not set(cast(Data, value)) <= set(KEYS):
        return  # what is not known is told already
    if error.validator == "anyOf" and error.context:
        deepest = max(error.context, key=lambda one: len(one.absolute_path))
        yield from _told(deepest, found)
        return
    yield _wrong(found, path, _reason(error, value))


def _reason(error: jsonschema.ValidationError, value: object) -> str:
    expected = cast(object, error.validator_value)
    names = [str(one) for one in (expected if isinstance(expected, list) else [expected])]
    if error.validator == "oneOf":
        return f"expected exactly one of {', '.join((*BRANCHES, *CLAUSES))}"
    if error.validator == "type":
        return f"expected {' or '.join(names)}, not {_shown(value)}"
    if error.validator in {"enum", "const"}:
        return f"expected one of {', '.join(names)}, not {_shown(value)}"
    if error.validator == "pattern":
        meaning = cast(Data, error.schema).get("description") or f"something like {expected}"
        return f"{_shown(value)} is none: expected {meaning}"
    if error.validator in {"minimum", "maximum", "exclusiveMinimum"}:
        return f"{_shown(value)} is out of range"
    if error.validator in {"minItems", "minProperties", "minLength"}:
        return f"too little: at least {expected} expected"
    if error.validator in {"maxItems", "maxProperties", "maxLength"}:
        return f"too much: at most {expected} taken"
    return " ".join(error.message.split())[:200]


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f": did you mean {near[0]}?" if near else f": expected {', '.join(known)}"


def _wrong(found: Text, path: Path, reason: str) -> Wrong:
    return Wrong(found.line(path), ".".join(map(str, path)), reason)


# --- what no schema can say -----------------------------------------------------------------------


def _wrong_sense(found: Text, retention_ms: int | None) -> Iterator[Wrong]:
    limit_ms = MAX_WINDOW_MS if retention_ms is None else min(MAX_WINDOW_MS, retention_ms)
    ids: set[object] = set()
    rules = cast(Sequence[Data], cast(Data, found.data)["rules"])
    for place, rule in enumerate(rules):
        path: Path = ("rules", place)
        if rule["id"] in ids:
            yield _wrong(found, (*path, "id"), f"{rule['id']} names two rules")
        ids.add(rule["id"])
        wrong = list(_wrong_rule(rule, limit_ms))
        for below, reason in wrong:
            yield _wrong(found, (*path, *below), reason)
        if not wrong and rule_of(rule).most_moments > MAX_MOMENTS:
            yield _wrong(found, path, "remembers too much of a visitor: ask for fewer times")


Complaint = tuple[Path, str]


def _wrong_rule(rule: Data, limit_ms: int) -> Iterator[Complaint]:
    window_ms = span_ms(str(rule.get("window", DEFAULT_WINDOW)))
    if window_ms > limit_ms:
        yield ("window",) if "window" in rule else (), _too_long("a window of", window_ms, limit_ms)
        return
    yield from _wrong_condition(rule["when"], ("when",), window_ms, limit_ms)
    if "outcome" in rule:
        yield from _wrong_condition(rule["outcome"], ("outcome",), limit_ms, limit_ms)
    quiet = rule.get("quiet_hours", [])
    many = isinstance(quiet, list)
    for place, span in enumerate(cast(list[Data], quiet if many else [quiet])):
        path: Path = ("quiet_hours", place) if many else ("quiet_hours",)
        try:
            ZoneInfo(str(span["zone"]))
        except (OSError, ValueError, KeyError):
            yield (*path, "zone"), f"{_shown(span['zone'])} is no IANA time zone known here"
        if span["from"] == span["until"]:
            yield (*path, "until"), "is when it begins: for a whole day say 00:00 until 23:59"


def _wrong_condition(
    data: object, path: Path, window_ms: int, limit_ms: int
) -> Iterator[Complaint]:
    condition = cast(Data, data)
    name = next(key for key in (*BRANCHES, *CLAUSES) if key in condition)
    if sum(part in BRANCHES for part in path) >= MAX_DEPTH:
        yield path, f"conditions are nested deeper than {MAX_DEPTH}"
        return
    yield from _wrong_count(condition, path, name)
    within_ms = window_ms
    if "within" in condition:
        within_ms = span_ms(str(condition["within"]))
        if within_ms > window_ms:
            reason = f"is longer than the window of the rule ({span_text(window_ms)})"
            yield (*path, "within"), reason
    if name in CLAUSES:
        yield from _wrong_clause(cast(Data, condition[name]), (*path, name), within_ms, limit_ms)
        return
    below, where = condition[name], (*path, name)
    if name == "score":
        score, where = cast(Data, below), (*where, "of")
        below = score["of"]
        most = sum(cast(float, part["weight"]) for part in cast(Sequence[Data], below))
        if most < cast(float, score["at_least"]):
            yield (*path, name, "at_least"), f"can't be reached: all weights are {most:g}"
    for place, part in enumerate(cast(Sequence[object], below)):
        yield from _wrong_condition(part, (*where, place), window_ms, limit_ms)


def _wrong_count(condition: Data, path: Path, name: str) -> Iterator[Complaint]:
    times = cast(int, condition.get("times", 1))
    if "times" in condition and (name in BRANCHES or name in UNCOUNTED):
        yield (*path, "times"), f"{name} can't be counted"
    if "distinct" in condition and (name in BRANCHES or times < 2):
        yield (*path, "distinct"), "is for a clause with times of 2 or more"
    if "within" in condition and (name == "any" or (name in CLAUSES and times < 2)):
        yield (*path, "within"), "is for all, then, score, and a clause with times of 2 or more"
    if "weight" in condition and path[-2:-1] != ("of",):
        yield (*path, "weight"), "is for the conditions of a score"


def _wrong_clause(clause: Data, path: Path, within_ms: int, limit_ms: int) -> Iterator[Complaint]:
    for name, value in clause.items():
        below = (*path, name)
        if name in PATTERNS:
            yield from _wrong_pattern(value, below)
        elif name in COMPARED:
            for key, comparison in cast(Data, value).items():
                yield from _tried(partial(value_test, comparison), (*below, key))
        elif name in {"dwell", "after", "for", "within"}:
            span = span_ms(str(value))
            if not span:
                yield below, "is nothing"
            elif path[-1] == "dead_click" and span > MAX_DEAD_MS:
                yield below, f"is longer than {span_text(MAX_DEAD_MS)}"
            elif path[-1] == "returned":
                if span > limit_ms:
                    yield below, _too_long("looking back", span, limit_ms)
            elif span > within_ms:
                yield below, f"is longer than the window ({span_text(within_ms)})"
        elif name == "kind" and value not in KINDS | {COPY}:
            yield below, f"there are no facts of kind {_shown(value)}{_nearest_kind(str(value))}"
    if path[-1] == "form" and "after" in clause and clause.get("stage") != "left":
        yield (*path, "after"), "is for stage: left"


def _nearest_kind(kind: str) -> str:
    return _nearest(kind, sorted(KINDS | {COPY}))


def _wrong_pattern(pattern: object, path: Path) -> Iterator[Complaint]:
    yield from _tried(partial(text_test, pattern), path)


def _tried(make: Callable[[], object], path: Path) -> Iterator[Complaint]:
    try:
        make()
    except BadPattern as error:
        yield path, str(error)


def _too_long(what: str, span: int, limit_ms: int) -> str:
    return f"{what} {span_text(span)} is beyond the retention: facts are kept {span_text(limit_ms)}"
