"""What people are to be told: in goes a signal, in the transaction that stores it, out come rows of
the outbox, one for each channel of whoever it is for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from collector.alerts.words import CLAUSE_WORDS, Subject, deed
from collector.store.alerts import add_alert, forget_old_alerts, is_bot_session
from collector.store.audit import add_line
from collector.store.channels import (
    AlertRules,
    Channel,
    alert_rules,
    channels_of,
    owner_of,
    site_alerts,
    snoozed_until,
)
from collector.store.database import Database
from collector.store.shares import TooManyShares, add_share
from collector.store.signals import StoredSignal, clauses_of

SHARE_LIFE_MS = 24 * 3600 * 1000
"""Of the link in a message of a shared channel."""
MAX_FACTS = 20
MAX_TEXT = 300
ALERTS = "alerts"
"""As the audit calls whoever makes such links."""
Known = Mapping[str, Any]
"""What a row knows of its signal: what `_known` makes."""


def note_signal(db: Database, signal: StoredSignal) -> None:
    """Writes what has to be told. Bots are nobody to tell of."""
    now_ms = signal.fired_at_ms
    if is_bot_session(db, signal.session):
        return
    rules = alert_rules(db)
    channels = _routes(db, signal.owner, signal.visitor, rules, now_ms)
    if not channels:
        return
    forget_old_alerts(db, now_ms)
    share_id = ""
    if any(channel.user is None for channel in channels):
        share_id = _share(db, signal, now_ms)
    known = _known(db, signal)
    for channel in channels:
        told = {**known, "share_id": share_id if channel.user is None else ""}
        add_alert(
            db,
            channel.channel,
            str(known["id"]),
            "signal",
            json.dumps(told),
            now_ms,
            now_ms + rules.fresh_ms,
            signal=signal.signal,
            session=signal.session,
        )


def _routes(
    db: Database, owner: str | None, visitor: int, rules: AlertRules, now_ms: int
) -> list[Channel]:
    """The owner's own channels; where there are none, the shared ones."""
    user = owner_of(db, owner) if owner else None
    if user is not None:
        if snoozed_until(db, user, visitor, now_ms) is not None:
            return []
        own = _usable(channels_of(db, user), rules)
        if own:
            return own
    return _usable(channels_of(db, None), rules)


def _usable(channels: list[Channel], rules: AlertRules) -> list[Channel]:
    return [one for one in channels if one.off_at_ms is None and rules.allows(one.kind)]


def _share(db: Database, signal: StoredSignal, now_ms: int) -> str:
    """The id of a share link for everybody in a shared channel; empty: the site has none."""
    if not site_alerts(db, signal.site).shares:
        return ""
    until_ms = now_ms + SHARE_LIFE_MS
    try:
        made = add_share(db, signal.session, ALERTS, None, signal.t_ms, now_ms, until_ms)
    except TooManyShares:
        return ""
    line = f"share link {made.share}"
    add_line(db, now_ms, ALERTS, "share_add", line, session=signal.session, t_ms=signal.t_ms)
    return made.share_id


def _known(db: Database, signal: StoredSignal) -> dict[str, object]:
    clauses = clauses_of(db, signal.signal)
    facts = {fact["id"]: fact for clause in clauses for fact in clause["facts"]}
    in_order = sorted(facts.values(), key=lambda fact: fact["at_ms"])[-MAX_FACTS:]
    return {
        # The number alone would come again in another data directory.
        "id": f"sig_{signal.signal}_{signal.session_id[:12]}",
        "signal": signal.signal,
        "rule": {"id": signal.rule_id, "name": signal.name},
        "site": signal.site_name,
        "visitor_id": signal.visitor_id,
        "person": (signal.person or "")[:MAX_TEXT],
        "session_id": signal.session_id,
        "t_ms": signal.t_ms,
        "at_ms": signal.at_ms,
        "clauses": [_key(clause["condition"]) for clause in clauses],
        "facts": [
            {
                "kind": fact["kind"],
                "session": fact["session"],
                "t_ms": fact["t_ms"],
                "fields": _bounded(fact["fields"]),
            }
            for fact in in_order
        ],
    }


def _key(condition: object) -> str:
    """What a clause asks for, in the word of the rule."""
    keys = condition.keys() if isinstance(condition, Mapping) else ()
    return next((key for key in keys if key in CLAUSE_WORDS), "fact")


def _bounded(fields: Mapping[str, object]) -> dict[str, object]:
    """Words of a stranger, as much of them as a message may carry."""
    found: dict[str, object] = {}
    for name, value in list(fields.items())[:MAX_FACTS]:
        if isinstance(value, str):
            found[name[:80]] = value[:MAX_TEXT]
        elif isinstance(value, Mapping):
            inner = list(value.items())[:MAX_FACTS]
            found[name[:80]] = {
                str(key)[:80]: one[:MAX_TEXT] if isinstance(one, str) else one
                for key, one in inner
                if one is None or isinstance(one, str | int | float)
            }
        elif value is None or isinstance(value, int | float):
            found[name[:80]] = value
    return found


def subject_of(known: Known) -> Subject:
    """What messages say of a row."""
    deeds = [
        deed(str(fact["kind"]), cast(Mapping[str, object], fact["fields"]))
        for fact in known["facts"]
    ]
    clauses = [CLAUSE_WORDS.get(key, key) for key in known["clauses"]]
    return Subject(
        who=known["person"],
        visitor=known["visitor_id"],
        site=known["site"],
        rule=known["rule"]["name"],
        deeds=deeds,
        clauses=clauses,
    )
