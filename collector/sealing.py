"""Segments: in go the loose batches of a document, out come contiguous segments that begin with a
keyframe, so that any seek is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.settings import Pace
from collector.store.recordings import NewSegment, StoredBatch, StoredSegment
from replay import ops
from replay.keyframe import keyframe
from replay.ops import TreeOp
from replay.reconstruct import Damage, play
from replay.section import TimedOp
from replay.tree import Tree
from replay.wire import content_hash, inflate, read_section, section_contents, write_section

MAX_RAW_BYTES = 8 << 20
MAX_OPS_A_SEGMENT = 20_000
"""A walk that never ends is cut there: 500,000 nodes make fewer runs."""


class Contents:
    """Texts named by hash pass through as stand-ins, so that they are neither loaded nor lost when
    they are not there yet."""

    def __init__(self, is_stored: Callable[[bytes], bool], nonce: str) -> None:
        self._is_stored = is_stored
        self._nonce = nonce
        self._names: dict[str, bytes] = {}

    def text(self, hash_: bytes) -> str:
        """What stands for the text with this hash. Long enough to be a content again."""
        text = f"{self._nonce}{hash_.hex()}".ljust(2_048)
        self._names[text] = hash_
        return text

    def name(self, text: str) -> bytes | None:
        """The hash for a big text, if it need not be carried."""
        hash_ = self._names.get(text)
        if hash_ is not None:
            return hash_
        hash_ = content_hash(text.encode("utf-8", "replace"))
        return hash_ if self._is_stored(hash_) else None


@dataclass(slots=True)
class _State:
    """The document behind what was taken up so far. `is_known` False: behind a gap, until it starts
    anew; no keyframe can be made there. `depth`: of begin marks that have no end yet."""

    tree: Tree = field(default_factory=Tree)
    is_known: bool = True
    depth: int = 0

    def play(self, timed: list[TimedOp]) -> None:
        """Takes up ops."""
        for t_ms, op in timed:
            if isinstance(op, ops.Document):
                self.is_known, self.depth = True, 0
            elif isinstance(op, ops.Begin):
                self.depth += 1
            elif isinstance(op, ops.End):
                self.depth = max(0, self.depth - 1)
            if self.is_known:
                play(self.tree, [(t_ms, op)], Damage())


@dataclass(slots=True)
class _Open:
    """The segment that is being filled."""

    gap_before: bool
    keyframe: list[TreeOp]
    timed: list[TimedOp] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)
    bytes: int = 0


def seal(
    batches: list[StoredBatch],
    before: StoredSegment | None,
    contents: Contents,
    pace: Pace,
    *,
    whole: bool,
) -> list[NewSegment]:
    """The segments that the loose batches of a document make, in order. `before`: its last segment.
    `whole`: the session is over, all is packed; else only full segments of the front that has no
    gap. A segment holds whole batches."""
    state = _state_behind(before, contents)
    next_seq = before.last_seq + 1 if before else 0
    finished: list[NewSegment] = []
    current: _Open | None = None
    for batch in batches:
        has_gap = batch.seq != next_seq
        if not batch.checked or (has_gap and not whole):
            break
        if batch.ops is None:  # facts only
            next_seq = batch.seq + 1 if not has_gap else next_seq
            continue
        if batch.unreadable:
            continue  # as if it had never come
        next_seq = batch.seq + 1
        timed = ops_of_batch(batch, contents)
        if has_gap:
            _finish(current, contents, finished)
            current = None
            state = _State(state.tree, is_known=False)
        if current is None:
            current = _Open(has_gap, _front(state, timed))
        _add(current, batch, timed)
        state.play(timed)
        full = len(current.timed) >= pace.seal_ops or current.bytes >= pace.seal_bytes
        if (full and not state.depth) or len(current.timed) >= MAX_OPS_A_SEGMENT:
            _finish(current, contents, finished)
            current = None
    if whole:
        _finish(current, contents, finished)
    return finished


def ops_of_batch(batch: StoredBatch, contents: Contents) -> list[TimedOp]:
    """The good ops of a batch."""
    raw = inflate(batch.ops or b"", batch.compression, MAX_RAW_BYTES)
    return read_section(raw, batch.t_ms, contents.text).ops


def batches_of_segment(segment: StoredSegment, contents: Contents) -> dict[int, list[TimedOp]]:
    """A segment taken apart again: the ops of each batch, without those of the keyframe."""
    timed = read_section(segment.raw, segment.t_ms, contents.text).ops[segment.keyframe_ops :]
    found: dict[int, list[TimedOp]] = {}
    start = 0
    for seq, count in segment.parts:
        found[seq] = timed[start : start + count]
        start += count
    return found


def _state_behind(segment: StoredSegment | None, contents: Contents) -> _State:
    if segment is None:
        return _State()
    state = _State(is_known=segment.keyframe)
    state.play(read_section(segment.raw, segment.t_ms, contents.text).ops)
    return state


def _front(state: _State, timed: list[TimedOp]) -> list[TreeOp]:
    """The keyframe that a segment needs in front of these ops: none where the document starts
    anew."""
    if not state.is_known or state.depth or (timed and isinstance(timed[0][1], ops.Document)):
        return []
    return keyframe(state.tree)


def _add(current: _Open, batch: StoredBatch, timed: list[TimedOp]) -> None:
    last = current.timed[-1][0] if current.timed else None
    for t_ms, op in timed:
        # Times never fall within a section; only a forged batch begins before the end of the one in
        # front of it.
        last = t_ms if last is None else max(last, t_ms)
        current.timed.append((last, op))
    current.parts.append((batch.seq, len(timed)))
    current.bytes += batch.raw_bytes


def _finish(current: _Open | None, contents: Contents, finished: list[NewSegment]) -> None:
    if current is None or not current.timed:
        return
    base_t_ms = current.timed[0][0]
    front: list[TimedOp] = [(base_t_ms, op) for op in current.keyframe]
    whole = front + current.timed
    raw = write_section(whole, base_t_ms, contents.name)
    finished.append(
        NewSegment(
            first_seq=current.parts[0][0],
            last_seq=current.parts[-1][0],
            t_ms=base_t_ms,
            until_ms=whole[-1][0],
            keyframe=isinstance(whole[0][1], ops.Document),
            keyframe_ops=len(front),
            gap_before=current.gap_before,
            parts=tuple(current.parts),
            contents=tuple(section_contents(raw)[1]),
            raw=raw,
        )
    )
