"""Sites: names, keys and the origins that may post. Out come `Site` values."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.database import StoreError
from collector.store.live_rules import LiveRule, live_rule


class UnknownSite(StoreError):
    """No site of this name."""


class SiteExists(StoreError):
    """There is a site of this name already."""


@dataclass(frozen=True, slots=True)
class Site:
    """A web site with its key. `dev`: any localhost origin may post too. `query_keys`: what URLs
    keep besides utm_*. `live`: what is demanded before a visit is watched while it goes on."""

    site: int
    key: str
    name: str
    origins: tuple[str, ...]
    dev: bool
    disabled: bool
    conflicts: int
    query_keys: frozenset[str] = frozenset()
    live: LiveRule = "open"


COLUMNS = "site, key, name, origins, dev, disabled, conflicts, query_keys, live"


def _site(row: tuple[int, str, str, str, int, int, int, str, str]) -> Site:
    site, key, name, origins, dev, disabled, conflicts, query_keys, live = row
    return Site(
        site=site,
        key=key,
        name=name,
        origins=tuple(json.loads(origins)),
        dev=bool(dev),
        disabled=bool(disabled),
        conflicts=conflicts,
        query_keys=frozenset(json.loads(query_keys)),
        live=live_rule(live),
    )


def all_sites(db: Database) -> list[Site]:
    """Every site, by name."""
    return [_site(row) for row in db.execute(f"SELECT {COLUMNS} FROM site ORDER BY name")]  # noqa: S608 - constant columns


def site_named(db: Database, name: str) -> Site:
    """One site. Raises `UnknownSite`."""
    row = db.execute(f"SELECT {COLUMNS} FROM site WHERE name = ?", [name]).fetchone()  # noqa: S608 - constant columns
    if row is None:
        raise UnknownSite(f"there is no site named {name!r}: `visitreel site list` shows them")
    return _site(row)


def add_site(
    db: Database,
    name: str,
    origins: list[str],
    *,
    dev: bool,
    now_ms: int,
    query_keys: tuple[str, ...] = (),
) -> Site:
    """A new site with a random key. Raises `SiteExists`."""
    if db.execute("SELECT 1 FROM site WHERE name = ?", [name]).fetchone():
        raise SiteExists(f"there is a site named {name!r} already: `visitreel site list` shows it")
    db.execute(
        "INSERT INTO site (key, name, origins, query_keys, dev, created_at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [secrets.token_hex(10), name, json.dumps(origins), json.dumps(sorted(query_keys)),
         int(dev), now_ms],
    )  # fmt: skip
    return site_named(db, name)


def site_by_key(db: Database, key: str) -> Site | None:
    """One site, disabled or not; None: no site has this key."""
    row = db.execute(f"SELECT {COLUMNS} FROM site WHERE key = ?", [key]).fetchone()  # noqa: S608 - constant columns
    return _site(row) if row else None


def set_disabled(db: Database, name: str, disabled: bool) -> Site:
    """Whether nothing more is taken for a site. Raises `UnknownSite`."""
    site_named(db, name)
    db.execute("UPDATE site SET disabled = ? WHERE name = ?", [int(disabled), name])
    return site_named(db, name)


def set_dev(db: Database, name: str, dev: bool) -> Site:
    """Whether any localhost origin may post for a site. Raises `UnknownSite`."""
    site_named(db, name)
    db.execute("UPDATE site SET dev = ? WHERE name = ?", [int(dev), name])
    return site_named(db, name)


def set_live_rule(db: Database, name: str, rule: LiveRule) -> Site:
    """What is demanded before a visit of a site is watched live. Raises `UnknownSite`."""
    site_named(db, name)
    db.execute("UPDATE site SET live = ? WHERE name = ?", [rule, name])
    return site_named(db, name)


def set_origins(db: Database, name: str, origins: list[str]) -> Site:
    """Who may post for a site. Raises `UnknownSite`."""
    site_named(db, name)
    db.execute("UPDATE site SET origins = ? WHERE name = ?", [json.dumps(origins), name])
    return site_named(db, name)
