"""What a session's timeline has gained: in go two cursors, out comes what lies between them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypedDict

from sqlite_utils import Database

from collector.store.cursors import Cursor
from collector.store.sessions import PageViewJson, SessionRow
from collector.store.timelines import (
    IDLE_MS,
    DocumentJson,
    IdleJson,
    SegmentJson,
    VisibilityJson,
    entry_json,
)


class GrowthJson(TypedDict):
    """Rows to add to a timeline. Of documents that are known only `until_ms` is new: what their
    assets are, the ops tell as well."""

    t_ms: int
    until_ms: int
    live: bool
    documents: list[DocumentJson]
    segments: list[SegmentJson]
    page_views: list[PageViewJson]
    facts: list[dict[str, object]]
    visibility: list[VisibilityJson]
    idle: list[IdleJson]


class _Otherwise(Exception):
    """It did not just go on."""


@dataclass(frozen=True, slots=True)
class _Batch:
    document: int
    number: int
    tab: int
    row: int
    seq: int
    t_ms: int
    until_ms: int
    ops_until_ms: int
    starts_document: int
    raw_bytes: int
    contents: bytes | None
    is_empty: int
    unreadable: int


def growth_of(
    db: Database, row: SessionRow, since: Cursor, now: Cursor, *, live: bool
) -> GrowthJson | None:
    """What has come between two cursors of a session; None: it did not just go on (a gap, a late
    batch, one that is packed already), so that its timeline has to be read anew."""
    batches = _batches(db, row.session, since.batch, now.batch)
    try:
        segments = _segments(db, batches, since.batch)
    except _Otherwise:
        return None
    views = db.execute(
        "SELECT p.t_ms, d.tab, d.number, p.url, p.title FROM page_view p JOIN document d"
        " USING (document) WHERE p.session = ? AND p.page_view > ? ORDER BY p.page_view",
        [row.session, since.page_view],
    ).fetchall()
    facts = db.execute(
        "SELECT f.t_ms, d.tab, d.number, f.kind, f.fields FROM fact f JOIN document d"
        " USING (document) WHERE f.session = ? AND f.fact > ? ORDER BY f.fact",
        [row.session, since.fact],
    ).fetchall()
    visible = db.execute(
        "SELECT v.t_ms, d.tab, v.state FROM visibility v JOIN document d USING (document)"
        " WHERE d.session = ? AND v.rowid > ? ORDER BY v.rowid",
        [row.session, since.visibility],
    ).fetchall()
    return {
        "t_ms": row.t_ms,
        "until_ms": row.until_ms,
        "live": live,
        "documents": _documents(db, row.session, {batch.document for batch in batches}),
        "segments": segments,
        "page_views": [
            {"t_ms": t_ms, "tab": tab, "document": number, "url": url, "title": title}
            for t_ms, tab, number, url, title in views
        ],
        "facts": [
            {**json.loads(fields), "t_ms": t_ms, "tab": tab, "document": number, "kind": kind}
            for t_ms, tab, number, kind, fields in facts
        ],
        "visibility": [{"t_ms": t_ms, "tab": tab, "state": state} for t_ms, tab, state in visible],
        "idle": _idle(db, row.session, batches, since.batch),
    }


def _batches(db: Database, session: int, after: int, upto: int) -> list[_Batch]:
    rows = db.execute(
        "SELECT b.document, d.number, d.tab, b.batch, b.seq, b.t_ms, b.until_ms, b.ops_until_ms,"
        " b.starts_document, b.raw_bytes, b.contents, b.ops IS NULL, b.unreadable"
        " FROM document d CROSS JOIN batch b USING (document)"
        " WHERE d.session = ? AND b.batch > ? AND b.batch <= ? ORDER BY b.batch",
        [session, after, upto],
    )
    return [_Batch(*row) for row in rows]


def _segments(db: Database, batches: list[_Batch], since: int) -> list[SegmentJson]:
    """The new batches of each document, if they go on where it was. Raises `_Otherwise`."""
    last: dict[int, int] = {}
    found: list[SegmentJson] = []
    for batch in batches:
        if batch.document not in last:
            known = db.execute(
                "SELECT max(seq) FROM batch WHERE document = ? AND batch <= ?",
                [batch.document, since],
            ).fetchone()[0]
            last[batch.document] = -1 if known is None else known
        is_packed = batch.is_empty and batch.raw_bytes
        if batch.seq != last[batch.document] + 1 or batch.unreadable or is_packed:
            raise _Otherwise
        last[batch.document] = batch.seq
        if not batch.is_empty:
            found.append(
                entry_json(
                    batch.row * 2,
                    batch.number,
                    batch.t_ms,
                    batch.ops_until_ms,
                    batch.starts_document,
                    batch.raw_bytes,
                    batch.contents,
                )
            )
    return found


def _documents(db: Database, session: int, changed: set[int]) -> list[DocumentJson]:
    rows = db.execute(
        "SELECT d.number, d.tab, (SELECT min(t_ms) FROM batch b WHERE b.document = d.document),"
        " (SELECT max(until_ms) FROM batch b WHERE b.document = d.document),"
        " coalesce((SELECT url FROM page_view p WHERE p.document = d.document"
        "  ORDER BY p.t_ms, p.page_view LIMIT 1), '')"
        " FROM document d WHERE d.session = ?"
        " AND d.document IN (SELECT value FROM json_each(?)) ORDER BY d.number",
        [session, json.dumps(sorted(changed))],
    )
    return [
        {
            "document": number,
            "tab": tab,
            "t_ms": t_ms,
            "until_ms": until_ms,
            "url": url,
            "assets": {},
            "css_assets": {},
        }
        for number, tab, t_ms, until_ms, url in rows
    ]


def _idle(db: Database, session: int, batches: list[_Batch], since: int) -> list[IdleJson]:
    """Stretches in which nothing came, between what was there and what has come."""
    if not batches:
        return []
    busy_until_ms = db.execute(
        "SELECT max(b.until_ms) FROM batch b JOIN document d USING (document)"
        " WHERE d.session = ? AND b.batch <= ?",
        [session, since],
    ).fetchone()[0]
    found: list[IdleJson] = []
    for batch in sorted(batches, key=lambda batch: batch.t_ms):
        if busy_until_ms is not None and batch.t_ms - busy_until_ms >= IDLE_MS:
            found.append({"t_ms": busy_until_ms, "until_ms": batch.t_ms})
        busy_until_ms = max(batch.until_ms, busy_until_ms or batch.until_ms)
    return found
