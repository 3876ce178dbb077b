"""A real collector on a real port with a clock of its own: what most tests here talk to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.app import Collector
from collector.commands import run_command
from collector.directory import locked_to_serve
from collector.rule_commands import CHANGES_SIGNALS
from collector.server import listen, server_of
from collector.settings import Limits, Pace, Settings, make_data_directory
from collector.store.database import Database
from tests.collector.sender import ORIGIN, Tab
from tests.e2e import plain_http

SETTLE_S = 20.0


@dataclass
class Clock:
    """Real time, moved on by what the test says."""

    ahead_ms: int = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@dataclass
class Running:
    """A collector at work. `client` has no cookies and no token, `api` has a token."""

    collector: Collector
    clock: Clock
    client: httpx.Client
    api: httpx.Client
    end: Callable[[], None]
    """Tells the server to end."""
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def run(self, command: str, /, **arguments: object) -> dict[str, object]:
        """A command, as the command line gives it to a running collector."""
        done = self.collector.writer.call(
            lambda db, intake: run_command(
                db, intake, command, dict(arguments), self.clock.now_ms()
            )
        )
        self.collector.reload_sites()
        if command in CHANGES_SIGNALS:
            self.collector.signals.reload()
        return done

    def add_site(self, name: str, *origins: str) -> str:
        """A site; returns its key."""
        key = str(self.run("site_add", name=name, origins=list(origins or (ORIGIN,)))["key"])
        self.keys[name] = key
        return key

    def tab(self, name: str = "shop", **fields: Any) -> Tab:
        """A visitor's page on a site."""
        key = self.keys.get(name) or self.add_site(name)
        return Tab(key, **fields)

    def settle(self) -> None:
        """Returns when all that was acknowledged is checked and sealed."""
        self.collector.background.ring()
        assert self.collector.background.settle(SETTLE_S)

    def sweep(self) -> None:
        """As `settle`, and sessions that are over are packed."""
        self.collector.background.sweep()
        self.settle()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the database holds."""
        with self.collector.readers.lend() as db:
            return list(db.execute(sql).fetchall())

    def read(self, ask: Callable[[Database], object]) -> object:
        with self.collector.readers.lend() as db:
            return ask(db)


@contextmanager
def running_collector(
    data: Path, limits: Limits | None = None, pace: Pace | None = None, **fields: object
) -> Iterator[Running]:
    """Serves from a thread until the end of the block."""
    make_data_directory(data)
    clock = Clock()
    with locked_to_serve(data), listen("127.0.0.1", 0) as listener:
        port = _port(listener)
        settings = Settings(
            data=data,
            port=port,
            url=f"http://127.0.0.1:{port}",
            limits=limits or Limits(),
            pace=pace or Pace(),
            **fields,  # type: ignore[arg-type]
        )
        collector = Collector(settings, clock.now_ms)
        server = server_of(collector.app(), collector.hub.end)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with plain_http.client(base_url=settings.url, timeout=30) as client:
                _wait_until_up(client, thread)
                token = collector.writer.call(
                    lambda db, intake: run_command(db, intake, "token_add", {}, clock.now_ms())
                )["token"]
                headers = {"authorization": f"Bearer {token}"}
                with plain_http.client(base_url=settings.url, timeout=30, headers=headers) as api:
                    end = partial(setattr, server, "should_exit", True)
                    yield Running(collector, clock, client, api, end)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _wait_until_up(client: httpx.Client, thread: threading.Thread) -> None:
    while thread.is_alive():
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            continue
    raise AssertionError("the collector did not start")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_collector(tmp_path / "data") as found:
        yield found
