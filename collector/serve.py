"""`visitreel serve`: in go settings, out comes a collector that runs until it is told to end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from collector.app import Collector, system_now_ms
from collector.directory import locked_to_serve
from collector.server import listen, server_of, set_up_log
from collector.settings import Settings, make_data_directory, shown_host
from collector.store.database import (
    SAFE_SQLITE,
    open_writer,
    sqlite_is_safe,
    sqlite_version,
)
from collector.store.people import add_link, add_user, any_user

FIRST_USER = "admin@localhost"


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves until a signal. Raises `SettingsError` when it can't start."""
    set_up_log()
    make_data_directory(settings.data)
    with locked_to_serve(settings.data), listen(settings.host, settings.port) as listener:
        link = first_link(settings)
        collector = Collector(settings)
        say(f"visitreel collects at {settings.public_url}")
        for line in warnings(settings):
            say(f"warning: {line}")
        if link:
            say(f"sign in once: {link}")
        server = server_of(collector.app(), collector.hub.end)
        # Ctrl-C has ended it properly; uvicorn only passes it on.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def first_link(settings: Settings) -> str | None:
    """At the first start: a sign-in link for whoever started it."""
    db = open_writer(settings.database)
    try:
        if any_user(db):
            return None
        with db.atomic():
            now_ms = system_now_ms()
            user = add_user(db, FIRST_USER, "admin", now_ms)
            return f"{settings.public_url}/sign-in/{add_link(db, user, now_ms)}"
    finally:
        db.conn.close()


def warnings(settings: Settings) -> list[str]:
    """What the one who starts it should know."""
    found = []
    if not sqlite_is_safe():
        wanted = ".".join(map(str, SAFE_SQLITE))
        found.append(
            f"SQLite {sqlite_version()} can corrupt data under load: {wanted} comes with pysqlite3"
        )
    if not settings.url and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        where = f"http://{shown_host(settings.host)}:{settings.port}"
        found.append(f"without --url, tags and links say {where}, which others can't reach")
    return found
