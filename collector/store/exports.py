"""The rows of one whole session, as an export tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import zstandard
from sqlite_utils import Database

from collector.store.contents import MAX_CONTENT_BYTES, Content

MAX_PROBLEMS = 100
"""Problems of one document that are told on."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document load as it is stored."""

    row: int
    number: int
    tab: int
    has_replay: bool
    sdk_version: str


def visitor_facts(db: Database, session: int) -> tuple[bool, str | None]:
    """Has the visitor no id of their own; and the traits (JSON) of the person."""
    row = db.execute(
        "SELECT v.anonymous, v.traits FROM session s JOIN visitor v USING (visitor)"
        " WHERE s.session = ?",
        [session],
    ).fetchone()
    return bool(row[0]), row[1]


def document_rows(db: Database, session: int) -> list[DocumentRow]:
    """The document loads of a session in order of their numbers."""
    rows = db.execute(
        "SELECT document, number, tab, replay, sdk_version FROM document WHERE session = ?"
        " ORDER BY number",
        [session],
    )
    return [DocumentRow(row, number, tab, bool(has), sdk) for row, number, tab, has, sdk in rows]


def visibility_of(db: Database, document: int) -> list[tuple[int, int]]:
    """When a document became visible or hidden."""
    return db.execute(
        "SELECT t_ms, state FROM visibility WHERE document = ? ORDER BY t_ms, rowid", [document]
    ).fetchall()


def problems_of(db: Database, document: int) -> list[str]:
    """What was wrong with its ops."""
    rows = db.execute(
        "SELECT reason FROM problem WHERE document = ? ORDER BY problem LIMIT ?",
        [document, MAX_PROBLEMS],
    )
    return [row[0] for row in rows]


def page_view_rows(db: Database, document: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Time and fields of every page view of a document, in order."""
    rows = db.execute(
        "SELECT t_ms, url, title, referrer, route, campaign FROM page_view WHERE document = ?"
        " ORDER BY t_ms, page_view",
        [document],
    )
    names = ("url", "title", "referrer", "route")
    for t_ms, *values, campaign in rows:
        yield t_ms, {**dict(zip(names, values, strict=True)), "campaign": json.loads(campaign)}


def fact_rows(db: Database, document: int) -> Iterator[tuple[int, str, dict[str, object]]]:
    """Time, kind and fields of every other fact of a document, in order."""
    rows = db.execute(
        "SELECT t_ms, kind, fields FROM fact WHERE document = ? ORDER BY t_ms, fact", [document]
    )
    for t_ms, kind, fields in rows:
        yield t_ms, kind, json.loads(fields)


def texts_of_session(db: Database, session: int) -> Iterator[Content]:
    """Every big text that a session uses, one at a time."""
    unpack = zstandard.ZstdDecompressor()
    for text in _contents(db, session, zstd=1):
        data = unpack.decompress(text.data, max_output_size=MAX_CONTENT_BYTES)
        yield replace(text, data=data)


def assets_of_session(db: Database, session: int) -> Iterator[Content]:
    """Every asset that a session uses, one at a time."""
    return _contents(db, session, zstd=0)


def _contents(db: Database, session: int, *, zstd: int) -> Iterator[Content]:
    rows = db.execute(
        "SELECT c.hash, c.media_type, c.data FROM content c JOIN content_use u USING (content)"
        " WHERE u.session = ? AND c.zstd = ? ORDER BY c.content",
        [session, zstd],
    )
    for hash_, media_type, data in rows:
        yield Content(hash_, media_type, data)
