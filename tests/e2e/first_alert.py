"""The way of a newcomer from an empty collector to the first alert, by the pages alone. In come a
browser and a place where webhooks arrive, out goes what arrived; on the way whoever asks is called
at each step."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.collector.alerts.receiver import Got, Receiver
from tests.collector.conftest import Running
from tests.e2e.collector_process import free_port
from tests.e2e.shop_server import Shop, serve_shop
from tests.e2e.waiting import wait_for

STEPS = ("add-a-site", "paste-the-tag", "use-a-rule", "add-a-channel", "send-a-test", "first-alert")
Look = Callable[[str, Page], None]
"""Called with one of `STEPS` when the page shows it."""


def walk(browser: Browser, running: Running, page: Page, receiver: Receiver, look: Look) -> Got:
    """Walks the whole way; returns the first alert. `page`: of an admin who is signed in."""
    port = free_port()
    page.goto(f"{running.url}/")
    look(STEPS[0], page)
    page.get_by_label("Name").fill("shop")
    page.get_by_label("Where its pages are").fill(f"http://127.0.0.1:{port}")
    page.get_by_role("button", name="Add site").click()
    page.get_by_text("Waiting for the first visit").wait_for()
    look(STEPS[1], page)
    key = page.url.rpartition("/")[2]
    with serve_shop(running.url, key, port=port) as shop:
        visit_as_people_do(browser, page, shop)
        use_a_rule(page, look)
        add_a_channel(page, receiver, look)
        alert = visit_in_rage(browser, page, shop, receiver)
    page.get_by_role("link", name="Signals", exact=True).click()
    page.locator(".signal").first.wait_for()
    look(STEPS[5], page)
    return alert


def visit_as_people_do(browser: Browser, page: Page, shop: Shop) -> None:
    """A robot first, which is recorded and no visitor; then somebody."""
    robot = browser.new_context()
    robot.new_page().goto(shop.url)
    page.get_by_text("We see you.").wait_for()
    robot.close()
    page.get_by_role("link", name="Rules").click()
    page.get_by_text("Only bots have come so far").wait_for()
    visitor = browser.new_context(user_agent=people_agent(page))
    visitor.new_page().goto(shop.url)
    step = page.locator(".steps .done", has_text="See a first visit")
    wait_for("somebody has come", lambda: bool(page.reload()) and step.count() == 1)
    visitor.close()


def people_agent(page: Page) -> str:
    """A browser's name without what marks a robot."""
    agent: str = page.evaluate("navigator.userAgent")
    return agent.replace("Headless", "")


def use_a_rule(page: Page, look: Look) -> None:
    """One of those that are ready."""
    look(STEPS[2], page)
    page.get_by_role("button", name="Use this rule Clicks in vain").click()
    page.get_by_role("switch", name="Clicks in vain").wait_for()
    page.get_by_text("Tells nobody: there is no channel yet").wait_for()


def add_a_channel(page: Page, receiver: Receiver, look: Look) -> None:
    """A webhook, and a test of it."""
    page.locator(".steps").get_by_role("link", name="Add a channel").click()
    page.get_by_label("Kind").select_option(label="Webhook")
    page.get_by_label("Name").fill("My channel")
    page.get_by_label("Address").fill(receiver.url)
    look(STEPS[3], page)
    page.get_by_role("button", name="Add channel").click()
    page.get_by_role("heading", name="My channel is ready").wait_for()
    page.get_by_role("button", name="Send a test to My channel").click()
    page.get_by_text("The test of My channel has arrived.").wait_for()
    look(STEPS[4], page)
    assert receiver.wait_for(1)[0].json["type"] == "alert.test"


def visit_in_rage(browser: Browser, page: Page, shop: Shop, receiver: Receiver) -> Got:
    """Somebody clicks three times within a moment, and is still there when it is told."""
    context = browser.new_context(user_agent=people_agent(page))
    visitor = context.new_page()
    visitor.goto(f"{shop.url}/product?sku=vase")
    visitor.get_by_role("button", name="One more").click(click_count=3, delay=20)
    alert = receiver.wait_for(2)[1]
    context.close()
    return alert
