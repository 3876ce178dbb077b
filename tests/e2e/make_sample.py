"""`make sample`: in comes a file's name, out goes the recording that the demo brings, made by a
browser in the sample shop."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Playwright, ViewportSize, sync_playwright

from collector.exporting import export_file
from tests.collector.conftest import Running, running_collector
from tests.e2e.browser import FLAGS, VIEWPORT_PX, chromium_path
from tests.e2e.sample_visit import visit_shop
from tests.e2e.shop_server import serve_shop
from tests.e2e.waiting import wait_for

SITE = "shop"
HOST = "shop.localhost"
HALF_AN_HOUR_MS = 31 * 60 * 1000
VIEWS = 6
"""Page views of the visit, each a document load."""


def record(running: Running, page: Page, url: str, tempo: float) -> str:
    """Visits the shop at `url`; returns the session once all of it is stored and packed."""
    session = visit_shop(page, url, tempo)
    wait_for("all of the visit has come", lambda: _has_come(running, session))
    running.clock.ahead_ms += HALF_AN_HOUR_MS
    running.sweep()
    return session


def _has_come(running: Running, session: str) -> bool:
    told = running.api.get(f"/api/sessions/{session}").json()
    left = {fact["document"] for fact in told["facts"] if fact["kind"] == "leave"}
    return len(left) == len(told["page_views"]) == VIEWS


@contextmanager
def visitor_of(playwright: Playwright, port: int) -> Iterator[Page]:
    """A page of a browser that finds the shop under a name of its own, and looks like one that
    people use."""
    rule = f"--host-resolver-rules=MAP {HOST}:80 127.0.0.1:{port}"
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, rule])
    try:
        agent = browser.new_page().evaluate("navigator.userAgent").replace("Headless", "")
        width, height = VIEWPORT_PX
        size: ViewportSize = {"width": width, "height": height}
        yield browser.new_context(viewport=size, locale="en-GB", user_agent=agent).new_page()
    finally:
        browser.close()


def make_sample(file: Path) -> None:
    """Writes the file anew."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_collector(Path(folder) / "data") as running,
        serve_shop(running.url, running.add_site(SITE, f"http://{HOST}")) as shop,
        sync_playwright() as playwright,
        visitor_of(playwright, shop.port) as page,
    ):
        session = record(running, page, f"http://{HOST}", tempo=1)
        made = Path(folder) / "sample.reel"
        size = export_file(running.collector.settings.database, session, made, with_person=True)
        file.write_bytes(made.read_bytes())
    print(f"{file}: {size} bytes")


if __name__ == "__main__":
    make_sample(Path(sys.argv[1]))
