"""Who is calling: in go the connection and its headers, out come the client's address and what of
it may be stored."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache

from collector.settings import Network

_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|phantom|selenium|puppeteer|playwright|lighthouse|"
    r"curl/|wget/|python-|go-http|java/|facebookexternalhit|preview",
    re.IGNORECASE,
)


def client_address(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """The address of the client: the last hop that is no proxy of ours. `forwarded_for`:
    X-Forwarded-For, believed from those alone."""
    if not trusted or not _is_in(peer, trusted):
        return peer
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",") if hop.strip()]):
        address = _bare(hop)
        if address is None:
            break
        peer = str(address)
        if not _is_in(peer, trusted):
            break
    return peer


@lru_cache(maxsize=4_096)
def truncated(address: str) -> str:
    """The network of an address (IPv4 /24, IPv6 /48): all of it that reaches the disk."""
    found = _bare(address)
    if found is None:
        return ""
    prefix = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{prefix}", strict=False))


@lru_cache(maxsize=4_096)
def is_loopback(address: str) -> bool:
    """Is it this machine?"""
    found = _bare(address)
    return found is not None and found.is_loopback


@lru_cache(maxsize=1_024)
def is_bot(user_agent: str) -> bool:
    """Does the user agent say that nobody is looking?"""
    return not user_agent or _BOT.search(user_agent) is not None


def plain_line(text: str, limit: int) -> str:
    """Text of a stranger as one line: no control characters, no bidi overrides, no lone surrogates,
    at most `limit` characters."""
    text = text[: limit * 2]
    if not text.isprintable():
        text = "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
        text = "".join(c for c in text if c == "\u200d" or unicodedata.category(c) != "Cf")
    return text[:limit]


def _bare(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_in(text: str, networks: tuple[Network, ...]) -> bool:
    address = _bare(text)
    return address is not None and any(address in network for network in networks)
