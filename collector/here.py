"""Who is here now, for all who look: in come their questions, out comes one answer, read from the
store a few times a second at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from collector.store.database import Readers
from collector.store.here import Visit, here_now, silent_in_ms

KEPT_S = 0.5
"""However many look, and however much happens."""


class Here:
    """May be asked from any thread."""

    def __init__(self, readers: Readers, live_ms: int, now_ms: Callable[[], int]) -> None:
        self._readers = readers
        self._live_ms = live_ms
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._visits: tuple[Visit, ...] = ()
        self._read_at_s = float("-inf")

    def visits(self) -> tuple[tuple[Visit, ...], float | None]:
        """The sessions that are live, newest first, and in how many seconds it is worth to ask
        again even if nothing happens. None: it is not."""
        with self._lock:
            age_s = time.monotonic() - self._read_at_s
            if age_s < KEPT_S:
                return self._visits, KEPT_S - age_s
            self._read_at_s = time.monotonic()
            now_ms = self._now_ms()
            with self._readers.lend() as db:
                self._visits = here_now(db, now_ms, self._live_ms)
            silent_ms = silent_in_ms(self._visits, now_ms, self._live_ms)
        return self._visits, None if silent_ms is None else silent_ms / 1000 + 0.05
