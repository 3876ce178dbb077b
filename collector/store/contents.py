"""Big texts and assets, once a site by hash, with who uses them: a content goes when the last
session that uses it is erased."""

from __future__ import annotations

from dataclasses import dataclass

import zstandard
from sqlite_utils import Database

from collector.store.arrival import ArrivedAsset, Refused

MAX_ASSET_BYTES_PER_SITE = 2 << 30
MAX_ASSETS_PER_SITE = 100_000
MAX_PAGES_PER_SITE = 10_000
MAX_KNOWN = 500
"""Hashes in one answer of /v1/known: 16 kB of JSON."""
MAX_CONTENT_BYTES = 8 << 20
ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Content:
    """A stored text (UTF-8) or asset."""

    hash: bytes
    media_type: str
    data: bytes


def is_known(db: Database, site: int, session: int, hash_: bytes) -> bool:
    """May this session name the content by hash alone? Only what is public on the site or what it
    sent itself: else the answer would tell a stranger which texts others have seen."""
    row = db.conn.execute(
        "SELECT c.public OR EXISTS (SELECT 1 FROM content_use u WHERE u.session = ?"
        " AND u.content = c.content) FROM content c WHERE c.site = ? AND c.hash = ?",
        (session, site, hash_),
    ).fetchone()
    return row is not None and bool(row[0])


def want(db: Database, document: int, hash_: bytes) -> None:
    """The next answer to this document asks for the content."""
    db.execute(
        "INSERT INTO content_wanted (document, hash) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [document, hash_],
    )


def wanted_by(db: Database, document: int) -> set[bytes]:
    """What a document named and nobody has sent yet."""
    rows = db.execute("SELECT hash FROM content_wanted WHERE document = ?", [document])
    return {row[0] for row in rows}


def keep_text(db: Database, site: int, hash_: bytes, text: bytes, now_ms: int) -> int:
    """Stores a text (UTF-8) once a site; the row of it."""
    row = content_row(db, site, hash_)
    if row is None:
        packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(text)
        row = db.execute(
            "INSERT INTO content (site, hash, media_type, public, zstd, size, stored_at_ms, data)"
            " VALUES (?, ?, 'text/plain', 0, 1, ?, ?, ?)",
            [site, hash_, len(text), now_ms, packed],
        ).lastrowid
    return int(row or 0)


def keep_asset(db: Database, session: int, asset: ArrivedAsset) -> Refused | list[int]:
    """Stores an asset once a site; the documents that no longer wait for it. Refused when the site
    holds too many."""
    row = content_row(db, asset.site, asset.hash)
    if row is None:
        count, size = db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM content WHERE site = ? AND zstd = 0",
            [asset.site],
        ).fetchone()
        if count >= MAX_ASSETS_PER_SITE or size + len(asset.data) > MAX_ASSET_BYTES_PER_SITE:
            return Refused("too_many_assets", "this site's store of assets is full")
        row = db.execute(
            "INSERT INTO content (site, hash, media_type, public, zstd, size, stored_at_ms, data)"
            " VALUES (?, ?, ?, 1, 0, ?, ?, ?)",
            [asset.site, asset.hash, asset.media_type, len(asset.data), asset.received_at_ms,
             asset.data],
        ).lastrowid  # fmt: skip
    else:
        db.execute("UPDATE content SET public = 1 WHERE content = ?", [row])
    return use(db, asset.site, session, row or 0, asset.hash)


def content_row(db: Database, site: int, hash_: bytes) -> int | None:
    """The row of a content of this site."""
    row = db.execute(
        "SELECT content FROM content WHERE site = ? AND hash = ?", [site, hash_]
    ).fetchone()
    return int(row[0]) if row else None


def use(db: Database, site: int, session: int, content: int, hash_: bytes) -> list[int]:
    """This session uses the content; the documents that no longer wait for it: its own, and when
    the content is public all of the site."""
    db.execute(
        "INSERT INTO content_use (session, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [session, content],
    )
    waiting = db.execute(
        "SELECT w.document, d.session FROM content_wanted w JOIN document d USING (document)"
        " JOIN session s USING (session) JOIN content c ON c.content = ?"
        " WHERE w.hash = ? AND s.site = ? AND (c.public OR s.session = ?)",
        [content, hash_, site, session],
    ).fetchall()
    for document, its_session in waiting:
        db.execute(
            "INSERT INTO content_use (session, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [its_session, content],
        )
        db.execute("DELETE FROM content_wanted WHERE document = ? AND hash = ?", [document, hash_])
    return [document for document, _ in waiting]


def publish(db: Database, site: int, path: str, content: int, now_ms: int) -> None:
    """A content that later visitors of this page may name by hash (an asset or a linked style
    sheet)."""
    db.execute("UPDATE content SET public = 1 WHERE content = ? AND public = 0", [content])
    row = db.execute(
        "SELECT used_at_ms FROM page_content WHERE site = ? AND path = ? AND content = ?",
        [site, path, content],
    ).fetchone()
    # Once an hour is enough to know what is in use.
    if row is not None and row[0] > now_ms - 3_600_000:
        return
    db.execute(
        "INSERT INTO page_content (site, path, content, used_at_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET used_at_ms = excluded.used_at_ms",
        [site, path, content, now_ms],
    )
    if row is None and _pages(db, site) > MAX_PAGES_PER_SITE + 100:
        db.execute(
            "DELETE FROM page_content WHERE site = ? AND path IN (SELECT path FROM page_content"
            " WHERE site = ? GROUP BY path ORDER BY max(used_at_ms) DESC LIMIT -1 OFFSET ?)",
            [site, site, MAX_PAGES_PER_SITE],
        )


def _pages(db: Database, site: int) -> int:
    row: tuple[int] = db.execute(
        "SELECT count(DISTINCT path) FROM page_content WHERE site = ?", [site]
    ).fetchone()
    return row[0]


def known_on_page(db: Database, site: int, path: str) -> list[bytes]:
    """What the recorder may name by hash on this page, the latest first."""
    rows = db.execute(
        "SELECT c.hash FROM page_content p JOIN content c USING (content)"
        " WHERE p.site = ? AND p.path = ? AND c.public ORDER BY p.used_at_ms DESC LIMIT ?",
        [site, path, MAX_KNOWN],
    )
    return [row[0] for row in rows]


def content_of_session_exists(db: Database, session: int, hash_: bytes) -> bool:
    """Does this session use a content with this hash?"""
    found = db.execute(
        "SELECT 1 FROM content c JOIN content_use u USING (content)"
        " WHERE u.session = ? AND c.hash = ?",
        [session, hash_],
    )
    return found.fetchone() is not None


def content_of_session(db: Database, session: int, hash_: bytes) -> Content | None:
    """A content that this session uses."""
    row = db.execute(
        "SELECT c.hash, c.media_type, c.data, c.zstd FROM content c JOIN content_use u"
        " USING (content) WHERE u.session = ? AND c.hash = ?",
        [session, hash_],
    ).fetchone()
    return _content(row) if row else None


def asset_of_session(db: Database, session: int, hash_: bytes) -> Content | None:
    """A content with the media type under which this session shows it as an asset."""
    row = db.execute(
        "SELECT c.hash, a.media_type, c.data, c.zstd FROM document d JOIN document_asset a"
        " USING (document) JOIN content c ON c.hash = a.hash JOIN content_use u"
        " ON u.content = c.content AND u.session = d.session"
        " WHERE d.session = ? AND a.hash = ? LIMIT 1",
        [session, hash_],
    ).fetchone()
    return _content(row) if row else None


def _content(row: tuple[bytes, str, bytes, int]) -> Content:
    hash_, media_type, data, packed = row
    if packed:
        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_CONTENT_BYTES)
    return Content(hash_, media_type, data)


def forget_unused(db: Database) -> None:
    """Contents that no session uses any more are erased."""
    db.execute(
        "DELETE FROM content WHERE NOT EXISTS"
        " (SELECT 1 FROM content_use u WHERE u.content = content.content)"
    )
