"""Rows of the outbox go in, what the sending process needs comes out: a line of JSON with all that
the channel is to get."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from collector.alerts.kinds import KINDS, mail_address
from collector.alerts.outbox import Known, subject_of
from collector.alerts.words import defused, digest_line, digest_title, left_line
from collector.store.alerts import Alert, digested
from collector.store.channels import Channel
from collector.store.database import Database

MAX_DIGESTED = 2_000
DIGEST_LINES = 5
PUSH_TTL_S = 300
"""A push service keeps what a sleeping browser can't take yet for so long."""
Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Writing:
    """What links and bodies need. `share_token`: what a share link carries, by the share's id."""

    public_url: str
    share_token: Callable[[str], str]
    now_ms: int
    mail_server: str = ""


def line_of(
    db: Database, alert: Alert, channel: Channel, writing: Writing, gone_ms: int | None
) -> Line:
    """What to send. `gone_ms`: since when the visitor is gone, None: still here. Raises
    `BadAddress`."""
    if alert.kind == "digest":
        text = _digest(db, alert, channel, writing)
    elif alert.kind == "test":
        text = _test(channel, writing)
    else:
        text = _signal(alert, channel, writing, gone_ms)
    address = channel.address
    if channel.kind == "email":
        address = mail_address(writing.mail_server, address)
    return {
        "do": "send",
        "kind": channel.kind,
        "address": address,
        "secret": channel.secret,
        "id": alert.alert_id,
        "ttl_s": PUSH_TTL_S,
        **text,
    }


def _signal(alert: Alert, channel: Channel, writing: Writing, gone_ms: int | None) -> Line:
    known = json.loads(alert.about)
    subject = subject_of(known)
    is_follow_up = alert.kind == "left"
    limit = KINDS[channel.kind].max_chars
    url = link_of(known, writing)
    told = subject.line(limit)
    if gone_ms is not None:
        gone = left_line(subject, writing.now_ms - gone_ms)
        told = gone if is_follow_up else f"{gone} Before: {told}"
    data = {
        "signal": known["id"],
        "rule": known["rule"],
        "site": known["site"],
        "session": known["session_id"],
        "visitor": {"id": known["visitor_id"], "person": known["person"] or None},
        "t_ms": known["t_ms"],
        "live": gone_ms is None,
        "left_at_ms": gone_ms,
        "why": known["clauses"],
        "facts": known["facts"],
        "text": told,
        "url": url,
        "unverified": ["visitor.person", "facts", "text"],
    }
    kind = "signal.left" if is_follow_up else "signal.fired"
    return {
        "title": subject.title,
        "text": told,
        "url": url,
        "tag": known["id"],
        "quiet": is_follow_up,
        "body": _body(kind, known["at_ms"], data),
    }


def link_of(known: Known, writing: Writing) -> str:
    """The replay from the moment of the signal on, and then live."""
    seconds = f"{known['t_ms'] / 1000:.3f}".rstrip("0").rstrip(".")
    share_id = known.get("share_id", "")
    path = f"/s/{writing.share_token(share_id)}" if share_id else f"/sessions/{known['session_id']}"
    return f"{writing.public_url}{path}?t={seconds}&live=1"


def _digest(db: Database, alert: Alert, channel: Channel, writing: Writing) -> Line:
    """Many signals in one message; what was erased meanwhile is not in it."""
    count, since_ms, rows = digested(db, alert.alert, MAX_DIGESTED)
    all_known = [json.loads(row.about) for row in rows]
    counts = Counter(known["rule"]["name"] for known in all_known)
    text = digest_line(counts, writing.now_ms - since_ms) if count else "They were erased."
    data = {
        "count": count,
        "rules": dict(counts.most_common()),
        "signals": [
            {"signal": known["id"], "rule": known["rule"], "url": link_of(known, writing)}
            for known in all_known[:100]
        ],
        "text": text,
        "url": f"{writing.public_url}/signals",
    }
    if channel.kind not in {"push", "sms", "webhook"}:
        newest = [subject_of(known) for known in all_known[:DIGEST_LINES]]
        text += "".join(f"\n{one.title}: {defused(one.rule)}" for one in newest)
    return {
        "title": digest_title(count),
        "text": text,
        "url": data["url"],
        "tag": "digest",
        "quiet": False,
        "body": _body("signal.digest", writing.now_ms, data),
    }


def _test(channel: Channel, writing: Writing) -> Line:
    url = f"{writing.public_url}/settings/channels"
    text = f"This is a test of the channel {defused(channel.name)}: alerts arrive here."
    return {
        "title": "visitreel works here",
        "text": text,
        "url": url,
        "tag": "test",
        "quiet": False,
        "body": _body("alert.test", writing.now_ms, {"text": text, "url": url}),
    }


def _body(kind: str, at_ms: int, data: Line) -> Line:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data}
