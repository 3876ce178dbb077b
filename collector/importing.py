"""A portable recording into the store: in goes a `.reel` file, out come its session's id and what
of it could not be read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from collector.address import plain_line
from collector.arrivals import MAX_WORD, plain_map, stored_fact
from collector.device import DEVICE_CLASSES, Device, DeviceClass
from collector.store import imports as rows
from collector.store.contents import Content
from collector.store.database import Database, StoreError
from collector.store.recordings import NewSegment
from collector.store.sessions import session_by_id
from collector.store.sites import Site, UnknownSite, add_site, all_sites, site_named
from collector.store.visitors import is_erased
from replay.errors import ReplayError
from replay.reel import read_body
from replay.reel_parts import (
    ReelSession,
    ReelTable,
)
from replay.reel_read import Reel, ReelSegment, content_of, facts_of, read_reel
from replay.wire import content_hash, section_contents

OTHER_SITE = "Imported"
MAX_RAW_BYTES = 64 << 20
MAX_CONTENT_BYTES = 8 << 20
MAX_TOLD = 200
"""Lines about what can't be read."""


class NotImported(StoreError):
    """Nothing of the file can be kept; the message is for the person at the command line."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A session that is here now. `is_new`: it was not before. `problems`: what of the file can't
    be read, a line each."""

    session_id: str
    site: str
    is_new: bool
    problems: tuple[str, ...]


def import_file(db: Database, path: Path, site_name: str, now_ms: int) -> Imported:
    """Stores the session of a `.reel` file, in the caller's transaction. A session that is here
    already stays as it is. Raises `StoreError` when nothing can be kept."""
    if path.is_dir():
        raise NotImported(f"{path} is a folder, no file")
    if not path.is_file():
        raise NotImported(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            return _Import(db, file, now_ms).run(site_name)
    except OSError as error:
        raise NotImported(f"{path}: {error.strerror}") from error
    except ReplayError as error:
        raise NotImported(f"{path}: {error}") from error


class _Import:
    """One file on its way into the store."""

    def __init__(self, db: Database, file: BinaryIO, now_ms: int) -> None:
        self._db = db
        self._file = file
        self._now_ms = now_ms
        self._reel = read_reel(file)
        self._problems = self._reel.problems

    def run(self, site_name: str) -> Imported:
        reel = self._reel
        if reel.is_empty:
            raise NotImported(f"nothing of it can be read: {'; '.join(self._problems[:3])}")
        chosen = site_named(self._db, site_name) if site_name else None
        session = reel.session or _nameless(reel, self._now_ms)
        known = session_by_id(self._db, session.session_id)
        if known is not None:
            return Imported(known.session_id, known.site, False, ())
        ids = (session.session_id, session.visitor_id)
        if any(is_erased(self._db, site.site, *ids) for site in all_sites(self._db)):
            raise NotImported(f"session {session.session_id} was erased here, for good")
        site = chosen or self._site(session.site)
        row = self._store(site, session)
        self._store_contents(site, row)
        return Imported(session.session_id, site.name, True, self._told())

    def _site(self, its_own: str) -> Site:
        for candidate in (its_own, OTHER_SITE):
            try:
                return site_named(self._db, candidate)
            except UnknownSite:
                continue
        return add_site(self._db, OTHER_SITE, [], dev=False, now_ms=self._now_ms)

    def _store(self, site: Site, session: ReelSession) -> int:
        documents = self._reel.documents
        new = rows.ImportedSession(
            session_id=session.session_id,
            site=site.site,
            visitor_id=session.visitor_id,
            is_anonymous=session.is_anonymous,
            person=plain_line(session.person, MAX_WORD) if session.person is not None else None,
            traits=json.dumps(plain_map(session.traits)) if session.traits is not None else None,
            is_bot=session.is_bot,
            device=_device(session),
            zero_at_ms=session.started_at_ms,
            t_ms=min([0, *(document.t_ms for document in documents.values())]),
            until_ms=max([0, *(document.until_ms for document in documents.values())]),
            size=session.size,
        )
        row = rows.add_session(self._db, new, self._now_ms)
        for number in documents:
            self._store_document(row, session.started_at_ms, number)
        return row

    def _store_document(self, session: int, zero_at_ms: int, number: int) -> None:
        found = self._reel.documents[number]
        table = self._reel.tables.get(number, ReelTable())
        gaps = [(gap.t_ms, gap.until_ms) for gap in self._reel.gaps.get(number, ())]
        new = rows.ImportedDocument(
            number=number,
            tab=found.tab,
            t_ms=found.t_ms,
            until_ms=found.until_ms,
            has_replay=found.has_replay,
            sdk_version=plain_line(found.sdk_version, MAX_WORD),
            gaps=gaps,
            visibility=table.visibility,
            assets=table.assets,
            css=table.css,
        )
        row = rows.add_document(self._db, session, zero_at_ms, new, self._now_ms)
        before = len(self._problems)
        self._store_facts(session, row, zero_at_ms, number)
        segments = [segment for segment in self._reel.segments if segment.entry.document == number]
        self._store_segments(row, segments)
        reasons = [plain_line(line, 500) for line in found.problems] + self._problems[before:]
        rows.add_problems(self._db, session, row, reasons, self._now_ms)

    def _store_facts(self, session: int, document: int, zero_at_ms: int, number: int) -> None:
        for part in self._reel.facts:
            if part.document != number:
                continue
            try:
                timed, problems = facts_of(self._file, part)
            except ReplayError as error:
                timed, problems = [], [error.message]
            self._problems += [f"document {number}, facts: {problem}" for problem in problems]
            stored = [stored_fact(t_ms, fact) for t_ms, fact in timed]
            rows.add_facts(self._db, session, document, zero_at_ms, stored)

    def _store_segments(self, document: int, segments: list[ReelSegment]) -> None:
        place = 0
        gap_before = False
        for found in segments:
            entry = found.entry
            try:
                raw = read_body(self._file, found.part, MAX_RAW_BYTES)
                named = section_contents(raw)[1]
            except ReplayError as error:
                where = f"document {entry.document}: segment {found.place + 1}"
                self._problems.append(f"{where}: {error.message}")
                gap_before = True
                continue
            new = NewSegment(
                first_seq=place,
                last_seq=place,
                t_ms=entry.t_ms,
                until_ms=entry.until_ms,
                keyframe=entry.keyframe,
                keyframe_ops=0,
                gap_before=entry.gap_before or gap_before,
                parts=((place, 0),),
                contents=tuple(dict.fromkeys(named)),
                raw=raw,
            )
            rows.add_segment(self._db, document, new)
            place += 1
            gap_before = False

    def _store_contents(self, site: Site, session: int) -> None:
        texts = [(True, hash_, part, "text/plain") for hash_, part in self._reel.texts.items()]
        assets = [(False, hash_, part, kind) for hash_, (part, kind) in self._reel.assets.items()]
        for is_text, hash_, part, media_type in [*texts, *assets]:
            try:
                data = content_of(self._file, hash_, part, MAX_CONTENT_BYTES)
            except ReplayError as error:
                what = "text" if is_text else "asset"
                self._problems.append(f"{what} {hash_.hex()}: {error.message}")
                continue
            content = Content(hash_, media_type, data)
            rows.add_content(self._db, site.site, session, is_text, content, self._now_ms)

    def _told(self) -> tuple[str, ...]:
        more = len(self._problems) - MAX_TOLD
        rest = (f"and {more} more",) if more > 0 else ()
        return (*(line[:300] for line in self._problems[:MAX_TOLD]), *rest)


def _device(session: ReelSession) -> Device:
    known = session.device in DEVICE_CLASSES
    device = session.device if known else "bot" if session.is_bot else "other"
    words = (plain_line(word, MAX_WORD) for word in (session.browser, session.system))
    return Device(cast(DeviceClass, device), *words)


def _nameless(reel: Reel, now_ms: int) -> ReelSession:
    """What stands for the session's own facts when they are lost: the same for the same file."""
    parts = [*(found.part for found in reel.segments), *(found.part for found in reel.facts)]
    name = f"reel-{content_hash(b''.join(part.digest for part in parts)).hex()}"
    until_ms = max(document.until_ms for document in reel.documents.values())
    started = max(0, now_ms - max(0, until_ms))
    return ReelSession(name, OTHER_SITE, started, name, True, documents=len(reel.documents))
