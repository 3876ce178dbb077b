"""Values of a rule as somebody types them into one field: in goes text, out comes the value, and
back. What looks like a number is one, unless it stands in quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

_COMMAS = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|[^,]*?)\s*(?:,|$)""")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")


def scalar_of(text: str) -> object:
    """`20`, `true`, `null`, `"20"` as JSON has them; all else is text."""
    text = text.strip()
    if _NUMBER.fullmatch(text) or text in {"true", "false", "null"} or text[:1] == '"':
        try:
            return cast(object, json.loads(text))
        except ValueError:
            return text
    return text


def scalar_text(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, str):
        is_plain = value == value.strip() and scalar_of(value) == value and value[:1] != '"'
        return value if is_plain and value else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:.17g}" if value != int(value) else str(int(value))
    return json.dumps(value)


def scalars_of(text: str) -> list[object]:
    """`a, b, "c, d"`."""
    return [scalar_of(part) for part in parts_of(text)]


def scalars_text(values: Sequence[object]) -> str:
    """Several as they are typed."""
    words = [
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, str) and "," in value
        else scalar_text(value)
        for value in values
    ]
    return ", ".join(words)


def parts_of(text: str) -> list[str]:
    """What stands between commas; none within quotes counts."""
    found = [match[1] for match in _COMMAS.finditer(text)]
    return [part for part in found if part]


def pattern_of(operator: str, text: str) -> object:
    """A pattern as rules have it. JSON that can't be read stays text."""
    if operator == "any_of":
        return {"any_of": [_unquoted(part) for part in parts_of(text)]}
    if operator == "json":
        try:
            return cast(object, json.loads(text))
        except ValueError:
            return text
    return text if operator == "glob" else {operator: text}


def pattern_text(pattern: object) -> tuple[str, str]:
    """The operator and the text of a pattern."""
    if not isinstance(pattern, Mapping):
        return "glob", str(pattern)
    [(name, value)] = pattern.items()
    if name != "any_of":
        return str(name), str(value)
    texts = cast(Sequence[object], value)
    if all(isinstance(one, str) and one and one == one.strip() for one in texts):
        words = [_quoted(str(one)) for one in texts]
        return "any_of", ", ".join(words)
    return "json", json.dumps(pattern, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if "," in text or text[:1] == '"' else text


def _unquoted(text: str) -> str:
    if text[:1] != '"':
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def comparison_of(operator: str, text: str) -> tuple[str, object]:
    """One comparison: its key and value."""
    if operator in {"exists", "missing"}:
        return "exists", operator == "exists"
    if operator == "any_of":
        return operator, scalars_of(text)
    if operator in {"contains", "glob", "re2"}:
        return operator, text
    return operator, scalar_of(text)


def comparison_texts(comparison: object) -> list[tuple[str, str]]:
    """Operators and texts of a comparison."""
    if not isinstance(comparison, Mapping):
        return [("is", scalar_text(comparison))]
    found = []
    for name, wanted in comparison.items():
        if name == "exists":
            found.append(("exists" if wanted else "missing", ""))
        elif name == "any_of":
            found.append((name, scalars_text(cast(Sequence[object], wanted))))
        elif name in {"contains", "glob", "re2"}:
            found.append((name, str(wanted)))
        else:
            found.append((str(name), scalar_text(wanted)))
    return found
