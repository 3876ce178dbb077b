"""The document loads that are being recorded: in go arrivals, out comes the document of each, with
its tab and its place in time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from collector.store.arrival import Arrival
from collector.store.open_sessions import MAX_REMEMBERED, OpenSession, origin_of

LATELY_MS = 60_000
"""A page that goes away sends by beacon, whose answer nobody hears; the next page asks."""
LATELY_DOCUMENTS = 3
LATELY_BATCHES = 50
CHANGES = """
UPDATE document SET last_seq = new.last_seq, asked_seq = new.asked_seq, left_seq = new.left_seq,
  replay = new.replay
FROM (SELECT json_extract(value, '$[0]') AS document, json_extract(value, '$[1]') AS last_seq,
  json_extract(value, '$[2]') AS asked_seq, json_extract(value, '$[3]') AS left_seq,
  json_extract(value, '$[4]') AS replay FROM json_each(?)) new
WHERE document.document = new.document
"""


@dataclass(slots=True)
class OpenDocument:
    """A document's row, as the next commit will write it. `unchecked`: batches that the background
    has not seen yet. `wanted`: hashes of contents that are missing."""

    row: int
    session: int
    number: int
    origin_at_ms: int
    last_seq: int
    asked_seq: int | None
    left_seq: int | None
    replay: bool
    unchecked: int = 0
    wanted: set[bytes] = field(default_factory=set)


class OpenDocuments:
    """Remembers document loads. Lives with the writer connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._documents: dict[tuple[int, str], OpenDocument] = {}
        self._clients: dict[tuple[int, str], str] = {}
        self._by_row: dict[int, OpenDocument] = {}
        self._changed: set[int] = set()

    def forget(self) -> None:
        """What is remembered may be wrong."""
        self._documents.clear()
        self._clients.clear()
        self._by_row.clear()
        self._changed.clear()

    def grew(self, document: OpenDocument, arrival: Arrival) -> bool:
        """A batch of this document was stored. True: one in front of it is missing, and the page
        should be walked anew."""
        replay = document.replay if arrival.replay is None else arrival.replay
        asks = replay and arrival.seq > document.last_seq + 1
        if asks:
            document.asked_seq = arrival.seq
        if arrival.leaves:
            document.left_seq = arrival.seq
        document.replay = document.replay or replay
        document.last_seq = max(document.last_seq, arrival.seq)
        document.unchecked += bool(arrival.ops)
        self._changed.add(document.row)
        return asks

    def checked(self, row: int, wanted: set[bytes]) -> None:
        """One more batch of this document was checked; `wanted`: what is still missing."""
        document = self._by_row.get(row)
        if document is not None:
            document.unchecked = max(0, document.unchecked - 1)
            document.wanted = wanted

    def got(self, rows: Iterable[int], hash_: bytes) -> None:
        """These documents no longer wait for a content."""
        for row in rows:
            if row in self._by_row:
                self._by_row[row].wanted.discard(hash_)

    def flush(self) -> bool:
        """Writes what changed. True: so much is remembered that all should be forgotten."""
        if not self._changed:
            return False
        changed = [self._by_row[row] for row in self._changed]
        self._db.conn.execute(CHANGES, [json.dumps([_place(document) for document in changed])])
        self._changed.clear()
        return len(self._documents) > MAX_REMEMBERED

    def find(self, session: OpenSession, document_id: str) -> OpenDocument | None:
        """A document load of this session, if anything of it has come."""
        known = self._documents.get((session.row, document_id))
        return known or self._load(session, document_id)

    def _load(self, session: OpenSession, document_id: str) -> OpenDocument | None:
        row = self._db.execute(
            "SELECT document, session, number, origin_at_ms, last_seq, asked_seq, left_seq, replay"
            " FROM document WHERE session = ? AND document_id = ?",
            [session.row, document_id],
        ).fetchone()
        if row is None:
            return None
        document = OpenDocument(*row)
        document.replay = bool(document.replay)
        wanted = self._db.execute(
            "SELECT hash FROM content_wanted WHERE document = ?", [document.row]
        )
        document.wanted = {found[0] for found in wanted}
        self._remember(document, document_id)
        return document

    def _remember(self, document: OpenDocument, document_id: str) -> None:
        self._documents[(document.session, document_id)] = document
        self._by_row[document.row] = document

    def make(self, session: OpenSession, arrival: Arrival, client_id: str) -> OpenDocument:
        """A document load of which this is the first batch, sent by this client: its place in time
        is fixed now."""
        origin_at_ms, skewed = origin_of(arrival)
        arrival = self._completed(arrival, client_id)
        number, tab = self._number_and_tab(session, arrival)
        replay = arrival.replay or False
        row = self._db.execute(
            "INSERT INTO document (session, number, document_id, tab, client_tab, origin_at_ms,"
            " client_origin_ms, skewed, last_seq, replay, sdk_version, client_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, -1, ?, ?, ?)",
            [session.row, number, arrival.document_id, tab,
             arrival.client_tab or arrival.document_id, origin_at_ms, arrival.client_origin_ms or 0,
             int(skewed), int(replay), arrival.sdk_version, client_id],
        ).lastrowid or 0  # fmt: skip
        document = OpenDocument(row, session.row, number, origin_at_ms, -1, None, None, replay)
        self._remember(document, arrival.document_id)
        self._clients[arrival.site, arrival.document_id] = client_id
        return document

    def _completed(self, arrival: Arrival, client_id: str) -> Arrival:
        """With what an earlier session, of which this one is the continuation, knows of it."""
        if arrival.client_origin_ms is not None:
            return arrival
        row = self._db.execute(
            "SELECT client_tab, client_origin_ms, sdk_version, replay FROM document"
            " WHERE document_id = ? AND client_id = ? ORDER BY document DESC LIMIT 1",
            [arrival.document_id, client_id],
        ).fetchone()
        if row is None:
            return arrival
        tab, origin_ms, sdk_version, recorded = row
        return replace(
            arrival,
            client_tab=tab,
            client_origin_ms=origin_ms,
            sdk_version=sdk_version,
            replay=bool(recorded),
        )

    def client_of(self, arrival: Arrival) -> str | None:
        """The client's session id that an earlier batch of this document load named."""
        key = (arrival.site, arrival.document_id)
        if key not in self._clients:
            row = self._db.execute(
                "SELECT d.client_id FROM document d JOIN session s USING (session)"
                " WHERE d.document_id = ? AND s.site = ? AND d.client_id IS NOT NULL"
                " ORDER BY d.document DESC LIMIT 1",
                [arrival.document_id, arrival.site],
            ).fetchone()
            if row is None:
                return None
            self._clients[key] = row[0]
        return self._clients[key]

    def lately(self, document: OpenDocument, arrival: Arrival) -> tuple[str, ...]:
        """Keys of batches that the pages before this one of the same session have just sent."""
        rows = self._db.execute(
            "SELECT d.document_id, b.seq FROM (SELECT document, document_id FROM document"
            " WHERE session = ? AND document <> ? ORDER BY document DESC LIMIT ?) d"
            " JOIN batch b USING (document) WHERE b.received_at_ms > ?"
            " ORDER BY b.batch DESC LIMIT ?",
            [document.session, document.row, LATELY_DOCUMENTS,
             arrival.received_at_ms - LATELY_MS, LATELY_BATCHES],
        )  # fmt: skip
        return tuple(f"{document_id}.{seq}" for document_id, seq in rows)

    def _number_and_tab(self, session: OpenSession, arrival: Arrival) -> tuple[int, int]:
        """Both count from 1 in order of appearance. Without a lasting tab id a page goes on in the
        tab of the page that led to it."""
        number, next_tab, tab = self._db.execute(
            "SELECT coalesce(max(number), 0) + 1, coalesce(max(tab), 0) + 1,"
            " min(CASE WHEN client_tab = ? THEN tab END) FROM document WHERE session = ?",
            [arrival.client_tab or arrival.document_id, session.row],
        ).fetchone()
        referrer = next((v.referrer for v in arrival.page_views if not v.route), "")
        if tab is None and arrival.visitor_id is None and referrer:
            row = self._db.execute(
                "SELECT d.tab FROM page_view p JOIN document d USING (document)"
                " WHERE p.session = ? AND p.url = ? ORDER BY p.at_ms DESC LIMIT 1",
                [session.row, referrer],
            ).fetchone()
            tab = row[0] if row else None
        return number, next_tab if tab is None else tab


def _place(document: OpenDocument) -> tuple[int, int, int | None, int | None, int]:
    """What `CHANGES` takes of a document."""
    replay = int(document.replay)
    return document.row, document.last_seq, document.asked_seq, document.left_seq, replay
