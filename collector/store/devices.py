"""What sessions were visited with: out come user agents that nobody has looked at yet, in goes what
they mean."""

from __future__ import annotations

from sqlite_utils import Database

from collector.device import Device


def agents_without_class(db: Database, limit: int) -> list[tuple[int, str, bool]]:
    """Sessions whose device nobody has looked at yet: row, user agent, is it a bot."""
    rows = db.execute(
        "SELECT session, user_agent, bot FROM session WHERE device IS NULL ORDER BY session"
        " LIMIT ?",
        [limit],
    )
    return [(session, agent or "", bool(bot)) for session, agent, bot in rows]


def set_devices(db: Database, found: list[tuple[int, Device]]) -> None:
    """Rows of sessions with what they were visited with."""
    db.conn.executemany(
        "UPDATE session SET device = ?, browser = ?, system = ? WHERE session = ?",
        [(its.device, its.browser, its.system, session) for session, its in found],
    )
