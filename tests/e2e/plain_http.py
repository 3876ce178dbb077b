"""HTTP clients of tests. They speak to this machine without encryption: to read every certificate
of the machine for each would take longer than most tests."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**options: Any) -> httpx.Client:
    """A client of its own, with the options of `httpx.Client`."""
    return httpx.Client(verify=_NO_CERTIFICATES, **options)


def request(
    method: str, url: str, cookies: dict[str, str] | None = None, **options: Any
) -> httpx.Response:
    """One request of somebody who has these cookies and keeps none."""
    with client(cookies=cookies) as once:
        return once.request(method, url, **options)


# Connections are not kept: the collector at the other end is killed again and again.
CLIENT = client(limits=httpx.Limits(max_keepalive_connections=0), timeout=30)
