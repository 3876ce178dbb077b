"""Frames of stored sessions: in goes a session of the store, out comes a `Recording` over it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collector.store.contents import content_of_session
from collector.store.database import Readers
from collector.store.sessions import SessionRow, session_by_id
from collector.store.timelines import TimelineJson, raw_segment, timeline_of
from replay.errors import NoFrame, ReplayError
from replay.recording import Recording
from replay.source import AssetTable
from replay.timeline import (
    DocumentEntry,
    GapEntry,
    Index,
    PageViewEntry,
    SegmentEntry,
    VisibilityEntry,
)
from replay.wire import inflate

MAX_RAW_BYTES = 64 << 20


class NoSession(Exception):
    """No session of this id, or no frame at this moment."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as a source of a recording: the timeline as it was when asked for."""

    readers: Readers
    row: SessionRow
    timeline: TimelineJson

    def index(self) -> Index:
        """All entries."""
        return index_of(self.timeline)

    def segment(self, segment: int) -> bytes:
        """The raw section of a segment. Raises `ReplayError` when it is no longer there."""
        with self.readers.lend() as db:
            found = raw_segment(db, self.row.session, segment)
        if found is None:
            raise ReplayError(f"segment {segment} is gone")
        return inflate(found.data, found.compression, MAX_RAW_BYTES)

    def content(self, hash_: bytes) -> str | None:
        """A big text."""
        with self.readers.lend() as db:
            found = content_of_session(db, self.row.session, hash_)
        return found.data.decode("utf-8", "replace") if found else None

    def assets(self, document: int) -> AssetTable:
        """The assets of a document load."""
        named = next((d for d in self.timeline["documents"] if d["document"] == document), None)
        if named is None:
            return AssetTable()
        assets = {int(i): (bytes.fromhex(h), t) for i, (h, t) in named["assets"].items()}
        css = {int(owner): dict(tokens) for owner, tokens in named["css_assets"].items()}
        return AssetTable(assets, css)


def index_of(timeline: TimelineJson) -> Index:
    """A timeline as the replay package knows it."""
    return Index(
        documents=[
            DocumentEntry(d["document"], d["tab"], d["t_ms"], d["until_ms"])
            for d in timeline["documents"]
        ],
        segments=[
            SegmentEntry(
                s["segment"],
                s["document"],
                s["t_ms"],
                s["until_ms"],
                s["keyframe"],
                s["gap_before"],
            )
            for s in timeline["segments"]
        ],
        page_views=[
            PageViewEntry(v["t_ms"], v["tab"], v["document"], v["url"], v["title"])
            for v in timeline["page_views"]
        ],
        visibility=[
            VisibilityEntry(v["t_ms"], v["tab"], v["state"]) for v in timeline["visibility"]
        ],
        gaps=[GapEntry(g["t_ms"], g["until_ms"], g["tab"]) for g in timeline["gaps"]],
    )


def open_recording(readers: Readers, row: SessionRow, now_ms: int) -> Recording:
    """The recording of a stored session as it is now."""
    with readers.lend() as db:
        timeline = timeline_of(db, row, now_ms, live_ms=0)
    return Recording(StoredSession(readers, row, timeline))


def frame_html(database: Path, session_id: str, at_s: float, tab: int | None, now_ms: int) -> str:
    """The HTML of one frame, for the command line. Raises `NoSession`."""
    readers = Readers(database, connections=1)
    with readers.lend() as db:
        row = session_by_id(db, session_id)
    if row is None:
        raise NoSession(f"there is no session {session_id!r}: `visitreel sessions` lists them")
    try:
        return open_recording(readers, row, now_ms).frame_at(round(at_s * 1000), tab).html()
    except NoFrame as error:
        raise NoSession(f"session {session_id}: {error}") from error
    finally:
        readers.close()
