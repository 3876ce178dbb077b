"""What was seen of sites and is not recorded: refused batches, and pages that loaded the script. In
come origins and reasons, out come counts. In memory, bounded, since the collector's start."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from collector.address import plain_line
from collector.urls import BadOrigin, checked_origin

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_REFUSALS = 20
"""Origins and reasons of one site: the latest."""
MAX_KEYS = 1_000
MAX_STRANGERS = 50
MAX_LOADS = 200
MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """Batches of one origin that were refused for one reason. `origin` is empty where none was
    named; `code` as in `collector/problems.py`."""

    key: str
    origin: str
    code: str
    count: int
    last_at_ms: int


class Sightings:
    """May be asked from any thread. `heard` is called whenever something was seen."""

    def __init__(self, heard: Callable[[], None] = lambda: None) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._by_key: OrderedDict[str, OrderedDict[tuple[str, str], Refusal]] = OrderedDict()
        self._strangers: OrderedDict[tuple[str, str], Refusal] = OrderedDict()
        self._loads: OrderedDict[str, int] = OrderedDict()

    def refused(self, key: str, origin: str, code: str, now_ms: int) -> None:
        """A batch with this key was refused. Keys that no site has are bounded together: anybody
        can make them up."""
        key, origin = plain_line(key, MAX_SHOWN), shown_origin(origin)
        self._note_refusal(key, origin, code, now_ms)
        self._heard()

    def _note_refusal(self, key: str, origin: str, code: str, now_ms: int) -> None:
        with self._lock:
            if code == "unknown_site":
                _count(self._strangers, (key, origin), Refusal(key, origin, code, 0, 0), now_ms)
                _bound(self._strangers, MAX_STRANGERS)
                return
            known = self._by_key.setdefault(key, OrderedDict())
            _count(known, (origin, code), Refusal(key, origin, code, 0, 0), now_ms)
            _bound(known, MAX_REFUSALS)
            self._by_key.move_to_end(key)
            _bound(self._by_key, MAX_KEYS)

    def loaded(self, origin: str, now_ms: int) -> None:
        """A page of this origin asked for the script."""
        origin = shown_origin(origin)
        with self._lock:
            self._loads[origin] = now_ms
            self._loads.move_to_end(origin)
            _bound(self._loads, MAX_LOADS)
        self._heard()

    def refusals(self, key: str) -> list[Refusal]:
        """What was refused of a site, the latest first."""
        with self._lock:
            known = list(self._by_key.get(key, {}).values())
            disabled = [found for found in self._strangers.values() if found.key == key]
        return sorted(known + disabled, key=lambda found: -found.last_at_ms)

    def strangers(self) -> list[Refusal]:
        """Batches whose key no site has, the latest first."""
        with self._lock:
            return list(self._strangers.values())[::-1]

    def loads(self) -> dict[str, int]:
        """Origins whose pages asked for the script, and when they did last."""
        with self._lock:
            return dict(self._loads)


def shown_origin(origin: str) -> str:
    """An origin in its normal form; what is none, as one short line."""
    if not origin:
        return ""
    try:
        return checked_origin(origin[:MAX_SHOWN])
    except BadOrigin:
        return plain_line(origin, MAX_SHOWN)


def _count(
    known: OrderedDict[tuple[str, str], Refusal], key: tuple[str, str], new: Refusal, now_ms: int
) -> None:
    found = known.get(key, new)
    known[key] = replace(found, count=found.count + 1, last_at_ms=now_ms)
    known.move_to_end(key)


def _bound(known: OrderedDict[Key, Value], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
