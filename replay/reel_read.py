"""Reads a portable recording: in goes a file, out come its session, documents and where everything
else lies in it. What can't be read is listed by name, the rest holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from replay.encode import content_hash
from replay.errors import BadReel, ReplayError
from replay.head import ID, MEDIA_TYPE, read_facts
from replay.ops import Fact
from replay.reel import Part, read_body, scan
from replay.reel_json import Fields, json_of
from replay.reel_parts import (
    ASSET,
    DOCUMENT,
    FACTS,
    MAX_JSON_BYTES,
    NAMES,
    SEGMENT,
    SESSION,
    TABLE,
    TEXT,
    ReelDocument,
    ReelSession,
    ReelTable,
)
from replay.reel_rows import MAX_T_MS, assets_in, css_in, times_in
from replay.timeline import GapEntry, SegmentEntry

MAX_JSON_TOTAL_BYTES = 64 << 20
MAX_TABS = 10_000
MAX_WORD = 40
MAX_STARTED_AT_MS = 4_102_444_800_000
"""The year 2100: no clock is so wrong."""


@dataclass(frozen=True, slots=True)
class ReelSegment:
    """A segment and the part that holds its ops."""

    entry: SegmentEntry
    tab: int
    place: int
    part: Part


@dataclass(frozen=True, slots=True)
class ReelFacts:
    """Facts of a document load and the part that holds them."""

    document: int
    tab: int
    t_ms: int
    part: Part


@dataclass(slots=True)
class Reel:
    """What a file holds. `session`: None when it can't be read. `segments`: by document, in order.
    `gaps`: by document. `problems`: one line for each thing that can't be read."""

    session: ReelSession | None = None
    documents: dict[int, ReelDocument] = field(default_factory=dict)
    tables: dict[int, ReelTable] = field(default_factory=dict)
    segments: list[ReelSegment] = field(default_factory=list)
    facts: list[ReelFacts] = field(default_factory=list)
    texts: dict[bytes, Part] = field(default_factory=dict)
    assets: dict[bytes, tuple[Part, str]] = field(default_factory=dict)
    gaps: dict[int, list[GapEntry]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Is there nothing that anybody could look at?"""
        return not self.segments and not self.facts


def read_reel(file: BinaryIO) -> Reel:
    """What a file holds; texts, assets, facts and ops stay in it. Raises BadReel when it is no
    portable recording, and UnknownVersion."""
    found = scan(file)
    reading = _Reading(file)
    for part in found.parts:
        reading.take(part)
    return reading.finish(found.problems)


def facts_of(file: BinaryIO, facts: ReelFacts) -> tuple[list[tuple[int, Fact]], list[str]]:
    """The facts in a part with their times, and what was wrong with others. Raises ReplayError."""
    items = json_of(read_body(file, facts.part, MAX_JSON_BYTES), list)
    found, problems = read_facts(items, facts.t_ms)
    kept = [(t_ms, fact) for t_ms, fact in found if t_ms <= MAX_T_MS]
    if len(kept) < len(found):
        problems.append(f"{len(found) - len(kept)} facts are of a time that can't be")
    return kept, problems


def content_of(file: BinaryIO, hash_: bytes, part: Part, max_bytes: int) -> bytes:
    """The bytes of a text or an asset. Raises ReplayError, also when they have another hash."""
    data = read_body(file, part, max_bytes)
    if content_hash(data) != hash_:
        raise BadReel(f"these bytes are not {hash_.hex()}", offset=part.offset)
    return data


class _Reading:
    """Takes parts up, in any order; the first of two that say the same holds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reel = Reel()
        self._json_bytes = 0
        self._lost: dict[int, dict[int, ReelSegment]] = {}
        self._segments: dict[int, dict[int, ReelSegment]] = {}
        self._tabs: dict[int, int] = {}

    def take(self, part: Part) -> None:
        """One part. Unknown kinds are skipped."""
        take = {
            SESSION: self._session,
            DOCUMENT: self._document,
            FACTS: self._facts,
            TABLE: self._table,
            SEGMENT: self._segment,
            TEXT: self._text,
            ASSET: self._asset,
        }.get(part.kind)
        if take is None:
            return
        try:
            take(part, Fields(json_of(part.head, dict)))
        except ReplayError as error:
            self._reel.problems.append(f"{NAMES[part.kind]} at byte {part.offset}: {error.message}")

    def finish(self, problems: list[str]) -> Reel:
        """All that was found, with what is missing marked."""
        reel = self._reel
        self._make_documents()
        for number in sorted(reel.documents):
            reel.segments += self._in_order(reel.documents[number])
            table = reel.tables.get(number, ReelTable())
            tab = reel.documents[number].tab
            told = reel.gaps.setdefault(number, [])
            told += [GapEntry(low, high, tab) for low, high in table.gaps]
        if reel.session is None:
            reel.problems.append("the session's facts are lost")
        elif reel.session.documents > len(reel.documents):
            missing = reel.session.documents - len(reel.documents)
            reel.problems.append(f"{missing} of {reel.session.documents} documents are missing")
        reel.problems[:0] = problems
        return reel

    # --- the kinds ---

    def _body(self, part: Part) -> Fields:
        return Fields(self._json(part))

    def _json(self, part: Part) -> dict[str, object]:
        self._json_bytes += part.raw_bytes
        if self._json_bytes > MAX_JSON_TOTAL_BYTES:
            raise BadReel("there is too much of its kind")
        return json_of(self._whole(part), dict)

    def _whole(self, part: Part) -> bytes:
        if not part.is_whole:
            raise BadReel("is damaged")
        return read_body(self._file, part, MAX_JSON_BYTES)

    def _session(self, part: Part, _: Fields) -> None:
        body = self._body(part)
        if self._reel.session is not None:
            return
        traits = body.map_or_none("traits")
        self._reel.session = ReelSession(
            session_id=body.match("id", ID),
            site=body.text("site", 80),
            started_at_ms=body.number("started_at_ms", 0, MAX_STARTED_AT_MS),
            visitor_id=body.match("visitor_id", ID),
            is_anonymous=body.flag("anonymous"),
            person=body.text("person", 512) if body.has("person") else None,
            traits=traits,
            is_bot=body.flag("bot"),
            device=body.text("device", MAX_WORD),
            browser=body.text("browser", MAX_WORD),
            system=body.text("system", MAX_WORD),
            size=body.number("bytes", 0),
            documents=body.number("documents", 0),
        )

    def _document(self, part: Part, head: Fields) -> None:
        number, tab = self._place(head)
        body = self._body(part)
        if number in self._reel.documents:
            return
        t_ms = body.number("t_ms", -MAX_T_MS, MAX_T_MS)
        problems = [line for line in body.array("problems") if isinstance(line, str)]
        self._reel.documents[number] = ReelDocument(
            document=number,
            tab=tab,
            t_ms=t_ms,
            until_ms=body.number("until_ms", t_ms, MAX_T_MS),
            has_replay=body.flag("replay"),
            sdk_version=body.text("sdk_version", 32),
            segments=body.number("segments", 0),
            problems=tuple(problems[:100]),
        )

    def _table(self, part: Part, head: Fields) -> None:
        number, _ = self._place(head)
        body = self._json(part)
        table = self._reel.tables.setdefault(number, ReelTable())
        table.assets += assets_in(body.get("assets"))
        table.css += css_in(body.get("css"))
        table.visibility += times_in(body.get("visibility"), 0, 2)
        table.gaps += times_in(body.get("gaps"), -MAX_T_MS, MAX_T_MS)

    def _facts(self, part: Part, head: Fields) -> None:
        number, tab = self._place(head)
        t_ms = head.number("t_ms", -MAX_T_MS, MAX_T_MS)
        self._json_bytes += part.raw_bytes
        if not part.is_whole or self._json_bytes > MAX_JSON_TOTAL_BYTES:
            raise BadReel(f"of document {number}: is damaged, or there is too much of its kind")
        self._reel.facts.append(ReelFacts(number, tab, t_ms, part))

    def _segment(self, part: Part, head: Fields) -> None:
        number, tab = self._place(head)
        place = head.number("place", 0, 1_000_000)
        t_ms = head.number("t_ms", -MAX_T_MS, MAX_T_MS)
        until_ms = head.number("until_ms", t_ms, MAX_T_MS)
        flags = head.flag("keyframe"), head.flag("gap_before")
        entry = SegmentEntry(part.offset, number, t_ms, until_ms, *flags)
        found = ReelSegment(entry, tab, place, part)
        known = self._segments if part.is_whole else self._lost
        known.setdefault(number, {}).setdefault(place, found)

    def _text(self, part: Part, head: Fields) -> None:
        hash_ = head.hash("hash")
        if not part.is_whole:
            raise BadReel(f"{hash_.hex()} is damaged")
        self._reel.texts.setdefault(hash_, part)

    def _asset(self, part: Part, head: Fields) -> None:
        hash_, media_type = head.hash("hash"), head.match("media_type", MEDIA_TYPE)
        if not part.is_whole:
            raise BadReel(f"{hash_.hex()} ({media_type}) is damaged")
        self._reel.assets.setdefault(hash_, (part, media_type))

    def _place(self, head: Fields) -> tuple[int, int]:
        number, tab = head.number("document", 1), head.number("tab", 1, MAX_TABS)
        return number, self._tabs.setdefault(number, tab)

    # --- what is missing ---

    def _make_documents(self) -> None:
        """Documents whose own part is lost, from what is left of them."""
        documents = self._reel.documents
        spans: dict[int, list[int]] = {}
        for number, segments in self._segments.items():
            for segment in segments.values():
                spans.setdefault(number, []).extend((segment.entry.t_ms, segment.entry.until_ms))
        for facts in self._reel.facts:
            spans.setdefault(facts.document, []).append(facts.t_ms)
        for number, times in spans.items():
            if number not in documents:
                tab = self._tabs[number]
                documents[number] = ReelDocument(number, tab, min(times), max(times))

    def _in_order(self, document: ReelDocument) -> Iterator[ReelSegment]:
        """The segments of a document; behind a lost one is a gap."""
        segments = self._segments.get(document.document, {})
        lost = self._lost.get(document.document, {})
        last = max([document.segments - 1, *segments, *lost])
        self._name_missing(document.document, set(segments), lost, last)
        expected, until_ms = 0, document.t_ms
        gap_since: int | None = None
        for place in sorted(segments):
            segment = segments[place]
            if place != expected:
                gap_since = until_ms if gap_since is None else gap_since
                segment = replace(segment, entry=replace(segment.entry, gap_before=True))
            if gap_since is not None and segment.entry.keyframe:
                self._gap(document, gap_since, segment.entry.t_ms)
                gap_since = None
            expected, until_ms = place + 1, max(until_ms, segment.entry.until_ms)
            yield segment
        if gap_since is not None or expected <= last:
            begin_ms = until_ms if gap_since is None else gap_since
            self._gap(document, begin_ms, document.until_ms)

    def _gap(self, document: ReelDocument, low: int, high: int) -> None:
        gaps = self._reel.gaps.setdefault(document.document, [])
        gaps.append(GapEntry(low, max(low, high), document.tab))

    def _name_missing(
        self, number: int, known: set[int], lost: dict[int, ReelSegment], last: int
    ) -> None:
        # A hostile count must not make as many lines.
        for place in range(min(last, len(known) + 1_000) + 1):
            if place in known:
                continue
            what = "is missing"
            if place in lost:
                entry = lost[place].entry
                what = f"is damaged: {entry.t_ms / 1000:.1f} to {entry.until_ms / 1000:.1f} s"
            self._reel.problems.append(f"document {number}: segment {place + 1} {what}")
