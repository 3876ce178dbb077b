"""Arrivals in, rows out: finds or makes the session and the document of each batch and stores it
once. Runs in the writer's transaction."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field

from sqlite_utils import Database

from collector.store.arrival import Arrival, ArrivedAsset, Refused, Taken
from collector.store.contents import is_known, keep_asset, want
from collector.store.salts import JOIN_WINDOW_MS, VisitKeys
from collector.store.visitors import is_erased

MAX_REMEMBERED = 20_000
MAX_SESSION_BYTES = 300 << 20
MAX_SESSION_MS = 24 * 3600 * 1000
MAX_AGE_MS = 48 * 3600 * 1000
"""An op this much older than its arrival has a broken clock behind it."""
MAX_AHEAD_MS = 5_000

FOREIGN = Refused("foreign_session", "this session belongs to another writer: make a new one")
ERASED = Refused("erased", "this visitor's data was erased: nothing more of it is kept")
CONFLICT = Refused("conflict", "another batch has this number already: the first one stays")


@dataclass(slots=True)
class _Session:
    row: int
    session_id: str
    site: int
    visitor: int
    anonymous: bool
    zero_at_ms: int
    last_received_at_ms: int
    t_ms: int
    until_ms: int
    bytes: int
    continues: int | None


@dataclass(slots=True)
class _Document:
    row: int
    session: int
    origin_at_ms: int
    last_seq: int
    asked_seq: int | None
    left_seq: int | None
    replay: bool
    unchecked: int = 0
    wanted: set[bytes] = field(default_factory=set)


class Intake:
    """Remembers the sessions and documents that are being recorded, so that a batch costs one
    insert. Lives with the writer connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys = VisitKeys(db)
        self._clients: dict[str, tuple[int, bytes]] = {}
        self._sessions: dict[int, _Session] = {}
        self._documents: dict[tuple[int, str], _Document] = {}
        self._by_row: dict[int, _Document] = {}
        self._changed_sessions: set[int] = set()
        self._changed_documents: set[int] = set()

    def forget(self) -> None:
        """What is remembered may be wrong: after a rollback, an erasure, a repair."""
        self._clients.clear()
        self._sessions.clear()
        self._documents.clear()
        self._by_row.clear()
        self._changed_sessions.clear()
        self._changed_documents.clear()
        self._keys.forget()

    def take(self, arrival: Arrival) -> Taken | Refused:
        """Stores a batch once. Nothing is written when it is refused, but for the count of
        conflicts."""
        session = self._session_of(arrival)
        if isinstance(session, Refused):
            return session
        document = self._documents.get((session.row, arrival.document_id))
        if document is None:
            document = self._load_document(session, arrival.document_id)
        earlier = self._earlier_copy(session, arrival) if session.continues else None
        if earlier is not None:
            return earlier
        if document is None:
            document = self._new_document(session, arrival)
        return self._store(session, document, arrival)

    def take_asset(self, asset: ArrivedAsset) -> Taken | Refused:
        """Stores an asset's bytes once a site, and notes that this session uses them."""
        client = self._client(asset.client_session_id)
        if client is None:
            if is_erased(self._db, asset.site, asset.client_session_id):
                return ERASED
            return Refused("unknown_session", "send a batch of this session first", retry_after_s=2)
        row, secret_hash = client
        session = self._sessions.get(row) or self._load_session(row)
        if session.site != asset.site or not hmac.compare_digest(secret_hash, asset.secret_hash):
            return FOREIGN
        refused = keep_asset(self._db, session.row, asset)
        if refused:
            return refused
        for document in self._documents.values():
            document.wanted.discard(asset.hash)
        return Taken(session.session_id, 0)

    def checked(self, document: int, wanted: set[bytes]) -> None:
        """One more batch of this document was checked; `wanted`: the hashes that are still
        missing."""
        known = self._by_row.get(document)
        if known is not None:
            known.unchecked = max(0, known.unchecked - 1)
            known.wanted = wanted

    def forget_old_salts(self, now_ms: int) -> None:
        """Yesterday's visits can no longer be told from each other."""
        self._keys.forget_old(now_ms)

    def flush(self) -> None:
        """Writes what changed in sessions and documents; call it before the commit."""
        sessions = [self._sessions[row] for row in self._changed_sessions]
        documents = [self._by_row[row] for row in self._changed_documents]
        self._db.conn.executemany(
            "UPDATE session SET last_received_at_ms = ?, bytes = ?, packed = 0,"
            " t_ms = min(t_ms, ?), until_ms = max(until_ms, ?) WHERE session = ?",
            [(s.last_received_at_ms, s.bytes, s.t_ms, s.until_ms, s.row) for s in sessions],
        )
        self._db.conn.executemany(
            "UPDATE document SET last_seq = ?, asked_seq = ?, left_seq = ?, replay = ?"
            " WHERE document = ?",
            [(d.last_seq, d.asked_seq, d.left_seq, int(d.replay), d.row) for d in documents],
        )
        self._changed_sessions.clear()
        self._changed_documents.clear()
        if len(self._documents) > MAX_REMEMBERED or len(self._clients) > MAX_REMEMBERED:
            self.forget()

    # --- sessions ------------------------------------------------------------

    def _client(self, client_id: str) -> tuple[int, bytes] | None:
        client = self._clients.get(client_id)
        if client is None:
            client = self._db.execute(
                "SELECT session, secret_hash FROM client_session WHERE client_id = ?", [client_id]
            ).fetchone()
            if client is not None:
                self._clients[client_id] = client
        return client

    def _session_of(self, arrival: Arrival) -> _Session | Refused:
        client = self._client(arrival.client_session_id)
        if client is None:
            return self._new_client(arrival)
        row, secret_hash = client
        session = self._sessions.get(row) or self._load_session(row)
        # Trust on first use: whoever named the session first holds its secret.
        if session.site != arrival.site:
            return FOREIGN
        if not hmac.compare_digest(secret_hash, arrival.secret_hash):
            return FOREIGN
        if arrival.visitor_id is not None and session.anonymous:
            if is_erased(self._db, arrival.site, arrival.visitor_id):
                return ERASED
            self._name_visitor(session, arrival.visitor_id)
        too_long = arrival.received_at_ms - session.zero_at_ms > MAX_SESSION_MS
        if session.bytes > MAX_SESSION_BYTES or too_long:
            return self._rotate(session, arrival)
        return session

    def _load_session(self, row: int) -> _Session:
        found = self._db.execute(
            "SELECT s.session, s.session_id, s.site, s.visitor, v.anonymous,"
            " s.zero_at_ms, s.last_received_at_ms, s.t_ms, s.until_ms, s.bytes, s.continues"
            " FROM session s JOIN visitor v USING (visitor) WHERE s.session = ?",
            [row],
        ).fetchone()
        session = _Session(*found)
        self._sessions[row] = session
        return session

    def _new_client(self, arrival: Arrival) -> _Session | Refused:
        client_id = arrival.client_session_id
        if is_erased(self._db, arrival.site, arrival.visitor_id, client_id):
            return ERASED
        session = self._joined_session(arrival) or self._new_session(arrival, client_id, None)
        self._db.execute(
            "INSERT INTO client_session (client_id, session, secret_hash) VALUES (?, ?, ?)",
            [client_id, session.row, arrival.secret_hash],
        )
        self._clients[client_id] = (session.row, arrival.secret_hash)
        return session

    def _new_session(
        self, arrival: Arrival, session_id: str, continues: _Session | None
    ) -> _Session:
        origin_at_ms, _ = origin_of(arrival)
        key = None
        if arrival.visitor_id is None:
            key = self._keys.today(
                arrival.received_at_ms, arrival.site, arrival.address, arrival.user_agent
            )
        if continues is None:
            # A cookieless visitor is one session, and has its id.
            anonymous = arrival.visitor_id is None
            visitor = self._visitor(arrival.site, arrival.visitor_id or session_id, anonymous)
        else:
            visitor = continues.visitor
        person = self._db.execute("SELECT person FROM visitor WHERE visitor = ?", [visitor])
        zero = origin_at_ms + arrival.t_ms
        row = self._db.execute(
            "INSERT INTO session (session_id, site, visitor, zero_at_ms, first_received_at_ms,"
            " last_received_at_ms, t_ms, until_ms, person, visit_key, ip_net, user_agent, bot,"
            " continues) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?)",
            [session_id, arrival.site, visitor, zero, arrival.received_at_ms,
             arrival.received_at_ms, person.fetchone()[0], key, arrival.ip_net,
             arrival.user_agent, int(arrival.is_bot), continues.row if continues else None],
        ).lastrowid  # fmt: skip
        return self._load_session(row or 0)

    def _visitor(self, site: int, visitor_id: str, anonymous: bool) -> int:
        self._db.execute(
            "INSERT INTO visitor (site, visitor_id, anonymous) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [site, visitor_id, int(anonymous)],
        )
        row: tuple[int] = self._db.execute(
            "SELECT visitor FROM visitor WHERE site = ? AND visitor_id = ?", [site, visitor_id]
        ).fetchone()
        return row[0]

    def _name_visitor(self, session: _Session, visitor_id: str) -> None:
        """A cookieless session whose visitor has consented since: its placeholder gives way to the
        visitor."""
        placeholder = session.visitor
        session.visitor = self._visitor(session.site, visitor_id, anonymous=False)
        session.anonymous = False
        self._db.execute(
            "UPDATE session SET visitor = ?, visit_key = NULL WHERE visitor = ?",
            [session.visitor, placeholder],
        )
        self._db.execute("DELETE FROM visitor WHERE visitor = ?", [placeholder])

    def _joined_session(self, arrival: Arrival) -> _Session | None:
        """The session that a cookieless visitor came from: same daily hash, and the referrer is one
        of its pages of the last 30 min."""
        referrer = next((v.referrer for v in arrival.page_views if not v.route), "")
        if arrival.visitor_id is not None or not referrer:
            return None
        keys = self._keys.joinable(
            arrival.received_at_ms, arrival.site, arrival.address, arrival.user_agent
        )
        row = self._db.execute(
            "SELECT p.session FROM session s JOIN page_view p USING (session)"
            " WHERE s.visit_key IN (?, ?) AND s.site = ? AND p.url = ? AND p.at_ms BETWEEN ? AND ?"
            " ORDER BY p.at_ms DESC LIMIT 1",
            [keys[0], keys[-1], arrival.site, referrer,
             arrival.received_at_ms - JOIN_WINDOW_MS, arrival.received_at_ms + MAX_AHEAD_MS],
        ).fetchone()  # fmt: skip
        return (self._sessions.get(row[0]) or self._load_session(row[0])) if row else None

    def _rotate(self, session: _Session, arrival: Arrival) -> _Session:
        """A session that has grown too large or too long goes on in a new one, linked to it."""
        new = self._new_session(arrival, secrets.token_urlsafe(18), session)
        self._db.execute(
            "UPDATE client_session SET session = ? WHERE session = ?", [new.row, session.row]
        )
        self._clients.clear()
        return new

    # --- documents and batches -----------------------------------------------

    def _load_document(self, session: _Session, document_id: str) -> _Document | None:
        row = self._db.execute(
            "SELECT document, session, origin_at_ms, last_seq, asked_seq, left_seq, replay"
            " FROM document WHERE session = ? AND document_id = ?",
            [session.row, document_id],
        ).fetchone()
        if row is None:
            return None
        document = _Document(*row)
        document.replay = bool(document.replay)
        wanted = self._db.execute(
            "SELECT hash FROM content_wanted WHERE document = ?", [document.row]
        )
        document.wanted = {found[0] for found in wanted}
        self._remember(document, document_id)
        return document

    def _remember(self, document: _Document, document_id: str) -> None:
        self._documents[(document.session, document_id)] = document
        self._by_row[document.row] = document

    def _earlier_copy(self, session: _Session, arrival: Arrival) -> Taken | Refused | None:
        """A retry of a batch that was stored before its session was rotated."""
        row = self._db.execute(
            "SELECT b.digest FROM session n JOIN document d ON d.session = n.continues"
            " JOIN batch b USING (document) WHERE n.session = ? AND d.document_id = ?"
            " AND b.seq = ?",
            [session.row, arrival.document_id, arrival.seq],
        ).fetchone()
        if row is None:
            return None
        return Taken(session.session_id, 0) if row[0] == arrival.digest else CONFLICT

    def _new_document(self, session: _Session, arrival: Arrival) -> _Document:
        origin_at_ms, skewed = origin_of(arrival)
        self._db.execute(
            "INSERT INTO document (session, number, document_id, tab, client_tab, origin_at_ms,"
            " client_origin_ms, skewed, last_seq, replay, sdk_version) VALUES (?,"
            " (SELECT coalesce(max(number), 0) + 1 FROM document WHERE session = ?),"
            " ?, ?, ?, ?, ?, ?, -1, ?, ?)",
            [session.row, session.row, arrival.document_id, self._tab(session, arrival),
             arrival.client_tab, origin_at_ms, arrival.client_origin_ms, int(skewed),
             int(arrival.replay), arrival.sdk_version],
        )  # fmt: skip
        document = self._load_document(session, arrival.document_id)
        if document is None:
            raise LookupError(f"document {arrival.document_id} vanished")
        return document

    def _tab(self, session: _Session, arrival: Arrival) -> int:
        """Tabs count from 1 in order of appearance. Without a lasting tab id a page goes on in the
        tab of the page that led to it."""
        row = self._db.execute(
            "SELECT tab FROM document WHERE session = ? AND client_tab = ? LIMIT 1",
            [session.row, arrival.client_tab],
        ).fetchone()
        referrer = next((v.referrer for v in arrival.page_views if not v.route), "")
        if row is None and arrival.visitor_id is None and referrer:
            row = self._db.execute(
                "SELECT d.tab FROM page_view p JOIN document d USING (document)"
                " WHERE p.session = ? AND p.url = ? ORDER BY p.at_ms DESC LIMIT 1",
                [session.row, referrer],
            ).fetchone()
        if row is None:
            row = self._db.execute(
                "SELECT coalesce(max(tab), 0) + 1 FROM document WHERE session = ?", [session.row]
            ).fetchone()
        return int(row[0])

    def _store(self, session: _Session, document: _Document, arrival: Arrival) -> Taken | Refused:
        shift = document.origin_at_ms - session.zero_at_ms
        t_ms = shift + arrival.t_ms
        until_ms = max([t_ms, *(shift + fact.t_ms for fact in arrival.facts)])
        has_ops = bool(arrival.ops)
        cursor = self._db.conn.execute(
            "INSERT INTO batch (document, seq, digest, received_at_ms, sent_t_ms, t_ms, until_ms,"
            " compression, path, checked, ops) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (document.row, arrival.seq, arrival.digest, arrival.received_at_ms, arrival.sent_t_ms,
             t_ms, until_ms, arrival.compression, arrival.path, int(not has_ops),
             arrival.ops if has_ops else None),
        )  # fmt: skip
        if not cursor.rowcount:
            return self._second_copy(session, document, arrival)
        batch = cursor.lastrowid or 0
        need = self._need(session, document, arrival)
        document.unchecked += has_ops
        asks = arrival.replay and arrival.seq > document.last_seq + 1
        if asks:
            document.asked_seq = arrival.seq
        if arrival.leaves:
            document.left_seq = arrival.seq
        document.replay = document.replay or arrival.replay
        document.last_seq = max(document.last_seq, arrival.seq)
        session.last_received_at_ms = max(session.last_received_at_ms, arrival.received_at_ms)
        session.bytes += arrival.wire_bytes
        session.t_ms = min(session.t_ms, t_ms)
        session.until_ms = max(session.until_ms, until_ms)
        self._changed_sessions.add(session.row)
        self._changed_documents.add(document.row)
        self._store_facts(session, document, arrival, shift)
        return Taken(session.session_id, batch if has_ops else 0, need, asks)

    def _second_copy(
        self, session: _Session, document: _Document, arrival: Arrival
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
        return Taken(session.session_id, 0, need, arrival.seq == document.asked_seq)

    def _need(self, session: _Session, document: _Document, arrival: Arrival) -> tuple[bytes, ...]:
        for hash_ in arrival.references:
            # While earlier batches of this document are unchecked, one of them may carry it: the
            # check will tell.
            if not document.unchecked and not is_known(self._db, session.site, session.row, hash_):
                document.wanted.add(hash_)
                want(self._db, document.row, hash_)
        return tuple(sorted(document.wanted))

    def _store_facts(
        self, session: _Session, document: _Document, arrival: Arrival, shift: int
    ) -> None:
        for view in arrival.page_views:
            self._db.conn.execute(
                "INSERT INTO page_view (session, document, t_ms, at_ms, url, title, referrer,"
                " route, campaign) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (session.row, document.row, shift + view.t_ms, document.origin_at_ms + view.t_ms,
                 view.url, view.title, view.referrer, view.route, json.dumps(dict(view.campaign))),
            )  # fmt: skip
        for fact in arrival.facts:
            self._db.conn.execute(
                "INSERT INTO fact (session, document, t_ms, kind, text, fields)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (session.row, document.row, shift + fact.t_ms, fact.kind, fact.text,
                 json.dumps(fact.fields)),
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
            self._db.execute(
                "UPDATE session SET person = ? WHERE visitor = ?", [arrival.person, session.visitor]
            )


def origin_of(arrival: Arrival) -> tuple[int, bool]:
    """When a document began by the collector's clock, Unix ms, and whether the client's times are
    absurd and the arrival itself counts."""
    age_ms = arrival.sent_t_ms - arrival.t_ms
    if -MAX_AHEAD_MS <= age_ms <= MAX_AGE_MS:
        return arrival.received_at_ms - int(arrival.sent_t_ms), False
    return arrival.received_at_ms - arrival.t_ms, True
