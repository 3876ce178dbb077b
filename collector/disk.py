"""Free space: in goes a directory, out comes whether there is room to write, looked up at most once
a second."""

from __future__ import annotations

import os
import time
from pathlib import Path


class FreeSpace:
    """Remembers the last look."""

    def __init__(self, directory: Path, min_free_bytes: int) -> None:
        self._directory = directory
        self._min_free_bytes = min_free_bytes
        self._looked_at_s = float("-inf")
        self._is_enough = True

    def is_enough(self) -> bool:
        """Is there more room than the floor? Reads keep working below it."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= 1:
            self._looked_at_s = now_s
            found = os.statvfs(self._directory)
            self._is_enough = found.f_bavail * found.f_frsize >= self._min_free_bytes
        return self._is_enough
