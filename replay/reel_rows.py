"""The rows of a table of a portable recording: in goes JSON, out come those rows that are as they
should be."""

from __future__ import annotations

from collections.abc import Iterator

from replay.columns import MAX_INT
from replay.head import MEDIA_TYPE

MAX_T_MS = 366 * 24 * 3_600_000
"""A session lasts a day at most, and what came late is two days old."""
MAX_TOKEN = 2_048


def _rows(value: object, width: int) -> Iterator[list[object]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == width:
            yield row


def _is_int(value: object, low: int = -MAX_INT, high: int = MAX_INT) -> bool:
    return type(value) is int and low <= value <= high


def assets_in(value: object) -> Iterator[tuple[int, bytes, str]]:
    """(asset id, hash, media type)"""
    for asset, hash_, media_type in _rows(value, 3):
        if not isinstance(hash_, str) or not isinstance(media_type, str) or not _is_int(asset):
            continue
        try:
            name = bytes.fromhex(hash_)
        except ValueError:
            continue
        if len(name) == 16 and MEDIA_TYPE.fullmatch(media_type) and isinstance(asset, int):
            yield asset, name, media_type


def css_in(value: object) -> Iterator[tuple[int, str, int]]:
    """(owner id, token, asset id)"""
    for owner, token, asset in _rows(value, 3):
        if _is_int(owner) and isinstance(token, str) and _is_int(asset):
            yield owner, token[:MAX_TOKEN], asset  # type: ignore[misc]


def times_in(value: object, low: int, high: int) -> Iterator[tuple[int, int]]:
    """(t_ms, a number from `low` to `high`)"""
    for t_ms, second in _rows(value, 2):
        if _is_int(t_ms, -MAX_T_MS, MAX_T_MS) and _is_int(second, low, high):
            yield t_ms, second  # type: ignore[misc]
