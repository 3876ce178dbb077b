"""What all tests share: one browser for the whole run, and the same examples in every run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.browser import launch

settings.register_profile(
    "visitreel",
    deadline=None,  # a busy machine is no failure
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("visitreel")


LONGEST_FIRST = (
    "test_visit.py",
    "test_recorded.py",
    "test_kills.py",
    "test_differential.py",
    "test_pages_look.py",
    "test_ways.py",
    "test_controls.py",
    "test_page.py",
    "test_sharing.py",
    "test_wheel.py",
    "test_sample.py",
)
"""Files of browser tests: where two workers share them, none begins a long one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a browser, so that the rest can run where there is none."""
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # One for all: a second one in the same process is refused.
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = launch(playwright)
    yield running
    running.close()
