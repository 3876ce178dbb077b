"""The commands about channels: in come words, out go lines."""

from __future__ import annotations

from pathlib import Path

import click

from collector.cli_options import DATA, plain_errors
from collector.directory import command
from collector.settings import SettingsError
from collector.store.database import FILE_NAME, Readers


@click.group()
def channel() -> None:
    """Where people are told of signals."""


@channel.command("add")
@DATA
@click.argument("kind")
@click.argument("address")
@click.option("--user", "owner", default="", metavar="EMAIL", help="Whose it is; else shared.")
@click.option("--name", default="", help="What it is called.")
@click.option("--max-an-hour", default=20, show_default=True, type=int, help="Messages at most.")
@plain_errors
def channel_add(
    data: Path, kind: str, address: str, owner: str, name: str, max_an_hour: int
) -> None:
    """Add a channel; for a webhook, print the secret that signs what it gets."""
    arguments = {"kind": kind, "address": address, "owner": owner, "name": name}
    added = command(data, "channel_add", {**arguments, "max_an_hour": max_an_hour})
    click.echo(f"channel: {added['channel']}")
    if added["secret"]:
        click.echo(f"secret: {added['secret']}")


@channel.command("list")
@DATA
@plain_errors
def channel_list(data: Path) -> None:
    """List channels, and what is wrong with those that fail."""
    from collector.alerts.commands import channel_json
    from collector.store.channels import all_channels

    with Readers(data / FILE_NAME).lend() as db:
        found = [channel_json(one, owner) for one, owner in all_channels(db)]
    for one in found:
        state = f"failing: {one['error']}" if one["error"] else "ok"
        state = f"off: {one['error']}" if one["off"] else state
        owner = one["owner"] or "shared"
        click.echo(
            f"{one['channel']}  {one['kind']}  {one['name']}  {owner}  {one['address']}  {state}"
        )


@channel.command("remove")
@DATA
@click.argument("number", metavar="CHANNEL", type=int)
@plain_errors
def channel_remove(data: Path, number: int) -> None:
    """Remove a channel with all that waits for it."""
    click.echo(f"removed {command(data, 'channel_remove', {'channel': number})['name']}")


@channel.command("test")
@DATA
@click.argument("number", metavar="CHANNEL", type=int)
@plain_errors
def channel_test(data: Path, number: int) -> None:
    """Send a test message to a channel, and say what became of it."""
    done = command(data, "channel_test", {"channel": number})
    if "error" not in done:
        raise SettingsError("the collector is not running: it sends the test when it starts")
    if done["error"] != "":
        raise SettingsError(f"{done['name']}: {done['error'] or 'no answer yet'}")
    click.echo(f"{done['name']}: arrived")
