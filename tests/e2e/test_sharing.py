"""Links as people get them in a chat: previews spend nothing, a click lands on the moment, a share
link shows one visit and nothing else, until it is revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.e2e.api import Api
from tests.e2e.axe import problems_everywhere
from tests.e2e.browser import open_player, visitor, wait_for_frame
from tests.e2e.collector_process import Collector
from tests.e2e.conftest import Site
from tests.e2e.plain_http import CLIENT
from tests.e2e.shop_server import serve_shop
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.e2e

MOMENT = "0.25"
PERSON = "ana@example.com"


@pytest.fixture(scope="module")
def session_id(browser: Browser, collector: Collector, site: Site, api: Api) -> str:
    """A visit to two pages of the shop, with its pictures and fonts, by somebody who is known."""
    with serve_shop(collector.url, site.key, port=site.port) as shop, visitor(browser) as page:
        visit = Visit(page, api)
        page.goto(shop.url)
        visit.arrive()
        page.evaluate(f"visitreel('identify', '{PERSON}')")
        page.locator('[data-sku="jar"] > a').click()
        visit.arrive()
        page.goto("about:blank")

    def is_whole() -> bool:
        timeline = api.timeline(visit.session_id)
        known = any(fact["kind"] == "identify" for fact in timeline["facts"])
        return known and all(entry["assets"] for entry in timeline["documents"])

    wait_for("the visit with its assets", is_whole)
    return visit.session_id


@contextmanager
def stranger(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A browser that knows nothing of the collector, and the addresses that it asks for."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    context.on("request", note)
    yield context.new_page(), asked
    assert context.cookies() == []
    context.close()


def preview(url: str) -> None:
    """As chats do it, some of them twice."""
    for method in ("HEAD", "GET", "GET"):
        assert CLIENT.request(method, url).status_code == 200


def share(rep: BrowserContext, collector: Collector, session_id: str) -> str:
    """A link from the player's dialog, to the moment that is shown."""
    page = rep.new_page()
    open_player(page, f"{collector.url}/sessions/{session_id}?t={MOMENT}")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share this visit")
    dialog.get_by_label("The link works for").select_option("a day")
    # The player's keys are not the dialog's.
    dialog.get_by_role("checkbox").press("Space")
    dialog.get_by_role("checkbox").press("Space")
    dialog.get_by_role("button", name="Make a link").press("Enter")
    link = dialog.get_by_label("The link", exact=True)
    link.wait_for()
    assert page.get_attribute("#player", "data-state") == "paused"
    url = link.input_value()
    page.close()
    return url


def test_a_signed_out_rep_who_clicks_lands_on_the_moment(
    browser: Browser, collector: Collector, session_id: str
) -> None:
    link = collector.sign_in_link("moment@example.com")
    preview(link)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{collector.url}/sessions/{session_id}?t={MOMENT}")
    page.get_by_role("heading", name="Please sign in").wait_for()
    assert page.get_by_text("visitreel user add").count() == 1
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    wait_for_frame(page)
    assert page.url == f"{collector.url}/sessions/{session_id}?t={MOMENT}"
    assert page.get_attribute("#player", "data-t-ms") == "250"
    page.goto(link)
    page.get_by_role("heading", name="does not work any more").wait_for()
    context.close()


def test_a_share_link_plays_without_an_account_and_asks_for_nothing_else(
    browser: Browser, rep: BrowserContext, collector: Collector, session_id: str
) -> None:
    url = share(rep, collector, session_id)
    preview(url)
    listed = rep.new_page()
    listed.goto(f"{collector.url}/settings/shares?session={session_id}")
    assert listed.get_by_text("0 views").count() == 1
    path = urlsplit(url).path
    with stranger(browser) as (page, asked):
        open_player(page, url)
        assert page.get_attribute("#player", "data-t-ms") == "250"
        found = problems_everywhere(page)
        page.evaluate("() => visitreelPlayer.seek(1e9)")
        page.frame_locator("#frame").get_by_text("Put in the bag").wait_for()
        assert PERSON not in page.content()
        assert session_id not in page.content()
        assert page.get_by_role("navigation").count() == 0
        assert page.locator('a[href]:not([href^="#"])').count() == 0
        outside = [
            found
            for found in asked
            if not urlsplit(found).path.startswith((f"{path}/", "/static/"))
            and urlsplit(found).path != path
        ]
        assert outside == []
        assert any(f"{path}/assets/" in found for found in asked)

        listed.reload()
        assert listed.get_by_text("1 view,").count() == 1
        listed.get_by_role("button", name="Revoke").click()
        listed.get_by_text("revoked", exact=True).wait_for()
        segment = next(found for found in asked if f"{path}/segments/" in found)
        again = "url => fetch(url).then(answer => answer.status)"
        assert page.evaluate(again, segment) == 410
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 410
        page.get_by_role("heading", name="This share link has ended").wait_for()
        found += problems_everywhere(page)
        assert found == []
    listed.close()


def test_pages_of_access_are_for_everybody(
    browser: Browser, rep: BrowserContext, collector: Collector, session_id: str
) -> None:
    url = share(rep, collector, session_id)
    link = collector.sign_in_link("axe@example.com", "admin")
    context = browser.new_context(has_touch=True)
    page = context.new_page()
    found = []
    for path in ("/sign-in?next=/sessions/x", "/sign-in/spent", url[:-20], "/no-such-page"):
        page.goto(path if path.startswith("http") else f"{collector.url}{path}")
        found += problems_everywhere(page)
    page.goto(link)
    found += problems_everywhere(page)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{collector.url}/sessions/x")
    found += problems_everywhere(page)
    for name in ("users", "tokens", f"shares?session={session_id}", "audit", "account"):
        page.goto(f"{collector.url}/settings/{name}")
        found += problems_everywhere(page)
    page.goto(f"{collector.url}/settings/users")
    page.get_by_label("E-mail address").fill("new@example.com")
    page.get_by_role("button", name="Make a sign-in link").click()
    page.get_by_role("heading", name="Sign-in link for new@example.com").wait_for()
    page.locator("summary").first.click()
    found += problems_everywhere(page)
    page.goto(f"{collector.url}/settings/tokens")
    page.get_by_label("What it is for").fill("a program")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("heading", name="a program").wait_for()
    found += problems_everywhere(page)
    open_player(page, f"{collector.url}/sessions/{session_id}?t={MOMENT}")
    page.get_by_role("button", name="Share").tap()
    page.get_by_role("button", name="Make a link").tap()
    page.get_by_label("The link", exact=True).wait_for()
    page.get_by_role("button", name="Copy").tap()
    page.get_by_text("Copied.").or_(page.get_by_text("Copy it by hand")).wait_for()
    found += problems_everywhere(page)
    context.close()
    assert found == []
