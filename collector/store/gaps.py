"""Gaps: in go the numbers of the batches that came, out come the times that nothing is known of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Gap:
    """From the last op in front of the missing batch to the next start of the document, or to the
    last that is known of it."""

    t_ms: int
    until_ms: int
    tab: int
    document: int
    """Its number in the session."""


@dataclass(frozen=True, slots=True)
class _Came:
    seq: int
    t_ms: int
    until_ms: int
    has_document: bool


def gaps_of(db: Database, session: int) -> list[Gap]:
    """The gaps of a session, in order. Batches that could not be read count as missing; facts-only
    recordings have none."""
    incomplete = db.execute(
        "SELECT d.document, d.number, d.tab FROM document d JOIN batch b USING (document)"
        " WHERE d.session = ? AND b.unreadable = 0 GROUP BY d.document"
        " HAVING count(*) <= max(b.seq) AND d.replay",
        [session],
    ).fetchall()
    found = [
        gap
        for document, number, tab in incomplete
        for gap in _gaps(_batches(db, document), tab, number)
    ]
    return sorted(found, key=lambda gap: (gap.t_ms, gap.until_ms))


def _batches(db: Database, document: int) -> list[_Came]:
    rows = db.execute(
        "SELECT seq, t_ms, until_ms, has_document FROM batch"
        " WHERE document = ? AND unreadable = 0 ORDER BY seq",
        [document],
    )
    return [_Came(seq, t_ms, until_ms, bool(has)) for seq, t_ms, until_ms, has in rows]


def _gaps(batches: list[_Came], tab: int, number: int) -> list[Gap]:
    found: list[Gap] = []
    begin: int | None = None
    last_ms = batches[0].t_ms
    next_seq = 0
    for batch in batches:
        if batch.seq != next_seq and begin is None:
            begin = last_ms
        if begin is not None and batch.has_document:
            found.append(Gap(begin, max(begin, batch.t_ms), tab, number))
            begin = None
        next_seq = batch.seq + 1
        last_ms = max(last_ms, batch.until_ms)
    if begin is not None:
        found.append(Gap(begin, last_ms, tab, number))
    return found
