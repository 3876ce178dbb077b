"""The rows of a session that was recorded elsewhere: in go its values, out comes its row."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from collector.device import Device
from collector.store.arrival import ArrivedFact, ArrivedPageView
from collector.store.contents import Content, content_row, keep_text, use
from collector.store.recordings import NewSegment, store_segments


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """A session that was recorded elsewhere."""

    session_id: str
    site: int
    visitor_id: str
    is_anonymous: bool
    person: str | None
    traits: str | None
    is_bot: bool
    device: Device
    zero_at_ms: int
    t_ms: int
    until_ms: int
    size: int


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A document load of it. `gaps`: (t_ms, until_ms) in order of time."""

    number: int
    tab: int
    t_ms: int
    until_ms: int
    has_replay: bool
    sdk_version: str
    gaps: Sequence[tuple[int, int]]
    visibility: Sequence[tuple[int, int]]
    assets: Sequence[tuple[int, bytes, str]]
    css: Sequence[tuple[int, str, int]]


def add_session(db: Database, new: ImportedSession, now_ms: int) -> int:
    """The session's row. Nobody can send more for it: the id has a secret that nobody knows."""
    db.execute(
        "INSERT INTO visitor (site, visitor_id, anonymous, person, traits) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [new.site, new.visitor_id, int(new.is_anonymous), new.person, new.traits],
    )
    visitor = db.execute(
        "SELECT visitor FROM visitor WHERE site = ? AND visitor_id = ?", [new.site, new.visitor_id]
    ).fetchone()[0]
    # Not packed yet: the background does with it what it does with all that are over.
    received_at_ms = min(now_ms, new.zero_at_ms + new.until_ms)
    row = db.execute(
        "INSERT INTO session (session_id, site, visitor, zero_at_ms, first_received_at_ms,"
        " last_received_at_ms, t_ms, until_ms, bytes, person, bot, device, browser, system)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [new.session_id, new.site, visitor, new.zero_at_ms, received_at_ms,
         received_at_ms, new.t_ms, new.until_ms, new.size, new.person, int(new.is_bot),
         new.device.device, new.device.browser, new.device.system],
    ).lastrowid  # fmt: skip
    db.execute(
        "INSERT INTO client_session (client_id, session, secret_hash) VALUES (?, ?, ?)",
        [new.session_id, row, secrets.token_bytes(32)],
    )
    return row or 0


def add_document(
    db: Database, session: int, zero_at_ms: int, new: ImportedDocument, now_ms: int
) -> int:
    """A document load with all that is known of it but facts and segments."""
    numbers = _numbers(new)
    row = db.execute(
        "INSERT INTO document (session, number, document_id, tab, client_tab, origin_at_ms,"
        " client_origin_ms, skewed, last_seq, left_seq, replay, sdk_version)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
        [session, new.number, f"document-{new.number}", new.tab, f"tab-{new.tab}", zero_at_ms,
         zero_at_ms, numbers[-1][0], numbers[-1][0], int(new.has_replay), new.sdk_version],
    ).lastrowid or 0  # fmt: skip
    db.conn.executemany(
        "INSERT INTO batch (document, seq, digest, received_at_ms, sent_t_ms, t_ms, until_ms,"
        " has_document, compression, path, checked) VALUES (?, ?, x'', ?, 0, ?, ?, ?, 0, '', 1)",
        [(row, seq, now_ms, t_ms, until_ms, has) for seq, t_ms, until_ms, has in numbers],
    )
    db.conn.executemany(
        "INSERT INTO visibility (document, seq, t_ms, state) VALUES (?, 0, ?, ?)",
        [(row, *change) for change in new.visibility],
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO document_asset (document, asset, hash, media_type)"
        " VALUES (?, ?, ?, ?)",
        [(row, *asset) for asset in new.assets],
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO document_css (document, owner, token, asset) VALUES (?, ?, ?, ?)",
        [(row, *css) for css in new.css],
    )
    return row


def _numbers(new: ImportedDocument) -> list[tuple[int, int, int, int]]:
    """What stands for the batches of a document, as (number, t_ms, until_ms, starts anew): its
    extent, and missing numbers where it has gaps."""
    found = [(0, new.t_ms, new.t_ms, 0)]
    seq, known_ms = 0, new.t_ms
    for low, high in sorted(new.gaps):
        known_ms = max(known_ms, low)
        found.append((seq + 1, known_ms, known_ms, 0))
        found.append((seq + 3, max(known_ms, high), known_ms, 1))
        seq += 3
    found.append((seq + 1, new.t_ms, new.until_ms, 0))
    return found


def add_facts(
    db: Database,
    session: int,
    document: int,
    zero_at_ms: int,
    facts: Iterable[ArrivedPageView | ArrivedFact],
) -> None:
    """Facts of a document; their times count from the session's zero."""
    for fact in facts:
        if isinstance(fact, ArrivedPageView):
            db.execute(
                "INSERT INTO page_view (session, document, t_ms, at_ms, url, title, referrer,"
                " route, campaign) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [session, document, fact.t_ms, zero_at_ms + fact.t_ms, fact.url, fact.title,
                 fact.referrer, fact.route, json.dumps(dict(fact.campaign))],
            )  # fmt: skip
        else:
            db.execute(
                "INSERT INTO fact (session, document, t_ms, kind, text, fields)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [session, document, fact.t_ms, fact.kind, fact.text, json.dumps(fact.fields)],
            )


def add_segment(db: Database, document: int, new: NewSegment) -> None:
    """A segment of a document."""
    store_segments(db, document, [new])


def add_problems(
    db: Database, session: int, document: int, reasons: Iterable[str], now_ms: int
) -> None:
    """What is wrong with a document's ops."""
    db.conn.executemany(
        "INSERT INTO problem (session, document, seq, op_index, reason, found_at_ms)"
        " VALUES (?, ?, 0, -1, ?, ?)",
        [(session, document, reason[:500], now_ms) for reason in reasons],
    )


def add_content(
    db: Database, site: int, session: int, is_text: bool, content: Content, now_ms: int
) -> None:
    """A text or an asset, once a site. It is not made known to the site's visitors."""
    if is_text:
        row = keep_text(db, site, content.hash, content.data, now_ms)
    else:
        row = content_row(db, site, content.hash) or 0
    if not row:
        row = db.execute(
            "INSERT INTO content (site, hash, media_type, public, zstd, size, stored_at_ms, data)"
            " VALUES (?, ?, ?, 0, 0, ?, ?, ?)",
            [site, content.hash, content.media_type, len(content.data), now_ms, content.data],
        ).lastrowid or 0  # fmt: skip
    use(db, site, session, row, content.hash)
