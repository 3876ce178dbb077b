"""What happened when: in goes the index of a recording, out come the tab that was looked at, the
document that it showed, and the ops that make the frame at a moment. Knows ops only as far as they
open and close frames."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from replay import ops
from replay.section import Section, TimedOp


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document load. Times in ms from the session's zero; `until_ms`: its last op."""

    document: int
    tab: int
    t_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A stored section. `t_ms`: base of its times; `keyframe`: its first op is a `Document`;
    `gap_before`: batches are missing between it and the one before."""

    segment: int
    document: int
    t_ms: int
    until_ms: int
    keyframe: bool
    gap_before: bool


@dataclass(frozen=True, slots=True)
class PageViewEntry:
    """A document load or a client-side route."""

    t_ms: int
    tab: int
    document: int
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class VisibilityEntry:
    """`state`: 0 hidden, 1 visible, 2 visible and the window has focus."""

    t_ms: int
    tab: int
    state: int


@dataclass(frozen=True, slots=True)
class GapEntry:
    """Nothing is known between these times in this tab."""

    t_ms: int
    until_ms: int
    tab: int


@dataclass(frozen=True, slots=True)
class Index:
    """All that is known of a recording without reading an op. `segments`: those of one document in
    order of their batches."""

    documents: Sequence[DocumentEntry]
    segments: Sequence[SegmentEntry]
    page_views: Sequence[PageViewEntry] = ()
    visibility: Sequence[VisibilityEntry] = ()
    gaps: Sequence[GapEntry] = ()


STEPS = frozenset(
    (
        *(ops.Document, ops.Put, ops.Move, ops.Take, ops.Remove, ops.SetText, ops.Attr),
        *(ops.AttrRemove, ops.FieldValue, ops.Checked, ops.Selected, ops.TopLayer, ops.Scroll),
        *(ops.Viewport, ops.Environment, ops.Block, ops.Sheet, ops.RuleInsert, ops.RuleDelete),
        *(ops.RuleStyle, ops.RuleSelector, ops.SheetState, ops.Adopted, ops.Source, ops.CssAsset),
    )
)
"""Ops that change what can be seen of the page: stepping stops there. The others move the
visitor."""

_MARKS = (ops.Document, ops.Begin, ops.End)


@dataclass(frozen=True, slots=True)
class ReadSegment:
    """A segment whose ops were read. `marks`: indexes of its `Document`, `Begin` and `End` ops."""

    entry: SegmentEntry
    ops: list[TimedOp]
    times: list[int]
    marks: list[int]
    problems: list[str]


def read_segment(entry: SegmentEntry, section: Section) -> ReadSegment:
    """The segment with what a scan needs of it."""
    marks = [index for index, (_, op) in enumerate(section.ops) if type(op) in _MARKS]
    times = [t_ms for t_ms, _ in section.ops]
    return ReadSegment(entry, section.ops, times, marks, section.problems)


Position = tuple[int, int]
"""Behind how many ops of which segment (its place in the document)."""


@dataclass(slots=True)
class Scan:
    """Goes through the segments of a document and finds the positions that may be shown. `shown`:
    the last of them; `start`: the `Document` op in front of it, from which it can be rebuilt.
    `stale`: batches are missing, and what stood before still stands."""

    shown: Position | None = None
    start: Position = (0, 0)
    stale: bool = False
    is_known: bool = False
    depth: int = 0
    _begun: Position = (0, 0)
    _empty: Position = (-1, 0)
    _at: Position = (-1, 0)

    def enter(self, place: int, read: ReadSegment) -> None:
        """Comes to the front of a segment."""
        if read.entry.gap_before:
            self.is_known, self.depth = False, 0
            self.stale = self.shown is not None
        if self._empty == self._at:
            self._empty = (place, 0)

    def advance(self, place: int, read: ReadSegment, low: int, high: int) -> None:
        """Goes over the ops from `low` up to `high` of the segment."""
        marks = read.marks
        for index in marks[bisect_left(marks, low) : bisect_left(marks, high)]:
            if index > low:
                self._show((place, index))
            self._mark((place, index), type(read.ops[index][1]))
        self._at = (place, high)
        if high > low:
            self._show(self._at)

    def close(self) -> None:
        """The document's ops end here, and so does a pair that is open."""
        self.depth = 0
        self._show(self._at)

    def _show(self, at: Position) -> None:
        # Right behind a `Document` there is nothing to be seen, and mostly a `Begin` follows.
        if self.is_known and not self.depth and at != self._empty:
            self.shown, self.start, self.stale = at, self._begun, False

    def _mark(self, at: Position, kind: type) -> None:
        if kind is ops.Document:
            self.is_known, self.depth = True, 0
            self._begun = at
            self._empty = (at[0], at[1] + 1)
        elif kind is ops.Begin:
            self.depth += 1
        elif self.depth:
            self.depth -= 1


@dataclass(frozen=True, slots=True)
class Turn:
    """From `t_ms` on a tab shows this document."""

    t_ms: int
    document: int


def turns_of(index: Index, tab: int) -> list[Turn]:
    """Which document a tab shows when. A later load takes the place of an earlier one; that comes
    back (from the back-forward cache) with a snapshot behind the last op of the later. Clocks of
    two loads differ by a moment, so mere ops of the earlier one prove nothing."""
    documents = {entry.document: entry for entry in index.documents if entry.tab == tab}
    segments = [entry for entry in index.segments if entry.document in documents]
    starts = [(entry.t_ms, 0, entry.document) for entry in documents.values()]
    starts += [(entry.t_ms, 1, entry.document) for entry in segments if entry.keyframe]
    ends: dict[int, list[tuple[int, int]]] = {}
    for entry in segments:
        ends.setdefault(entry.document, []).append((entry.t_ms, entry.until_ms))
    turns: list[Turn] = []
    for t_ms, again, document in sorted(starts):
        current = turns[-1].document if turns else None
        if document == current:
            continue
        if again and current is not None:
            known = [until for start, until in ends.get(current, ()) if start <= t_ms]
            if documents[document].t_ms == t_ms or (known and max(known) >= t_ms):
                continue
        turns.append(Turn(t_ms, document))
    return turns


def tabs_at(index: Index, t_ms: int) -> list[int]:
    """The tabs that had begun by then, the one that was looked at first: visible before hidden,
    then the one last focused."""
    begun: dict[int, int] = {}
    for entry in index.documents:
        if entry.t_ms <= t_ms:
            begun[entry.tab] = max(begun.get(entry.tab, entry.t_ms), entry.t_ms)
    visible = dict.fromkeys(begun, True)
    focused = begun.copy()
    for told in sorted(index.visibility, key=lambda entry: entry.t_ms):
        if told.t_ms <= t_ms and told.tab in begun:
            visible[told.tab] = told.state > 0
            if told.state == 2:
                focused[told.tab] = told.t_ms
    return sorted(begun, key=lambda tab: (not visible[tab], -focused[tab], -begun[tab], tab))


def page_view_at(index: Index, document: int, t_ms: int) -> PageViewEntry | None:
    """The page view in which a document was; its first one when none was told by then."""
    views = sorted(
        (view for view in index.page_views if view.document == document), key=lambda view: view.t_ms
    )
    by_then = [view for view in views if view.t_ms <= t_ms]
    return by_then[-1] if by_then else next(iter(views), None)
