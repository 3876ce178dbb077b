"""May a visit be watched while it goes on? In goes a session, out comes what follows from what its
site demands and what its visitor was told, or has answered."""

from __future__ import annotations

from typing import Literal, get_args

from sqlite_utils import Database

from collector.store.database import StoreError

LiveRule = Literal["open", "told", "asked"]
LIVE_RULES: tuple[LiveRule, ...] = get_args(LiveRule)
ANSWER = "visitreel_live"
"""The fact by which the notice on the site's pages says what the visitor was told, or answered."""
ENOUGH: dict[LiveRule, frozenset[str]] = {
    "told": frozenset({"told", "yes"}),
    "asked": frozenset({"yes"}),
}


class BadLiveRule(StoreError):
    """No such rule."""


def live_rule(word: str) -> LiveRule:
    """A rule by its word. Raises `BadLiveRule`."""
    found = next((rule for rule in LIVE_RULES if rule == word), None)
    if found is None:
        raise BadLiveRule(f"{word!r} is none of {', '.join(LIVE_RULES)}")
    return found


def may_watch_live(db: Database, session: int) -> bool:
    """Does the visitor's last answer satisfy the site?"""
    rule = live_rule(
        db.execute(
            "SELECT i.live FROM session s JOIN site i USING (site) WHERE s.session = ?", [session]
        ).fetchone()[0]
    )
    if rule == "open":
        return True
    answer = db.execute(
        "SELECT json_extract(fields, '$.properties.answer') FROM fact"
        " WHERE session = ? AND kind = 'track' AND json_extract(fields, '$.name') = ?"
        " ORDER BY t_ms DESC, fact DESC LIMIT 1",
        [session, ANSWER],
    ).fetchone()
    return answer is not None and answer[0] in ENOUGH[rule]
