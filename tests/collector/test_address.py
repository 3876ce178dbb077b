"""Addresses of clients, and lines for the log."""

from __future__ import annotations

import logging

import pytest

from collector.address import client_address, is_bot, is_loopback, plain_line, truncated
from collector.server import PlainFormatter
from collector.settings import checked_network

PROXIES = (checked_network("10.0.0.0/8"), checked_network("127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:127.0.0.1", "1.2.3.4:5", "1.2.3.4"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


def test_without_proxies_nothing_is_believed() -> None:
    assert client_address("127.0.0.1", "1.2.3.4", ()) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("x", ""),
    ],
)
def test_addresses_are_truncated(address: str, network: str) -> None:
    assert truncated(address) == network


def test_loopback_is_known_in_every_form() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("10.0.0.1", "", "localhost")))


def test_bots_say_so() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
    assert not is_bot(chrome)
    assert is_bot(chrome.replace("Chrome", "HeadlessChrome"))
    assert is_bot("Mozilla/5.0 (compatible; Googlebot/2.1)")
    assert is_bot("")


def test_text_of_strangers_is_one_harmless_line() -> None:
    line = plain_line("a\nb\x1b[31mc\u202ed\u2066e\ud800f\U0001f469\u200d\U0001f4bb", 100)
    assert line == "a\ufffdb\ufffd[31mcde\ufffdf\U0001f469\u200d\U0001f4bb"
    assert len(plain_line("x" * 1000, 10)) == 10


def test_the_log_can_not_be_forged() -> None:
    record = logging.LogRecord(
        "visitreel", logging.WARNING, "", 0, "from %s", ("x\nfake \x1b[2J",), None
    )
    line = PlainFormatter("%(levelname)s %(message)s").format(record)
    assert line == "WARNING from x\\nfake \\x1b[2J"
