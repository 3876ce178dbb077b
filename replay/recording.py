"""A recording: in goes a `Source` (the collector's store, a file, batches in memory), out come
frames at any moment."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from replay import ops
from replay.errors import NoFrame, ReplayError
from replay.frame import Frame
from replay.memory import MemorySource
from replay.ops import ROOT_ID
from replay.reconstruct import Damage, play
from replay.reel_source import ReelSource
from replay.section import Section, read_section
from replay.source import Source
from replay.timeline import (
    STEPS,
    GapEntry,
    Index,
    PageViewEntry,
    Position,
    ReadSegment,
    Scan,
    SegmentEntry,
    Turn,
    page_view_at,
    read_segment,
    tabs_at,
    turns_of,
)
from replay.tree import Tree

MAX_CACHED_OPS = 200_000
"""Ops and nodes of segments that stay read: about 100 bytes each."""

MAX_CACHED_TREES = 4
COSTLY_OPS = 1_000
"""A tree that took so many ops is kept, so that the next seek need not repeat them."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a frame is: `shown` in the document's stream, to be rebuilt from the `Document` op at
    `start`."""

    document: int
    shown: Position
    start: Position
    stale: bool
    t_ms: int


class Recording:
    """Hands out frames. The index is read once: take a new object when a live session has grown."""

    def __init__(
        self,
        source: Source,
        max_cached_ops: int = MAX_CACHED_OPS,
        max_cached_trees: int = MAX_CACHED_TREES,
    ) -> None:
        self._source = source
        self._index = source.index()
        self._streams = _streams(self._index)
        self._turns: dict[int, list[Turn]] = {}
        self._read: OrderedDict[int, tuple[int, ReadSegment]] = OrderedDict()
        self._read_ops = 0
        self._max_read_ops = max_cached_ops
        self._trees: OrderedDict[tuple[int, Position, Position], tuple[Tree, Damage]]
        self._trees = OrderedDict()
        self._max_trees = max_cached_trees
        self._problems: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Recording:
        """The recording in a `.reel` file; `problems` names what of it can't be read. Raises
        ReplayError when it is none, or nothing of it can be read, and OSError."""
        source = ReelSource(Path(path))
        recording = cls(source)
        recording._problems = tuple(source.reel.problems)
        return recording

    @classmethod
    def from_batches(
        cls, bodies: Sequence[bytes], received_at_ms: Sequence[int] | None = None
    ) -> Recording:
        """A recording of request bodies in the order of their commits. `received_at_ms`: server
        times (without: as if each had come at once by the visitor's clock). Raises ReplayError for
        a body that is no batch."""
        return cls(MemorySource(bodies, received_at_ms))

    @property
    def problems(self) -> tuple[str, ...]:
        """What of a file can't be read, a line each. Empty for other recordings."""
        return self._problems

    @property
    def tabs(self) -> tuple[int, ...]:
        """The tabs, in order of their numbers."""
        return tuple(sorted({entry.tab for entry in self._index.documents}))

    @property
    def page_views(self) -> tuple[PageViewEntry, ...]:
        """Page views in order of time."""
        return tuple(sorted(self._index.page_views, key=lambda view: (view.t_ms, view.tab)))

    @property
    def gaps(self) -> tuple[GapEntry, ...]:
        """Times of which nothing is known."""
        return tuple(sorted(self._index.gaps, key=lambda gap: (gap.t_ms, gap.tab)))

    @property
    def until_ms(self) -> int:
        """The last op of the whole recording."""
        return max((entry.until_ms for entry in self._index.documents), default=0)

    def frame_at(self, t_ms: int, tab: int | None = None) -> Frame:
        """The page as it looked at `t_ms` (ms from the session's zero). Without `tab`: in the tab
        that was visible and last focused then. Before the first keyframe, and in an unknown tab:
        raises NoFrame. In a gap and behind the end: the last known frame, `stale` set."""
        if tab is not None and tab not in self.tabs:
            raise NoFrame(f"there is no tab {tab}", field="tab")
        for candidate in tabs_at(self._index, t_ms) if tab is None else [tab]:
            found = self._find(candidate, t_ms)
            if found:
                return self._frame(candidate, found, t_ms)
        raise NoFrame(f"nothing can be shown at {t_ms} ms yet", field="t_ms")

    def frames(self) -> Iterator[Frame]:
        """Every frame of every tab in order of time."""
        moments = sorted((t_ms, tab) for tab in self.tabs for t_ms in self.frame_times(tab))
        for t_ms, tab in moments:
            yield self.frame_at(t_ms, tab)

    def frame_times(self, tab: int) -> list[int]:
        """Every t_ms at which a frame of this tab begins."""
        return [t_ms for t_ms, _ in self._moments(tab)]

    def step_times(self, tab: int) -> list[int]:
        """Those at which DOM, form, scroll or viewport change: where stepping stops."""
        return [t_ms for t_ms, is_step in self._moments(tab) if is_step]

    # --- finding ---

    def _turns_of(self, tab: int) -> list[Turn]:
        if tab not in self._turns:
            self._turns[tab] = turns_of(self._index, tab)
        return self._turns[tab]

    def _find(self, tab: int, t_ms: int) -> _Found | None:
        """The frame of a tab: of the document whose turn it is, or, while that has none, of the one
        before."""
        turns = self._turns_of(tab)
        last = bisect_right([turn.t_ms for turn in turns], t_ms)
        for turn in reversed(turns[:last]):
            found = self._scan(turn.document, t_ms)
            if found:
                return found
        return None

    def _scan(self, document: int, t_ms: int) -> _Found | None:
        stream = self._streams.get(document, [])
        last = bisect_right([entry.t_ms for entry in stream], t_ms) - 1
        keyframes = [place for place in range(last, 0, -1) if stream[place].keyframe]
        for start in [*keyframes, 0] if last >= 0 else []:
            scan = Scan()
            for place in range(start, last + 1):
                read = self._segment(stream[place])
                scan.enter(place, read)
                scan.advance(place, read, 0, bisect_right(read.times, t_ms))
            if last == len(stream) - 1 and t_ms >= stream[last].until_ms:
                scan.close()
            if scan.shown:
                at_ms = self._time_of(stream, scan.shown)
                return _Found(document, scan.shown, scan.start, scan.stale, at_ms)
        return None

    def _is_stale(self, found: _Found, t_ms: int) -> bool:
        if found.stale or t_ms > self.until_ms:
            return True
        stream = self._streams[found.document]
        last = bisect_right([entry.t_ms for entry in stream], t_ms) - 1
        behind = stream[last + 1] if last + 1 < len(stream) else None
        return behind is not None and behind.gap_before and t_ms > stream[last].until_ms

    def _time_of(self, stream: Sequence[SegmentEntry], at: Position) -> int:
        place, count = at
        while not count:
            place -= 1
            count = len(self._segment(stream[place]).times)
        return self._segment(stream[place]).times[count - 1]

    def _moments(self, tab: int) -> list[tuple[int, bool]]:
        found: list[tuple[int, bool]] = []
        limit: float = float("inf")
        known: dict[int, list[tuple[int, bool]]] = {}
        turns = self._turns_of(tab)
        for place in range(len(turns) - 1, -1, -1):
            turn = turns[place]
            if turn.document not in known:
                known[turn.document] = self._moments_of(turn.document)
            begins = [other.document for other in turns].index(turn.document) == place
            low = float("-inf") if begins else turn.t_ms
            here = [moment for moment in known[turn.document] if low <= moment[0] < limit]
            if here:
                limit = here[0][0]
                found = here + found
        return found

    def _moments_of(self, document: int) -> list[tuple[int, bool]]:
        """When a document's frames begin, and whether what they change can be seen of the page."""
        moments: dict[int, bool] = {}
        scan = Scan()
        is_step = False
        t_ms = 0
        for place, entry in enumerate(self._streams.get(document, [])):
            read = self._segment(entry)
            scan.enter(place, read)
            low = 0
            while low < len(read.times):
                t_ms = read.times[low]
                high = bisect_right(read.times, t_ms, low)
                is_step |= any(type(op) in STEPS for _, op in read.ops[low:high])
                before = scan.shown
                scan.advance(place, read, low, high)
                if scan.shown != before:
                    moments[t_ms] = moments.get(t_ms, False) or is_step
                    is_step = False
                low = high
        before = scan.shown
        scan.close()
        if scan.shown != before:
            moments[t_ms] = True
        return list(moments.items())

    # --- building ---

    def _frame(self, tab: int, found: _Found, t_ms: int) -> Frame:
        tree, damage = self._build(found)
        table = self._source.assets(found.document)
        view = page_view_at(self._index, found.document, t_ms)
        return Frame(
            url=view.url if view else "",
            tab=tab,
            t_ms=found.t_ms,
            viewport=tree.viewport or ops.Viewport(0, 0, 100, 100, 0, 0),
            scroll=tree.scroll.get(ROOT_ID, (0, 0)),
            pointer=tree.pointer,
            stale=self._is_stale(found, t_ms),
            damage=tuple(damage.lines),
            tree=tree,
            assets={**tree.assets, **table.assets},
            css_assets=table.css,
        )

    def _build(self, found: _Found) -> tuple[Tree, Damage]:
        """The tree at a position, from the `Document` op in front of it or from a tree between the
        two that was kept."""
        document, start, shown = found.document, found.start, found.shown
        kept = [
            at
            for known, begun, at in self._trees
            if known == document and begun == start and at <= shown
        ]
        if kept:
            key = (document, start, max(kept))
            self._trees.move_to_end(key)
            tree, damage = self._trees[key][0].copy(), self._trees[key][1].copy()
            cost = self._play(tree, damage, document, key[2], shown)
        else:
            tree, damage = Tree(), Damage()
            first = self._first_shown(document, start, shown)
            self._play(tree, damage, document, start, first)
            self._keep((document, start, first), tree, damage)
            cost = self._play(tree, damage, document, first, shown)
        if cost > COSTLY_OPS:
            self._keep((document, start, shown), tree, damage)
        return tree, damage

    def _first_shown(self, document: int, start: Position, shown: Position) -> Position:
        """The first position behind `start` that may be shown: every later one comes by it."""
        stream = self._streams[document]
        scan = Scan()
        for place in range(start[0], shown[0] + 1):
            read = self._segment(stream[place])
            scan.enter(place, read)
            low = start[1] if place == start[0] else 0
            bounds = [mark + 1 for mark in read.marks if mark >= low] + [len(read.ops)]
            for high in bounds:
                scan.advance(place, read, low, high)
                if scan.shown and scan.shown > start:
                    return min(scan.shown, shown)
                low = high
        return shown

    def _play(
        self, tree: Tree, damage: Damage, document: int, low: Position, high: Position
    ) -> int:
        """Applies the ops between two positions; how many there were."""
        stream = self._streams[document]
        cost = 0
        for place in range(low[0], high[0] + 1):
            read = self._segment(stream[place])
            first = low[1] if place == low[0] else 0
            last = high[1] if place == high[0] else len(read.ops)
            own = Damage()
            play(tree, read.ops[first:last], own, first)
            for line in own.lines:
                damage.add(f"segment {read.entry.segment}, {line}")
            if last == len(read.ops) and first < last:
                for problem in read.problems:
                    damage.add(f"segment {read.entry.segment}, {problem}")
            cost += last - first
        return cost

    def _keep(self, key: tuple[int, Position, Position], tree: Tree, damage: Damage) -> None:
        if self._max_trees:
            self._trees[key] = (tree.copy(), damage.copy())
            while len(self._trees) > self._max_trees:
                self._trees.popitem(last=False)

    def _segment(self, entry: SegmentEntry) -> ReadSegment:
        cached = self._read.get(entry.segment)
        if cached:
            self._read.move_to_end(entry.segment)
            return cached[1]
        try:
            section = read_section(
                self._source.segment(entry.segment), entry.t_ms, self._source.content
            )
        except ReplayError as error:
            section = Section(entry.t_ms, problems=[error.message])
        read = read_segment(entry, section)
        weight = 1 + sum(len(op.run) if type(op) is ops.Put else 1 for _, op in section.ops)
        self._read[entry.segment] = (weight, read)
        self._read_ops += weight
        while self._read_ops > self._max_read_ops and len(self._read) > 1:
            self._read_ops -= self._read.popitem(last=False)[1][0]
        return read


def _streams(index: Index) -> dict[int, list[SegmentEntry]]:
    """The segments of each document, with times that never fall: only a broken clock makes them."""
    streams: dict[int, list[SegmentEntry]] = {}
    for entry in index.segments:
        stream = streams.setdefault(entry.document, [])
        low = stream[-1].until_ms if stream else entry.t_ms
        shift = max(0, low - entry.t_ms)
        stream.append(replace(entry, t_ms=entry.t_ms + shift, until_ms=entry.until_ms + shift))
    return streams
