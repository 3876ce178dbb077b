"""Visitors who are told that they may be watched live, or asked, by the line at the bottom of a
site's own pages; and reps who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.api import Api
from tests.e2e.axe import problems_everywhere
from tests.e2e.browser import visitor
from tests.e2e.collector_process import Collector, free_port
from tests.e2e.shop_server import serve_shop
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.e2e

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Bowls</title>
<meta http-equiv="Content-Security-Policy" content="style-src 'none'">
<script async src="{url}/sdk.js" data-site="{key}"></script>
<script async src="{url}/live.js?site={key}"></script></head>
<body><main><h1>Bowls</h1><p>Made by hand.</p></main></body></html>"""


Arrive = Callable[[Page, str, str], str]


@pytest.fixture
def arrive(collector: Collector) -> Iterator[Arrive]:
    """Opens a page of a new site with this rule, in this language; returns the session's id."""
    sites = 0
    port = free_port()
    with serve_shop(collector.url, "", port=port) as shop:

        def open_page(page: Page, rule: str, language: str) -> str:
            nonlocal sites
            sites += 1
            name = f"noticed-{rule}-{port}-{sites}"
            key = collector.add_site(name, shop.url)
            assert f"live.js?site={key}" in collector.say("site", "live", name, rule)
            text = PAGE.format(language=language, url=collector.url, key=key)
            shop.extra["/plain"] = ("text/html", text.encode())
            page.goto(f"{shop.url}/plain")
            page.wait_for_function("typeof visitreel === 'function' && visitreel.version")
            found: str = page.evaluate("visitreel('session').id")
            return found

        yield open_page


@contextmanager
def watching(rep: BrowserContext) -> Iterator[Page]:
    page = rep.new_page()
    yield page
    page.close()


def test_a_visitor_who_is_asked_is_watched_after_a_yes(
    browser: Browser, rep: BrowserContext, collector: Collector, api: Api, arrive: Arrive
) -> None:
    with visitor(browser) as page, watching(rep) as player:
        session_id = arrive(page, "asked", "de")
        page.get_by_text("Darf unser Team diesen Besuch live mitverfolgen").wait_for()
        assert problems_everywhere(page) == []
        path = f"/api/sessions/{session_id}"
        wait_for("the visit is stored", lambda: api.get(path).status_code == 200)
        answer = player.goto(f"{collector.url}/sessions/{session_id}")
        assert answer is not None
        assert answer.status == 403
        player.get_by_text("it can be watched when it is over").wait_for()
        page.get_by_role("button", name="Ja").click()
        page.get_by_role("dialog").wait_for(state="detached")
        wait_for("it may be watched", lambda: api.get(f"{path}/timeline").status_code == 200)
        player.goto(f"{collector.url}/sessions/{session_id}?live=1")
        player.wait_for_selector("#player[data-state=playing]", state="attached")
        # The answer holds for the next page.
        page.reload()
        page.wait_for_function("typeof visitreel === 'function' && visitreel.version")
        page.wait_for_function("visitreel('session') !== null")
        assert page.get_by_role("dialog").count() == 0


def test_a_visitor_who_says_no_is_not_watched(browser: Browser, api: Api, arrive: Arrive) -> None:
    with visitor(browser) as page:
        session_id = arrive(page, "asked", "en")
        page.get_by_role("button", name="No").click()
        facts = f"/api/sessions/{session_id}/facts"
        wait_for("the answer is stored", lambda: '"no"' in api.get(facts).text)
        assert api.get(f"/api/sessions/{session_id}/timeline").status_code == 403


def test_a_visitor_who_is_told_puts_it_away_and_is_watched(
    browser: Browser, api: Api, arrive: Arrive
) -> None:
    with visitor(browser) as page:
        session_id = arrive(page, "told", "en")
        page.get_by_role("status").get_by_text("Our staff may watch this visit live").wait_for()
        path = f"/api/sessions/{session_id}/timeline"
        wait_for("it may be watched", lambda: api.get(path).status_code == 200)
        page.get_by_role("button", name="All right").click()
        page.get_by_role("status").wait_for(state="detached")
