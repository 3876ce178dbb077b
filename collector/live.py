"""Who is watching which session: in come signs of viewers, out comes how soon the recorder should
send again. The only fan-out."""

from __future__ import annotations

from collector.settings import Pace

WATCHED_FOR_MS = 15_000


class Hub:
    """In-process; one instance a collector."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._seen_at_ms: dict[str, int] = {}

    def watch(self, session_id: str, now_ms: int) -> None:
        """A viewer of this session was here."""
        self._seen_at_ms[session_id] = now_ms
        if len(self._seen_at_ms) > 10_000:
            recent = now_ms - WATCHED_FOR_MS
            self._seen_at_ms = {s: at for s, at in self._seen_at_ms.items() if at >= recent}

    def watched(self, now_ms: int) -> list[str]:
        """The sessions that somebody watches."""
        recent = now_ms - WATCHED_FOR_MS
        return [session_id for session_id, at in list(self._seen_at_ms.items()) if at > recent]

    def flush_ms(self, session_id: str, now_ms: int) -> int:
        """How often the recorder of this session should send."""
        watched = self._seen_at_ms.get(session_id, -WATCHED_FOR_MS) > now_ms - WATCHED_FOR_MS
        return self._pace.watched_flush_ms if watched else self._pace.flush_ms
