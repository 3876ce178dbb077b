"""Erasure: a visitor goes with everything that is only theirs, and a tombstone keeps late batches
out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.contents import forget_unused
from collector.store.database import StoreError
from collector.store.search import overwrite_erased


class UnknownVisitor(StoreError):
    """Nobody has this id."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased."""

    visitor_id: str
    sessions: int


def is_erased(db: Database, site: int, *ids: str | None) -> bool:
    """Was a visitor or session of this id erased?"""
    hashes = [_grave(text) for text in ids if text is not None]
    marks = ", ".join("?" * len(hashes))
    row = db.execute(
        f"SELECT 1 FROM tombstone WHERE site = ? AND hash IN ({marks})",  # noqa: S608 - question marks
        [site, *hashes],
    ).fetchone()
    return row is not None


def erase_visitor(db: Database, visitor_id: str, now_ms: int) -> Erasure:
    """Erases every session of this visitor and what no other session uses: overwrites it, not only
    forgets it. A cookieless session's visitor has the session's own id. Raises `UnknownVisitor`."""
    db.execute("PRAGMA secure_delete=ON").fetchone()
    try:
        return _erase(db, visitor_id, now_ms)
    finally:
        db.execute("PRAGMA secure_delete=FAST").fetchone()


def _erase(db: Database, visitor_id: str, now_ms: int) -> Erasure:
    visitors = db.execute(
        "SELECT visitor, site FROM visitor WHERE visitor_id = ?", [visitor_id]
    ).fetchall()
    if not visitors:
        raise UnknownVisitor(f"there is no visitor {visitor_id!r}")
    sessions = 0
    for visitor, site in visitors:
        ids = db.execute(
            "SELECT client_id FROM client_session JOIN session USING (session) WHERE visitor = ?"
            " UNION SELECT session_id FROM session WHERE visitor = ?",
            [visitor, visitor],
        ).fetchall()
        for text in {visitor_id, *(row[0] for row in ids)}:
            db.execute(
                "INSERT INTO tombstone (site, hash, erased_at_ms) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [site, _grave(text), now_ms],
            )
        sessions += db.execute("DELETE FROM session WHERE visitor = ?", [visitor]).rowcount
        db.execute("DELETE FROM visitor WHERE visitor = ?", [visitor])
    overwrite_erased(db)
    forget_unused(db)
    return Erasure(visitor_id, sessions)


def _grave(text: str) -> bytes:
    """Ids are random, so their hash tells nothing; the id itself must not stay."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
