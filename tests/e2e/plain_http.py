"""One HTTP client for all tests. Making one reads every certificate of the machine, which takes
longer than most tests."""

from __future__ import annotations

import httpx

# Connections are not kept: the collector at the other end is killed again and again.
CLIENT = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=30)
