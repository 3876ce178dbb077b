"""Frames that load late and navigate: the replay has the document that is shown, never one that
was."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.api import Api
from tests.e2e.browser import visitor
from tests.e2e.collector_process import Collector
from tests.e2e.conftest import Site
from tests.e2e.replayed import Replayed
from tests.e2e.shop_server import serve_shop
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for
from tests.normal_form.normal_form import normal_form

pytestmark = pytest.mark.e2e

TAG = '<script src="{collector}/sdk.js" data-site="{key}" data-consent="granted"></script>'
PAGE = """<!doctype html><title>Frames</title>
{tag}
<h1>Frames</h1>
<iframe name="room" src="/first"></iframe>
<iframe id="empty"></iframe>
"""
ROOM = "<!doctype html><title>Room</title><p>{text}</p><input type=checkbox>"


def test_the_document_of_a_frame_is_the_one_that_is_shown(
    browser: Browser, collector: Collector, site: Site, api: Api
) -> None:
    tag = TAG.format(collector=collector.url, key=site.key)
    with serve_shop(collector.url, site.key, port=site.port) as shop, visitor(browser) as page:
        shop.extra["/frames"] = ("text/html", PAGE.format(tag=tag).encode())
        for name in ("first", "second"):
            shop.extra[f"/{name}"] = ("text/html", ROOM.format(text=name).encode())
        visit = Visit(page, api)
        page.goto(f"{shop.url}/frames")
        # The script is read before the frames: the snapshot meets them empty.
        visit.arrive("/frames")
        visit.check("loaded")
        room = page.frame_locator("[name=room]")
        room.locator("input").check()
        visit.check("used")
        page.evaluate("document.querySelector('[name=room]').src = '/second'")
        room.get_by_text("second").wait_for()
        visit.check("navigated")
        page.evaluate("document.getElementById('empty').contentDocument.body.append('filled')")
        visit.check("filled by its page")
        page.evaluate("document.querySelector('[name=room]').remove()")
        visit.check("removed")
        page.goto("about:blank")
    replayed = wait_for(
        "the last mark",
        lambda: found if "removed" in (found := Replayed(api, visit.session_id)).marks else None,
    )
    for point in visit.checkpoints:
        shown = normal_form(replayed.at_mark(point.name), mask=False)
        assert shown == normal_form(point.live, mask=True), point.name
