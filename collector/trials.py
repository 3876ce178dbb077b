"""Rules tried on what was recorded, in a thread beside the collector's work: in goes a rule, out
comes what it would have found. One at a time; it ends when nobody waits for it, or takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

One = TypeVar("One")

MAX_S = 30.0
"""Then what was looked at until then has to do."""


class TrialEnded(Exception):
    """Nobody waits for it any more."""


@dataclass(slots=True)
class Progress:
    """How far a trial is; written by its thread, read by whoever waits. `is_cut`: it took too
    long."""

    done: int = 0
    of: int = 0
    waits: bool = True
    is_cut: bool = False
    is_over: bool = False

    def end(self) -> None:
        """Nobody waits any more."""
        self.is_over = True

    def watched(self, every: Iterable[One]) -> Iterator[One]:
        """Passes on what is looked at, until the end. Raises `TrialEnded`."""
        until_s = time.monotonic() + MAX_S
        for one in every:
            if self.is_over:
                raise TrialEnded
            if time.monotonic() > until_s:
                self.is_cut = True
                return
            yield one
            self.done += 1


@dataclass(slots=True)
class Trials:
    """One trial at a time: the next one waits."""

    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, progress: Progress) -> Iterator[None]:
        """Waits for its turn. Raises `TrialEnded` where nobody waits meanwhile."""
        while not self._turn.acquire(timeout=0.1):
            if progress.is_over:
                raise TrialEnded
        try:
            progress.waits = False
            yield
        finally:
            self._turn.release()
