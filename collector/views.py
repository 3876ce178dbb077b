"""Who watches what: in go requests for a replay's data, out go lines of the audit, one for each
time that somebody opens a visit."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from collector.store.audit import add_line
from collector.store.database import Database, SqliteError, StoreError
from collector.store.lines import mark_watched
from collector.store.sessions import SessionRow
from collector.store.shares import count_view
from collector.writer import Writer

log = logging.getLogger("visitreel.views")

OPENED_AGAIN_MS = 60_000
"""A live player asks for the timeline every few seconds: without it for so long, it was closed."""
WATCHING_MS = 30 * 60 * 1000
"""Without any request for so long, whoever asks for a part of a visit opens it anew."""
MAX_REMEMBERED = 10_000
LINES_AT_ONCE = 4
"""Threads that wait for lines nobody else waits for; those that come together share a commit."""


@dataclass(slots=True)
class _Watching:
    asked_at_ms: int
    opened_at_ms: int
    t_ms: int | None
    line: Future[None] | None = None
    """Of the audit."""


@dataclass(frozen=True, slots=True)
class _Expected:
    at_ms: int
    t_ms: int


class Views:
    """Remembers who is watching, so that each opening is one line. May be called from any
    thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lines = ThreadPoolExecutor(LINES_AT_ONCE, "views")
        self._watching: OrderedDict[tuple[str, str, str], _Watching] = OrderedDict()
        self._expected: OrderedDict[tuple[str, str, str], _Expected] = OrderedDict()
        self._lock = threading.Lock()

    def expect(self, who: str, address: str, row: SessionRow, now_ms: int, t_ms: int) -> None:
        """Somebody got the page of a player, which is no view yet: chats fetch it too. What its
        browser asks for next opens the session at this moment."""
        with self._lock:
            self._expected[who, address, row.session_id] = _Expected(now_ms, t_ms)
            self._expected.move_to_end((who, address, row.session_id))
            if len(self._expected) > MAX_REMEMBERED:
                self._expected.popitem(last=False)

    def note(
        self,
        who: str,
        address: str,
        row: SessionRow,
        now_ms: int,
        *,
        user: int | None = None,
        share: int | None = None,
        opens: bool = False,
        t_ms: int | None = None,
        waits: bool = True,
    ) -> None:
        """Somebody asked for a part of a session. `user`: in whose list it counts as watched;
        `opens`: for that which a player asks for first; `t_ms`: where it opens. Returns when the
        line is on disk, or with `waits` off while it is written; where nothing can be written, the
        visit is shown nevertheless."""

        def write(db: Database, t_ms: int | None) -> None:
            if share is not None:
                count_view(db, share, now_ms)
            if user is not None:
                mark_watched(db, user, row.session, now_ms)
            add_line(db, now_ms, who, "view", session=row.session, t_ms=t_ms)

        def line(t_ms: int | None) -> None:
            try:
                self._writer.call(lambda db, _: write(db, t_ms))
            except (StoreError, SqliteError) as error:
                log.error("%s watches %s, which the audit misses: %s", who, row.session_id, error)

        key = (who, address, row.session_id)
        with self._lock:
            expected = self._expected.pop(key, None)
            if not opens and expected and now_ms - expected.at_ms < OPENED_AGAIN_MS:
                opens, t_ms = True, expected.t_ms
            watching, is_new = self._watch(key, now_ms, opens, t_ms)
            if is_new:
                watching.line = self._lines.submit(line, t_ms)
        if waits and watching.line:
            watching.line.result()

    def _watch(
        self, key: tuple[str, str, str], now_ms: int, opens: bool, t_ms: int | None
    ) -> tuple[_Watching, bool]:
        """Who is watching, and whether that is a new view."""
        last = self._watching.get(key)
        if last is None or now_ms - last.asked_at_ms >= WATCHING_MS:
            is_new = True
        elif opens:
            is_new = now_ms - last.opened_at_ms >= OPENED_AGAIN_MS or t_ms != last.t_ms
        else:
            is_new = False
        if last is None or opens:
            line = last.line if last else None
            self._watching[key] = last = _Watching(now_ms, now_ms, t_ms, line)
        else:
            last.asked_at_ms = now_ms
        self._watching.move_to_end(key)
        if len(self._watching) > MAX_REMEMBERED:
            self._watching.popitem(last=False)
        return last, is_new
