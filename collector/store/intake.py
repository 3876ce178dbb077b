"""Arrivals in, rows out: stores each batch once, with its facts. Runs in the writer's
transaction."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace

import orjson
from sqlite_utils import Database

from collector.store.arrival import Arrival, ArrivedAsset, Refused, Taken
from collector.store.contents import is_known, keep_asset, want
from collector.store.new_rows import NewRows
from collector.store.open_documents import OpenDocument, OpenDocuments
from collector.store.open_sessions import ERASED, FOREIGN, OpenSession, OpenSessions
from collector.store.visitors import is_erased

UNKNOWN_DOCUMENT = Refused(
    "unknown_document", "nothing of this document load is here: begin another one"
)
CONFLICT = Refused("conflict", "another batch has this number already: the first one stays")


class Intake:
    """Remembers the sessions and documents that are being recorded, so that a batch costs one
    insert, and makes it together with the others of the transaction. Lives with the writer
    connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows = NewRows(db)
        self._sessions = OpenSessions(db)
        self._documents = OpenDocuments(db)

    def forget(self) -> None:
        """What is remembered may be wrong: after a rollback, an erasure, a repair."""
        self._rows.forget()
        self._sessions.forget()
        self._documents.forget()

    def take(self, arrival: Arrival) -> Taken | Refused:
        """Stores a batch once. Nothing is written when it is refused, but for the count of
        conflicts."""
        client = arrival.client_session_id or self._documents.client_of(arrival)
        if client is None:
            return UNKNOWN_DOCUMENT
        if arrival.visitor_id is None and arrival.page_views:
            # The page that led to this one may wait, and it tells session and tab.
            self._rows.write()
        session = self._sessions.of(arrival, client)
        if isinstance(session, Refused):
            return session
        earlier = self._earlier_copy(session, arrival) if session.continues else None
        if earlier is not None:
            return earlier
        document = self._documents.find(session, arrival.document_id)
        if document is not None:
            return self._store(session, document, arrival)
        if self._rows.holds(session.row):
            self._rows.write()
        document = self._documents.make(session, arrival, client)
        taken = self._store(session, document, arrival)
        if isinstance(taken, Taken) and arrival.visitor_id and document.number > 1:
            return replace(taken, have=self._documents.lately(document, arrival))
        return taken

    def take_asset(self, asset: ArrivedAsset) -> Taken | Refused:
        """Stores an asset's bytes once a site, and notes that this session uses them."""
        client = self._sessions.client(asset.client_session_id)
        if client is None:
            if is_erased(self._db, asset.site, asset.client_session_id):
                return ERASED
            return Refused("unknown_session", "send a batch of this session first", retry_after_s=2)
        row, secret_hash = client
        session = self._sessions.get(row)
        if session.site != asset.site or not hmac.compare_digest(secret_hash, asset.secret_hash):
            return FOREIGN
        waited = keep_asset(self._db, session.row, asset)
        if isinstance(waited, Refused):
            return waited
        self._documents.got(waited, asset.hash)
        return Taken(session.session_id, has_ops=False)

    def checked(self, document: int, wanted: set[bytes]) -> None:
        """One more batch of this document was checked; `wanted`: the hashes that are still
        missing."""
        self._documents.checked(document, wanted)

    def got(self, documents: Iterable[int], hash_: bytes) -> None:
        """These documents no longer wait for a content."""
        self._documents.got(documents, hash_)

    def forget_old_salts(self, now_ms: int) -> None:
        """Yesterday's visits can no longer be told from each other."""
        self._sessions.forget_old_salts(now_ms)

    def flush(self) -> None:
        """Writes what changed in sessions and documents; call it before the commit."""
        self._rows.write()
        if self._sessions.flush() | self._documents.flush():
            self.forget()

    def _earlier_copy(self, session: OpenSession, arrival: Arrival) -> Taken | Refused | None:
        """A retry of a batch that was stored before its session was rotated."""
        if session.continues is not None and self._rows.holds(session.continues):
            self._rows.write()
        row = self._db.execute(
            "SELECT b.digest FROM session n JOIN document d ON d.session = n.continues"
            " JOIN batch b USING (document) WHERE n.session = ? AND d.document_id = ?"
            " AND b.seq = ?",
            [session.row, arrival.document_id, arrival.seq],
        ).fetchone()
        if row is None:
            return None
        return Taken(session.session_id, has_ops=False) if row[0] == arrival.digest else CONFLICT

    def _store(
        self, session: OpenSession, document: OpenDocument, arrival: Arrival
    ) -> Taken | Refused:
        shift = document.origin_at_ms - session.zero_at_ms
        t_ms = shift + arrival.t_ms
        until_ms = max([t_ms, *(shift + fact.t_ms for fact in arrival.facts)])
        has_ops = bool(arrival.ops)
        if arrival.seq <= document.last_seq and self._is_there(document, arrival.seq):
            return self._second_copy(session, document, arrival)
        self._rows.batch(
            session.row,
            (document.row, arrival.seq, arrival.digest, arrival.received_at_ms, arrival.sent_t_ms,
             t_ms, until_ms, arrival.compression, arrival.path, int(not has_ops),
             arrival.ops if has_ops else None),
        )  # fmt: skip
        need = self._need(session, document, arrival)
        asks = self._documents.grew(document, arrival)
        self._sessions.grew(session, arrival, t_ms, until_ms)
        self._store_facts(session, document, arrival, shift)
        return Taken(session.session_id, has_ops, need, asks)

    def _is_there(self, document: OpenDocument, seq: int) -> bool:
        """Was a batch of this number stored, or does it wait? Numbers above the last are new."""
        if self._rows.holds(document.session):
            self._rows.write()
        found = self._db.execute(
            "SELECT 1 FROM batch WHERE document = ? AND seq = ?", [document.row, seq]
        )
        return found.fetchone() is not None

    def _second_copy(
        self, session: OpenSession, document: OpenDocument, arrival: Arrival
    ) -> Taken | Refused:
        row = self._db.execute(
            "SELECT digest FROM batch WHERE document = ? AND seq = ?", [document.row, arrival.seq]
        ).fetchone()
        if row[0] != arrival.digest:
            self._db.execute(
                "UPDATE site SET conflicts = conflicts + 1 WHERE site = ?", [arrival.site]
            )
            return CONFLICT
        # The answer to the first copy may have been lost: ask for the same again.
        need = self._need(session, document, arrival)
        return Taken(
            session.session_id, has_ops=False, need=need, snapshot=arrival.seq == document.asked_seq
        )

    def _need(
        self, session: OpenSession, document: OpenDocument, arrival: Arrival
    ) -> tuple[bytes, ...]:
        for hash_ in arrival.references:
            # While earlier batches of this document are unchecked, one of them may carry it: the
            # check will tell.
            if not document.unchecked and not is_known(self._db, session.site, session.row, hash_):
                document.wanted.add(hash_)
                want(self._db, document.row, hash_)
        return tuple(sorted(document.wanted))

    def _store_facts(
        self, session: OpenSession, document: OpenDocument, arrival: Arrival, shift: int
    ) -> None:
        for view in arrival.page_views:
            self._rows.page_view(
                (session.row, document.row, shift + view.t_ms, document.origin_at_ms + view.t_ms,
                 view.url, view.title, view.referrer, view.route, _as_json(view.campaign))
            )  # fmt: skip
        for fact in arrival.facts:
            self._rows.fact(
                (session.row, document.row, shift + fact.t_ms, fact.kind, fact.text,
                 _as_json(fact.fields))
            )  # fmt: skip
        for bad in arrival.bad_facts:
            self._db.conn.execute(
                "INSERT INTO problem (session, document, seq, op_index, reason, evidence,"
                " found_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session.row, document.row, arrival.seq, bad.op_index, bad.reason, bad.evidence,
                 arrival.received_at_ms),
            )  # fmt: skip
        if arrival.person is not None:
            self._db.execute(
                "UPDATE visitor SET person = ?, traits = ? WHERE visitor = ?",
                [arrival.person, arrival.traits, session.visitor],
            )
            # The index has to hear of it: what is packed again is indexed again.
            self._db.execute(
                "UPDATE session SET person = ?, packed = 0 WHERE visitor = ? AND person IS NOT ?",
                [arrival.person, session.visitor, arrival.person],
            )


def _as_json(fields: Mapping[str, object]) -> str:
    return orjson.dumps(fields).decode()
