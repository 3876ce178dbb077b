"""The first minute: start the demo, click through the shop, watch the visit."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import sign_in, visitor, wait_for_frame
from tests.e2e.collector_process import VISITREEL
from tests.e2e.demo_process import run_demo
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.e2e

LISTED_WITHIN_S = 6.0


def click_through(page: Page, shop: str) -> str:
    """A short visit; returns the session's id."""
    page.goto(shop)
    page.locator('[data-sku="jar"] > a').click()
    # The shop's own script shows these, and listens from then on.
    page.locator("#thumbs button").first.wait_for()
    page.get_by_text("Put in the bag").click()
    page.locator("#added a").click()
    page.get_by_text("size M").wait_for()
    page.wait_for_function("visitreel.version")
    session: str = page.evaluate("visitreel('session').id")
    return session


def test_a_visit_to_the_demo_shop_is_listed_in_time_and_replays(
    browser: Browser, tmp_path: Path
) -> None:
    with run_demo(VISITREEL, tmp_path) as demo:
        context = browser.new_context()
        sign_in(context, demo.sign_in)
        rep = context.new_page()
        with visitor(browser) as page:
            session = click_through(page, demo.shop)
            started = time.monotonic()
            link = f'a[href*="{session}"]'

            def is_listed() -> bool:
                rep.goto(demo.collector)
                return rep.locator(link).count() > 0

            wait_for("the visit is listed", is_listed)
            assert time.monotonic() - started <= LISTED_WITHIN_S

        rep.goto(f"{demo.collector}/sessions/{session}?t=3600")
        wait_for_frame(rep)
        rep.frame_locator("#frame").get_by_text("size M").wait_for()
        context.close()


def test_the_demo_brings_a_visit_that_plays_with_its_pictures(
    browser: Browser, tmp_path: Path
) -> None:
    with run_demo(VISITREEL, tmp_path) as demo:
        context = browser.new_context()
        sign_in(context, demo.sign_in)
        rep = context.new_page()
        rep.goto(demo.collector)
        link = rep.locator('a[href^="/sessions/"]').first.get_attribute("href")
        rep.goto(f"{demo.collector}{link}?t=5")
        wait_for_frame(rep)
        picture = rep.frame_locator("#frame").locator('[data-sku="vase"] img')
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
        context.close()


def test_the_demo_keeps_its_data_beside_the_reader(tmp_path: Path) -> None:
    with run_demo(VISITREEL, tmp_path):
        pass
    assert (tmp_path / ".demo").is_dir()
    with run_demo(VISITREEL, tmp_path) as again:
        assert again.sign_in
