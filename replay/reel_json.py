"""JSON of a file that nobody vouches for: in go bytes, out come plain values and fields of the
expected types. Raises BadReel for all else."""

from __future__ import annotations

import json
import re
from typing import NoReturn, TypeVar

from replay.columns import HASH_BYTES, MAX_INT
from replay.encode import clean
from replay.errors import BadReel, shown

Top = TypeVar("Top", dict[str, object], list[object])


def json_of(data: bytes, kind: type[Top]) -> Top:
    """An array or an object; U+0000 and lone surrogates in strings are U+FFFD."""
    try:
        value = _clean(json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise BadReel(f"no JSON: {str(error)[:80] or type(error).__name__}") from None
    if not isinstance(value, kind):
        raise BadReel(f"{shown(value)} is no JSON {kind.__name__}")
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _clean(item) for key, item in value.items()}
    return value


class Fields:
    """Takes fields of an object; every refusal names field and value."""

    def __init__(self, found: dict[str, object]) -> None:
        self._found = found

    def has(self, name: str) -> bool:
        """Is it there, and not null?"""
        return self._found.get(name) is not None

    def _bad(self, name: str, expected: str) -> BadReel:
        value = shown(self._found[name]) if name in self._found else "missing"
        return BadReel(f"{name}: {value}, expected {expected}", field=name)

    def number(self, name: str, low: int, high: int = MAX_INT) -> int:
        value = self._found.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self._bad(name, f"an integer of {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        value = self._found.get(name)
        if not isinstance(value, bool):
            raise self._bad(name, "true or false")
        return value

    def text(self, name: str, limit: int) -> str:
        value = self._found.get(name)
        if not isinstance(value, str):
            raise self._bad(name, "a string")
        return value[:limit]

    def match(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self._found.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._bad(name, pattern.pattern)
        return value

    def hash(self, name: str) -> bytes:
        value = self._found.get(name)
        try:
            found = bytes.fromhex(value) if isinstance(value, str) else b""
        except ValueError:
            found = b""
        if len(found) != HASH_BYTES:
            raise self._bad(name, f"{HASH_BYTES} bytes in hexadecimal")
        return found

    def array(self, name: str) -> list[object]:
        value = self._found.get(name)
        if not isinstance(value, list):
            raise self._bad(name, "an array")
        return value

    def map_or_none(self, name: str) -> dict[str, str | int | float | bool | None] | None:
        """A map of plain values; others in it are left out."""
        value = self._found.get(name)
        if not isinstance(value, dict):
            return None
        plain = (str, int, float, bool, type(None))
        return {key: item for key, item in value.items() if isinstance(item, plain)}
