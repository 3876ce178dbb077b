"""A stored session as a portable recording: in goes its row, out come the bytes of a `.reel`
file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from collector.settings import SettingsError
from collector.store import exports as rows
from collector.store.database import Database, Readers
from collector.store.gaps import gaps_of
from collector.store.sessions import SessionRow, session_by_id
from collector.store.timelines import DocumentJson, SegmentJson, raw_segment, timeline_of
from replay import ops
from replay.errors import ReplayError
from replay.fields import CODES, FACTS, FIELDS
from replay.ops import Fact, Kind
from replay.reel import ReelWriter
from replay.reel_parts import (
    ReelDocument,
    ReelSession,
    ReelTable,
    write_asset,
    write_document,
    write_facts,
    write_segment,
    write_session,
    write_text,
)
from replay.timeline import SegmentEntry
from replay.wire import inflate

ENDING = ".reel"
_UNSAID: dict[Kind, object] = {Kind.WORD: "", Kind.NUMBER: 0, Kind.MAP: {}}
"""What stands for a field that was appended after a fact was stored."""
MAX_RAW_BYTES = 64 << 20


def export_file(database: Path, session_id: str, file: Path, *, with_person: bool) -> int:
    """Writes a session to a new file; its size. Works while the collector runs. Raises
    `SettingsError` where it can't."""
    if file.suffix.lower() != ENDING:
        raise SettingsError(f"{file.name}: unknown ending: {ENDING} (portable recording) is known")
    if file.exists():
        raise SettingsError(f"{file} exists already: name a new file")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    readers = Readers(database, connections=1)
    try:
        with readers.lend() as db:
            row = session_by_id(db, session_id)
            if row is None:
                raise SettingsError(f"no session {session_id!r}: `visitreel sessions` lists them")
            part.touch(mode=0o600, exist_ok=False)
            with part.open("wb") as out:
                export_session(db, row, out.write, with_person=with_person)
        part.rename(file)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    except ReplayError as error:
        raise SettingsError(f"session {session_id} can't be exported: {error}") from error
    finally:
        readers.close()
        part.unlink(missing_ok=True)
    return file.stat().st_size


def export_session(
    db: Database, row: SessionRow, write: Callable[[bytes], object], *, with_person: bool
) -> None:
    """Writes a session piece by piece. `db` must show one moment from the first to the last.
    Without the person: the visitor is nobody, and what the site said of them is left out."""
    timeline = timeline_of(db, row, now_ms=0, live_ms=0)
    writer = ReelWriter(write)
    session = _session(db, row, len(timeline["documents"]), with_person)
    write_session(writer, session)
    tabs = {told["document"]: told["tab"] for told in timeline["documents"]}
    for stored, told in zip(
        rows.document_rows(db, row.session), timeline["documents"], strict=True
    ):
        count = sum(found["document"] == stored.number for found in timeline["segments"])
        document = _document(db, stored, told, count)
        write_document(writer, document, _table(db, row, stored, told))
        write_facts(writer, stored.number, stored.tab, _page_views(db, stored.row))
        facts = (timed for timed in _facts(db, stored.row) if _is_told(timed[1], with_person))
        write_facts(writer, stored.number, stored.tab, facts)
    for text in rows.texts_of_session(db, row.session):
        write_text(writer, text.hash, text.data)
    _write_segments(db, row, writer, timeline["segments"], tabs)
    write_session(writer, session)
    # Last: most of the bytes, and what is missed least when a file was cut off.
    for asset in rows.assets_of_session(db, row.session):
        write_asset(writer, asset.hash, asset.media_type, asset.data)
    writer.close()


def _write_segments(
    db: Database,
    row: SessionRow,
    writer: ReelWriter,
    segments: list[SegmentJson],
    tabs: dict[int, int],
) -> None:
    places: dict[int, int] = {}
    for told in segments:
        number = told["document"]
        place = places.get(number, 0)
        places[number] = place + 1
        found = raw_segment(db, row.session, told["segment"])
        if found is None:
            continue
        entry = SegmentEntry(
            0, number, told["t_ms"], told["until_ms"], told["keyframe"], told["gap_before"]
        )
        raw = inflate(found.data, found.compression, MAX_RAW_BYTES)
        write_segment(writer, entry, tabs[number], place, raw)


def _session(db: Database, row: SessionRow, documents: int, with_person: bool) -> ReelSession:
    is_anonymous, traits = rows.visitor_facts(db, row.session)
    return ReelSession(
        session_id=row.session_id,
        site=row.site,
        started_at_ms=row.zero_at_ms,
        visitor_id=row.visitor_id if with_person else row.session_id,
        is_anonymous=is_anonymous or not with_person,
        person=row.person if with_person else None,
        traits=json.loads(traits) if traits and with_person else None,
        is_bot=row.bot,
        device=row.device or "",
        browser=row.browser,
        system=row.system,
        size=row.bytes,
        documents=documents,
    )


def _document(
    db: Database, stored: rows.DocumentRow, told: DocumentJson, segments: int
) -> ReelDocument:
    return ReelDocument(
        document=stored.number,
        tab=stored.tab,
        t_ms=told["t_ms"],
        until_ms=max(told["t_ms"], told["until_ms"]),
        has_replay=stored.has_replay,
        sdk_version=stored.sdk_version,
        segments=segments,
        problems=tuple(rows.problems_of(db, stored.row)),
    )


def _table(
    db: Database, row: SessionRow, stored: rows.DocumentRow, told: DocumentJson
) -> ReelTable:
    gaps = [gap for gap in gaps_of(db, row.session) if gap.document == stored.number]
    return ReelTable(
        assets=[(int(i), bytes.fromhex(h), kind) for i, (h, kind) in told["assets"].items()],
        css=[
            (int(owner), token, asset)
            for owner, tokens in told["css_assets"].items()
            for token, asset in tokens.items()
        ],
        visibility=rows.visibility_of(db, stored.row),
        gaps=[(gap.t_ms, gap.until_ms) for gap in gaps],
    )


def _page_views(db: Database, document: int) -> Iterator[tuple[int, Fact]]:
    for t_ms, fields in rows.page_view_rows(db, document):
        yield t_ms, cast(Fact, ops.PageView(**fields))  # type: ignore[arg-type]


def _facts(db: Database, document: int) -> Iterator[tuple[int, Fact]]:
    for t_ms, kind, fields in rows.fact_rows(db, document):
        code = CODES[kind]
        told = {name: fields.get(name, _UNSAID[of]) for name, of in FIELDS[code]}
        yield t_ms, cast(Fact, FACTS[code](**told))


def _is_told(fact: Fact, with_person: bool) -> bool:
    return with_person or not isinstance(fact, ops.Identify)
