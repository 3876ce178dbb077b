"""Browser push against an endpoint of our own: what a browser would get, and by which key."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collector.alerts.kinds import KINDS, checked_address
from collector.store.channels import Channel, add_channel
from replay import ops
from tests.collector.alerts.fired import fire, visit
from tests.collector.alerts.receiver import Got, Receiver
from tests.collector.conftest import Running
from tests.collector.sender import post
from tests.e2e.waiting import wait_for


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class FakeBrowser:
    """Subscribed at a push service of ours."""

    endpoint: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def subscription(self) -> str:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self.auth)}
        more = {"expirationTime": None, "keys": keys}
        return json.dumps({"endpoint": self.endpoint, **more})

    def read(self, got: Got) -> dict[str, object]:
        """What the service worker is handed."""
        plain = http_ece.decrypt(got.body, private_key=self.key, auth_secret=self.auth)
        found: dict[str, object] = json.loads(plain)
        return found


def subscribe(running: Running, browser: FakeBrowser) -> Channel:
    address = checked_address(KINDS["push"], browser.subscription)
    now_ms = running.clock.now_ms()
    return running.collector.writer.call(
        lambda db, _: add_channel(db, None, "push", "Firefox", address, 20, now_ms)
    )


def test_a_browser_is_told_and_what_it_shows_is_replaced_when_they_leave(
    alerting: Running, receiver: Receiver
) -> None:
    browser = FakeBrowser(f"{receiver.url}/push/1")
    subscribe(alerting, browser)
    tab = visit(alerting, "ana@example.com")
    fire(alerting, tab.session_id)
    (got,) = receiver.wait_for(1)
    told = browser.read(got)
    assert got.headers["urgency"] == "high"
    assert got.headers["ttl"] == "300"
    assert told["url"] == f"{alerting.url}/sessions/{tab.session_id}?t=0.02&live=1"
    assert "Why now" in str(told["text"])
    assert told["quiet"] is False
    left = tab.batch((), [(30, ops.Leave(0))])
    assert post(alerting.client, left, user_agent="Mozilla/5.0 Chrome/156").is_success
    sent = "SELECT 1 FROM alert WHERE state = 'sent'"
    wait_for("it is stored", lambda: bool(alerting.rows(sent)))
    alerting.clock.ahead_ms += 40_000
    alerting.collector.alerts.ring()
    gone = browser.read(receiver.wait_for(2)[1])
    assert gone["tag"] == told["tag"]
    assert gone["quiet"] is True
    assert re.match(r"Left [45]\d s ago\.", str(gone["text"]))


def test_messages_carry_the_key_that_browsers_subscribe_to(
    alerting: Running, receiver: Receiver
) -> None:
    key = alerting.collector.alerts.ask({"do": "key"}, 30)["key"]
    assert alerting.collector.alerts.ask({"do": "key"}, 30)["key"] == key
    file = alerting.collector.settings.data / "push-key.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    subscribe(alerting, FakeBrowser(f"{receiver.url}/push/1"))
    fire(alerting, visit(alerting).session_id)
    (got,) = receiver.wait_for(1)
    assert f"k={key}" in got.headers["authorization"]


def test_a_browser_that_has_unsubscribed_is_not_asked_again(
    alerting: Running, receiver: Receiver
) -> None:
    receiver.answer = lambda got: (410, {})
    subscribe(alerting, FakeBrowser(f"{receiver.url}/push/1"))
    fire(alerting, visit(alerting).session_id)
    off = "SELECT 1 FROM channel WHERE off_at_ms IS NOT NULL"
    wait_for("it is off", lambda: bool(alerting.rows(off)))
    assert len(receiver.got) == 1
