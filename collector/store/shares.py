"""Share links: one session, watched without an account until the link expires or is revoked. The
links themselves are signed elsewhere: nothing here opens anything."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlite_utils import Database

SHARES_LISTED = 500
MAX_SHARES = 200
"""Open links of one session."""


KEPT_MS = 365 * 24 * 3600 * 1000
"""What has expired is listed for so long."""


class TooManyShares(ValueError):
    """The session has as many open links as it may have."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share link. `session`, `session_id`: what it shows. `user`: who made it, None: an API token
    or somebody who is gone. `t_ms`: where it opens."""

    share: int
    share_id: str
    session: int
    session_id: str
    user: int | None
    made_by: str
    t_ms: int | None
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    views: int
    seen_at_ms: int | None

    def is_open(self, now_ms: int) -> bool:
        """Does it still show anything?"""
        return self.revoked_at_ms is None and now_ms < self.expires_at_ms


COLUMNS = (
    "h.share, h.share_id, h.session, s.session_id, h.user, h.made_by, h.t_ms, h.created_at_ms,"
    " h.expires_at_ms, h.revoked_at_ms, h.views, h.seen_at_ms"
)
FROM_SHARE = "FROM share h JOIN session s USING (session)"


def add_share(
    db: Database,
    session: int,
    made_by: str,
    user: int | None,
    t_ms: int | None,
    now_ms: int,
    expires_at_ms: int,
) -> Share:
    """A new link for a session. Forgets those that ended long ago. Raises `TooManyShares`."""
    db.execute("DELETE FROM share WHERE expires_at_ms < ?", [now_ms - KEPT_MS])
    (count,) = db.execute(
        "SELECT count(*) FROM share WHERE session = ? AND revoked_at_ms IS NULL"
        " AND expires_at_ms > ?",
        [session, now_ms],
    ).fetchone()
    if count >= MAX_SHARES:
        raise TooManyShares(f"this visit has {count} open links: revoke some first")
    share_id = secrets.token_hex(12)
    db.execute(
        "INSERT INTO share (share_id, session, made_by, user, t_ms, created_at_ms, expires_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [share_id, session, made_by, user, t_ms, now_ms, expires_at_ms],
    )
    found = share_by_id(db, share_id)
    assert found is not None  # noqa: S101 - it was just written
    return found


def share_by_id(db: Database, share_id: str) -> Share | None:
    """A share link, open or not."""
    row = db.execute(
        f"SELECT {COLUMNS} {FROM_SHARE} WHERE h.share_id = ?",
        [share_id],
    ).fetchone()
    return Share(*row) if row else None


def share_by_row(db: Database, share: int) -> Share | None:
    """A share link by its number."""
    row = db.execute(f"SELECT {COLUMNS} {FROM_SHARE} WHERE h.share = ?", [share]).fetchone()
    return Share(*row) if row else None


def shares(db: Database, session: int | None = None) -> list[Share]:
    """Share links, newest first; `session`: only of this one."""
    where, values = ("WHERE h.session = ?", [session]) if session is not None else ("", [])
    rows = db.execute(
        f"SELECT {COLUMNS} {FROM_SHARE} {where} ORDER BY h.share DESC LIMIT ?",
        [*values, SHARES_LISTED],
    )
    return [Share(*row) for row in rows]


def count_view(db: Database, share: int, now_ms: int) -> None:
    """Somebody began to watch through the link."""
    db.execute(
        "UPDATE share SET views = views + 1, seen_at_ms = ? WHERE share = ?", [now_ms, share]
    )


def revoke_share(db: Database, share: int, now_ms: int) -> None:
    """Ends a link. One that has ended stays as it is."""
    db.execute(
        "UPDATE share SET revoked_at_ms = ? WHERE share = ? AND revoked_at_ms IS NULL",
        [now_ms, share],
    )
