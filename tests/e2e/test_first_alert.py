"""From an empty collector to the first alert, and the editor of rules, in a real browser: by the
pages alone, by keyboard, on phone and desktop, in light and dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from replay import ops
from tests.collector.alerts.receiver import receiving
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import Tab, page_view, post, snapshot
from tests.e2e.axe import problems_everywhere
from tests.e2e.first_alert import STEPS, walk
from tests.e2e.test_pages_look import signed_in

pytestmark = pytest.mark.e2e

FILE = b"""version: 1
rules:
  - id: from-a-file
    name: From a file
    when:
      click: {label: Buy}
"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    allowed = (ip_network("127.0.0.0/8"),)
    with running_collector(tmp_path / "data", allow_private=allowed) as found:
        yield found


SHOWN = "#player[data-state=playing], #player[data-state=ended]"


def test_the_first_alert_is_reached_by_the_pages_alone(browser: Browser, running: Running) -> None:
    found: list[str] = []
    seen: list[str] = []

    def look(step: str, page: Page) -> None:
        seen.append(step)
        found.extend(problems_everywhere(page))

    with signed_in(browser, running, "admin") as page, receiving() as receiver:
        alert = walk(browser, running, page, receiver, look)
        assert seen == list(STEPS)
        told = alert.json
        assert told["type"] == "signal.fired"
        assert "Clicks in vain" in str(told)
        # Its link plays from the moment on; the way is done, and is not shown any more.
        url = next(part for part in str(told).split("'") if "/sessions/" in part)
        player = page.context.new_page()
        player.goto(url)
        player.wait_for_selector(SHOWN, state="attached")
        page.goto(f"{running.url}/settings/rules")
        page.get_by_text("Tells My channel of admin@example.com").wait_for()
        assert page.get_by_role("heading", name="Your first alert").count() == 0
        page.get_by_role("link", name="fired 1 time in the last 7 days").click()
        page.locator(".signal").first.wait_for()
    assert found == []


@pytest.fixture
def base(running: Running) -> str:
    """Where rules are edited, of a site with visits."""
    key = running.add_site("shop")
    for number in range(6):
        facts: list[tuple[int, ops.Fact]] = [(0, page_view())]
        if number < 4:
            facts.append((2_000, page_view("http://shop.test/pricing")))
        if number < 2:
            facts.append((5_000, ops.Track("purchase", {"price": 20})))
        body = Tab(key).batch(snapshot(), facts)
        assert post(running.client, body, user_agent=AGENT).is_success
    running.settle()
    return f"{running.url}/settings/rules/{key}"


def test_a_rule_is_made_tried_and_corrected_in_the_form(
    browser: Browser, running: Running, base: str
) -> None:
    found: list[str] = []
    with signed_in(browser, running, "admin") as page:
        page.goto(f"{base}/new")
        found += problems_everywhere(page)
        fill_in(page)
        page.get_by_text("Fires when a visitor opens the page “/pricing”, then does").wait_for()
        found += problems_everywhere(page)
        page.get_by_role("button", name="Try on recorded visits").click()
        page.get_by_text("2 of 2 for whom it fired").wait_for()
        page.get_by_text("3.0 ×").wait_for()
        assert page.locator("[data-trial] .records a").count() == 2
        found += problems_everywhere(page)
        # What is wrong is said beside its field, and has the focus.
        page.get_by_label("Property 1: value").fill("(")
        page.get_by_label("Property 1: how").select_option("re2")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Nothing is saved yet").wait_for()
        wrong = page.locator(":focus")
        assert wrong.get_attribute("aria-invalid") == "true"
        assert wrong.input_value() == "("
        found += problems_everywhere(page)
        page.get_by_label("Property 1: how").select_option("at_least")
        wrong.fill("15")
        page.keyboard.press("Enter")
        page.wait_for_url("**/settings/rules?site=**")
        page.get_by_role("switch", name="Buys at once").wait_for()
        # As YAML it is the same rule; there, too, the line of a mistake is named.
        page.get_by_role("link", name="Edit Buys at once").click()
        page.get_by_role("button", name="As YAML").click()
        text = page.get_by_label("The rule as YAML")
        text.fill(text.input_value().replace("at_least", "at_last"))
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("link", name="Line ").click()
        chosen = "(text) => text.value.slice(text.selectionStart, text.selectionEnd)"
        assert "at_last" in text.evaluate(chosen)
        found += problems_everywhere(page)
        # A file of rules is looked at before it is sent.
        page.get_by_role("link", name="All rules of shop").click()
        page.get_by_text("Import rules from YAML").click()
        page.get_by_label("A file").set_input_files(
            {"name": "rules.yaml", "mimeType": "application/yaml", "buffer": FILE}
        )
        page.wait_for_selector("#import-yaml:focus")
        page.get_by_role("button", name="Import").click()
        page.get_by_role("switch", name="From a file").click()
        page.locator("[role=switch][aria-checked=false]").wait_for()
        found += problems_everywhere(page)
    assert found == []
    own = "SELECT v.data FROM rule_version v JOIN rule r USING (rule, version) WHERE r.rule = 1"
    [(data,)] = running.rows(own)
    assert json.loads(str(data))["when"] == {
        "then": [
            {"page": {"path": "/pricing"}},
            {"track": {"name": "purchase", "where": {"price": {"at_least": 15}}}},
        ]
    }


def fill_in(page: Page) -> None:
    """By keyboard alone, but for what is chosen from lists: the place is never lost."""
    page.get_by_label("Name", exact=True).fill("Buys at once")
    page.get_by_label("When it fires").select_option("then")
    second = page.get_by_label("Condition 2: kind")
    second.wait_for()
    page.get_by_label("Path", exact=True).first.fill("/pricing")
    second.select_option("track")
    event = page.get_by_label("Event", exact=True)
    event.wait_for()
    has_focus(page, "Condition 2: kind")
    event.fill("purchase")
    page.get_by_role("button", name="+ Property").focus()
    page.keyboard.press("Enter")
    has_focus(page, "Property 1: name")
    page.keyboard.type("price")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    has_focus(page, "Condition 3: kind")
    page.get_by_role("button", name="Condition 3: remove").focus()
    page.keyboard.press("Enter")
    page.locator("button[value='add:w']:focus").wait_for()
    page.get_by_label("Outcome: kind").select_option("track")
    page.get_by_label("Event", exact=True).nth(1).fill("purchase")


def has_focus(page: Page, label: str) -> None:
    """Waits until the one of this name has it."""
    page.locator(f"[aria-label='{label}']:focus").wait_for()
