"""A collector whose alerts may reach this machine."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.collector.alerts.receiver import Receiver, receiving
from tests.collector.conftest import Running, running_collector

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Running]:
    with running_collector(tmp_path / "data", allow_private=LOOPBACK) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
