"""The daily salts of the cookieless join: in goes the time, out come keys that nobody can compute
again once the day's salt is gone."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from sqlite_utils import Database

DAY_MS = 24 * 3600 * 1000
JOIN_WINDOW_MS = 30 * 60 * 1000


class VisitKeys:
    """Makes the keys; lives with the writer connection and remembers the salts in use."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._salts: dict[int, bytes] = {}

    def forget(self) -> None:
        """What is remembered may not be in the database (after a rollback)."""
        self._salts.clear()

    def forget_old(self, now_ms: int) -> None:
        """Salts of days whose visits can no longer be joined are erased; yesterday's is good until
        half past midnight."""
        oldest_day = (now_ms - JOIN_WINDOW_MS) // DAY_MS
        if self._db.execute("DELETE FROM daily_salt WHERE day < ?", [oldest_day]).rowcount:
            self._salts.clear()

    def today(self, now_ms: int, site: int, address: str, user_agent: str) -> bytes:
        """The key to store with a new session."""
        return _key(self._salt(now_ms // DAY_MS), site, address, user_agent)

    def joinable(self, now_ms: int, site: int, address: str, user_agent: str) -> list[bytes]:
        """The keys a visit of the last 30 minutes may have."""
        days = {now_ms // DAY_MS, (now_ms - JOIN_WINDOW_MS) // DAY_MS}
        return [_key(self._salt(day), site, address, user_agent) for day in sorted(days)]

    def _salt(self, day: int) -> bytes:
        if day not in self._salts:
            self._db.execute(
                "INSERT INTO daily_salt (day, salt) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [day, secrets.token_bytes(32)],
            )
            row = self._db.execute("SELECT salt FROM daily_salt WHERE day = ?", [day]).fetchone()
            self._salts = {d: s for d, s in self._salts.items() if d >= day - 1}
            self._salts[day] = row[0]
        return self._salts[day]


def _key(salt: bytes, site: int, address: str, user_agent: str) -> bytes:
    text = f"{site}\0{address}\0{user_agent}".encode("utf-8", "replace")
    return hmac.digest(salt, text, hashlib.sha256)
