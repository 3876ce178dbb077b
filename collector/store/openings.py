"""What the first frame of a link takes: in go a session and a moment, out comes the part of its
timeline that shows it, without words of the visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.sessions import SessionRow, is_live
from collector.store.timelines import (
    LoadedDocument,
    SegmentJson,
    VisibilityJson,
    documents_of,
    segments_of,
    visibility_of,
)

MAX_SEGMENTS = 300
"""More would make the page larger than what it saves."""
MAX_DOCUMENTS = 12


@dataclass(frozen=True, slots=True)
class Opening:
    """`timeline`: with these documents only, and their segments up to the first behind the moment;
    no page views, facts, gaps and idle times. `first`: the segments of the first frame."""

    timeline: dict[str, object]
    first: list[SegmentJson]


@dataclass(frozen=True, slots=True)
class _Load:
    document: LoadedDocument
    t_ms: int
    until_ms: int


def opening_of(
    db: Database, row: SessionRow, t_ms: int, now_ms: int, live_ms: int
) -> Opening | None:
    """The opening of a link into a session. None: it takes the whole timeline."""
    loads = [
        _Load(LoadedDocument(document, number, tab), first_ms, last_ms)
        for document, number, tab, first_ms, last_ms in db.execute(
            "SELECT d.document, d.number, d.tab, min(b.t_ms), max(b.until_ms) FROM document d"
            " JOIN batch b USING (document) WHERE d.session = ? GROUP BY d.document"
            " ORDER BY d.number",
            [row.session],
        )
    ]
    if not loads:
        return None
    start_ms, end_ms = min(load.t_ms for load in loads), max(load.until_ms for load in loads)
    at_ms = min(max(t_ms, start_ms, row.t_ms), max(end_ms, row.until_ms))
    chosen = {load.document.row: load.document for load in _shown(loads, at_ms)}
    if not 0 < len(chosen) <= MAX_DOCUMENTS:
        return None
    segments = segments_of(db, row.session, chosen)
    needed = [one for load in chosen.values() for one in _up_to(segments, load.number, at_ms)]
    if not 0 < len(needed) <= MAX_SEGMENTS:
        return None
    timeline: dict[str, object] = {
        "session": "",
        "zero_at_ms": row.zero_at_ms,
        "t_ms": min(start_ms, row.t_ms),
        "until_ms": max(end_ms, row.until_ms),
        "live": is_live(db, row, now_ms, live_ms),
        "tabs": sorted({load.document.tab for load in loads}),
        "documents": [{**one, "url": ""} for one in documents_of(db, row.session, chosen)],
        "segments": needed,
        "page_views": [],
        "facts": [],
        "visibility": _looked_at(db, row.session, loads, at_ms),
        "gaps": [],
        "idle": [],
    }
    return Opening(timeline, _first(needed, at_ms))


def _shown(loads: Iterable[_Load], at_ms: int) -> list[_Load]:
    """Of each tab the document that was loaded last, and those that it did not end: one of them may
    have come back."""
    last: dict[int, _Load] = {}
    begun = [load for load in loads if load.t_ms <= at_ms]
    for load in begun:
        known = last.get(load.document.tab)
        if known is None or load.t_ms >= known.t_ms:
            last[load.document.tab] = load
    return [load for load in begun if load.until_ms >= last[load.document.tab].t_ms]


def _up_to(segments: list[SegmentJson], document: int, at_ms: int) -> list[SegmentJson]:
    """Segments of a document up to the first behind a moment: its being there says that the one
    before is not the end."""
    stream = [one for one in segments if one["document"] == document]
    behind = next((at for at, one in enumerate(stream) if one["t_ms"] > at_ms), len(stream))
    return stream[: behind + 1]


def _looked_at(db: Database, session: int, loads: list[_Load], at_ms: int) -> list[VisibilityJson]:
    """What says which of several tabs was looked at: of each the last word, and the last focus."""
    if len({load.document.tab for load in loads}) < 2:
        return []
    found: dict[tuple[int, bool], VisibilityJson] = {}
    told = visibility_of(db, session, {load.document.row: load.document for load in loads})
    for one in sorted(told, key=lambda one: one["t_ms"]):
        if one["t_ms"] <= at_ms:
            found[one["tab"], False] = one
            if one["state"] == 2:
                found[one["tab"], True] = one
    return sorted(found.values(), key=lambda one: one["t_ms"])


def _first(segments: list[SegmentJson], at_ms: int) -> list[SegmentJson]:
    """From the last snapshot on, of the document that began last: mostly it is the one that is
    shown."""
    begun = [one for one in segments if one["t_ms"] <= at_ms]
    if not begun:
        return []
    document = max(begun, key=lambda one: one["t_ms"])["document"]
    stream = [one for one in begun if one["document"] == document]
    snapshot = max((at for at, one in enumerate(stream) if one["keyframe"]), default=0)
    return stream[snapshot:]
