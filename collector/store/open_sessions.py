"""The sessions that are being recorded: in go arrivals, out comes the session that each belongs to,
found, joined or made."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.arrival import Arrival, Refused
from collector.store.salts import JOIN_WINDOW_MS, VisitKeys
from collector.store.visitors import is_erased

MAX_REMEMBERED = 20_000
MAX_SESSION_BYTES = 300 << 20
MAX_SESSION_MS = 24 * 3600 * 1000
MAX_AGE_MS = 48 * 3600 * 1000
"""An op this much older than its arrival has a broken clock behind it."""
MAX_AHEAD_MS = 5_000

FOREIGN = Refused("foreign_session", "this session belongs to another writer: make a new one")
CHANGES = """
UPDATE session SET last_received_at_ms = new.received_at_ms, bytes = new.bytes,
  t_ms = min(session.t_ms, new.t_ms), until_ms = max(session.until_ms, new.until_ms)
FROM (SELECT json_extract(value, '$[0]') AS session, json_extract(value, '$[1]') AS received_at_ms,
  json_extract(value, '$[2]') AS bytes, json_extract(value, '$[3]') AS t_ms,
  json_extract(value, '$[4]') AS until_ms FROM json_each(?)) new
WHERE session.session = new.session
"""
REOPENED = """
UPDATE session SET packed = 0
WHERE packed = 1 AND session IN (SELECT value FROM json_each(?))
"""

ERASED = Refused("erased", "this visitor's data was erased: nothing more of it is kept")


@dataclass(slots=True)
class OpenSession:
    """A session's row, as the next commit will write it."""

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


@dataclass(frozen=True, slots=True)
class _Visitor:
    row: int
    anonymous: bool
    person: str | None


class OpenSessions:
    """Remembers sessions and whom they belong to. Lives with the writer connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys = VisitKeys(db)
        self._clients: dict[str, tuple[int, bytes]] = {}
        self._sessions: dict[int, OpenSession] = {}
        self._changed: set[int] = set()

    def forget(self) -> None:
        """What is remembered may be wrong."""
        self._clients.clear()
        self._sessions.clear()
        self._changed.clear()
        self._keys.forget()

    def forget_old_salts(self, now_ms: int) -> None:
        """Yesterday's visits can no longer be told from each other."""
        self._keys.forget_old(now_ms)

    def grew(self, session: OpenSession, arrival: Arrival, t_ms: int, until_ms: int) -> None:
        """A batch of this session was stored."""
        session.last_received_at_ms = max(session.last_received_at_ms, arrival.received_at_ms)
        session.bytes += arrival.wire_bytes
        session.t_ms = min(session.t_ms, t_ms)
        session.until_ms = max(session.until_ms, until_ms)
        self._changed.add(session.row)

    def flush(self) -> bool:
        """Writes what changed. True: so much is remembered that all should be forgotten."""
        if not self._changed:
            return False
        changed = [self._sessions[row] for row in self._changed]
        self._db.conn.execute(CHANGES, [json.dumps([_place(session) for session in changed])])
        # Apart, because it is seldom needed, and keeps an index.
        self._db.conn.execute(REOPENED, [json.dumps(list(self._changed))])
        self._changed.clear()
        return len(self._clients) > MAX_REMEMBERED

    def client(self, client_id: str) -> tuple[int, bytes] | None:
        """The session's row and the hash of the write secret, by a client's id."""
        client = self._clients.get(client_id)
        if client is None:
            client = self._db.execute(
                "SELECT session, secret_hash FROM client_session WHERE client_id = ?", [client_id]
            ).fetchone()
            if client is not None:
                self._clients[client_id] = client
        return client

    def of(self, arrival: Arrival, client_id: str) -> OpenSession | Refused:
        """The session of a batch that this client sent; made where there is none."""
        client = self.client(client_id)
        if client is None:
            return self._new_client(arrival, client_id)
        row, secret_hash = client
        session = self.get(row)
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

    def get(self, row: int) -> OpenSession:
        """The session in this row."""
        return self._sessions.get(row) or self._load(row)

    def _load(self, row: int) -> OpenSession:
        found = self._db.execute(
            "SELECT s.session, s.session_id, s.site, s.visitor, v.anonymous,"
            " s.zero_at_ms, s.last_received_at_ms, s.t_ms, s.until_ms, s.bytes, s.continues"
            " FROM session s JOIN visitor v USING (visitor) WHERE s.session = ?",
            [row],
        ).fetchone()
        session = OpenSession(*found)
        self._sessions[row] = session
        return session

    def _new_client(self, arrival: Arrival, client_id: str) -> OpenSession | Refused:
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
        self, arrival: Arrival, session_id: str, continues: OpenSession | None
    ) -> OpenSession:
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
            visitor = self._visitor_of(continues)
        zero = origin_at_ms + arrival.t_ms
        continued = continues.row if continues else None
        row = self._db.execute(
            "INSERT INTO session (session_id, site, visitor, zero_at_ms, first_received_at_ms,"
            " last_received_at_ms, t_ms, until_ms, person, visit_key, ip_net, user_agent, bot,"
            " continues) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?)",
            [session_id, arrival.site, visitor.row, zero, arrival.received_at_ms,
             arrival.received_at_ms, visitor.person, key, arrival.ip_net, arrival.user_agent,
             int(arrival.is_bot), continued],
        ).lastrowid or 0  # fmt: skip
        self._sessions[row] = OpenSession(
            row=row,
            session_id=session_id,
            site=arrival.site,
            visitor=visitor.row,
            anonymous=visitor.anonymous,
            zero_at_ms=zero,
            last_received_at_ms=arrival.received_at_ms,
            t_ms=0,
            until_ms=0,
            bytes=0,
            continues=continued,
        )
        return self._sessions[row]

    def _visitor(self, site: int, visitor_id: str, anonymous: bool) -> _Visitor:
        """The visitor of this id; made where there is none."""
        found = self._db.execute(
            "SELECT visitor, anonymous, person FROM visitor WHERE site = ? AND visitor_id = ?",
            [site, visitor_id],
        ).fetchone()
        if found is not None:
            return _Visitor(found[0], bool(found[1]), found[2])
        row = self._db.execute(
            "INSERT INTO visitor (site, visitor_id, anonymous) VALUES (?, ?, ?)",
            [site, visitor_id, int(anonymous)],
        ).lastrowid
        return _Visitor(row or 0, anonymous, None)

    def _visitor_of(self, session: OpenSession) -> _Visitor:
        found = self._db.execute(
            "SELECT visitor, anonymous, person FROM visitor WHERE visitor = ?", [session.visitor]
        ).fetchone()
        return _Visitor(found[0], bool(found[1]), found[2])

    def _name_visitor(self, session: OpenSession, visitor_id: str) -> None:
        """A cookieless session whose visitor has consented since: its placeholder gives way to the
        visitor."""
        placeholder = session.visitor
        session.visitor = self._visitor(session.site, visitor_id, anonymous=False).row
        session.anonymous = False
        self._db.execute(
            "UPDATE session SET visitor = ?, visit_key = NULL WHERE visitor = ?",
            [session.visitor, placeholder],
        )
        self._db.execute("DELETE FROM visitor WHERE visitor = ?", [placeholder])

    def _joined_session(self, arrival: Arrival) -> OpenSession | None:
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
        return (self.get(row[0])) if row else None

    def _rotate(self, session: OpenSession, arrival: Arrival) -> OpenSession:
        """A session that has grown too large or too long goes on in a new one, linked to it."""
        new = self._new_session(arrival, secrets.token_urlsafe(18), session)
        self._db.execute(
            "UPDATE client_session SET session = ? WHERE session = ?", [new.row, session.row]
        )
        self._clients.clear()
        return new


def _place(session: OpenSession) -> tuple[int, int, int, int, int]:
    """What `CHANGES` takes of a session."""
    received_at_ms = session.last_received_at_ms
    return session.row, received_at_ms, session.bytes, session.t_ms, session.until_ms


def origin_of(arrival: Arrival) -> tuple[int, bool]:
    """When a document began by the collector's clock, Unix ms, and whether the client's times are
    absurd and the arrival itself counts."""
    age_ms = arrival.sent_t_ms - arrival.t_ms
    if -MAX_AHEAD_MS <= age_ms <= MAX_AGE_MS:
        return arrival.received_at_ms - int(arrival.sent_t_ms), False
    return arrival.received_at_ms - arrival.t_ms, True
