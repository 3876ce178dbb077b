"""A recording is hostile input: nothing of it runs, navigates or asks for anything, in the player
and as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Playwright

from replay import ops
from tests.e2e.api import Api
from tests.e2e.browser import (
    DUMP_FUNCTION,
    launch_with_profile,
    open_player,
    sign_in,
    visitor,
)
from tests.e2e.collector_process import Collector
from tests.e2e.conftest import Site
from tests.e2e.forged import Forger, document_of
from tests.e2e.hostile_page import hostile_markup
from tests.e2e.listener import Listener, listen
from tests.e2e.outside_page import outside_page
from tests.e2e.shop_server import serve_shop
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for
from tests.normal_form.raw import Raw, from_json

pytestmark = pytest.mark.e2e

TAG = '<script async src="__COLLECTOR__/sdk.js" data-site="KEY" data-consent="granted"></script>'


@pytest.fixture
def outside() -> Iterator[Listener]:
    with listen() as listener:
        yield listener


@pytest.fixture(scope="module")
def lasting(
    playwright: Playwright, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A signed-in rep's browser with a profile: only there `preconnect` does anything."""
    context = launch_with_profile(playwright, tmp_path_factory.mktemp("profile"))
    sign_in(context, collector.sign_in_link("lasting@example.com"))
    yield context
    context.close()


def parse(browser: Browser, markup: str) -> Raw:
    """The tree of some markup, parsed in a document where nothing loads and nothing runs."""
    with visitor(browser) as page:
        script = (
            "markup => ("
            + DUMP_FUNCTION
            + ")(new DOMParser().parseFromString(markup, 'text/html'))"
        )
        return from_json(page.evaluate(script, markup))


def send(collector: Collector, site: Site, api: Api, raw: Raw) -> str:
    """Forges a session that shows this document; returns its id once it has frames."""
    forger = Forger(collector.url, site)
    facts = (ops.PageView(f"http://127.0.0.1:{site.port}/forged", "Forged", "", 0, {}),)
    answer = forger.send(document_of(raw), 0, facts)
    assert answer.status_code == 200, answer.text
    session = forger.session_id
    wait_for("a frame", lambda: api.frame(session, 10).status_code == 200)
    return session


def pause_for_requests(page: Page) -> None:
    """What was going to be asked for has been: two frames and an idle moment later."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame("
        "() => requestIdleCallback(done, { timeout: 500 }))))"
    )


def use_everything(page: Page) -> None:
    """Clicks and keys in the replayed document, as a careless rep would."""
    box = page.locator("#frame").bounding_box()
    assert box is not None
    frame = page.frame_locator("#frame")
    for element in frame.locator("a, button, summary, input").all():
        place = element.bounding_box()
        if place is not None and place["width"] > 0:
            page.mouse.click(place["x"] + 2, place["y"] + 2)
    page.mouse.click(box["x"] + 20, box["y"] + 20)
    for key in ("Tab", "Enter", "Tab", "Tab", "Enter", "Space"):
        page.keyboard.press(key)


def test_the_control_page_does_reach_the_listener(
    lasting: BrowserContext, outside: Listener
) -> None:
    with serve_shop("http://127.0.0.1:9", "none") as shop:
        page = lasting.new_page()
        alone = f'<!doctype html><link rel="preconnect" href="{outside.url}">'
        shop.extra["/preconnect"] = ("text/html", alone.encode())
        page.goto(f"{shop.url}/preconnect")
        wait_for("the preconnect", lambda: outside.count > 0)
        outside.reset()
        shop.extra["/far"] = ("text/html", outside_page(outside.url, ""))
        page.goto(f"{shop.url}/far", wait_until="commit")
        wait_for("most of the requests", lambda: len(set(outside.lines)) > 20)
        page.close()


def test_nothing_leaves_the_replay_of_a_page_that_asks_everywhere(
    browser: Browser,
    collector: Collector,
    site: Site,
    api: Api,
    lasting: BrowserContext,
    outside: Listener,
) -> None:
    tag = TAG.replace("__COLLECTOR__", collector.url).replace("KEY", site.key)
    with serve_shop(collector.url, site.key, port=site.port) as shop, visitor(browser) as page:
        shop.extra["/far"] = ("text/html", outside_page(outside.url, tag))
        page.goto(f"{shop.url}/far")
        visit = Visit(page, api)
        visit.arrive("/far")
        visit.check("far")
        page.goto("about:blank")
    outside.reset()
    check_player(lasting, collector, visit.session_id, outside, "Here")


def test_nothing_leaves_the_replay_of_a_forged_page_that_asks_everywhere(
    browser: Browser,
    collector: Collector,
    site: Site,
    api: Api,
    lasting: BrowserContext,
    outside: Listener,
) -> None:
    raw = parse(browser, outside_page(outside.url, "").decode())
    session = send(collector, site, api, raw)
    assert outside.count == 0, "the parser asked for something"
    check_player(lasting, collector, session, outside, "Here")


def test_a_hostile_recording_is_inert_in_the_player(
    browser: Browser,
    collector: Collector,
    site: Site,
    api: Api,
    lasting: BrowserContext,
    outside: Listener,
) -> None:
    session = send(collector, site, api, parse(browser, hostile_markup(outside.url)))
    check_player(lasting, collector, session, outside, "the end")


def check_player(
    rep: BrowserContext, collector: Collector, session: str, outside: Listener, text: str
) -> None:
    """Opens the player, uses what it shows, and looks for anything that ran or left."""
    page = rep.new_page()
    asked: list[str] = []
    frames: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("framenavigated", lambda frame: frames.append(frame.url))

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    url = f"{collector.url}/sessions/{session}?t=3600&scale=1"
    open_player(page, url)
    page.frame_locator("#frame").get_by_text(text).first.wait_for(state="attached")
    use_everything(page)
    pause_for_requests(page)
    assert outside.count == 0, outside.lines
    assert page.evaluate(
        "[window.hacked, document.getElementById('frame').contentWindow.hacked]"
    ) == [
        None,
        None,
    ]
    assert dialogs == []
    assert page.url.startswith(f"{collector.url}/sessions/{session}")
    allowed = re.compile(
        re.escape(collector.url)
        + rf"/(sessions/{session}(\?.*|/shell.*|/assets/[0-9a-f]+|/timeline(\?t_ms=[0-9]+)?"
        r"|/live\?after=[0-9.]+|/segments/[0-9]+|/contents/[0-9a-f]+)?|static/.*|favicon.*)$"
    )
    assert [one for one in asked if not allowed.match(one) and not one.startswith("data:")] == []
    shell = f"{collector.url}/sessions/{session}"
    assert [one for one in frames if not one.startswith((shell, "about:"))] == []
    assert [one.url for one in rep.pages if one is not page] == ["about:blank"]
    page.close()


FORBIDDEN = re.compile(
    r"<script|<base|<meta[^>]+refresh|<object|<embed|<iframe[^>]+src\s*=|\son[a-z]+\s*=|javascript:"
    r"|<link[^>]+(preconnect|prefetch|manifest|icon)|<portal|srcdoc",
    re.IGNORECASE,
)


def test_a_hostile_recording_is_inert_as_html(
    browser: Browser,
    collector: Collector,
    site: Site,
    api: Api,
    outside: Listener,
) -> None:
    session = send(collector, site, api, parse(browser, hostile_markup(outside.url)))
    answer = api.frame(session, 1_000)
    assert "the end" in answer.text
    markup = re.sub(r">[^<]*<", "><", answer.text)  # what is between tags is text
    assert FORBIDDEN.findall(markup) == []
    assert "sandbox" in answer.headers["content-security-policy"]
    with serve_shop("http://127.0.0.1:9", "none") as shop, visitor(browser) as page:
        # Saved and opened elsewhere it has no policy to protect it.
        shop.extra["/saved"] = ("text/html; charset=utf-8", answer.content)
        page.goto(f"{shop.url}/saved")
        page.get_by_text("the end").wait_for(state="attached")
        pause_for_requests(page)
        assert page.evaluate("window.hacked") is None
        assert page.url == f"{shop.url}/saved"
    assert outside.count == 0, outside.lines
