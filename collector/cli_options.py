"""What the commands of the command line share: the data directory, and plain errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from collector.bundled import NotBundled
from collector.settings import DEFAULT_DATA, SettingsError
from collector.store.database import StoreError

Params = ParamSpec("Params")

DATA = click.option(
    "--data",
    envvar="VISITREEL_DATA",
    default=DEFAULT_DATA,
    show_default=True,
    type=click.Path(path_type=Path),
    help="The data directory.",
)


def plain_errors(run: Callable[Params, None]) -> Callable[Params, None]:
    """What can't be done is one line and exit status 2, never a trace."""

    @wraps(run)
    def guarded(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            run(*args, **kwargs)
        except (SettingsError, StoreError, NotBundled) as error:
            line = " ".join(str(error).split())
            click.echo(f"visitreel: {line}", err=True)
            sys.exit(2)

    return guarded
