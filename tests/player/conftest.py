"""What the tests of the player's page share: one server, and a page that fails the test when a
script of ours does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.player.player_page import PlayerPage
from tests.player.recorded import Recorded
from tests.player.server import Server, serve

Play = Callable[..., PlayerPage]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def play(page: Page, server: Server) -> Play:
    """Opens a recording at a moment, in ms; None: lets it begin by itself."""

    def opened(recorded: Recorded, t_ms: int | None = 0, more: str = "") -> PlayerPage:
        query = [] if t_ms is None else [f"t={t_ms / 1000}"]
        page.goto(f"{server.add(recorded)}?{'&'.join([*query, more])}")
        player = PlayerPage(page)
        player.settle()
        return player

    return opened
