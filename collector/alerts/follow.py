"""Those of whom people were told, until they leave: in come signs of them, out come rows of the
outbox that say that they are gone."""

from __future__ import annotations

import json
from collections.abc import Collection

from collector.alerts.kinds import KINDS
from collector.store import alerts as store
from collector.store.channels import channel_by_row
from collector.store.database import Database
from collector.store.sessions import is_live, session_by_id

FOLLOWED_MS = 2 * 3600 * 1000
SURE_AFTER_MS = 10_000
"""Whoever goes to another page is gone for a moment."""
TOLD_MS = 120_000
"""Later nobody wants to know."""


class Followed:
    """Sessions by row, each with when to look again. `seen` and `in` are asked by several threads,
    the rest by one."""

    def __init__(self, live_ms: int) -> None:
        self._live_ms = live_ms
        self._ids: dict[str, int] = {}
        self._look_at_ms: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._since_ms: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._ids

    @property
    def next_ms(self) -> int | None:
        """When to look next, Unix ms; None: there is nobody."""
        return min(self._look_at_ms.values(), default=None)

    @staticmethod
    def id_of(alert: store.Alert) -> str:
        """The id of the session that a row is about."""
        return str(json.loads(alert.about)["session_id"])

    def recover(self, db: Database, now_ms: int) -> None:
        """Those that an earlier process followed."""
        for session, session_id in store.sessions_to_follow(db, now_ms - FOLLOWED_MS):
            self.add(session, session_id, now_ms)

    def add(self, session: int, session_id: str, now_ms: int) -> None:
        """Somebody was told of this session."""
        self._names[session] = session_id
        self._since_ms[session] = now_ms
        self._look_at_ms[session] = now_ms + SURE_AFTER_MS
        self._ids[session_id] = session

    def forget(self, session: int) -> None:
        """Nobody wants to know more."""
        self._look_at_ms.pop(session, None)
        self._since_ms.pop(session, None)
        self._ids.pop(self._names.pop(session, ""), None)

    def seen(self, session_id: str, now_ms: int) -> None:
        """A batch of it came: it may say that the visitor has left."""
        session = self._ids.get(session_id)
        if session is not None:
            self._look_at_ms[session] = min(now_ms, self._look_at_ms[session])

    def gone_ms(self, db: Database, session: int, now_ms: int) -> int | None:
        """Since when nobody is there any more; None: somebody is."""
        session_id = self._names.get(session) or store.session_id_of(db, session)
        row = session_by_id(db, session_id) if session_id else None
        if row is None or is_live(db, row, now_ms, self._live_ms):
            return None
        return row.last_received_at_ms

    def gone(self, db: Database, now_ms: int) -> dict[int, int]:
        """Those that have left by now, and when."""
        found: dict[int, int] = {}
        for session, look_at_ms in list(self._look_at_ms.items()):
            if look_at_ms > now_ms:
                continue
            row = session_by_id(db, self._names[session])
            if row is None or now_ms - self._since_ms[session] > FOLLOWED_MS:
                self.forget(session)
            elif now_ms - row.last_received_at_ms > self._live_ms + TOLD_MS:
                self.forget(session)  # they had left before anybody was told
            elif is_live(db, row, now_ms, self._live_ms):
                self._look_at_ms[session] = row.last_received_at_ms + self._live_ms + 1
            elif now_ms - row.last_received_at_ms < SURE_AFTER_MS:
                self._look_at_ms[session] = row.last_received_at_ms + SURE_AFTER_MS
            else:
                found[session] = row.last_received_at_ms
        return found

    @staticmethod
    def note_left(db: Database, sessions: Collection[int], now_ms: int) -> None:
        """Writes what those are to be told who were told of them."""
        for session in sessions:
            for told in store.told_of(db, session):
                channel = channel_by_row(db, told.channel)
                if channel is None or not KINDS[channel.kind].follows:
                    continue
                store.add_alert(
                    db,
                    told.channel,
                    f"{told.alert_id}-left",
                    "left",
                    told.about,
                    now_ms,
                    now_ms + TOLD_MS,
                    signal=told.signal,
                    session=session,
                )
