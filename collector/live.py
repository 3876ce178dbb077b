"""Who watches what, and what has just happened: in come commits, checks and viewers, out come
wake-ups for all who watch, and how soon a recorder should send again. The only fan-out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

from collector.settings import Pace
from collector.store.arrival import Taken

WATCHED_FOR_MS = 15_000


class All(Enum):
    """The topic of those who watch everything."""

    ALL = 0


ALL: Final = All.ALL
Topic = str | int | All
"""A session by its id (something of it was committed) or its row (something of it was checked)."""


class Listener:
    """One who watches. Lives in the event loop; what happens while nobody waits is not lost, but
    told once: whoever is slow falls behind by nothing but time."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._end = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Does the collector end?"""
        return self._end.is_set()

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._end.set()
        self._news.set()

    async def news(self, within_s: float) -> bool:
        """Waits for something new; False: there was nothing within this time."""
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True

    async def rest(self, seconds: float) -> None:
        """Waits, unless the collector ends: what comes meanwhile is told together."""
        try:
            async with asyncio.timeout(seconds):
                await self._end.wait()
        except TimeoutError:
            return


class Hub:
    """In-process; one instance a collector. `tell` and `watched` may be called from any thread, all
    else in the event loop, but for `watch`."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._seen_at_ms: dict[str, int] = {}
        self._watchers: dict[str, int] = {}
        self._listeners: dict[Topic, set[Listener]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: set[Topic] = set()
        self._is_over = False

    # --- what happens --------------------------------------------------------

    def start(self) -> None:
        """Tells from now on, in the loop that runs now."""
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """Everybody who listens is told that it is over: the server can end."""
        self._is_over = True
        for listeners in list(self._listeners.values()):
            for listener in listeners:
                listener.end()

    def committed(self, values: Iterable[object]) -> None:
        """These were committed, by the writer's thread."""
        if self._listeners:
            self.tell([value.session_id for value in values if isinstance(value, Taken)])

    def tell(self, topics: Iterable[Topic] = ()) -> None:
        """Something of these happened. Many calls wake a listener once."""
        loop = self._loop
        if loop is None or not self._listeners:
            return
        with self._lock:
            is_first = not self._waiting
            self._waiting.update(topics, [ALL])
        if is_first and not loop.is_closed():
            loop.call_soon_threadsafe(self._spread)

    def _spread(self) -> None:
        with self._lock:
            topics, self._waiting = self._waiting, set()
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.wake()

    @contextmanager
    def listen(self, *topics: Topic) -> Iterator[Listener]:
        """Wake-ups for one of these topics."""
        listener = Listener()
        if self._is_over:
            listener.end()
        for topic in topics:
            self._listeners.setdefault(topic, set()).add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                listeners = self._listeners[topic]
                listeners.discard(listener)
                if not listeners:
                    del self._listeners[topic]

    # --- who watches ---------------------------------------------------------

    def watch(self, session_id: str, now_ms: int) -> None:
        """A viewer of this session was here."""
        self._seen_at_ms[session_id] = now_ms
        if len(self._seen_at_ms) > 10_000:
            recent = now_ms - WATCHED_FOR_MS
            self._seen_at_ms = {s: at for s, at in self._seen_at_ms.items() if at >= recent}

    @contextmanager
    def watching(self, session_id: str | None) -> Iterator[None]:
        """A viewer of this session is here until the end of the block; None: of no session."""
        if session_id is None:
            yield
            return
        self._watchers[session_id] = self._watchers.get(session_id, 0) + 1
        try:
            yield
        finally:
            self._watchers[session_id] -= 1
            if not self._watchers[session_id]:
                del self._watchers[session_id]

    def watched(self, now_ms: int) -> list[str]:
        """The sessions that somebody watches."""
        recent = now_ms - WATCHED_FOR_MS
        seen = [session_id for session_id, at in list(self._seen_at_ms.items()) if at > recent]
        return list(dict.fromkeys([*list(self._watchers), *seen]))

    def is_watched(self, session_id: str, now_ms: int) -> bool:
        """Does somebody watch this session?"""
        seen_at_ms = self._seen_at_ms.get(session_id, -WATCHED_FOR_MS)
        return session_id in self._watchers or seen_at_ms > now_ms - WATCHED_FOR_MS

    def flush_ms(self, session_id: str, now_ms: int) -> int:
        """How often the recorder of this session should send."""
        is_watched = self.is_watched(session_id, now_ms)
        return self._pace.watched_flush_ms if is_watched else self._pace.flush_ms
