"""The pages of signals and channels as people see and use them, and browser push in a real
browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.collector.alerts.fired import add_channel, fire, visit
from tests.collector.alerts.receiver import Receiver, receiving
from tests.collector.conftest import Running, running_collector
from tests.e2e.axe import problems_everywhere
from tests.e2e.test_pages_look import signed_in
from tests.e2e.waiting import wait_for

pytestmark = pytest.mark.e2e

LONG = "somebody.with.a.very.long.name.and.more@subsidiary.of.a.large.company.example.com"


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Running]:
    allowed = (ip_network("127.0.0.0/8"),)
    with running_collector(tmp_path / "data", allow_private=allowed) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_a_newcomer_reaches_the_first_alert_by_the_pages_alone(
    browser: Browser, alerting: Running, receiver: Receiver
) -> None:
    found: list[str] = []
    with signed_in(browser, alerting, "rep") as page:
        page.goto(f"{alerting.url}/signals")
        found += problems_everywhere(page)
        page.get_by_role("link", name="Where I am told").click()
        found += problems_everywhere(page)
        page.get_by_label("Kind").select_option(label="Slack")
        page.get_by_text("In Slack:").wait_for()
        assert "hooks.slack.com" in str(page.get_by_label("Address").get_attribute("placeholder"))
        page.get_by_label("Kind").select_option(label="Webhook")
        page.get_by_label("Address").fill("nothing")
        page.get_by_role("button", name="Add channel").click()
        page.get_by_text("looks like https://").wait_for()
        found += problems_everywhere(page)
        page.get_by_label("Name").fill("Our CRM")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Add channel").click()
        page.get_by_role("heading", name="Our CRM is ready").wait_for()
        found += problems_everywhere(page)
        page.get_by_role("button", name="Send a test to Our CRM").click()
        page.get_by_text("The test of Our CRM has arrived.").wait_for()
        found += problems_everywhere(page)
        fire(alerting, visit(alerting, LONG).session_id, owner="rep@example.com")
        assert receiver.wait_for(2)[1].json["type"] == "signal.fired"
    assert found == []


def test_a_rep_sees_a_signal_come_and_acts_on_it(browser: Browser, alerting: Running) -> None:
    found: list[str] = []
    session_id = visit(alerting, LONG).session_id
    fire(alerting, session_id, times=12)
    with signed_in(browser, alerting, "rep") as page:
        page.goto(f"{alerting.url}/signals")
        found += problems_everywhere(page)
        fire(alerting, session_id)
        page.get_by_role("link", name="1 new signal").click()
        page.locator(".signal").nth(12).wait_for()
        page.locator(".signal .who").first.click()
        found += problems_everywhere(page)
        seen = "SELECT count(*) FROM signal_act WHERE seen_at_ms"
        wait_for("it is seen", lambda: alerting.rows(seen) == [(1,)])
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        acted = "SELECT act FROM signal_act WHERE acted_at_ms"
        wait_for("it is noted", lambda: alerting.rows(acted) == [("copy",)])
        page.get_by_label("What came of it").select_option(label="Won")
        page.get_by_role("button", name="Note it").click()
        page.get_by_text("after the signal").wait_for()
        page.get_by_role("button", name="Snooze").click()
        page.get_by_role("button", name="Tell me again").wait_for()
        found += problems_everywhere(page)
        page.get_by_role("link", name="Signals", exact=True).click()
        page.locator(".signal").first.get_by_text("Won").wait_for()
        # The link leads to the very moment.
        page.locator(".signal .watch").first.click()
        page.wait_for_url(f"**/sessions/{session_id}?t=0.02")
    assert found == []


def test_what_an_admin_says_about_alerts_is_for_everybody(
    browser: Browser, alerting: Running, receiver: Receiver
) -> None:
    found: list[str] = []
    alerting.add_site("shop")
    receiver.answer = lambda got: (500, {})
    add_channel(alerting, receiver.url, name="Everybody")
    add_channel(alerting, f"{receiver.url}/gone", name="Gone")
    with signed_in(browser, alerting, "admin") as page:
        page.goto(f"{alerting.url}/settings/alerts")
        found += problems_everywhere(page)
        page.get_by_label("Where a person is found").fill("crm.example")
        page.get_by_role("button", name="Save shop").click()
        page.get_by_text("An address looks like").wait_for()
        found += problems_everywhere(page)
        page.goto(f"{alerting.url}/settings/channels")
        page.get_by_role("button", name="Send a test to Everybody").click()
        page.get_by_text("did not arrive: answered 500").wait_for()
        found += problems_everywhere(page)
        receiver.answer = lambda got: (410, {})
        page.get_by_role("button", name="Send a test to Gone").click()
        page.get_by_role("button", name="Turn on Gone").wait_for()
        found += problems_everywhere(page)
    assert found == []


SHOWN = """async () => {
  const registered = await navigator.serviceWorker.getRegistration('/alerts/')
  const shown = (await registered?.getNotifications()) ?? []
  return shown.map((one) => [one.title, one.body, one.data.url])
}"""
ACTIVE = "async () => Boolean((await navigator.serviceWorker.getRegistration('/alerts/'))?.active)"


def test_a_message_of_a_push_service_is_shown_and_replaced_in_place(
    browser: Browser, alerting: Running
) -> None:
    with signed_in(browser, alerting, "rep") as page:
        page.context.grant_permissions(["notifications"], origin=alerting.url)
        page.goto(f"{alerting.url}/settings/channels")
        page.get_by_role("button", name="Tell me in this browser").click()
        # No push service of a vendor can be reached here: the message comes from the browser's own
        # tools.
        wait_for("the worker is there", lambda: page.evaluate(ACTIVE))
        tools = page.context.new_cdp_session(page)
        known: list[dict[str, str]] = []
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: known.extend(told["registrations"]),
        )
        tools.send("ServiceWorker.enable")
        wait_for("its number is told", lambda: bool(page.evaluate("true") and known))
        url = f"{alerting.url}/sessions/x?t=1"
        for title, is_quiet in (("Ana on shop", False), ("Ana has left", True)):
            told = {"title": title, "text": "words", "tag": "sig_1", "url": url, "quiet": is_quiet}
            message = {
                "origin": alerting.url,
                "registrationId": known[0]["registrationId"],
                "data": json.dumps(told),
            }
            tools.send("ServiceWorker.deliverPushMessage", message)
            shown = [[title, "words", url]]
            wait_for("it alone is shown", lambda shown=shown: page.evaluate(SHOWN) == shown)  # type: ignore[misc]
