"""A session's timeline: in goes its row, out come documents, segments, page views, facts and gaps;
and the ops of one segment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from sqlite_utils import Database

from collector.store.cursors import cursor_now
from collector.store.gaps import gaps_of
from collector.store.recordings import batch_by_row, segment_by_row
from collector.store.sessions import (
    GapJson,
    PageViewJson,
    SessionRow,
    facts,
    gap_json,
    is_live,
    page_views,
)

IDLE_MS = 5_000
"""Shorter pauses are part of what happens: a page is being read."""


class SegmentJson(TypedDict):
    """A segment, or a batch that lies in none yet."""

    segment: int
    document: int
    t_ms: int
    until_ms: int
    keyframe: bool
    bytes: int
    contents: list[str]
    gap_before: bool


class DocumentJson(TypedDict):
    """A document load. `assets`: by their id, (hash, media type). `css_assets`: by the owner's id
    and the token, the asset's id. Both hold for the whole document load, whatever their time."""

    document: int
    tab: int
    t_ms: int
    until_ms: int
    url: str
    assets: dict[str, tuple[str, str]]
    css_assets: dict[str, dict[str, int]]


class VisibilityJson(TypedDict):
    """The tab was hidden (0), visible (1), or visible with focus (2) from here on."""

    t_ms: int
    tab: int
    state: int


class IdleJson(TypedDict):
    """Nothing came from any tab."""

    t_ms: int
    until_ms: int


class TimelineJson(TypedDict):
    """What `GET /api/sessions/{id}/timeline` answers. `cursor`: where a stream of what it gains
    goes on; a part of a timeline has none."""

    session: str
    zero_at_ms: int
    t_ms: int
    until_ms: int
    live: bool
    cursor: NotRequired[str]
    tabs: list[int]
    documents: list[DocumentJson]
    segments: list[SegmentJson]
    page_views: list[PageViewJson]
    facts: list[dict[str, object]]
    visibility: list[VisibilityJson]
    gaps: list[GapJson]
    idle: list[IdleJson]


@dataclass(frozen=True, slots=True)
class RawSegment:
    """The ops of a segment. `compression`: 0 none, 1 gzip."""

    compression: int
    data: bytes
    sealed: bool


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document load. `row`: in the database."""

    row: int
    number: int
    tab: int


def timeline_of(db: Database, row: SessionRow, now_ms: int, live_ms: int) -> TimelineJson:
    """The whole timeline of a session, without its ops."""
    documents = {
        found[0]: LoadedDocument(*found)
        for found in db.execute(
            "SELECT document, number, tab FROM document WHERE session = ? ORDER BY number",
            [row.session],
        )
    }
    return {
        "session": row.session_id,
        "zero_at_ms": row.zero_at_ms,
        "t_ms": row.t_ms,
        "until_ms": row.until_ms,
        "live": is_live(db, row, now_ms, live_ms),
        "cursor": str(cursor_now(db, row.session)),
        "tabs": sorted({document.tab for document in documents.values()}),
        "documents": documents_of(db, row.session, documents),
        "segments": segments_of(db, row.session, documents),
        "page_views": page_views(db, row.session),
        "facts": facts(db, row.session),
        "visibility": visibility_of(db, row.session, documents),
        "gaps": [gap_json(gap) for gap in gaps_of(db, row.session)],
        "idle": _idle(db, row.session),
    }


def raw_segment(db: Database, session: int, number: int) -> RawSegment | None:
    """The ops of a segment of this session; `number` as in the timeline."""
    row, is_sealed = divmod(number, 2)
    if is_sealed:
        segment = segment_by_row(db, session, row)
        return RawSegment(0, segment.raw, sealed=True) if segment else None
    batch = batch_by_row(db, session, row)
    if batch is None or batch.ops is None or batch.unreadable or not batch.checked:
        return None
    return RawSegment(batch.compression, batch.ops, sealed=False)


def documents_of(
    db: Database, session: int, documents: Mapping[int, LoadedDocument]
) -> list[DocumentJson]:
    found: dict[int, DocumentJson] = {
        row: {
            "document": document.number,
            "tab": document.tab,
            "t_ms": 0,
            "until_ms": 0,
            "url": "",
            "assets": {},
            "css_assets": {},
        }
        for row, document in documents.items()
    }
    these = json.dumps([*documents])
    for row, t_ms, until_ms in db.execute(
        "SELECT b.document, min(b.t_ms), max(b.until_ms) FROM batch b"
        " JOIN document d USING (document) WHERE d.session = ?"
        " AND document IN (SELECT value FROM json_each(?)) GROUP BY b.document",
        [session, these],
    ):
        found[row]["t_ms"], found[row]["until_ms"] = t_ms, until_ms
    for row, url in db.execute(
        "SELECT document, url FROM page_view WHERE session = ?"
        " AND document IN (SELECT value FROM json_each(?)) ORDER BY t_ms DESC, page_view DESC",
        [session, these],
    ):
        found[row]["url"] = url
    for row, asset, hash_, media_type in db.execute(
        "SELECT a.document, a.asset, a.hash, a.media_type FROM document_asset a"
        " JOIN document d USING (document) WHERE d.session = ?"
        " AND document IN (SELECT value FROM json_each(?))",
        [session, these],
    ):
        found[row]["assets"][str(asset)] = (hash_.hex(), media_type)
    for row, owner, token, asset in db.execute(
        "SELECT c.document, c.owner, c.token, c.asset FROM document_css c"
        " JOIN document d USING (document) WHERE d.session = ?"
        " AND document IN (SELECT value FROM json_each(?))",
        [session, these],
    ):
        found[row]["css_assets"].setdefault(str(owner), {})[token] = asset
    return list(found.values())


def segments_of(
    db: Database, session: int, documents: Mapping[int, LoadedDocument]
) -> list[SegmentJson]:
    """Sealed segments and loose batches of these documents by their first seq. Numbers: odd for
    segments, even for batches."""
    found: dict[int, list[tuple[int, int, SegmentJson]]] = {row: [] for row in documents}
    these = json.dumps([*documents])
    rows = db.execute(
        "SELECT s.document, s.segment, s.first_seq, s.last_seq, s.t_ms, s.until_ms, s.keyframe,"
        " s.raw_bytes, s.contents, s.gap_before FROM segment s JOIN document d USING (document)"
        " WHERE d.session = ?"
        " AND document IN (SELECT value FROM json_each(?))",
        [session, these],
    )
    for row, segment, first, last, t_ms, until_ms, keyframe, size, contents, gap_before in rows:
        entry = entry_json(
            segment * 2 + 1, documents[row].number, t_ms, until_ms, keyframe, size, contents
        )
        found[row].append((first, last, {**entry, "gap_before": bool(gap_before)}))
    rows = db.execute(
        "SELECT b.document, b.batch, b.seq, b.t_ms, b.ops_until_ms, b.starts_document,"
        " b.raw_bytes, b.contents, b.ops IS NULL FROM batch b JOIN document d USING (document)"
        " WHERE d.session = ? AND b.checked = 1 AND b.unreadable = 0"
        " AND document IN (SELECT value FROM json_each(?))",
        [session, these],
    )
    facts_only: dict[int, set[int]] = {row: set() for row in documents}
    for row, batch, seq, t_ms, until_ms, keyframe, size, contents, is_empty in rows:
        if is_empty:
            facts_only[row].add(seq)
            continue
        entry = entry_json(
            batch * 2, documents[row].number, t_ms, until_ms, keyframe, size, contents
        )
        found[row].append((seq, seq, entry))
    return [
        segment
        for row, its in found.items()
        for segment in _with_gaps(sorted(its, key=lambda item: item[:2]), facts_only[row])
    ]


def entry_json(
    number: int,
    document: int,
    t_ms: int,
    until_ms: int,
    keyframe: int,
    size: int,
    contents: bytes | None,
) -> SegmentJson:
    """A segment by its number, of a document by its number. `contents`: hashes of 16 bytes."""
    hashes = contents or b""
    return {
        "segment": number,
        "document": document,
        "t_ms": t_ms,
        "until_ms": until_ms,
        "keyframe": bool(keyframe),
        "bytes": size,
        "contents": [hashes[at : at + 16].hex() for at in range(0, len(hashes), 16)],
        "gap_before": False,
    }


def _with_gaps(found: list[tuple[int, int, SegmentJson]], known: set[int]) -> list[SegmentJson]:
    """Marks what follows a missing seq. `known`: batches that came but hold no ops of their own
    here."""
    next_seq = 0
    for first, last, entry in found:
        while next_seq < first and next_seq in known:
            next_seq += 1
        entry["gap_before"] = entry["gap_before"] or next_seq < first
        next_seq = last + 1
    return [entry for _, _, entry in found]


def _idle(db: Database, session: int) -> list[IdleJson]:
    """Stretches of at least `IDLE_MS` between what batches hold. A recorder sends what it has after
    a few seconds, so no batch hides a long one."""
    rows = db.execute(
        "SELECT b.t_ms, b.until_ms FROM batch b JOIN document d USING (document)"
        " WHERE d.session = ? ORDER BY b.t_ms",
        [session],
    )
    found: list[IdleJson] = []
    busy_until_ms: int | None = None
    for t_ms, until_ms in rows:
        if busy_until_ms is not None and t_ms - busy_until_ms >= IDLE_MS:
            found.append({"t_ms": busy_until_ms, "until_ms": t_ms})
        busy_until_ms = max(until_ms, busy_until_ms if busy_until_ms is not None else until_ms)
    return found


def visibility_of(
    db: Database, session: int, documents: Mapping[int, LoadedDocument]
) -> list[VisibilityJson]:
    rows = db.execute(
        "SELECT v.document, v.t_ms, v.state FROM visibility v JOIN document d USING (document)"
        " WHERE d.session = ? AND document IN (SELECT value FROM json_each(?))"
        " ORDER BY d.number, v.t_ms, v.rowid",
        [session, json.dumps([*documents])],
    )
    return [{"t_ms": t_ms, "tab": documents[row].tab, "state": state} for row, t_ms, state in rows]
