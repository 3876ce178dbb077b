"""The console script `visitreel`: in come words, out go lines. Whatever is wrong is one clear line
on standard error and exit status 2."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from collector import __version__
from collector.cli_channels import channel
from collector.cli_options import DATA, plain_errors
from collector.cli_rules import rule
from collector.directory import command
from collector.settings import (
    DEFAULT_PORT,
    Settings,
    SettingsError,
    checked_network,
    checked_url,
)
from collector.sites import tag_of
from collector.store.database import FILE_NAME, Readers

URL = click.option(
    "--url",
    envvar="VISITREEL_URL",
    default="",
    metavar="URL",
    help="What tags, links and alerts carry: https://collector.example.",
)

# One id in 64 begins with a dash: it is no option. (`-h` would be the start of one, too.)
TAKES_ID = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="visitreel")
def visitreel() -> None:
    """Records visits to your web sites and plays them back."""


def main() -> None:
    """The console script."""
    try:
        visitreel(prog_name="visitreel", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        click.echo(f"visitreel: {' '.join(error.format_message().split())}", err=True)
        sys.exit(2)
    except click.Abort:
        sys.exit(130)


@visitreel.command()
@DATA
@URL
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65_535))
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    metavar="CIDR",
    help="A proxy whose X-Forwarded-For is believed. May be repeated.",
)
@click.option(
    "--allow-private",
    "private",
    multiple=True,
    metavar="CIDR",
    help="Private addresses that alerts may be sent to. May be repeated.",
)
@plain_errors
def serve(
    data: Path,
    url: str,
    host: str,
    port: int,
    proxies: tuple[str, ...],
    private: tuple[str, ...],
) -> None:
    """Run the collector. The first start prints a one-time sign-in link."""
    from collector.serve import serve as run

    settings = Settings(
        data=data,
        host=host,
        port=port,
        url=checked_url(url) if url else "",
        trusted_proxies=tuple(checked_network(text) for text in proxies),
        allow_private=tuple(checked_network(text, "--allow-private") for text in private),
    )
    run(settings, click.echo)


@visitreel.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--shop-port", default=8001, show_default=True, type=click.IntRange(1, 65_535))
@plain_errors
def demo(port: int, shop_port: int) -> None:
    """Run the collector and a sample shop with the tag; keeps its data under .demo/."""
    from collector.demo import run_demo

    run_demo(port, shop_port, click.echo)


@visitreel.group()
def site() -> None:
    """Sites and the origins that may send for them."""


@site.command("add")
@DATA
@URL
@click.argument("name")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="https://shop.example, or https://*.shop.example. May be repeated.",
)
@click.option("--dev", is_flag=True, help="Pages from localhost may send too.")
@click.option(
    "--query",
    "keys",
    multiple=True,
    metavar="KEY",
    help="A query key that recorded URLs keep besides utm_*. May be repeated.",
)
@plain_errors
def site_add(
    data: Path, url: str, name: str, origins: tuple[str, ...], dev: bool, keys: tuple[str, ...]
) -> None:
    """Add a site; print its key and the tag to paste."""
    arguments = {"name": name, "origins": list(origins), "dev": dev, "query_keys": list(keys)}
    added = command(data, "site_add", arguments)
    click.echo(f"key: {added['key']}")
    click.echo("Paste this into the pages of the site:\n")
    click.echo(tag_of(public_url(data, url), str(added["key"]), keys))


@site.command("list")
@DATA
@plain_errors
def site_list(data: Path) -> None:
    """List sites with their keys and origins."""
    from collector.store.sites import all_sites

    with Readers(data / FILE_NAME).lend() as db:
        for found in all_sites(db):
            origins = [*found.origins, *(["localhost"] if found.dev else [])]
            click.echo(f"{found.name}  {found.key}  {' '.join(origins)}")


@site.command("live")
@DATA
@URL
@click.argument("name")
@click.argument("rule", type=click.Choice(["open", "told", "asked"]))
@plain_errors
def site_live(data: Path, url: str, name: str, rule: str) -> None:
    """Say whether visitors are told, or asked, before somebody watches them live; print the tag."""
    changed = command(data, "site_live", {"name": name, "live": rule})
    keys = changed["query_keys"]
    tag = tag_of(
        public_url(data, url),
        str(changed["key"]),
        map(str, keys if isinstance(keys, list) else []),
        has_notice=rule != "open",
    )
    click.echo(f"{name}: {rule}\n\n{tag}")


@site.group("origin")
def site_origin() -> None:
    """Origins of a site."""


@site_origin.command("add")
@DATA
@click.argument("name")
@click.argument("origin", metavar="URL")
@plain_errors
def site_origin_add(data: Path, name: str, origin: str) -> None:
    """Let pages of one more origin send for a site."""
    changed = command(data, "site_origin_add", {"name": name, "origin": origin})
    origins = changed["origins"]
    click.echo(f"{name}: {' '.join(map(str, origins if isinstance(origins, list) else []))}")


visitreel.add_command(rule)
visitreel.add_command(channel)


@visitreel.group()
def user() -> None:
    """People who may sign in."""


@user.command("add")
@DATA
@URL
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice(["rep", "admin"]),
    help="What they may do: rep for somebody new, else what they could before.",
)
@plain_errors
def user_add(data: Path, url: str, email: str, role: str | None) -> None:
    """Let somebody in; print a one-time sign-in link, good for 24 hours."""
    added = command(data, "user_add", {"email": email, "role": role})
    click.echo(f"{public_url(data, url)}/sign-in/{added['token']}")


@visitreel.command()
@DATA
@click.option("--name", default="unnamed", help="What the token is for.")
@plain_errors
def token(data: Path, name: str) -> None:
    """Make an API token and print it. It is stored hashed: nobody can print it again."""
    click.echo(str(command(data, "token_add", {"name": name})["token"]))


@visitreel.command()
@DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON document, as the API has it.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@plain_errors
def sessions(data: Path, as_json: bool, limit: int) -> None:
    """List sessions, newest first."""
    from collector.app import system_now_ms
    from collector.settings import Pace
    from collector.store.lines import Asking, session_json
    from collector.store.listing import Wanted, find_sessions

    asking = Asking(system_now_ms(), Pace().live_ms)
    with Readers(data / FILE_NAME).lend() as db:
        rows, _ = find_sessions(db, Wanted(), asking, limit=limit)
        found = [session_json(db, row, asking) for row in rows]
    if as_json:
        click.echo(json.dumps({"sessions": found}, indent=2))
        return
    for one in found:
        begun = datetime.fromtimestamp(one["started_at_ms"] / 1000, UTC)
        views = one["page_views"]
        page = views[0]["url"] if views else "-"
        live = "live" if one["live"] else "-"
        who = one["person"] or one["visitor_id"]
        seconds = one["duration_ms"] / 1000
        click.echo(f"{one['id']}  {begun:%Y-%m-%d %H:%M:%S}  {seconds:.1f}s  {live}  {who}  {page}")


@visitreel.command()
@DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000))
@plain_errors
def audit(data: Path, as_json: bool, limit: int) -> None:
    """List who watched, shared and changed what, newest first."""
    from collector.store.audit import line_json, lines

    with Readers(data / FILE_NAME).lend() as db:
        found = lines(db, limit)
    if as_json:
        click.echo(json.dumps({"audit": [line_json(line) for line in found]}, indent=2))
        return
    for line in found:
        at = datetime.fromtimestamp(line.at_ms / 1000, UTC)
        moment = "" if line.t_ms is None else f"at {line.t_ms / 1000:.1f}s"
        words = [line.who, line.what, line.about, line.session_id or "", moment]
        click.echo(f"{at:%Y-%m-%d %H:%M:%S}  {'  '.join(filter(None, words))}")


@visitreel.command(context_settings=TAKES_ID)
@DATA
@click.argument("session_id", metavar="SESSION")
@click.option("--at", "at_s", type=float, required=True, help="Seconds from the session's zero.")
@click.option("--tab", type=click.IntRange(1), default=None, help="Another tab than the visible.")
@plain_errors
def frame(data: Path, session_id: str, at_s: float, tab: int | None) -> None:
    """Print the HTML of one frame."""
    from collector.app import system_now_ms
    from collector.frames import NoSession, frame_html

    try:
        html = frame_html(data / FILE_NAME, session_id, at_s, tab, system_now_ms())
    except NoSession as error:
        raise SettingsError(str(error)) from error
    sys.stdout.buffer.write(html.encode("utf-8", "replace"))


@visitreel.command(context_settings=TAKES_ID)
@DATA
@click.argument("session_id", metavar="SESSION")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--without-person", is_flag=True, help="Leave out who it was; the pages stay.")
@plain_errors
def export(data: Path, session_id: str, file: Path, without_person: bool) -> None:
    """Write one session to a new FILE that plays anywhere: its ending must be .reel."""
    from collector.exporting import export_file

    size = export_file(data / FILE_NAME, session_id, file, with_person=not without_person)
    click.echo(f"{file}: {size} bytes")


@visitreel.command("import")
@DATA
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", "name", default="", metavar="NAME", help="Where it belongs; else its own.")
@plain_errors
def import_(data: Path, file: Path, name: str) -> None:
    """Take in the session of a .reel FILE."""
    done = command(data, "import", {"file": str(file.absolute()), "site": name})
    problems = done["problems"]
    for line in problems if isinstance(problems, list) else []:
        click.echo(f"visitreel: not imported: {line}", err=True)
    what = "imported" if done["is_new"] else "is here already:"
    click.echo(f"{what} {done['session']} on site {done['site']}")


@visitreel.command(context_settings=TAKES_ID)
@DATA
@click.argument("visitor")
@plain_errors
def erase(data: Path, visitor: str) -> None:
    """Erase a visitor with all sessions, for good."""
    erased = command(data, "erase", {"visitor": visitor})
    click.echo(f"erased {erased['visitor_id']}: {erased['sessions']} sessions")


@visitreel.command()
@DATA
@click.argument("file", type=click.Path(path_type=Path))
@plain_errors
def backup(data: Path, file: Path) -> None:
    """Write a consistent copy of all data to a new FILE, while the collector goes on."""
    from collector.upkeep import back_up

    size = back_up(data, file)
    click.echo(f"{file}: {size} bytes. To restore: put it into an empty directory as {FILE_NAME}")


@visitreel.command()
@DATA
@plain_errors
def doctor(data: Path) -> None:
    """Check the data directory and what the collector runs on."""
    from collector.upkeep import diagnose

    findings = diagnose(data)
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'BAD'} {finding.text}")
    if not all(finding.good for finding in findings):
        sys.exit(2)


def public_url(data: Path, url: str) -> str:
    """What links carry: as told here, else what the collector that serves the directory was
    told."""
    if url:
        return checked_url(url)
    return str(command(data, "where", {})["url"])


if __name__ == "__main__":
    main()
