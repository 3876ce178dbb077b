"""The way to the first visit, and the settings of sites, as an admin's browser meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from collector.sightings import MAX_REFUSALS, MAX_STRANGERS, Sightings
from tests.collector.conftest import Running
from tests.collector.sender import ORIGIN, Tab, page_view, post, snapshot
from tests.collector.test_pages import sign_in


@pytest.fixture
def boss(running: Running) -> Iterator[httpx.Client]:
    with sign_in(running, "boss@example.com", "admin") as browser:
        yield browser


def add_site(boss: httpx.Client, name: str = "shop", origin: str = ORIGIN, dev: str = "") -> str:
    """The page of a site that was just added."""
    added = boss.post("/settings/sites", data={"name": name, "origin": origin, "dev": dev})
    assert added.status_code == 303, added.text
    return added.headers["location"]


def send(running: Running, key: str, origin: str = ORIGIN) -> httpx.Response:
    return post(running.client, Tab(key).batch(snapshot(), [(0, page_view())]), origin=origin)


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def test_an_empty_collector_leads_to_the_first_visit(running: Running, boss: httpx.Client) -> None:
    start = boss.get("/").text
    assert 'action="/settings/sites"' in start
    site = add_site(boss)
    key = site.rpartition("/")[2]
    page = boss.get(site).text
    assert f"data-site=&#34;{key}&#34;" in page
    assert f"{running.url}/sdk.js" in page
    assert "Waiting for the first visit" in text_of(boss.get("/"))
    state = f"{site}/state"
    assert "Waiting for the first visit" in text_of(boss.get(state))
    assert send(running, key).is_success
    assert "We see you." in text_of(boss.get(state))
    assert "/sessions/" in boss.get(state).text
    running.clock.ahead_ms += 120_000
    assert "The last visit of shop began" in text_of(boss.get(state))


def test_pages_of_another_origin_are_named_and_allowed_by_one_click(
    running: Running, boss: httpx.Client
) -> None:
    site = add_site(boss, origin="https://shop.example")
    key = site.rpartition("/")[2]
    assert send(running, key, "http://localhost:3000").status_code == 403
    state = boss.get(f"{site}/state")
    assert "Pages of http://localhost:3000 carry this tag" in text_of(state)
    button = dict(re.findall(r'name="(\w+)" value="([^"]*)"', state.text))
    assert button == {"do": "allow", "origin": "http://localhost:3000"}
    assert "http://localhost:3000 this origin is not allowed 1" in text_of(boss.get(site))
    assert boss.post(site, data=button).status_code == 303
    assert send(running, key, "http://localhost:3000").is_success
    assert "We see you." in text_of(boss.get(f"{site}/state"))
    # What is over is no finding any more, but still a count.
    assert "carry this tag" not in text_of(boss.get(f"{site}/state"))
    assert "this origin is not allowed 1" in text_of(boss.get(site))


def test_a_wrong_key_is_named(running: Running, boss: httpx.Client) -> None:
    site = add_site(boss)
    assert send(running, "0123456789abcdef").status_code == 403
    assert "another key (0123456789abcdef)" in text_of(boss.get(f"{site}/state"))
    assert "0123456789abcdef" in text_of(boss.get("/settings/sites"))
    assert send(running, "fedcba9876543210", "https://elsewhere.example").status_code == 403
    assert "fedcba" not in text_of(boss.get(f"{site}/state"))


def test_a_script_that_is_loaded_and_silent_is_noticed(
    running: Running, boss: httpx.Client
) -> None:
    site = add_site(boss, origin="http://localhost:8001")
    assert "loaded the script" not in text_of(boss.get(f"{site}/state"))
    running.client.get("/sdk.js", headers={"referer": "http://localhost:8001/page?x=1"})
    assert "A page of http://localhost:8001 loaded the script" in text_of(boss.get(f"{site}/state"))


def test_an_address_that_browsers_cant_reach_is_noticed(boss: httpx.Client) -> None:
    site = add_site(boss, origin="https://shop.example")
    assert "which only this machine can reach" in text_of(boss.get(f"{site}/state"))


def test_origins_come_and_go_and_a_site_is_disabled(running: Running, boss: httpx.Client) -> None:
    site = add_site(boss)
    key = site.rpartition("/")[2]
    steps: list[tuple[dict[str, str], str, int]] = [
        ({"do": "allow", "origin": "https://*.shop.example/"}, "https://www.shop.example", 200),
        ({"do": "forbid", "origin": "https://*.shop.example"}, "https://www.shop.example", 403),
        ({"do": "dev"}, "http://localhost:5173", 200),
        ({"do": "no-dev"}, "http://localhost:5173", 403),
        ({"do": "disable"}, ORIGIN, 403),
        ({"do": "enable"}, ORIGIN, 200),
    ]
    for form, origin, status in steps:
        assert boss.post(site, data=form).status_code == 303, form
        assert send(running, key, origin).status_code == status, form
    whats = [row[0] for row in running.rows("SELECT what FROM audit ORDER BY audit")]
    assert whats[-6:] == ["site_origin_add", "site_origin_remove", "site_dev", "site_dev",
                          "site_disable", "site_enable"]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "shop", "origin": "shop"}, "is no origin like"),
        ({"name": "<b>", "origin": ORIGIN}, "is no name for a site"),
        ({"name": "shop"}, "Say where its pages are"),
        ({"name": "taken", "origin": ORIGIN}, "There is a site of this name already"),
        ({"name": "shop", "origin": "https://*.com"}, "would allow everybody"),
    ],
)
def test_mistakes_in_the_form_are_said_beside_it(
    running: Running, boss: httpx.Client, form: dict[str, str], words: str
) -> None:
    running.add_site("taken")
    answer = boss.post("/settings/sites", data=form)
    assert answer.status_code in {400, 409}
    assert words in answer.text
    assert "<b>" not in answer.text
    assert len(running.rows("SELECT 1 FROM site")) == 1


def test_reps_see_the_state_but_change_nothing(running: Running) -> None:
    key = running.add_site("shop")
    with sign_in(running) as rep:
        start = rep.get("/").text
        assert f"data-site=&#34;{key}&#34;" in start
        send(running, key, "http://localhost:3000")
        state = rep.get(f"/settings/sites/{key}/state")
        assert "Pages of http://localhost:3000" in state.text
        assert "<button" not in state.text
        for path in ("/settings/sites", f"/settings/sites/{key}"):
            assert rep.get(path).status_code == 403
            assert rep.post(path, data={"name": "x", "origin": ORIGIN}).status_code == 403
    assert running.client.get(f"/settings/sites/{key}/state").status_code == 303


def test_nothing_of_a_foreign_page_or_for_an_unknown_site_is_done(
    running: Running, boss: httpx.Client
) -> None:
    site = add_site(boss)
    evil = {"origin": "https://evil.test"}
    assert boss.post(site, data={"do": "disable"}, headers=evil).status_code == 403
    assert boss.post("/settings/sites", data={"name": "x"}, headers=evil).status_code == 403
    assert boss.post(site, data={"do": "explode"}).status_code == 400
    assert boss.get("/settings/sites/0123456789").status_code == 404
    assert boss.post("/settings/sites/0123456789", data={"do": "disable"}).status_code == 404
    assert running.rows("SELECT disabled FROM site") == [(0,)]


def test_what_strangers_send_is_bounded_and_harmless() -> None:
    seen = Sightings()
    for n in range(1_000):
        seen.refused("key", f"https://{n}.example", "origin_not_allowed", n)
        seen.refused(f"key {n}", "\u202e<script>" * 100, "unknown_site", n)
        seen.loaded(f"https://{n}.example", n)
    assert [found.last_at_ms for found in seen.refusals("key")] == list(
        range(999, 999 - MAX_REFUSALS, -1)
    )
    strangers = seen.strangers()
    assert len(strangers) == MAX_STRANGERS
    assert len(strangers[0].origin) <= 100
    assert "\u202e" not in strangers[0].origin
    seen.refused("key", "https://999.example/", "origin_not_allowed", 2_000)
    assert (seen.refusals("key")[0].count, seen.refusals("key")[0].last_at_ms) == (2, 2_000)
