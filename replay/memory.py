"""Batches in memory as a source: in go request bodies, out come the entries and bytes that a
recording asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from replay import ops
from replay.errors import BadSection
from replay.section import Section, read_section
from replay.source import AssetTable
from replay.timeline import (
    DocumentEntry,
    GapEntry,
    Index,
    PageViewEntry,
    SegmentEntry,
    VisibilityEntry,
)
from replay.wire import Batch, content_hash, inflate, read_batch, section_contents

MAX_SECTION_BYTES = 64 << 20


@dataclass(slots=True)
class _Load:
    """A document load as its batches come. `offset_ms`: from its own times to the server's clock,
    fixed by its first batch."""

    document: int
    tab: int
    offset_ms: int
    batches: dict[int, Batch] = field(default_factory=dict)


class MemorySource:
    """Applies the collector's rules of time to batches in the order of their commits (first copy of
    a batch wins)."""

    def __init__(
        self, bodies: Sequence[bytes], received_at_ms: Sequence[int] | None = None
    ) -> None:
        self._texts: dict[bytes, str] = {}
        self._raw: list[bytes] = []
        self._assets: dict[int, AssetTable] = {}
        self._loads: dict[str, _Load] = {}
        tabs: dict[str, int] = {}
        zero: int | None = None
        batches = [read_batch(body) for body in bodies]
        # Later batches leave out what holds for the whole document load.
        whole = {batch.head.document_id: batch.head for batch in batches if batch.head.session_id}
        for place, batch in enumerate(batches):
            head = whole.get(batch.head.document_id, batch.head)
            received = received_at_ms[place] if received_at_ms else None
            load = self._loads.get(head.document_id)
            if load is None:
                tab = tabs.setdefault(head.tab_id, len(tabs) + 1)
                offset = (
                    head.origin_ms or 0 if received is None else received - int(batch.sent_t_ms)
                )
                load = _Load(len(self._loads) + 1, tab, offset)
                self._loads[head.document_id] = load
            load.batches.setdefault(batch.head.seq, batch)
            if zero is None:
                zero = load.offset_ms + _first_t_ms(batch)
        self._index = self._read(zero or 0)

    def index(self) -> Index:
        return self._index

    def segment(self, segment: int) -> bytes:
        return self._raw[segment]

    def content(self, hash_: bytes) -> str | None:
        return self._texts.get(hash_)

    def assets(self, document: int) -> AssetTable:
        return self._assets[document]

    def _read(self, zero: int) -> Index:
        builder = _Builder(self._texts)
        for load in self._loads.values():
            for batch in load.batches.values():
                if batch.ops:
                    raw = inflate(batch.ops, batch.compression, MAX_SECTION_BYTES)
                    for text in _carried(raw):
                        self._texts[content_hash(text.encode())] = text
        for load in self._loads.values():
            self._assets[load.document] = builder.add(load, load.offset_ms - zero)
        self._raw = builder.raw
        return Index(
            builder.documents,
            builder.segments,
            builder.page_views,
            builder.visibility,
            builder.gaps,
        )


class _Builder:
    """Collects entries load by load."""

    def __init__(self, texts: dict[bytes, str]) -> None:
        self._texts = texts
        self.raw: list[bytes] = []
        self.documents: list[DocumentEntry] = []
        self.segments: list[SegmentEntry] = []
        self.page_views: list[PageViewEntry] = []
        self.visibility: list[VisibilityEntry] = []
        self.gaps: list[GapEntry] = []

    def add(self, load: _Load, shift: int) -> AssetTable:
        assets: dict[int, tuple[bytes, str]] = {}
        css: dict[int, dict[str, int]] = {}
        times: list[int] = []
        expected = 0
        missing_since: int | None = None
        has_gap = False
        for seq, batch in sorted(load.batches.items()):
            has_gap = has_gap or seq != expected
            expected = seq + 1
            times += self._facts(load, batch, shift)
            if not batch.ops:
                continue
            section = self._segment(load, batch, shift, has_gap)
            if has_gap and missing_since is None:
                missing_since = times[-1] if times else shift + batch.head.t_ms
            has_gap = False
            times += [t_ms for t_ms, _ in section.ops]
            for t_ms, op in section.ops:
                if isinstance(op, ops.Visibility):
                    self.visibility.append(VisibilityEntry(t_ms, load.tab, op.state))
                elif isinstance(op, ops.Asset):
                    assets[op.asset] = (op.hash, op.media_type)
                elif isinstance(op, ops.CssAsset):
                    css.setdefault(op.owner, {})[op.token] = op.asset
                elif isinstance(op, ops.Document) and missing_since is not None:
                    self.gaps.append(GapEntry(missing_since, t_ms, load.tab))
                    missing_since = None
        first, last = (min(times), max(times)) if times else (shift, shift)
        if missing_since is not None:
            self.gaps.append(GapEntry(missing_since, last, load.tab))
        self.documents.append(DocumentEntry(load.document, load.tab, first, last))
        return AssetTable(assets, css)

    def _facts(self, load: _Load, batch: Batch, shift: int) -> list[int]:
        for t_ms, fact in batch.head.facts:
            if isinstance(fact, ops.PageView):
                self.page_views.append(
                    PageViewEntry(t_ms + shift, load.tab, load.document, fact.url, fact.title)
                )
        return [t_ms + shift for t_ms, _ in batch.head.facts]

    def _segment(self, load: _Load, batch: Batch, shift: int, has_gap: bool) -> Section:
        base = batch.head.t_ms + shift
        raw = inflate(batch.ops, batch.compression, MAX_SECTION_BYTES)
        try:
            section = read_section(raw, base, self._texts.get)
        except BadSection as error:
            section = Section(base, problems=[error.message])
        first = section.ops[0] if section.ops else (base, None)
        until = section.ops[-1][0] if section.ops else base
        is_keyframe = isinstance(first[1], ops.Document)
        entry = SegmentEntry(len(self.raw), load.document, base, until, is_keyframe, has_gap)
        self.segments.append(entry)
        self.raw.append(raw)
        return section


def _carried(raw: bytes) -> list[str]:
    try:
        return section_contents(raw)[0]
    except BadSection:
        return []


def _first_t_ms(batch: Batch) -> int:
    """The earliest op or fact of a batch."""
    return min((t_ms for t_ms, _ in batch.head.facts), default=batch.head.t_ms)
