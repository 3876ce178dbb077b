"""A session as Python sees it, read by the API alone. In come the timeline and its segments, out
come frames at marks and times."""

from __future__ import annotations

from dataclasses import dataclass, field

from replay import ops
from replay.frame import Frame
from replay.recording import Recording
from replay.section import read_section
from replay.source import AssetTable
from replay.timeline import (
    DocumentEntry,
    GapEntry,
    Index,
    PageViewEntry,
    SegmentEntry,
    VisibilityEntry,
)
from replay.tree import dump
from tests.e2e.api import Api, Json
from tests.normal_form.dump import raw_of
from tests.normal_form.raw import Raw


@dataclass(frozen=True, slots=True)
class ApiSource:
    """What `Recording` reads, by HTTP."""

    api: Api
    path: str
    timeline: Json
    _texts: dict[str, str | None] = field(default_factory=dict)

    def index(self) -> Index:
        known = self.timeline
        return Index(
            documents=[
                DocumentEntry(one["document"], one["tab"], one["t_ms"], one["until_ms"])
                for one in known["documents"]
            ],
            segments=[
                SegmentEntry(
                    one["segment"],
                    one["document"],
                    one["t_ms"],
                    one["until_ms"],
                    one["keyframe"],
                    one["gap_before"],
                )
                for one in known["segments"]
            ],
            page_views=[
                PageViewEntry(one["t_ms"], one["tab"], one["document"], one["url"], one["title"])
                for one in known["page_views"]
            ],
            visibility=[
                VisibilityEntry(one["t_ms"], one["tab"], one["state"])
                for one in known["visibility"]
            ],
            gaps=[GapEntry(one["t_ms"], one["until_ms"], one["tab"]) for one in known["gaps"]],
        )

    def segment(self, segment: int) -> bytes:
        answer = self.api.get(f"{self.path}/segments/{segment}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def content(self, hash_: bytes) -> str | None:
        name = hash_.hex()
        if name not in self._texts:
            answer = self.api.get(f"{self.path}/contents/{name}")
            self._texts[name] = answer.text if answer.status_code == 200 else None
        return self._texts[name]

    def assets(self, document: int) -> AssetTable:
        entry = next(one for one in self.timeline["documents"] if one["document"] == document)
        table = {
            int(asset): (bytes.fromhex(hash_), kind)
            for asset, (hash_, kind) in entry["assets"].items()
        }
        return AssetTable(assets=table)


class Replayed:
    """A session as it is stored now. AssertionError while it is not there."""

    def __init__(self, api: Api, session_id: str) -> None:
        self.timeline = api.timeline(session_id)
        source = ApiSource(api, f"/api/sessions/{session_id}", self.timeline)
        self.recording = Recording(source)
        self.marks: dict[str, int] = {}
        self._whole: set[int] = set()
        self._read: list[str] = []
        for entry in self.timeline["segments"]:
            section = read_section(source.segment(entry["segment"]), entry["t_ms"], source.content)
            assert section.problems == [], section.problems
            self._read.append(f"segment {entry}")
            self._read += [f"{t_ms} {repr(op)[:160]}" for t_ms, op in section.ops]
            if any(type(op) is ops.End for _, op in section.ops):
                self._whole.add(entry["document"])
            for t_ms, op in section.ops:
                if type(op) is ops.Mark:
                    assert op.name not in self.marks, f"mark {op.name!r} is there twice"
                    self.marks[op.name] = t_ms

    def shows(self, document: int) -> bool:
        """Is the first walk of this document load over, so that it has a frame?"""
        return document in self._whole

    def at_mark(self, name: str) -> Raw:
        """The document at a marked moment."""
        return raw_of(dump(self.frame(self.marks[name]).tree))

    def near(self, name: str) -> str:
        """The ops around a mark, for whoever looks into a failure."""
        place = next(at for at, line in enumerate(self._read) if f"Mark(name='{name}')" in line)
        return "\n".join(self._read[max(0, place - 15) : place + 15])

    def frame(self, t_ms: int) -> Frame:
        """The frame at a time; one with damage fails the test."""
        frame = self.recording.frame_at(t_ms)
        assert frame.damage == ()
        return frame
