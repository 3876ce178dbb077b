"""What the pages of rules ask beyond the rules: how often they fired of late, how many
visitors there are to try them on, and how far a site is on the way to its first alert."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.channels import Channel, alert_rules, channels_of, owner_of


def fired_since(db: Database, site: int, since_ms: int) -> dict[int, int]:
    """How many signals each rule of a site made since then, by the row of the rule."""
    rows = db.execute(
        "SELECT g.rule, count(*) FROM signal g JOIN rule r USING (rule)"
        " WHERE r.site = ? AND g.fired_at_ms >= ? GROUP BY g.rule",
        [site, since_ms],
    )
    return dict(rows.fetchall())


def count_visitors(db: Database, site: int, since_ms: int, until_ms: int) -> int:
    """How many visitors came to a site in sessions that began in a span of time, without bots."""
    row = db.execute(
        "SELECT count(DISTINCT visitor) FROM session WHERE site = ? AND bot = 0"
        " AND zero_at_ms BETWEEN ? AND ?",
        [site, since_ms, until_ms],
    ).fetchone()
    return int(row[0])


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far a site is on the way to its first alert: has anybody come, a bot, and was anybody
    told?"""

    people: bool
    bots: bool
    told: bool


def so_far(db: Database, site: int) -> SoFar:
    """What has come of a site."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM session WHERE site = :site AND bot = 0),"
        " EXISTS (SELECT 1 FROM session WHERE site = :site AND bot = 1),"
        " EXISTS (SELECT 1 FROM alert a JOIN session s USING (session)"
        " WHERE s.site = :site AND a.kind = 'signal' AND a.state IN ('sent', 'digested'))",
        {"site": site},
    ).fetchone()
    return SoFar(*map(bool, row))


def usable_channels(db: Database, owner: str | None) -> list[Channel]:
    """Where signals of this owner are told: their own channels, else those that are shared."""
    rules = alert_rules(db)
    user = owner_of(db, owner) if owner else None
    for whose in [user, None] if user is not None else [None]:
        every = channels_of(db, whose)
        usable = [one for one in every if one.off_at_ms is None and rules.allows(one.kind)]
        if usable:
            return usable
    return []
