"""Sites that demand that a visitor knows, or agrees, before a visit is watched while it goes on."""

from __future__ import annotations

import httpx
import pytest

from replay import ops
from tests.collector.conftest import Running
from tests.collector.events import events
from tests.collector.sender import Tab, page_view, post, snapshot
from tests.collector.test_pages import sign_in

REPLAY = ("timeline", "frame?t_ms=0", "export.reel")
"""The ways to see a visit that are one answer, under its address in the API."""


def visit(running: Running, rule: str) -> Tab:
    """Somebody is on a page of a site with this rule."""
    tab = running.tab()
    running.run("site_live", name="shop", live=rule)
    post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    running.settle()
    return tab


def answer(running: Running, tab: Tab, word: str, t_ms: int = 100) -> None:
    """The notice on the page says what the visitor was told, or answered."""
    fact = ops.Track("visitreel_live", {"answer": word})
    assert post(running.client, tab.batch((), [(t_ms, fact)])).is_success


def statuses(running: Running, tab: Tab) -> set[int]:
    """What is answered to those who want to watch."""
    path = f"/api/sessions/{tab.session_id}"
    with running.api.stream("GET", f"{path}/live") as stream:
        found = {stream.status_code}
    return found | {running.api.get(f"{path}/{one}").status_code for one in REPLAY}


@pytest.mark.parametrize(
    ("rule", "answers", "status"),
    [
        ("open", [], 200),
        ("told", [], 403),
        ("told", ["told"], 200),
        ("told", ["yes"], 200),
        ("told", ["yes", "no"], 403),
        ("asked", [], 403),
        ("asked", ["told"], 403),
        ("asked", ["yes"], 200),
        ("asked", ["no"], 403),
        ("asked", ["no", "yes"], 200),
        ("asked", ["perhaps"], 403),
    ],
)
def test_a_visit_is_watched_live_as_its_site_demands(
    running: Running, rule: str, answers: list[str], status: int
) -> None:
    tab = visit(running, rule)
    for place, word in enumerate(answers):
        answer(running, tab, word, t_ms=100 + place)
    assert statuses(running, tab) == {status}


def test_what_is_refused_live_is_there_when_the_visit_is_over(running: Running) -> None:
    tab = visit(running, "asked")
    answer(running, tab, "no")
    shared = running.api.post(f"/api/sessions/{tab.session_id}/share").json()["url"]
    path = httpx.URL(shared).path
    refused = running.client.get(f"{path}/timeline")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_watchable")
    assert running.client.get(path).status_code == 403
    running.clock.ahead_ms += 31_000
    assert statuses(running, tab) == {200}
    assert running.client.get(f"{path}/timeline").status_code == 200


def test_the_segments_of_a_visit_are_refused_as_well(running: Running) -> None:
    tab = visit(running, "open")
    timeline = running.api.get(f"/api/sessions/{tab.session_id}/timeline").json()
    segment = f"/api/sessions/{tab.session_id}/segments/{timeline['segments'][0]['segment']}"
    assert running.api.get(segment).status_code == 200
    running.run("site_live", name="shop", live="asked")
    assert running.api.get(segment).status_code == 403


def test_who_takes_back_the_yes_is_watched_no_longer(running: Running) -> None:
    tab = visit(running, "asked")
    answer(running, tab, "yes")
    with events(running.api, f"/api/sessions/{tab.session_id}/live") as stream:
        stream.until("more")
        answer(running, tab, "no", t_ms=200)
        assert [event.name for event in stream.rest()] in ([], ["more"])
    assert statuses(running, tab) == {403}


def test_a_rep_reads_why_a_visit_can_not_be_watched_yet(running: Running) -> None:
    tab = visit(running, "asked")
    with sign_in(running, "rep@example.com", "rep") as rep:
        page = rep.get(f"/sessions/{tab.session_id}", headers={"accept": "text/html"})
    assert page.status_code == 403
    assert "it can be watched when it is over" in page.text.lower()


def test_the_notice_is_served_where_the_site_demands_one(running: Running) -> None:
    key = running.add_site("shop")

    def notice(site: str) -> httpx.Response:
        return running.client.get(f"/live.js?site={site}")

    assert (notice(key).text, notice("nobody").text) == ("", "")
    for rule in ("told", "asked"):
        running.run("site_live", name="shop", live=rule)
        served = notice(key)
        assert f"('{rule}')" in served.text
        assert served.headers["access-control-allow-origin"] == "*"
        assert served.headers["cross-origin-resource-policy"] == "cross-origin"


def test_an_admin_says_what_a_site_demands_and_gets_the_tag_for_it(running: Running) -> None:
    key = running.add_site("shop")
    site = f"/settings/sites/{key}"
    with sign_in(running, "boss@example.com", "admin") as boss:
        assert "live.js" not in boss.get(site).text
        assert boss.post(site, data={"do": "live", "live": "asked"}).status_code == 303
        assert f"live.js?site={key}" in boss.get(site).text
        assert boss.post(site, data={"do": "live", "live": "perhaps"}).status_code == 400
