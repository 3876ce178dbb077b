"""What the parts of a portable recording mean: typed values in, parts out. `replay/reel_read.py`
reads them back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from replay.fields import FIELDS
from replay.ops import Fact
from replay.reel import ReelWriter
from replay.timeline import SegmentEntry

SESSION, DOCUMENT, FACTS, TABLE, SEGMENT, TEXT, ASSET = range(1, 8)
NAMES = {
    SESSION: "session",
    DOCUMENT: "document",
    FACTS: "facts",
    TABLE: "table",
    SEGMENT: "segment",
    TEXT: "text",
    ASSET: "asset",
}
MAX_JSON_BYTES = 2 << 20
JSON_CHUNK_BYTES = 256 << 10

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ReelSession:
    """Whose visit it is. `started_at_ms`: Unix ms of the session's zero. `visitor_id` is that of
    the session when nobody should be known again; `is_anonymous`: the visitor had no id of their
    own. `device`, `browser`, `system`: empty when not known. `size`: bytes that were recorded."""

    session_id: str
    site: str
    started_at_ms: int
    visitor_id: str
    is_anonymous: bool
    person: str | None = None
    traits: Mapping[str, Scalar] | None = None
    is_bot: bool = False
    device: str = ""
    browser: str = ""
    system: str = ""
    size: int = 0
    documents: int = 0


@dataclass(frozen=True, slots=True)
class ReelDocument:
    """A document load. Times in ms from the session's zero. `segments`: how many it has."""

    document: int
    tab: int
    t_ms: int
    until_ms: int
    has_replay: bool = True
    sdk_version: str = ""
    segments: int = 0
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class ReelTable:
    """What is known of a document load besides its ops. `assets`: (id, hash, media type); `css`:
    (owner, token, asset); `visibility`: (t_ms, state); `gaps`: (t_ms, until_ms)."""

    assets: list[tuple[int, bytes, str]] = field(default_factory=list)
    css: list[tuple[int, str, int]] = field(default_factory=list)
    visibility: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)


def write_session(writer: ReelWriter, session: ReelSession) -> None:
    """Who and when. Written first and once more at the end: without it the rest has no name."""
    body = {
        "id": session.session_id,
        "site": session.site,
        "started_at_ms": session.started_at_ms,
        "visitor_id": session.visitor_id,
        "anonymous": session.is_anonymous,
        "person": session.person,
        "traits": session.traits,
        "bot": session.is_bot,
        "device": session.device,
        "browser": session.browser,
        "system": session.system,
        "bytes": session.size,
        "documents": session.documents,
    }
    writer.add(SESSION, {}, _json(body))


def write_document(writer: ReelWriter, document: ReelDocument, table: ReelTable) -> None:
    """A document load with its table."""
    head = {"document": document.document, "tab": document.tab}
    body = {
        "t_ms": document.t_ms,
        "until_ms": document.until_ms,
        "replay": document.has_replay,
        "sdk_version": document.sdk_version,
        "segments": document.segments,
        "problems": list(document.problems),
    }
    writer.add(DOCUMENT, head, _json(body))
    rows: dict[str, Iterable[Sequence[object]]] = {
        "assets": ((asset, hash_.hex(), kind) for asset, hash_, kind in table.assets),
        "css": table.css,
        "visibility": table.visibility,
        "gaps": table.gaps,
    }
    for name, found in rows.items():
        for chunk in _chunks(found):
            writer.add(TABLE, head, b'{"%s":%s}' % (name.encode(), chunk))


def write_facts(
    writer: ReelWriter, document: int, tab: int, facts: Iterable[tuple[int, Fact]]
) -> None:
    """The facts of a document load, page views among them, in order of time."""
    timed = iter(facts)
    first = next(timed, None)
    if first is None:
        return
    base = first[0]
    rows = (_fact(fact, t_ms - base) for t_ms, fact in chain([first], timed))
    for chunk in _chunks(rows):
        writer.add(FACTS, {"document": document, "tab": tab, "t_ms": base}, chunk)


def write_segment(
    writer: ReelWriter, entry: SegmentEntry, tab: int, place: int, raw: bytes
) -> None:
    """A segment's raw ops section. `place`: segments of its document in front of it."""
    head = {
        "document": entry.document,
        "tab": tab,
        "place": place,
        "t_ms": entry.t_ms,
        "until_ms": entry.until_ms,
        "keyframe": entry.keyframe,
        "gap_before": entry.gap_before,
    }
    writer.add(SEGMENT, head, raw)


def write_text(writer: ReelWriter, hash_: bytes, data: bytes) -> None:
    """A big text (UTF-8) that ops name by its hash."""
    writer.add(TEXT, {"hash": hash_.hex()}, data)


def write_asset(writer: ReelWriter, hash_: bytes, media_type: str, data: bytes) -> None:
    """An image or font."""
    writer.add(ASSET, {"hash": hash_.hex(), "media_type": media_type}, data)


def _fact(fact: Fact, dt_ms: int) -> list[object]:
    return [fact.CODE, dt_ms, *(getattr(fact, name) for name, _ in FIELDS[fact.CODE])]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _chunks(rows: Iterable[object]) -> Iterator[bytes]:
    """JSON arrays of so many rows as fit a part."""
    found: list[bytes] = []
    size = 0
    for row in rows:
        data = _json(row)
        if found and size + len(data) > JSON_CHUNK_BYTES:
            yield b"[" + b",".join(found) + b"]"
            found, size = [], 0
        found.append(data)
        size += len(data) + 1
    if found:
        yield b"[" + b",".join(found) + b"]"
