"""The way of an alert: from the transaction of its signal to somebody's channel, whatever dies."""

from __future__ import annotations

import os
import re
import signal as signals
from contextlib import suppress
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from collector.alerts.plan import DIGEST_AFTER_MS, HOUR_MS
from replay import ops
from tests.collector.alerts.conftest import LOOPBACK
from tests.collector.alerts.fired import add_channel, fire, visit
from tests.collector.alerts.receiver import Receiver, receiving
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import post
from tests.e2e.waiting import wait_for

KILLS = 10


def states(running: Running) -> list[tuple[object, ...]]:
    return running.rows("SELECT kind, state FROM alert ORDER BY alert")


def test_a_signal_reaches_a_webhook_signed_and_says_what_and_why(
    alerting: Running, receiver: Receiver
) -> None:
    secret = str(add_channel(alerting, f"{receiver.url}/hook?a=1")["secret"])
    session_id = visit(alerting, "ana@example.com").session_id
    (stored,) = fire(alerting, session_id)
    (got,) = receiver.wait_for(1)
    body = Webhook(secret).verify(got.body, got.headers)
    assert got.path == "/hook?a=1"
    assert body["type"] == "signal.fired"
    data = body["data"]
    assert got.id == data["signal"] == f"sig_{stored.signal}_{session_id[:12]}"
    assert data["url"] == f"{alerting.url}/sessions/{session_id}?t=0.02&live=1"
    assert data["visitor"]["person"] == "ana@example.com"
    assert data["why"] == ["page", "track"]
    assert [fact["kind"] for fact in data["facts"]] == ["page_view", "track"]
    assert "Why now" in data["text"]
    assert "unverified" in data["text"]
    assert "\n" not in data["text"]
    assert alerting.collector.alerts.sender_pid is not None


def test_nothing_runs_before_there_is_something_to_tell(alerting: Running) -> None:
    fire(alerting, visit(alerting).session_id)
    assert alerting.collector.alerts.sender_pid is None
    assert states(alerting) == []


def test_bots_are_nobody_to_tell_of(alerting: Running, receiver: Receiver) -> None:
    add_channel(alerting, receiver.url)
    for agent in ("Googlebot/2.1", "Mozilla/5.0 HeadlessChrome/156", "python-requests/2"):
        fire(alerting, visit(alerting, user_agent=agent).session_id)
    assert states(alerting) == []


def test_kills_of_the_sending_process_lose_nothing(alerting: Running, receiver: Receiver) -> None:
    add_channel(alerting, receiver.url, max_an_hour=1_000)
    session_id = visit(alerting).session_id
    alerts = alerting.collector.alerts
    expected = set()
    for kill in range(KILLS):
        (stored,) = fire(alerting, session_id)
        expected.add(f"sig_{stored.signal}_{session_id[:12]}")
        # At different points of its life: also before it has read its first line.
        if kill % 3:
            receiver.wait_for(len({got.id for got in receiver.got}) + kill % 2)
        # It may be that of the last kill still, which is gone by now.
        if (pid := alerts.sender_pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signals.SIGKILL)
    receiver.wait(lambda got: {one.id for one in got} >= expected)
    assert {got.id for got in receiver.got} == expected


def test_what_was_committed_is_told_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with receiving() as receiver:
        receiver.answer = lambda got: (503, {})
        with running_collector(data, allow_private=LOOPBACK) as running:
            add_channel(running, receiver.url)
            session_id = visit(running).session_id
            fire(running, session_id)
            receiver.wait_for(1)
        receiver.answer = lambda got: (200, {})
        before = len(receiver.got)
        with running_collector(data, allow_private=LOOPBACK) as running:
            receiver.wait_for(before + 1)
            assert {got.id for got in receiver.got} == {receiver.got[0].id}
            wait_for("it is done", lambda: states(running) == [("signal", "sent")])


def test_a_channel_that_fails_is_tried_again_and_shown(
    alerting: Running, receiver: Receiver
) -> None:
    channel = add_channel(alerting, receiver.url)["channel"]
    receiver.answer = lambda got: (500, {}) if len(receiver.got) < 2 else (204, {})
    fire(alerting, visit(alerting).session_id)
    first, *_ = receiver.wait_for(1)
    waits_for_error(alerting, "answered 500 Internal Server Error")
    got = receiver.wait_for(2)
    assert got[1].id == first.id
    assert got[1].at_ms - first.at_ms > 900
    waits_for_error(alerting, "")
    assert alerting.run("channel_remove", channel=channel)


def waits_for_error(running: Running, error: str) -> None:
    """Returns once the channel says this."""
    wait_for(error, lambda: running.rows("SELECT error FROM channel") == [(error,)])


def test_a_receiver_that_is_gone_for_good_turns_the_channel_off(
    alerting: Running, receiver: Receiver
) -> None:
    add_channel(alerting, receiver.url)
    receiver.answer = lambda got: (410, {})
    session_id = visit(alerting).session_id
    fire(alerting, session_id)
    receiver.wait_for(1)
    waits_for_error(alerting, "answered 410 Gone")
    assert alerting.rows("SELECT off_at_ms IS NOT NULL FROM channel") == [(1,)]
    fire(alerting, session_id)
    assert states(alerting) == [("signal", "waiting")]


@pytest.mark.parametrize("most", [5, 20])
def test_a_flood_yields_no_more_messages_than_allowed_and_loses_nothing(
    alerting: Running, receiver: Receiver, most: int
) -> None:
    add_channel(alerting, receiver.url, max_an_hour=most)
    session_id = visit(alerting).session_id
    for _ in range(10):
        fire(alerting, session_id, times=100)
    receiver.wait_for(most - 1)
    wait_for("the rest is held", lambda: held(alerting) == 1_000 - (most - 1))
    alerting.clock.ahead_ms += DIGEST_AFTER_MS
    digest = wait_for_digest(alerting, receiver, 1)
    assert digest["count"] == 1_000 - (most - 1)
    assert digest["rules"] == {"Hot <b>lead</b>": 1_000 - (most - 1)}
    fire(alerting, session_id, times=100)
    wait_for("these are held, too", lambda: held(alerting) == 100)
    assert len(receiver.got) == most
    # An hour later there is room again.
    alerting.clock.ahead_ms += HOUR_MS
    assert wait_for_digest(alerting, receiver, 2)["count"] == 100
    assert len(receiver.got) == most + 1
    assert len({got.id for got in receiver.got}) == most + 1


def wait_for_digest(running: Running, receiver: Receiver, count: int) -> dict[str, object]:
    """The body of the last digest, once there are so many."""

    def digests() -> list[dict[str, object]]:
        # The clock of the test went on: nobody has told the collector.
        running.collector.alerts.ring()
        return [one.json["data"] for one in receiver.got if one.json["type"] == "signal.digest"]

    wait_for("a digest", lambda: len(digests()) >= count)
    return digests()[count - 1]


def held(running: Running) -> object:
    return running.rows("SELECT count(*) FROM alert WHERE state = 'held'")[0][0]


def test_what_is_told_too_late_is_told_as_past(alerting: Running, receiver: Receiver) -> None:
    add_channel(alerting, receiver.url)
    receiver.answer = lambda got: (500, {})
    session_id = visit(alerting).session_id
    fire(alerting, session_id)
    receiver.wait_for(1)
    waits_for_error(alerting, "answered 500 Internal Server Error")
    receiver.answer = lambda got: (200, {})
    alerting.clock.ahead_ms += HOUR_MS
    digest = wait_for_digest(alerting, receiver, 1)
    assert digest["count"] == 1
    assert "In the last 1 h" in str(digest["text"])


def test_a_visitor_who_leaves_is_told_of_once(alerting: Running, receiver: Receiver) -> None:
    add_channel(alerting, receiver.url)
    tab = visit(alerting, "ana@example.com")
    (stored,) = fire(alerting, tab.session_id)
    receiver.wait_for(1)
    wait_for("it is noted", lambda: states(alerting) == [("signal", "sent")])
    left = tab.batch((), [(30, ops.Leave(0))])
    assert post(alerting.client, left, user_agent="Mozilla/5.0 Chrome/156").is_success
    alerting.clock.ahead_ms += 40_000
    alerting.collector.alerts.ring()
    told = receiver.wait_for(2)[1]
    assert told.id == f"sig_{stored.signal}_{tab.session_id[:12]}-left"
    assert told.json["type"] == "signal.left"
    assert told.json["data"]["live"] is False
    assert re.match(r"Left [45]\d s ago\.", told.json["data"]["text"])
    alerting.collector.alerts.ring()
    assert len(receiver.got) == 2


def test_alerts_are_for_the_owner_else_for_all(alerting: Running, receiver: Receiver) -> None:
    for email in ("ana@example.com", "bob@example.com"):
        alerting.run("user_add", email=email)
    add_channel(alerting, f"{receiver.url}/ana", owner="ana@example.com")
    add_channel(alerting, f"{receiver.url}/shared")
    session_id = visit(alerting).session_id
    for count, (owner, path) in enumerate(
        [("ana@example.com", "/ana"), ("bob@example.com", "/shared"), (None, "/shared")]
    ):
        fire(alerting, session_id, owner=owner)
        assert receiver.wait_for(count + 1)[-1].path == path


def test_erasing_a_visitor_takes_what_waits(alerting: Running, receiver: Receiver) -> None:
    add_channel(alerting, receiver.url)
    receiver.answer = lambda got: (500, {})
    tab = visit(alerting)
    fire(alerting, tab.session_id)
    receiver.wait_for(1)
    alerting.run("erase", visitor=tab.visitor_id)
    assert states(alerting) == []


def test_a_test_says_how_it_went(alerting: Running, receiver: Receiver) -> None:
    good = add_channel(alerting, receiver.url)["channel"]
    bad = add_channel(alerting, "http://127.0.0.1:9/")["channel"]
    for channel, words in ((good, ""), (bad, "refused")):
        done = alerting.run("channel_test", channel=channel)
        alerting.collector.alerts.ring()
        result = alerting.collector.alerts.result(int(str(done["alert"])), 20)
        assert result is not None
        assert words in result
    assert receiver.got[0].json["type"] == "alert.test"


def test_pages_send_at_once_what_a_rule_waits_for(alerting: Running) -> None:
    tab = alerting.tab()
    assert "gather_ms" not in post(alerting.client, tab.batch()).json()
    when = "    when:\n      page:\n        path: /pricing\n"
    rules = f"version: 1\nrules:\n  - id: x\n    name: X\n{when}"
    alerting.run("rules_import", site="shop", text=rules)
    alerting.collector.signals.reload()
    alerting.collector.signals.settle(20)
    assert post(alerting.client, tab.batch()).json()["gather_ms"] == 0
