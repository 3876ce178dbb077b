"""Channels and signals as reps and admins meet them in their browsers."""

from __future__ import annotations

import re

import pytest

from collector.web.alert_settings import BadCrmUrl, checked_crm_url, crm_link
from tests.collector.alerts.fired import PRICE_WORDS, add_channel, fire, visit
from tests.collector.alerts.receiver import Receiver
from tests.collector.alerts.test_push import FakeBrowser
from tests.collector.conftest import Running
from tests.collector.test_access import admin
from tests.collector.test_pages import sign_in
from tests.e2e.waiting import wait_for

HOUR_MS = 3_600_000


def test_a_rep_adds_tests_and_removes_a_channel_of_their_own(
    alerting: Running, receiver: Receiver
) -> None:
    with sign_in(alerting) as rep, sign_in(alerting, "other@example.com") as other:
        fields = {"kind": "webhook", "address": receiver.url, "name": "<b>CRM</b>"}
        made = rep.post("/settings/channels", data=fields)
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
        assert secret is not None
        assert "&lt;b&gt;CRM&lt;/b&gt;" in made.text
        listed = rep.get("/settings/channels").text
        assert secret[0] not in listed
        assert receiver.url not in listed
        tested = rep.post("/settings/channels/1/test")
        assert "has arrived" in tested.text
        assert receiver.got[0].json["type"] == "alert.test"
        # Nobody else's.
        assert "CRM" not in other.get("/settings/channels").text
        for what in ("test", "remove", "on"):
            assert other.post(f"/settings/channels/1/{what}").status_code == 404
        assert rep.post("/settings/channels/1/remove").status_code == 303
    assert alerting.rows("SELECT * FROM channel") == []


def test_what_a_failing_channel_said_is_shown_to_its_owner(
    alerting: Running, receiver: Receiver
) -> None:
    receiver.answer = lambda got: (403, {})
    with sign_in(alerting) as rep:
        rep.post("/settings/channels", data={"kind": "webhook", "address": receiver.url})
        fire(alerting, visit(alerting).session_id, owner="rep@example.com")
        wait_for("it failed", lambda: bool(alerting.rows("SELECT 1 FROM channel WHERE failures")))
        listed = rep.get("/settings/channels").text
        assert "answered 403 Forbidden" in listed
        assert "nothing is lost" in listed
        assert "did not arrive: answered 403" in rep.post("/settings/channels/1/test").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "webhook", "address": "javascript:alert(1)"}, "looks like https://"),
        ({"kind": "slack", "address": "https://evil.test/services/a/b/c"}, "looks like https://"),
        ({"kind": "slack", "address": "slack://x"}, "typing errors"),
        ({"kind": "ntfy", "address": "ntfy://h/t?attach=/etc/passwd"}, "ttach can"),
    ],
)
def test_an_address_that_is_wrong_is_refused_with_a_reason(
    alerting: Running, fields: dict[str, str], words: str
) -> None:
    with sign_in(alerting) as rep:
        answer = rep.post("/settings/channels", data=fields)
        assert answer.status_code == 400
        assert words in answer.text
        assert rep.post("/settings/channels", data={"kind": "fax"}).status_code == 400
        shared = {"kind": "webhook", "address": "https://x.test/", "whose": "all"}
        assert rep.post("/settings/channels", data=shared).status_code == 403


def test_an_admin_says_what_holds_for_all(alerting: Running, receiver: Receiver) -> None:
    key = alerting.add_site("shop")
    with admin(alerting) as boss, sign_in(alerting) as rep:
        assert rep.get("/settings/alerts").status_code == 403
        fields = {"kind_webhook": "1", "kind_email": "1", "fresh": "2"}
        mail = {"mail_server": "mailtos://u:sesame@smtp.test?from=v@x.test"}
        assert boss.post("/settings/alerts", data={**fields, **mail}).status_code == 303
        page = boss.get("/settings/alerts").text
        assert "mailtos://smtp.test/…" in page
        assert "sesame" not in page
        assert 'value="slack"' not in rep.get("/settings/channels").text
        bad = boss.post("/settings/alerts", data={**fields, "mail_server": "smtp.test"})
        assert "A mail server looks like" in bad.text
        wrong = boss.post(f"/settings/alerts/{key}", data={"crm_url": "javascript:{email}"})
        assert wrong.status_code == 400
        good = {"crm_url": "https://crm.test/?q={email}", "shares": "1"}
        assert boss.post(f"/settings/alerts/{key}", data=good).status_code == 303
        assert boss.post("/settings/alerts/nothing", data=good).status_code == 404
    add_channel(alerting, receiver.url)
    session_id = visit(alerting).session_id
    fire(alerting, session_id)
    url = receiver.wait_for(1)[0].json["data"]["url"]
    assert url.startswith(f"{alerting.url}/s/")
    assert alerting.client.get(url).status_code == 200
    assert session_id not in url


def test_places_of_a_crm_address_are_filled_in_safely() -> None:
    template = checked_crm_url("https://crm.test/find?q={email}&v={visitor}")
    values = {"email": "a&b=c@x.test", "visitor": "../../x"}
    assert crm_link(template, values) == (
        "https://crm.test/find?q=a%26b%3Dc%40x.test&v=..%2F..%2Fx"
    )
    assert crm_link(template, {"email": "", "visitor": ""}) == ""
    assert crm_link("", values) == ""
    for bad in (
        "https://{email}/",
        "ftp://crm.test",
        "https://crm.test/{name}",
        "//x",
        "https://a b",
    ):
        with pytest.raises(BadCrmUrl):
            checked_crm_url(bad)


def test_a_signal_shows_its_facts_each_at_its_moment(alerting: Running) -> None:
    session_id = visit(alerting, "ana@example.com").session_id
    (stored,) = fire(alerting, session_id)
    with sign_in(alerting) as rep:
        listed = rep.get("/signals").text
        assert f'href="/signals/{stored.signal}"' in listed
        assert f'href="/sessions/{session_id}?t=0"' in listed
        assert f'href="/sessions/{session_id}?t=0.02"' in listed
        assert "Hot &lt;b&gt;lead&lt;/b&gt;" in listed
        one = rep.get(f"/signals/{stored.signal}").text
        assert 'href="mailto:ana@example.com"' in one
        assert 'href="tel:+4930123456"' in one
        assert "Open in the CRM" not in one
        assert PRICE_WORDS not in one
        assert "http://evil.test" not in one
        assert rep.get("/signals/999").status_code == 404
        assert rep.get("/signals?site=shop&rule=hot").status_code == 200
        assert rep.get("/signals?site=nowhere").status_code == 404
    assert alerting.client.get("/signals").status_code == 303


def test_what_a_rep_does_is_for_their_own_eyes_with_their_own_times(alerting: Running) -> None:
    (stored,) = fire(alerting, visit(alerting).session_id)
    path = f"/signals/{stored.signal}"
    json_only = {"accept": "application/json"}
    with sign_in(alerting) as rep, sign_in(alerting, "other@example.com") as other:
        assert "data-unseen" in rep.get(path).text
        assert rep.post(path, data={"do": "seen"}, headers=json_only).status_code == 204
        assert "data-unseen" not in rep.get(path).text
        alerting.clock.ahead_ms += 40_000
        rep.post(path, data={"do": "act", "act": "call"}, headers=json_only)
        alerting.clock.ahead_ms += 40_000
        rep.post(path, data={"do": "act", "act": "mail"}, headers=json_only)
        assert rep.post(path, data={"do": "outcome", "outcome": "won"}).status_code == 303
        assert re.search(r"You called 4\d s after the signal", rep.get(path).text)
        listed = rep.get("/signals").text
        assert ">Won<" in listed
        assert "seen 1, acted on 1, half of them within 4" in listed
        for shown in (other.get("/signals").text, other.get(path).text):
            assert ">Won<" not in shown.replace('value="won">Won<', "")
            assert "You called" not in shown
        for bad in ({}, {"do": "act", "act": "x"}, {"do": "outcome", "outcome": "x"}, {"do": "x"}):
            assert rep.post(path, data=bad).status_code == 400
    assert alerting.api.post(path, data={"do": "seen"}).status_code == 403


def test_a_snoozed_visitor_is_not_told_of_for_a_while(
    alerting: Running, receiver: Receiver
) -> None:
    session_id = visit(alerting).session_id
    with sign_in(alerting) as rep:
        add_channel(alerting, receiver.url, owner="rep@example.com")
        (stored,) = fire(alerting, session_id, owner="rep@example.com")
        receiver.wait_for(1)
        path = f"/signals/{stored.signal}"
        rep.post(path, data={"do": "snooze", "hours": "1"})
        assert "Tell me again" in rep.get(path).text
        fire(alerting, session_id, owner="rep@example.com")
        alerting.clock.ahead_ms += HOUR_MS + 1
        fire(alerting, session_id, owner="rep@example.com")
        receiver.wait_for(2)
    assert alerting.rows("SELECT count(*) FROM alert WHERE kind = 'signal'") == [(2,)]


def test_a_browser_subscribes_once(alerting: Running, receiver: Receiver) -> None:
    browser = FakeBrowser(f"{receiver.url}/push")
    asked = {"subscription": browser.subscription, "name": "Firefox on Linux"}
    with sign_in(alerting) as rep:
        assert len(rep.get("/settings/channels/push-key").json()["key"]) == 87
        for _ in range(2):
            assert rep.post("/settings/channels/push", json=asked).json() == {"channel": 1}
        assert rep.post("/settings/channels/push", json={"name": "x"}).status_code == 400
        assert "has arrived" in rep.post("/settings/channels/1/test").text
        assert "Firefox on Linux" in rep.get("/settings/channels").text
    assert browser.read(receiver.got[0])["title"] == "visitreel works here"
    assert alerting.client.get("/settings/channels/push-key").status_code == 401
    worker = alerting.client.get("/alerts/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["content-security-policy"] == "default-src 'none'; img-src 'self'"


def test_new_signals_are_announced(alerting: Running) -> None:
    session_id = visit(alerting).session_id
    (first,) = fire(alerting, session_id)
    with sign_in(alerting) as rep:
        path = f"/signals/newer?after={first.signal}"
        assert "new signal" not in rep.get(path).text
        fire(alerting, session_id, times=2)
        assert "2 new signals" in rep.get(path).text
        assert "1 new signal" not in rep.get(f"{path}&site=shop&rule=hot").text
        with rep.stream("GET", path.replace("newer", "stream")) as stream:
            assert "event: change" in "".join(
                line for _, line in zip(range(3), stream.iter_lines(), strict=False)
            )
