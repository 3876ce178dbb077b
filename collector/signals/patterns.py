"""What users write to match text and values: in go patterns and comparisons of a rule, out come
tests. All patterns run in re2, which takes linear time whatever they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

MAX_PATTERN_LENGTH = 500
MAX_PATTERN_MEMORY = 1 << 20
"""What re2 may take for a compiled pattern."""
MAX_TEXT_LENGTH = 4_096

Test = Callable[[object], bool]
TextTest = Callable[[str], bool]


class BadPattern(ValueError):
    """A pattern that can't be used; the message says why."""


@lru_cache(maxsize=1_024)
def expression(pattern: str) -> re2._Regexp:
    """A compiled pattern. Raises `BadPattern` for what re2 does not know, such as backreferences
    and look-around."""
    import re2  # for the first pattern that needs it

    if len(pattern) > MAX_PATTERN_LENGTH:
        raise BadPattern(f"has {len(pattern)} characters: at most {MAX_PATTERN_LENGTH} are taken")
    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise BadPattern(f"re2 can't run {pattern!r}: {reason}") from error


def searching(pattern: str) -> TextTest:
    """Is it found anywhere in a text?"""
    search = expression(pattern).search
    return lambda text: search(_plain(text)) is not None


def globbing(pattern: str) -> TextTest:
    """Does the whole text look so? `*` stands for any characters, `?` for one."""
    if "*" not in pattern and "?" not in pattern:
        return lambda text: text == pattern
    if "?" not in pattern:
        return _stars(pattern.split("*"))
    parts = {"*": ".*", "?": "."}
    source = "".join(parts.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))
    fullmatch = expression(f"(?s){source}").fullmatch
    return lambda text: fullmatch(_plain(text)) is not None


def _stars(parts: list[str]) -> TextTest:
    """The parts of a glob between its stars, each at its first place: linear, and several times
    faster than a call of re2."""
    first, *middle, last = parts

    def test(text: str) -> bool:
        if len(text) < len(first) + len(last):
            return False
        if not (text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    return test


def _plain(text: str) -> str:
    """What re2 takes: bounded, and no lone surrogates."""
    text = text[:MAX_TEXT_LENGTH]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _in_any(value: object) -> TextTest:
    tests = [text_test(one) for one in _listed(value)]
    return lambda text: any(test(text) for test in tests)


def _containing(value: object) -> TextTest:
    wanted = str(value).casefold()
    return lambda text: wanted in text.casefold()


TEXT_TESTS: dict[str, Callable[[object], TextTest]] = {
    "is": lambda value: lambda text: text == value,
    "glob": lambda value: globbing(str(value)),
    "re2": lambda value: searching(str(value)),
    "contains": _containing,
    "any_of": _in_any,
}


def text_test(pattern: object) -> TextTest:
    """A pattern: a glob as plain text, `{is | glob | re2 | contains: text}`, or `{any_of: [...]}`.
    Raises `BadPattern`."""
    if isinstance(pattern, Mapping):
        [(name, value)] = pattern.items()
        return TEXT_TESTS[name](value)
    return globbing(str(pattern))


# --- values of properties -------------------------------------------------------------------------


def number_of(value: object) -> float | None:
    """A number, also where a site sends it as text. Whole numbers beyond 2^53 lose digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and len(value) <= 40:
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _same(value: object, wanted: object) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(wanted, int | float):
        return number_of(value) == float(wanted)
    return value == wanted


def _compared(is_so: Callable[[float, float], bool]) -> Callable[[object], Test]:
    def test_of(wanted: object) -> Test:
        limit = number_of(wanted) or 0.0

        def test(value: object) -> bool:
            found = number_of(value)
            return found is not None and is_so(found, limit)

        return test

    return test_of


def _on_text(name: str) -> Callable[[object], Test]:
    def test_of(wanted: object) -> Test:
        test = TEXT_TESTS[name](wanted)
        return lambda value: isinstance(value, str) and test(value)

    return test_of


def _is_among(wanted: object) -> Test:
    listed = _listed(wanted)
    return lambda value: any(_same(value, one) for one in listed)


MISSING = object()
"""What a comparison gets for a property that is not there."""

COMPARISONS: dict[str, Callable[[object], Test]] = {
    "is": lambda wanted: lambda value: _same(value, wanted),
    "is_not": lambda wanted: lambda value: value is not MISSING and not _same(value, wanted),
    "any_of": _is_among,
    "at_least": _compared(lambda found, limit: found >= limit),
    "above": _compared(lambda found, limit: found > limit),
    "at_most": _compared(lambda found, limit: found <= limit),
    "below": _compared(lambda found, limit: found < limit),
    "contains": _on_text("contains"),
    "glob": _on_text("glob"),
    "re2": _on_text("re2"),
    "exists": lambda wanted: lambda value: (value is not MISSING) is wanted,
}


def value_test(comparison: object) -> Test:
    """A comparison: a plain value must be equal; `{at_least: 100, below: 500}` must all hold.
    Raises `BadPattern`."""
    if not isinstance(comparison, Mapping):
        return COMPARISONS["is"](comparison)
    tests = [COMPARISONS[name](wanted) for name, wanted in comparison.items()]
    return lambda value: all(test(value) for test in tests)


def where_test(where: Mapping[str, object]) -> Callable[[Mapping[str, object]], bool]:
    """Comparisons by property, which must all hold. Raises `BadPattern`."""
    tests = [(name, value_test(comparison)) for name, comparison in where.items()]
    return lambda found: all(test(found.get(name, MISSING)) for name, test in tests)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
