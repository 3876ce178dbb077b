"""Where alerts may go, and where not: checked when a connection is made, whoever makes it."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from collector.alerts.reach import may_reach
from tests.collector.alerts.fired import add_channel, fire, visit
from tests.collector.alerts.receiver import Receiver
from tests.collector.conftest import Running, running_collector
from tests.e2e.waiting import wait_for

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.1", "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
    "localhost", "example.com", "", "2130706433", "0x7f.1",
)  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_and_names_are_refused(host: str) -> None:
    assert not may_reach(host, [])


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_internet_addresses_are_fine(host: str) -> None:
    assert may_reach(host, [])


def test_what_is_allowed_may_be_reached_under_each_of_its_names() -> None:
    allowed = [ip_network("10.0.0.0/8"), ip_network("::1/128")]
    assert all(may_reach(host, allowed) for host in ("10.1.2.3", "::ffff:10.1.2.3", "::1"))
    assert not may_reach("127.0.0.1", allowed)


def error_of(running: Running, address: str, kind: str = "webhook") -> str:
    """What a test message to this address comes to."""
    channel = add_channel(running, address, kind)["channel"]
    alert = running.run("channel_test", channel=channel)["alert"]
    running.collector.alerts.ring()
    result = running.collector.alerts.result(int(str(alert)), 30)
    assert result is not None
    return result


def test_no_library_reaches_this_machine_unless_that_is_allowed(
    running: Running, receiver: Receiver
) -> None:
    port = receiver.url.rpartition(":")[2]
    for address, kind in (
        (receiver.url, "webhook"),
        (f"http://localhost:{port}/", "webhook"),
        (f"http://[::ffff:127.0.0.1]:{port}/", "webhook"),
        (f"http://2130706433:{port}/", "webhook"),
        (f"ntfy://127.0.0.1:{port}/topic", "ntfy"),
        (f"mmost://localhost:{port}/{'a' * 24}", "chat"),
        (f"mailto://user:pass@127.0.0.1:{port}?to=a@b.test&from=v@b.test", "email"),
    ):
        assert "is a private address" in error_of(running, address, kind), address
    assert receiver.got == []


def test_redirects_lead_nowhere(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answer = lambda got: (302, {"location": f"{receiver.url}/elsewhere"})
    only = (ip_network("127.0.0.1/32"),)
    with running_collector(tmp_path / "data", allow_private=only) as running:
        assert error_of(running, f"{receiver.url}/hook").startswith("answered 302: redirects")
        assert error_of(running, f"{receiver.url.replace('http', 'ntfy')}/topic", "ntfy")
    assert {got.path for got in receiver.got} <= {"/hook", "/"}


def test_what_an_admin_forbids_is_not_used_any_more(alerting: Running, receiver: Receiver) -> None:
    from collector.store.channels import AlertRules, set_alert_rules

    add_channel(alerting, receiver.url)
    receiver.answer = lambda got: (500, {})
    session_id = visit(alerting).session_id
    fire(alerting, session_id)
    receiver.wait_for(1)
    rules = AlertRules(kinds=frozenset({"slack"}))
    alerting.collector.writer.call(lambda db, _: set_alert_rules(db, rules))
    fire(alerting, session_id)
    alerting.collector.alerts.ring()
    wait_for(
        "it is off",
        lambda: bool(alerting.rows("SELECT 1 FROM channel WHERE off_at_ms IS NOT NULL")),
    )
    assert alerting.rows("SELECT count(*) FROM alert") == [(1,)]
    with pytest.raises(Exception, match="switched off"):
        add_channel(alerting, receiver.url)
