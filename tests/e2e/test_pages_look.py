"""The pages around the player as people see and use them: for everybody, at every width, in light
and dark; and what changes in them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from replay import ops
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import Tab, page_view, post, snapshot
from tests.e2e.axe import problems_everywhere
from tests.e2e.browser import sign_in

pytestmark = pytest.mark.e2e

SITE_ORIGIN = "https://shop.example"
LONG = "A title that is much longer than any line of any list on any phone could ever show, ever"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_collector(tmp_path / "data") as found:
        yield found


@contextmanager
def signed_in(browser: Browser, running: Running, role: str) -> Iterator[Page]:
    """A page of somebody's browser. Errors of our scripts, and what our policy forbids, fail the
    test."""
    context: BrowserContext = browser.new_context(locale="en-GB", timezone_id="Asia/Tokyo")
    token = running.run("user_add", email=f"{role}@example.com", role=role)["token"]
    sign_in(context, f"{running.url}/sign-in/{token}?next=/")
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: errors.append(message.text) if "Policy" in message.text else None,
    )
    try:
        yield page
    finally:
        context.close()
    assert errors == []


def visit(running: Running, key: str, *facts: ops.Fact, origin: str = SITE_ORIGIN) -> str:
    """A session with these facts; returns its id."""
    tab = Tab(key)
    body = tab.batch(snapshot(), [(at * 1_000, fact) for at, fact in enumerate(facts)])
    assert post(running.client, body, origin=origin).is_success
    running.settle()
    return tab.session_id


def test_the_way_to_the_first_visit_is_for_everybody(browser: Browser, running: Running) -> None:
    found: list[str] = []
    with signed_in(browser, running, "admin") as page, signed_in(browser, running, "rep") as rep:
        page.goto(f"{running.url}/")
        found += problems_everywhere(page)
        rep.goto(f"{running.url}/")
        found += problems_everywhere(rep)
        # A name and an address, and there is the tag.
        page.get_by_label("Name").fill("shop")
        page.get_by_label("Where its pages are").fill(SITE_ORIGIN)
        page.get_by_role("button", name="Add site").click()
        page.get_by_text("Waiting for the first visit").wait_for()
        key = page.url.rpartition("/")[2]
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        # Pages of another origin: it says so by itself, and a click allows them.
        refused = Tab(key).batch(snapshot(), [(0, page_view())])
        assert post(running.client, refused, origin="http://localhost:3000").status_code == 403
        page.get_by_text("Pages of http://localhost:3000 carry this tag").wait_for()
        found += problems_everywhere(page)
        page.get_by_role("button", name="Allow http://localhost:3000").click()
        page.get_by_role("button", name="Remove http://localhost:3000").wait_for()
        # The first batch, and it is seen, wherever somebody waits.
        rep.goto(f"{running.url}/")
        rep.get_by_text("Waiting for the first visit").wait_for()
        found += problems_everywhere(rep)
        session_id = visit(running, key, page_view(), origin="http://localhost:3000")
        for waiting in (page, rep):
            waiting.get_by_text("We see you.").wait_for()
        found += problems_everywhere(page)
        page.goto(f"{running.url}/settings/sites")
        found += problems_everywhere(page)
        rep.get_by_role("link", name="Watch it").click()
        rep.wait_for_url(f"{running.url}/sessions/{session_id}")
    assert found == []


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A collector with visits of all kinds."""
    with running_collector(tmp_path_factory.mktemp("listed") / "data") as running:
        fill(running)
        yield running


def fill(running: Running) -> None:
    key = running.add_site("shop", SITE_ORIGIN)
    running.add_site("blog", "https://blog.example")
    from_search = ops.PageView("https://shop.example/a", LONG, "https://www.google.com/", 0, {})
    campaign = {"source": "newsletter", "campaign": "spring-sale-with-a-long-name-2026"}
    from_news = ops.PageView("https://shop.example/b", "Vases", "", 0, campaign)
    visit(running, key, from_search, ops.Identify("somebody.with.a.long.name@example.com", {}))
    visit(running, key, from_news, page_view(), page_view())
    visit(running, running.keys["blog"], page_view(), origin="https://blog.example")
    for _ in range(50):
        visit(running, key, page_view())


def test_the_list_is_for_everybody(browser: Browser, listed: Running) -> None:
    found: list[str] = []
    with signed_in(browser, listed, "rep") as page:
        page.goto(f"{listed.url}/")
        found += problems_everywhere(page)
        page.get_by_role("link", name="Older").click()
        page.get_by_text("newsletter · spring-sale").wait_for()
        found += problems_everywhere(page)
        page.goto(f"{listed.url}/?q=vases&site=shop&watched=no")
        page.locator("summary").click()
        found += problems_everywhere(page)
        page.goto(f"{listed.url}/?q=nothing+like+it")
        found += problems_everywhere(page)
        for path, heading in (
            ("/nothing-here", "There is nothing here"),
            ("/settings/sites", "This is not for you"),
            ("/?device=tank", "This address makes no sense"),
        ):
            page.goto(f"{listed.url}{path}")
            page.get_by_role("heading", name=heading).wait_for()
            found += problems_everywhere(page)
    assert found == []


def test_new_visits_are_announced_and_move_nothing(browser: Browser, listed: Running) -> None:
    with signed_in(browser, listed, "rep") as page:
        page.goto(f"{listed.url}/?site=shop")
        first = page.locator(".session").first
        before = first.bounding_box()
        visit(listed, listed.keys["shop"], page_view())
        visit(listed, listed.keys["blog"], page_view(), origin="https://blog.example")
        page.get_by_role("link", name="1 new session").wait_for()
        assert first.bounding_box() == before
        # Older and back again: nothing is left out, nothing twice.
        ids = page.locator(".session .who").evaluate_all("all => all.map((one) => one.href)")
        page.get_by_role("link", name="Older").click()
        page.get_by_role("link", name="Newer").wait_for()
        older = page.locator(".session .who").evaluate_all("all => all.map((one) => one.href)")
        assert len(ids) == 50
        assert len({*ids, *older}) == len(ids) + len(older) == 52
        page.get_by_role("link", name="Newer").click()
        page.wait_for_url(f"{listed.url}/?site=shop**")
        newer = page.locator(".session .who").evaluate_all("all => all.map((one) => one.href)")
        assert newer[:50] == ids


def test_who_comes_moves_no_card_under_the_pointer(browser: Browser, running: Running) -> None:
    key = running.add_site("shop", SITE_ORIGIN)
    visit(running, key, page_view(title="First"))
    with signed_in(browser, running, "rep") as page:
        page.goto(f"{running.url}/")
        box, cards = page.locator(".here"), page.locator(".visits > li")
        card = cards.filter(has_text="First")
        card.get_by_role("link").hover()
        before = card.bounding_box(), box.bounding_box()
        erased = visit(running, key, page_view(title="Second"))
        box.get_by_text("2", exact=True).wait_for()
        assert (card.bounding_box(), box.bounding_box()) == before
        page.mouse.move(0, 0)
        cards.filter(has_text="Second").wait_for()
        assert cards.count() == 2
        # The newest is first, and who has gone leaves the box as it is.
        assert "Second" in cards.first.inner_text()
        visitor_id = running.api.get(f"/api/sessions/{erased}").json()["visitor_id"]
        running.api.delete(f"/api/visitors/{visitor_id}")
        cards.filter(has_text="Second").wait_for(state="detached")
        assert (card.bounding_box(), box.bounding_box()) == before


def test_a_list_that_lost_its_connection_says_so_and_comes_back(
    browser: Browser, listed: Running
) -> None:
    with signed_in(browser, listed, "rep") as page:
        page.goto(f"{listed.url}/")
        page.get_by_role("heading", name="Here now").wait_for()
        page.context.set_offline(True)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.get_by_text("The connection to the collector is lost").wait_for()
        visit(listed, listed.keys["shop"], page_view(title="While it was away"))
        page.context.set_offline(False)
        page.locator(".visits").get_by_text("While it was away").first.wait_for()
        page.get_by_text("The connection to the collector is lost").wait_for(state="hidden")


def test_a_rep_finds_and_opens_a_visit_by_keyboard(browser: Browser, listed: Running) -> None:
    with signed_in(browser, listed, "rep") as page:
        page.goto(f"{listed.url}/")
        # The first row's time is the reader's own, nine hours ahead.
        time = page.locator(".session time").first
        hours = page.evaluate("(time) => new Date(time).getHours()", time.get_attribute("datetime"))
        assert time.inner_text().startswith(f"{hours}:")
        page.get_by_role("searchbox", name="Search sessions").fill('"longer than any" somebody')
        page.keyboard.press("Enter")
        page.wait_for_url("**q=**")
        links = page.locator(".session .who")
        assert links.all_inner_texts() == ["somebody.with.a.long.name@example.com"]
        assert page.locator(".session.unwatched").count() == 1
        links.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/sessions/**")
        page.wait_for_selector("#player:not([data-state=loading])", state="attached")
        page.goto(f"{listed.url}/?q=somebody")
        assert page.locator(".session.unwatched").count() == 0
        assert page.locator(".session .seen").inner_text() == "Watched"
