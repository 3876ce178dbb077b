"""Batches and segments: what the background reads and writes of recorded ops. Ops lie in a batch as
they came, then in a segment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import zstandard
from sqlite_utils import Database

from collector.store.search import index_session

ZSTD_LEVEL = 3
MAX_SEGMENT_BYTES = 64 << 20
MAX_EVIDENCE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch in arrival form. `ops` as on the wire; None for facts only or when it lies in a
    segment."""

    batch: int
    document: int
    session: int
    site: int
    seq: int
    t_ms: int
    until_ms: int
    compression: int
    path: str
    unreadable: bool
    checked: bool
    raw_bytes: int
    op_count: int
    latest_ms: int
    """When it came: nothing in it can have been seen later."""
    ops: bytes | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check found in a batch."""

    batch: StoredBatch
    until_ms: int
    op_count: int
    raw_bytes: int
    has_document: bool
    starts_document: bool
    unreadable: bool
    carried: tuple[tuple[bytes, bytes], ...]
    """(hash, text as UTF-8)"""
    named: tuple[bytes, ...]
    public: tuple[bytes, ...]
    assets: tuple[tuple[int, bytes, str], ...]
    css: tuple[tuple[int, str, int], ...]
    """(owner, token, asset)"""
    visibility: tuple[tuple[int, int], ...]
    problems: tuple[tuple[int, str], ...]
    changed_ms: tuple[int, ...] = ()
    """When the page changed what it shows, roughly."""


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment to store. `parts`: (seq, ops of it) in order, behind `keyframe_ops` ops that the
    collector made."""

    first_seq: int
    last_seq: int
    t_ms: int
    until_ms: int
    keyframe: bool
    keyframe_ops: int
    gap_before: bool
    parts: tuple[tuple[int, int], ...]
    contents: tuple[bytes, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment with its raw section."""

    segment: int
    first_seq: int
    last_seq: int
    t_ms: int
    until_ms: int
    keyframe: bool
    keyframe_ops: int
    gap_before: bool
    parts: tuple[tuple[int, int], ...]
    raw: bytes


BATCH = (
    "b.batch, b.document, d.session, s.site, b.seq, b.t_ms, b.until_ms, b.compression, b.path,"
    " b.unreadable, b.checked, b.raw_bytes, b.op_count,"
    " b.received_at_ms - s.zero_at_ms, b.ops"
)
SEGMENT = (
    "segment, first_seq, last_seq, t_ms, until_ms, keyframe, keyframe_ops, gap_before, parts, ops"
)
FROM_BATCH = "FROM batch b JOIN document d USING (document) JOIN session s USING (session)"


def _batches(db: Database, where: str, values: list[int]) -> list[StoredBatch]:
    sql = f"SELECT {BATCH} {FROM_BATCH} WHERE {where}"
    return [_batch(row) for row in db.execute(sql, values)]


def _batch(row: tuple[Any, ...]) -> StoredBatch:
    batch = StoredBatch(*row)
    return replace(batch, unreadable=bool(batch.unreadable), checked=bool(batch.checked))


def unchecked_batches(db: Database, limit: int) -> list[StoredBatch]:
    """The oldest batches whose structure nobody has looked at."""
    return _batches(db, "b.checked = 0 ORDER BY b.batch LIMIT ?", [limit])


def unchecked_of(db: Database, session_ids: list[str], limit: int) -> list[StoredBatch]:
    """As `unchecked_batches`, of these sessions alone."""
    # CROSS JOIN keeps the order of the tables: these are few sessions among many unchecked batches.
    rows = db.execute(
        f"SELECT {BATCH} FROM session s CROSS JOIN document d USING (session)"  # noqa: S608 - constant text
        " CROSS JOIN batch b USING (document) WHERE b.checked = 0"
        " AND s.session_id IN (SELECT value FROM json_each(?)) ORDER BY b.batch LIMIT ?",
        [json.dumps(session_ids), limit],
    )
    return [_batch(row) for row in rows]


def batch_by_row(db: Database, session: int, batch: int) -> StoredBatch | None:
    """A batch of this session, if its ops still lie in it."""
    where = "b.batch = ? AND d.session = ? AND b.ops IS NOT NULL"
    return next(iter(_batches(db, where, [batch, session])), None)


def loose_batches(db: Database, document: int, after_seq: int) -> list[StoredBatch]:
    """The batches of a document behind its last segment, by seq."""
    return _batches(db, "b.document = ? AND b.seq > ? ORDER BY b.seq", [document, after_seq])


def save_check(db: Database, checked: Checked, now_ms: int) -> bool:
    """Notes what the check found; contents are stored by the caller. False when the batch was
    erased meanwhile."""
    batch = checked.batch
    saved = db.execute(
        "UPDATE batch SET checked = 1, until_ms = max(until_ms, ?), ops_until_ms = ?, op_count = ?,"
        " raw_bytes = ?, has_document = ?, starts_document = ?, unreadable = ?, contents = ?"
        " WHERE batch = ?",
        [checked.until_ms, checked.until_ms, checked.op_count, checked.raw_bytes,
         int(checked.has_document), int(checked.starts_document), int(checked.unreadable),
         b"".join(checked.named), batch.batch],
    )  # fmt: skip
    if not saved.rowcount:
        return False
    db.execute(
        "UPDATE session SET until_ms = max(until_ms, ?) WHERE session = ?",
        [checked.until_ms, batch.session],
    )
    _save_found(db, checked, now_ms)
    return True


def _save_found(db: Database, checked: Checked, now_ms: int) -> None:
    """What most batches have none of: a statement costs its time without rows too."""
    batch = checked.batch
    if checked.assets:
        db.conn.executemany(
            "INSERT INTO document_asset (document, asset, hash, media_type) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET hash = excluded.hash, media_type = excluded.media_type",
            [(batch.document, *asset) for asset in checked.assets],
        )
    if checked.visibility:
        db.conn.executemany(
            "INSERT INTO visibility (document, seq, t_ms, state) VALUES (?, ?, ?, ?)",
            [(batch.document, batch.seq, *visible) for visible in checked.visibility],
        )
    if checked.css:
        db.conn.executemany(
            "INSERT INTO document_css (document, owner, token, asset) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET asset = excluded.asset",
            [(batch.document, *css) for css in checked.css],
        )
    if checked.problems:
        db.conn.executemany(
            "INSERT INTO problem (session, document, seq, op_index, reason, evidence, found_at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (batch.session, batch.document, batch.seq, index, reason, evidence, now_ms)
                for (index, reason), evidence in zip(
                    checked.problems, _evidence(batch), strict=False
                )
            ],
        )


def _evidence(batch: StoredBatch) -> Iterator[bytes | None]:
    """The ops as they came, for the first problem of a batch only."""
    yield (batch.ops or b"")[:MAX_EVIDENCE_BYTES]
    yield from repeat(None)


def late_batch(db: Database, document: int) -> int | None:
    """The lowest seq that came when a later one lay in a segment already."""
    row = db.execute(
        "SELECT min(b.seq) FROM batch b WHERE b.document = ? AND b.ops IS NOT NULL"
        " AND b.unreadable = 0 AND b.checked = 1"
        " AND b.seq < (SELECT max(last_seq) FROM segment WHERE document = b.document)",
        [document],
    ).fetchone()
    return int(row[0]) if row[0] is not None else None


def loose_amount(db: Database, document: int) -> tuple[int, int]:
    """Bytes and ops of a document that lie in batches."""
    row: tuple[int, int] = db.execute(
        "SELECT coalesce(sum(raw_bytes), 0), coalesce(sum(op_count), 0) FROM batch"
        " WHERE document = ? AND ops IS NOT NULL AND unreadable = 0",
        [document],
    ).fetchone()
    return row


def loose_documents(db: Database) -> list[int]:
    """Every document with ops in batches; for the start."""
    rows = db.execute(
        "SELECT DISTINCT document FROM batch WHERE ops IS NOT NULL AND unreadable = 0"
    )
    return [row[0] for row in rows]


def has_batches(db: Database, document: int) -> bool:
    """Is the document still there?"""
    found = db.execute("SELECT 1 FROM batch WHERE document = ? LIMIT 1", [document])
    return found.fetchone() is not None


def last_segment(db: Database, document: int) -> StoredSegment | None:
    """The segment with the highest numbers."""
    found = _segments(db, "document = ? ORDER BY last_seq DESC, segment DESC LIMIT 1", [document])
    return found[0] if found else None


def segments_behind(db: Database, document: int, seq: int) -> list[StoredSegment]:
    """The segments that hold batches behind this number, in order."""
    return _segments(db, "document = ? AND last_seq > ? ORDER BY segment", [document, seq])


def segment_by_row(db: Database, session: int, segment: int) -> StoredSegment | None:
    """A segment of this session."""
    where = "segment = ? AND document IN (SELECT document FROM document WHERE session = ?)"
    found = _segments(db, where, [segment, session])
    return found[0] if found else None


def _segments(db: Database, where: str, values: list[int]) -> list[StoredSegment]:
    sql = f"SELECT {SEGMENT} FROM segment WHERE {where}"  # noqa: S608 - constant texts
    unpack = zstandard.ZstdDecompressor()
    return [_segment(row, unpack) for row in db.execute(sql, values)]


def _segment(row: tuple[Any, ...], unpack: zstandard.ZstdDecompressor) -> StoredSegment:
    segment = StoredSegment(*row)
    return replace(
        segment,
        keyframe=bool(segment.keyframe),
        gap_before=bool(segment.gap_before),
        parts=tuple((seq, count) for seq, count in json.loads(row[8])),
        raw=unpack.decompress(segment.raw, max_output_size=MAX_SEGMENT_BYTES),
    )


def store_segments(db: Database, document: int, segments: list[NewSegment]) -> None:
    """Stores segments and takes the ops out of the batches that they hold."""
    pack = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    for new in segments:
        db.execute(
            "INSERT INTO segment (document, first_seq, last_seq, t_ms, until_ms, keyframe,"
            " keyframe_ops, gap_before, parts, contents, raw_bytes, ops)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [document, new.first_seq, new.last_seq, new.t_ms, new.until_ms, int(new.keyframe),
             new.keyframe_ops, int(new.gap_before), json.dumps(new.parts), b"".join(new.contents),
             len(new.raw), pack.compress(new.raw)],
        )  # fmt: skip
    if segments:
        db.execute(
            "UPDATE batch SET ops = NULL WHERE document = ? AND seq BETWEEN ? AND ?"
            " AND unreadable = 0",
            [document, segments[0].first_seq, segments[-1].last_seq],
        )


def reopen(db: Database, document: int, seq: int, batches: dict[int, tuple[int, bytes]]) -> None:
    """Puts ops back into their batches, as (base, raw section) by seq, and forgets the segments
    behind `seq`."""
    db.conn.executemany(
        "UPDATE batch SET ops = ?, t_ms = ?, compression = 0 WHERE document = ? AND seq = ?",
        [(raw, t_ms, document, its_seq) for its_seq, (t_ms, raw) in batches.items()],
    )
    db.execute("DELETE FROM segment WHERE document = ? AND last_seq > ?", [document, seq])


def sessions_to_pack(db: Database, last_received_before_ms: int, limit: int) -> list[int]:
    """Sessions that are over and not packed yet."""
    rows = db.execute(
        "SELECT session FROM session WHERE packed = 0 AND last_received_at_ms < ?"
        " ORDER BY last_received_at_ms LIMIT ?",
        [last_received_before_ms, limit],
    )
    return [row[0] for row in rows]


def documents_of(db: Database, session: int) -> list[int]:
    """The documents of a session."""
    rows = db.execute("SELECT document FROM document WHERE session = ?", [session])
    return [row[0] for row in rows]


def mark_packed(db: Database, session: int, last_received_before_ms: int) -> None:
    """The session is packed, unless something came meanwhile: from now on its words are in the
    index."""
    marked = db.execute(
        "UPDATE session SET packed = 1 WHERE session = ? AND last_received_at_ms < ?",
        [session, last_received_before_ms],
    )
    if marked.rowcount:
        index_session(db, session)
