"""The tables, as migrations of sqlite-utils: each runs in one transaction with the note that it
ran, so a kill midway leaves the old state.

Times: `…_at_ms` are Unix ms by the collector's clock; `t_ms` are ms since the session's zero. Ids
of rows are called as their table."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("visitreel")

PEOPLE_AND_SITES = """
CREATE TABLE site (
  site INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
  origins TEXT NOT NULL, query_keys TEXT NOT NULL DEFAULT '[]', dev INTEGER NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  conflicts INTEGER NOT NULL DEFAULT 0, created_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE user (
  user INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, role TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE api_token (
  api_token INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE sign_in_link (
  hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  expires_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE daily_salt (day INTEGER PRIMARY KEY, salt BLOB NOT NULL) STRICT;
CREATE TABLE tombstone (
  site INTEGER NOT NULL, hash BLOB NOT NULL, erased_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, hash)) STRICT, WITHOUT ROWID;
"""

VISITS = """
CREATE TABLE visitor (
  visitor INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, visitor_id TEXT NOT NULL,
  anonymous INTEGER NOT NULL, person TEXT, traits TEXT, UNIQUE (site, visitor_id)) STRICT;
CREATE INDEX visitor_by_id ON visitor (visitor_id);
CREATE TABLE session (
  session INTEGER PRIMARY KEY, session_id TEXT NOT NULL UNIQUE,
  site INTEGER NOT NULL REFERENCES site, visitor INTEGER NOT NULL REFERENCES visitor,
  zero_at_ms INTEGER NOT NULL, first_received_at_ms INTEGER NOT NULL,
  last_received_at_ms INTEGER NOT NULL, t_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0, person TEXT, visit_key BLOB, ip_net TEXT, user_agent TEXT,
  bot INTEGER NOT NULL DEFAULT 0, packed INTEGER NOT NULL DEFAULT 0, continues INTEGER) STRICT;
CREATE INDEX session_newest ON session (zero_at_ms DESC, session DESC);
CREATE INDEX session_of_visitor ON session (visitor);
CREATE INDEX session_unpacked ON session (last_received_at_ms) WHERE packed = 0;
CREATE INDEX session_by_visit_key ON session (visit_key) WHERE visit_key IS NOT NULL;
CREATE TABLE client_session (
  client_id TEXT PRIMARY KEY, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  secret_hash BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX client_of_session ON client_session (session);
CREATE TABLE document (
  document INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  number INTEGER NOT NULL, document_id TEXT NOT NULL, tab INTEGER NOT NULL,
  client_tab TEXT NOT NULL,
  origin_at_ms INTEGER NOT NULL, client_origin_ms INTEGER NOT NULL, skewed INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, left_seq INTEGER, asked_seq INTEGER,
  replay INTEGER NOT NULL, sdk_version TEXT NOT NULL, UNIQUE (session, document_id)) STRICT;
CREATE TABLE page_view (
  page_view INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, t_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, url TEXT NOT NULL, title TEXT NOT NULL, referrer TEXT NOT NULL,
  route INTEGER NOT NULL, campaign TEXT NOT NULL) STRICT;
CREATE INDEX page_view_of_session ON page_view (session, t_ms);
CREATE INDEX page_view_of_document ON page_view (document);
CREATE TABLE fact (
  fact INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, t_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, text TEXT NOT NULL, fields TEXT NOT NULL) STRICT;
CREATE INDEX fact_of_session ON fact (session, t_ms);
CREATE INDEX fact_of_document ON fact (document);
"""

RECORDINGS = """
CREATE TABLE batch (
  batch INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
  seq INTEGER NOT NULL, digest BLOB NOT NULL, received_at_ms INTEGER NOT NULL,
  sent_t_ms REAL NOT NULL,
  t_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, ops_until_ms INTEGER NOT NULL DEFAULT 0,
  compression INTEGER NOT NULL, path TEXT NOT NULL,
  op_count INTEGER NOT NULL DEFAULT 0, raw_bytes INTEGER NOT NULL DEFAULT 0, contents BLOB,
  has_document INTEGER NOT NULL DEFAULT 0, starts_document INTEGER NOT NULL DEFAULT 0,
  unreadable INTEGER NOT NULL DEFAULT 0, checked INTEGER NOT NULL DEFAULT 0, ops BLOB,
  UNIQUE (document, seq)) STRICT;
CREATE INDEX batch_unchecked ON batch (batch) WHERE checked = 0;
CREATE INDEX batch_loose ON batch (document, seq, raw_bytes, op_count)
  WHERE ops IS NOT NULL AND unreadable = 0;
CREATE TABLE segment (
  segment INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
  first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, t_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  keyframe INTEGER NOT NULL, keyframe_ops INTEGER NOT NULL, gap_before INTEGER NOT NULL,
  parts TEXT NOT NULL, contents BLOB NOT NULL, raw_bytes INTEGER NOT NULL,
  ops BLOB NOT NULL) STRICT;
CREATE INDEX segment_of_document ON segment (document, first_seq);
CREATE TABLE visibility (
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, seq INTEGER NOT NULL,
  t_ms INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;
CREATE INDEX visibility_of_document ON visibility (document, t_ms);
CREATE TABLE document_asset (
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, asset INTEGER NOT NULL,
  hash BLOB NOT NULL, media_type TEXT NOT NULL, PRIMARY KEY (document, asset)) STRICT,
  WITHOUT ROWID;
CREATE TABLE document_css (
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, owner INTEGER NOT NULL,
  token TEXT NOT NULL, asset INTEGER NOT NULL, PRIMARY KEY (document, owner, token)) STRICT,
  WITHOUT ROWID;
CREATE TABLE problem (
  problem INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, seq INTEGER NOT NULL,
  op_index INTEGER NOT NULL, reason TEXT NOT NULL, evidence BLOB,
  found_at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX problem_of_session ON problem (session);
CREATE INDEX problem_of_document ON problem (document);
"""

CONTENTS = """
CREATE TABLE content (
  content INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, hash BLOB NOT NULL,
  media_type TEXT NOT NULL, public INTEGER NOT NULL, zstd INTEGER NOT NULL, size INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (site, hash)) STRICT;
CREATE INDEX content_sizes ON content (site, zstd, size);
CREATE TABLE content_use (
  session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  content INTEGER NOT NULL REFERENCES content ON DELETE CASCADE,
  PRIMARY KEY (session, content)) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_content ON content_use (content);
CREATE TABLE content_wanted (
  document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE, hash BLOB NOT NULL,
  PRIMARY KEY (document, hash)) STRICT, WITHOUT ROWID;
CREATE INDEX wanted_by_hash ON content_wanted (hash);
CREATE TABLE page_content (
  site INTEGER NOT NULL REFERENCES site, path TEXT NOT NULL,
  content INTEGER NOT NULL REFERENCES content ON DELETE CASCADE, used_at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, path, content)) STRICT, WITHOUT ROWID;
CREATE INDEX page_of_content ON page_content (content);
"""

ACCESS = """
CREATE TABLE sign_in (
  hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  seen_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_of_user ON sign_in (user, seen_at_ms);
CREATE TABLE share (
  share INTEGER PRIMARY KEY, share_id TEXT NOT NULL UNIQUE,
  session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  user INTEGER REFERENCES user ON DELETE SET NULL, made_by TEXT NOT NULL, t_ms INTEGER,
  created_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER,
  views INTEGER NOT NULL DEFAULT 0, seen_at_ms INTEGER) STRICT;
CREATE INDEX share_of_session ON share (session);
CREATE INDEX share_of_user ON share (user) WHERE user IS NOT NULL;
CREATE TABLE audit (
  audit INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  about TEXT NOT NULL, session INTEGER REFERENCES session ON DELETE SET NULL,
  t_ms INTEGER) STRICT;
CREATE INDEX audit_of_session ON audit (session) WHERE session IS NOT NULL;
ALTER TABLE user ADD COLUMN seen_at_ms INTEGER;
ALTER TABLE api_token ADD COLUMN used_at_ms INTEGER;
"""

LISTING = """
ALTER TABLE session ADD COLUMN place INTEGER
  GENERATED ALWAYS AS (zero_at_ms * 1048576 + (session & 1048575)) VIRTUAL;
ALTER TABLE session ADD COLUMN pages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN device TEXT;
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN system TEXT NOT NULL DEFAULT '';
UPDATE session SET packed = 0, pages =
  (SELECT count(*) FROM page_view p WHERE p.session = session.session);
DROP INDEX session_newest;
CREATE INDEX session_by_place ON session (place, site, device, pages);
CREATE INDEX session_unsearched ON session (place) WHERE packed = 0;
CREATE INDEX session_unclassed ON session (session) WHERE device IS NULL;
CREATE VIRTUAL TABLE search USING fts5 (text, tokenize = 'trigram');
CREATE TRIGGER page_view_counts AFTER INSERT ON page_view
  BEGIN UPDATE session SET pages = pages + 1 WHERE session = new.session; END;
CREATE TRIGGER search_forgets AFTER DELETE ON session
  BEGIN DELETE FROM search WHERE rowid = old.place; END;
CREATE TABLE watched (
  user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE, at_ms INTEGER NOT NULL,
  PRIMARY KEY (user, session)) STRICT, WITHOUT ROWID;
CREATE INDEX watched_of_session ON watched (session);
"""
"""`place` orders the list and names a session in the index: its zero, then its row. A session that
is packed has its words in the index; all others are searched where they lie."""
SECURE_SEARCH = (3, 42)
"""Since then SQLite overwrites what leaves a full-text index."""


LATER_BATCHES = """
ALTER TABLE document ADD COLUMN client_id TEXT;
CREATE INDEX document_by_id ON document (document_id);
"""

ALERTS = """
CREATE TABLE channel (
  channel INTEGER PRIMARY KEY, user INTEGER REFERENCES user ON DELETE CASCADE,
  kind TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, secret TEXT NOT NULL,
  max_an_hour INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, off_at_ms INTEGER,
  failures INTEGER NOT NULL DEFAULT 0, failing_since_ms INTEGER, retry_at_ms INTEGER,
  error TEXT NOT NULL DEFAULT '', sent_at_ms INTEGER) STRICT;
CREATE INDEX channel_of_user ON channel (user);
CREATE TABLE alert (
  alert INTEGER PRIMARY KEY, alert_id TEXT NOT NULL,
  channel INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE, kind TEXT NOT NULL,
  signal INTEGER, session INTEGER REFERENCES session ON DELETE CASCADE, about TEXT NOT NULL,
  state TEXT NOT NULL, created_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
  held_at_ms INTEGER, sent_at_ms INTEGER, tries INTEGER NOT NULL DEFAULT 0, digest INTEGER,
  UNIQUE (channel, alert_id)) STRICT;
CREATE INDEX alert_open ON alert (channel, state, alert) WHERE state IN ('waiting', 'held');
CREATE INDEX alert_sent ON alert (channel, sent_at_ms) WHERE sent_at_ms IS NOT NULL;
CREATE INDEX alert_of_session ON alert (session) WHERE session IS NOT NULL;
CREATE INDEX alert_of_signal ON alert (signal) WHERE signal IS NOT NULL;
CREATE INDEX alert_of_digest ON alert (digest) WHERE digest IS NOT NULL;
CREATE TABLE alert_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE site_alert (
  site INTEGER PRIMARY KEY REFERENCES site ON DELETE CASCADE, crm_url TEXT NOT NULL,
  shares INTEGER NOT NULL) STRICT;
CREATE TABLE snooze (
  user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  visitor INTEGER NOT NULL REFERENCES visitor ON DELETE CASCADE, until_ms INTEGER NOT NULL,
  PRIMARY KEY (user, visitor)) STRICT, WITHOUT ROWID;
CREATE INDEX snooze_of_visitor ON snooze (visitor);
"""
"""`alert.signal` names the signal that an alert is about; it outlives it."""

SIGNALS = """
CREATE TABLE rule (
  rule INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site ON DELETE CASCADE,
  rule_id TEXT NOT NULL, version INTEGER NOT NULL, enabled INTEGER NOT NULL,
  since_ms INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, changed_at_ms INTEGER NOT NULL,
  UNIQUE (site, rule_id)) STRICT;
CREATE TABLE rule_version (
  rule INTEGER NOT NULL REFERENCES rule ON DELETE CASCADE, version INTEGER NOT NULL,
  data TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (rule, version)) STRICT, WITHOUT ROWID;
CREATE TABLE signal (
  signal INTEGER PRIMARY KEY AUTOINCREMENT, rule INTEGER NOT NULL REFERENCES rule ON DELETE CASCADE,
  version INTEGER NOT NULL, session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  t_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, fired_at_ms INTEGER NOT NULL,
  cause TEXT NOT NULL, UNIQUE (rule, session, cause)) STRICT;
CREATE INDEX signal_of_session ON signal (session);
CREATE TABLE signal_fact (
  signal INTEGER NOT NULL REFERENCES signal ON DELETE CASCADE, clause TEXT NOT NULL,
  fact INTEGER REFERENCES fact ON DELETE CASCADE,
  page_view INTEGER REFERENCES page_view ON DELETE CASCADE,
  CHECK ((fact IS NULL) <> (page_view IS NULL))) STRICT;
CREATE INDEX signal_fact_of_signal ON signal_fact (signal);
CREATE INDEX signal_of_fact ON signal_fact (fact) WHERE fact IS NOT NULL;
CREATE INDEX signal_of_page_view ON signal_fact (page_view) WHERE page_view IS NOT NULL;
CREATE TRIGGER signal_needs_its_facts AFTER DELETE ON signal_fact
  BEGIN DELETE FROM signal WHERE signal = old.signal; END;
CREATE TABLE click_answer (
  click_answer INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL,
  fact INTEGER NOT NULL UNIQUE REFERENCES fact ON DELETE CASCADE) STRICT;
"""
"""A signal goes with any fact that it names: without it, it would not hold. `click_answer`: when
the page changed after a click."""

ACTS = """
CREATE TABLE signal_act (
  user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
  signal INTEGER NOT NULL REFERENCES signal ON DELETE CASCADE, seen_at_ms INTEGER,
  acted_at_ms INTEGER, act TEXT NOT NULL DEFAULT '', outcome TEXT NOT NULL DEFAULT '',
  outcome_at_ms INTEGER, PRIMARY KEY (user, signal)) STRICT, WITHOUT ROWID;
CREATE INDEX act_of_signal ON signal_act (signal);
"""


def _run(db: Database, *scripts: str) -> None:
    for script in scripts:
        for statement in script.split(";\n"):
            if statement.strip():
                db.execute(statement)


@MIGRATIONS()
def m001_first_tables(db: Database) -> None:
    """All tables of version 0.1."""
    _run(db, PEOPLE_AND_SITES, VISITS, RECORDINGS, CONTENTS)


@MIGRATIONS()
def m002_access(db: Database) -> None:
    """Browsers that are signed in, share links, the audit."""
    _run(db, ACCESS)


@MIGRATIONS()
def m003_list_and_search(db: Database) -> None:
    """What the list of sessions shows, filters and searches; who has watched what. The background
    packs all sessions anew, which indexes them."""
    _run(db, LISTING)
    version = str(db.execute("SELECT sqlite_version()").fetchone()[0])
    if tuple(map(int, version.split("."))) >= SECURE_SEARCH:
        db.execute("INSERT INTO search (search, rank) VALUES ('secure-delete', 1)")


@MIGRATIONS()
def m004_later_batches(db: Database) -> None:
    """Later batches of a document load name it alone: it leads to the client's session."""
    _run(db, LATER_BATCHES)


@MIGRATIONS()
def m005_alerts(db: Database) -> None:
    """Channels and the outbox."""
    _run(db, ALERTS)


@MIGRATIONS()
def m006_signals(db: Database) -> None:
    """Rules, what they found, and what came of clicks."""
    _run(db, SIGNALS)


@MIGRATIONS()
def m007_live_rule(db: Database) -> None:
    """What a site demands before a visit is watched while it goes on: `open`, `told` or `asked`."""
    db.execute("ALTER TABLE site ADD COLUMN live TEXT NOT NULL DEFAULT 'open'")


@MIGRATIONS()
def m008_acts(db: Database) -> None:
    """What reps did about signals."""
    _run(db, ACTS)
