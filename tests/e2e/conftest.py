"""What browser tests share: one collector with a site, a token and a signed-in rep.
Nothing waits for a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.api import Api
from tests.e2e.browser import sign_in
from tests.e2e.collector_process import Collector, free_port


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    running = Collector(tmp_path_factory.mktemp("collector") / "data")
    running.start()
    yield running
    running.stop()


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the collector: its key, and the port its pages must come from."""

    key: str
    port: int


@pytest.fixture(scope="session")
def site(collector: Collector) -> Site:
    port = free_port()
    return Site(collector.add_site("shop", f"http://127.0.0.1:{port}"), port)


@pytest.fixture(scope="session")
def api(collector: Collector) -> Iterator[Api]:
    with Api(collector.url, collector.make_token()) as client:
        yield client


@pytest.fixture(scope="session")
def rep(browser: Browser, collector: Collector) -> Iterator[BrowserContext]:
    """A signed-in rep's browser context, wide enough for a visitor's page at scale 1."""
    context = browser.new_context(viewport={"width": 1700, "height": 1300})
    sign_in(context, collector.sign_in_link())
    yield context
    context.close()
