"""`visitreel rule …`: in come files of rules, out go lines about them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collector.cli_options import DATA, plain_errors
from collector.directory import command
from collector.rule_commands import CHANGES, the_site
from collector.settings import SettingsError
from collector.store.database import FILE_NAME, Readers, StoreError
from collector.store.rules import rules_of

if TYPE_CHECKING:
    from collector.backtests import BacktestJson
    from collector.signals.rules import Data

SITE = click.option(
    "--site", default="", metavar="NAME", help="Whose rules; needed where there are several sites."
)
FILE = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
DAY_MS = 24 * 3600 * 1000


@click.group()
def rule() -> None:
    """Rules: when a visit is a signal. Kept as YAML."""


@rule.command("list")
@DATA
@SITE
@plain_errors
def rule_list(data: Path, site: str) -> None:
    """List the rules of a site, or of all."""
    from collector.store.sites import all_sites

    with Readers(data / FILE_NAME).lend() as db:
        names = {found.site: found.name for found in all_sites(db)}
        rules = rules_of(db, the_site(db, site).site if site else None)
    for one in rules:
        state = "on " if one.enabled else "off"
        owner = f"  {one.owner}" if one.owner else ""
        click.echo(f"{state}  {names[one.site]}  {one.rule_id}  {one.name}{owner}")


@rule.command("check")
@FILE
@plain_errors
def rule_check(file: Path) -> None:
    """Check a FILE of rules; each thing that is wrong is a line. `-`: standard input."""
    from collector.signals.documents import BadRules, read_rules

    try:
        rules = read_rules(_text(file))
    except BadRules as error:
        for wrong in error.wrong:
            click.echo(f"visitreel: {file}: {wrong}", err=True)
        sys.exit(2)
    click.echo(f"{file}: {len(rules)} rules, all good")


@rule.command("import")
@DATA
@SITE
@FILE
@plain_errors
def rule_import(data: Path, site: str, file: Path) -> None:
    """Take in the rules of a FILE; those of the same id are replaced. `-`: standard input."""
    _import(data, site, _text(file), f"{file}: ")


@rule.command("starter")
@DATA
@SITE
@click.argument("name", type=click.Choice(["shop", "b2b"]))
@click.option("--print", "prints", is_flag=True, help="Print the YAML instead of taking it in.")
@plain_errors
def rule_starter(data: Path, site: str, name: str, prints: bool) -> None:
    """Take in the rules that come with visitreel: for a shop, or for a B2B site."""
    from collector.signals.starter import starter_text

    if prints:
        click.echo(starter_text(name), nl=False)
        return
    _import(data, site, starter_text(name))


def _import(data: Path, site: str, text: str, where: str = "") -> None:
    try:
        done = command(data, "rules_import", {"site": site, "text": text})
    except StoreError as error:
        raise SettingsError(f"{where}{error}") from error
    for became in CHANGES:
        ids = done[became]
        if isinstance(ids, list) and ids:
            click.echo(f"{became}: {' '.join(map(str, ids))}")


@rule.command("export")
@DATA
@SITE
@click.argument("file", type=click.Path(path_type=Path), required=False)
@plain_errors
def rule_export(data: Path, site: str, file: Path | None) -> None:
    """Write the rules of a site to FILE, else to standard output, as YAML."""
    from collector.signals.documents import write_rules

    with Readers(data / FILE_NAME).lend() as db:
        text = write_rules([one.document for one in rules_of(db, the_site(db, site).site)])
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    click.echo(f"{file}: {len(text.encode())} bytes")


@rule.command("enable")
@DATA
@SITE
@click.argument("name", metavar="RULE")
@plain_errors
def rule_enable(data: Path, site: str, name: str) -> None:
    """Switch a rule on. What was complete before does not fire."""
    command(data, "rule_enable", {"site": site, "rule": name})
    click.echo(f"{name}: on")


@rule.command("disable")
@DATA
@SITE
@click.argument("name", metavar="RULE")
@plain_errors
def rule_disable(data: Path, site: str, name: str) -> None:
    """Switch a rule off. Its signals stay."""
    command(data, "rule_disable", {"site": site, "rule": name})
    click.echo(f"{name}: off")


@rule.command("remove")
@DATA
@SITE
@click.argument("name", metavar="RULE")
@plain_errors
def rule_remove(data: Path, site: str, name: str) -> None:
    """Remove a rule with its signals."""
    command(data, "rule_remove", {"site": site, "rule": name})
    click.echo(f"removed {name}")


@rule.command("backtest")
@DATA
@SITE
@FILE
@click.option("--rule", "name", default="", metavar="RULE", help="Only this one of the file.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3_650))
@click.option(
    "--outcome",
    default="",
    metavar="CONDITION",
    help="What it is measured against: 'track: {name: purchase}'. Else what the rule says.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, as the API has it.")
@plain_errors
def rule_backtest(
    data: Path, site: str, file: Path, name: str, days: int, outcome: str, as_json: bool
) -> None:
    """Try the rules of a FILE on recorded history: how often, for whom, and what followed."""
    from collector.app import system_now_ms
    from collector.backtests import Span, backtest_json, run_backtest
    from collector.signals.documents import BadRules, read_condition

    rules = [one for one in _rules_of(file) if name in {"", one["id"]}]
    if not rules:
        raise SettingsError(f"{file} has no rule {name!r}")
    try:
        against = read_condition(outcome) if outcome else None
    except BadRules as error:
        raise SettingsError(f"--outcome: {error}") from error
    now_ms = system_now_ms()
    span = Span(now_ms - days * DAY_MS, now_ms)
    with Readers(data / FILE_NAME).lend() as db:
        row = the_site(db, site).site
        found = [
            backtest_json(db, one, span, run_backtest(db, row, one, span, against)) for one in rules
        ]
    if as_json:
        click.echo(json.dumps({"backtests": found}, indent=2))
        return
    for one in found:
        _print_backtest(one)


def _print_backtest(found: BacktestJson) -> None:
    measured = [
        f"{name} {_share(found[name])}"
        for name in ("precision", "recall", "lift")
        if found[name] is not None
    ]
    who = f"{found['signalled']} of {found['visitors']} visitors"
    click.echo(f"{found['rule']}: {found['signals']} signals, {who}  {'  '.join(measured)}".strip())
    for one in found["newest"][:5]:
        at = datetime.fromtimestamp(one["at_ms"] / 1000, UTC)
        name = one["person"] or one["visitor_id"]
        click.echo(f"  {at:%Y-%m-%d %H:%M:%S}  {one['session']}?t={one['t_ms'] / 1000:.1f}  {name}")


def _share(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "-"


def _rules_of(file: Path) -> list[Data]:
    """The rules of a file, with what is wrong as one line."""
    from collector.signals.documents import BadRules, read_rules

    try:
        return read_rules(_text(file))
    except BadRules as error:
        raise SettingsError(f"{file}: {error}") from error


def _text(file: Path) -> str:
    """A file of rules, or standard input."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: byte {error.start}: no UTF-8") from error
