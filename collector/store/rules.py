"""Rules of sites: in goes their data as `collector/signals/documents.py` has checked it, out come
rows, each change of what a rule says a version of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from collector.store.database import StoreError

Change = Literal["added", "changed", "unchanged"]


class UnknownRule(StoreError):
    """The site has no rule of this id."""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule of a site. `data`: as people write it, without `enabled`; `since_ms`: what was
    complete before does not fire."""

    rule: int
    site: int
    rule_id: str
    version: int
    data: Mapping[str, object]
    enabled: bool
    since_ms: int
    created_at_ms: int
    changed_at_ms: int

    @property
    def name(self) -> str:
        """What a rep reads."""
        return str(self.data.get("name", self.rule_id))

    @property
    def owner(self) -> str | None:
        """Whose signals these are."""
        owner = self.data.get("owner")
        return str(owner) if owner is not None else None

    @property
    def document(self) -> dict[str, object]:
        """As it is exported."""
        return {**self.data, **({} if self.enabled else {"enabled": False})}


COLUMNS = (
    "r.rule, r.site, r.rule_id, r.version, v.data, r.enabled, r.since_ms, r.created_at_ms,"
    " r.changed_at_ms FROM rule r JOIN rule_version v ON v.rule = r.rule AND v.version = r.version"
)


def rules_of(db: Database, site: int | None = None) -> list[StoredRule]:
    """The rules of a site, or of all, in the order in which they came."""
    rows = db.execute(
        f"SELECT {COLUMNS} WHERE ? IS NULL OR r.site = ? ORDER BY r.site, r.rule", [site, site]
    )
    return [_rule(row) for row in rows]


def rule_named(db: Database, site: int, rule_id: str) -> StoredRule:
    """A rule of a site. Raises `UnknownRule`."""
    row = db.execute(
        f"SELECT {COLUMNS} WHERE r.site = ? AND r.rule_id = ?", [site, rule_id]
    ).fetchone()
    if row is None:
        raise UnknownRule(f"there is no rule {rule_id!r} on this site")
    return _rule(row)


def rule_data(db: Database, rule: int, version: int) -> Mapping[str, object] | None:
    """What a rule said in a version. None: it is not here any more."""
    row = db.execute(
        "SELECT data FROM rule_version WHERE rule = ? AND version = ?", [rule, version]
    ).fetchone()
    found: Mapping[str, object] | None = json.loads(row[0]) if row else None
    return found


def save_rule(
    db: Database, site: int, document: Mapping[str, object], now_ms: int
) -> tuple[StoredRule, Change]:
    """A checked rule, new or instead of the one of its id. It fires by what is complete from now
    on."""
    enabled = bool(document.get("enabled", True))
    rule_id = str(document["id"])
    data = {name: value for name, value in document.items() if name != "enabled"}
    text = json.dumps(data, ensure_ascii=False)
    try:
        known = rule_named(db, site, rule_id)
    except UnknownRule:
        return _add(db, site, rule_id, text, enabled, now_ms), "added"
    if known.document == {**data, **({} if enabled else {"enabled": False})}:
        return known, "unchanged"
    version = known.version + (dict(known.data) != data)
    if version > known.version:
        db.execute(
            "INSERT INTO rule_version (rule, version, data, at_ms) VALUES (?, ?, ?, ?)",
            [known.rule, version, text, now_ms],
        )
    db.execute(
        "UPDATE rule SET version = ?, enabled = ?, since_ms = ?, changed_at_ms = ? WHERE rule = ?",
        [version, int(enabled), now_ms, now_ms, known.rule],
    )
    return rule_named(db, site, rule_id), "changed"


def _add(
    db: Database, site: int, rule_id: str, text: str, enabled: bool, now_ms: int
) -> StoredRule:
    rule = db.execute(
        "INSERT INTO rule (site, rule_id, version, enabled, since_ms, created_at_ms,"
        " changed_at_ms) VALUES (?, ?, 1, ?, ?, ?, ?)",
        [site, rule_id, int(enabled), now_ms, now_ms, now_ms],
    ).lastrowid
    db.execute(
        "INSERT INTO rule_version (rule, version, data, at_ms) VALUES (?, 1, ?, ?)",
        [rule, text, now_ms],
    )
    return rule_named(db, site, rule_id)


def save_rules(
    db: Database, site: int, documents: Sequence[Mapping[str, object]], now_ms: int
) -> list[tuple[StoredRule, Change]]:
    """Several; those of other ids stay as they are."""
    return [save_rule(db, site, document, now_ms) for document in documents]


def set_enabled(db: Database, site: int, rule_id: str, *, enabled: bool, now_ms: int) -> StoredRule:
    """Switches a rule on or off. Raises `UnknownRule`."""
    known = rule_named(db, site, rule_id)
    document = {**known.data, "enabled": enabled}
    return save_rule(db, site, document, now_ms)[0]


def remove_rule(db: Database, site: int, rule_id: str) -> None:
    """Removes a rule with its signals. Raises `UnknownRule`."""
    known = rule_named(db, site, rule_id)
    db.execute("DELETE FROM rule WHERE rule = ?", [known.rule])


def _rule(row: tuple[Any, ...]) -> StoredRule:
    rule, site, rule_id, version, text, enabled, *times_ms = row
    return StoredRule(rule, site, rule_id, version, json.loads(text), bool(enabled), *times_ms)
