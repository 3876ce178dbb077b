"""What the command line and the pages change of rules: in go a site's name and rules as YAML or the
id of one, out comes JSON. Run in the writer's transaction like all commands."""

from __future__ import annotations

from collections.abc import Callable

from collector.store.database import Database, StoreError
from collector.store.intake import Intake
from collector.store.rules import Change, remove_rule, save_rules, set_enabled
from collector.store.sites import Site, all_sites, site_named

Json = dict[str, object]
Command = Callable[[Database, Intake, Json, int], Json]


CHANGES: tuple[Change, ...] = ("added", "changed", "unchanged")


class BadRule(StoreError):
    """Rules that are not taken, or a site that can't be told; the message is for the person."""


def the_site(db: Database, name: str) -> Site:
    """The site of this name; without a name the only one. Raises `StoreError`."""
    if name:
        return site_named(db, name)
    sites = all_sites(db)
    if len(sites) != 1:
        known = ", ".join(site.name for site in sites) or "none yet"
        raise BadRule(f"say which site with --site: {known}")
    return sites[0]


def import_rules(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    """`rules_import {site, text}`: rules of other ids stay. Answers with the ids by what became of
    them."""
    from collector.signals.documents import BadRules, read_rules

    site = the_site(db, str(arguments.get("site", "")))
    try:
        rules = read_rules(str(arguments.get("text", "")))
    except BadRules as error:
        raise BadRule(str(error)) from error
    done: Json = {"site": site.name, "name": f"{len(rules)} rules of {site.name}"}
    saved = save_rules(db, site.site, rules, now_ms)
    for became in CHANGES:
        done[became] = [rule.rule_id for rule, change in saved if change == became]
    return done


def _switch(*, enabled: bool) -> Command:
    def run(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
        site = the_site(db, str(arguments.get("site", "")))
        rule_id = str(arguments.get("rule", ""))
        rule = set_enabled(db, site.site, rule_id, enabled=enabled, now_ms=now_ms)
        return {"site": site.name, "rule": rule_id, "name": rule.name, "enabled": enabled}

    return run


def _remove(db: Database, _: Intake, arguments: Json, _now_ms: int) -> Json:
    site, rule_id = the_site(db, str(arguments.get("site", ""))), str(arguments.get("rule", ""))
    remove_rule(db, site.site, rule_id)
    return {"site": site.name, "rule": rule_id, "name": rule_id}


RULE_COMMANDS: dict[str, Command] = {
    "rules_import": import_rules,
    "rule_enable": _switch(enabled=True),
    "rule_disable": _switch(enabled=False),
    "rule_remove": _remove,
}
CHANGES_SIGNALS = frozenset({*RULE_COMMANDS, "erase", "import"})
"""After these the collector reads its rules and facts anew (`Signalling.reload`)."""
