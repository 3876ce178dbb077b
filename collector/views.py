"""Who watches what: in go requests for a replay's data, out go lines of the audit, one for each
time that somebody opens a visit."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
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


@dataclass(slots=True)
class _Watching:
    asked_at_ms: int
    opened_at_ms: int
    t_ms: int | None


class Views:
    """Remembers who is watching, so that each opening is one line. May be called from any
    thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._watching: OrderedDict[tuple[str, str, str], _Watching] = OrderedDict()
        self._lock = threading.Lock()

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
    ) -> None:
        """Somebody asked for a part of a session. `user`: in whose list it counts as watched;
        `opens`: for that which a player asks for first; `t_ms`: where it opens. Returns when the
        line is on disk; where nothing can be written, the visit is shown nevertheless."""
        if not self._is_new((who, address, row.session_id), now_ms, opens, t_ms):
            return

        def write(db: Database) -> None:
            if share is not None:
                count_view(db, share, now_ms)
            if user is not None:
                mark_watched(db, user, row.session, now_ms)
            add_line(db, now_ms, who, "view", session=row.session, t_ms=t_ms)

        try:
            self._writer.call(lambda db, _: write(db))
        except (StoreError, SqliteError) as error:
            log.error("%s watches %s, which the audit misses: %s", who, row.session_id, error)

    def _is_new(
        self, key: tuple[str, str, str], now_ms: int, opens: bool, t_ms: int | None
    ) -> bool:
        with self._lock:
            last = self._watching.get(key)
            if last is None or now_ms - last.asked_at_ms >= WATCHING_MS:
                is_new = True
            elif opens:
                is_new = now_ms - last.opened_at_ms >= OPENED_AGAIN_MS or t_ms != last.t_ms
            else:
                is_new = False
            if last is None or opens:
                self._watching[key] = _Watching(now_ms, now_ms, t_ms)
            else:
                last.asked_at_ms = now_ms
            self._watching.move_to_end(key)
            if len(self._watching) > MAX_REMEMBERED:
                self._watching.popitem(last=False)
            return is_new
