"""The list of a site's rules: in go stored rules, out comes a page in plain words, with rules to
begin with and what is still missing on the way to the first alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from collector.problems import Problem
from collector.signals.documents import BadRules, read_rules, write_rules
from collector.signals.rules import Data
from collector.signals.starter import STARTERS, starter_text
from collector.signals.words import quiet_words, sentence_of
from collector.store.database import Database
from collector.store.rule_pages import fired_since, usable_channels
from collector.store.rules import StoredRule, rules_of
from collector.store.sites import Site, all_sites, site_by_key
from collector.web.context import context_of, signed_in
from collector.web.first_alert import way_of
from collector.web.pages import page

DAY_MS = 24 * 3600 * 1000
COUNTED_DAYS = 7
SET_WORDS = {"shop": "For a shop", "b2b": "For a business that sells to others"}


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule as a line of the list. `channels`: where it is told, by
    their names; `may_switch`: the reader may."""

    rule: StoredRule
    sentence: str
    quiet: str
    fired: int
    channels: tuple[str, ...]
    may_switch: bool


@dataclass(frozen=True, slots=True)
class Starter:
    """A rule to begin with, as a card."""

    rule_id: str
    name: str
    about: str
    sentence: str
    is_used: bool


def list_page(
    request: Request,
    status: int = 200,
    *,
    site: Site | None = None,
    yaml: str = "",
    wrong: Sequence[str] = (),
) -> Response:
    """The rules of a site. `yaml` and `wrong`: what was to be imported, and why it was not."""
    context, now_ms = context_of(request), context_of(request).now_ms()
    with context.readers.lend() as db:
        sites = all_sites(db)
        site = site or _asked(db, request, sites)
        shown = _shown(request, db, site, now_ms) if site else []
        way = way_of(request, db, site)
    return page(
        request,
        "rules.html",
        status,
        site=site,
        sites=sites,
        rules=shown,
        way=way,
        starters=_starters({one.rule.rule_id for one in shown}),
        days=COUNTED_DAYS,
        since_ms=now_ms - COUNTED_DAYS * DAY_MS,
        yaml=yaml,
        wrong=wrong,
    )


def _asked(db: Database, request: Request, sites: Sequence[Site]) -> Site | None:
    key = request.query_params.get("site")
    if key is None:
        return sites[0] if sites else None
    found = site_by_key(db, key)
    if found is None:
        raise Problem("not_found", "there is no such site")
    return found


def _shown(request: Request, db: Database, site: Site, now_ms: int) -> list[ShownRule]:
    viewer = signed_in(request)
    own = viewer.user.email if viewer.user else None
    fired = fired_since(db, site.site, now_ms - COUNTED_DAYS * DAY_MS)
    return [
        ShownRule(
            rule=rule,
            sentence=sentence_of(rule.data),
            quiet=quiet_words(rule.data),
            fired=fired.get(rule.rule, 0),
            channels=tuple(one.name for one in usable_channels(db, rule.owner)),
            may_switch=viewer.is_admin or (own is not None and rule.owner == own),
        )
        for rule in rules_of(db, site.site)
    ]


@cache
def starter_rules() -> dict[str, list[Data]]:
    """The rules that the program brings, by the name of their set."""
    return {name: read_rules(starter_text(name)) for name in STARTERS}


def starter_rule_text(rule_id: str, owner: str | None) -> str | None:
    """One of them as YAML, switched on, of this owner. None: there is none of this id."""
    every = [rule for rules in starter_rules().values() for rule in rules]
    found = next((rule for rule in every if rule["id"] == rule_id), None)
    named = {"owner": owner} if owner else {}
    return write_rules([{**found, **named}]) if found else None


def _starters(used: set[str]) -> list[tuple[str, list[Starter]]]:
    return [
        (SET_WORDS[name], [_starter(rule, used) for rule in rules])
        for name, rules in starter_rules().items()
    ]


def _starter(rule: Data, used: set[str]) -> Starter:
    rule_id = str(rule["id"])
    about = str(rule.get("about", ""))
    return Starter(rule_id, str(rule["name"]), about, sentence_of(rule), rule_id in used)


def wrong_lines(text: str) -> list[str]:
    """Why a document of rules is not taken, a line for each reason."""
    try:
        read_rules(text)
    except BadRules as error:
        return [str(one) for one in error.wrong]
    return []


def export_text(db: Database, site: Site) -> str:
    """All rules of a site as a document."""
    return write_rules([rule.document for rule in rules_of(db, site.site)])
