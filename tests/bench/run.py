"""`make bench`: measures visitreel beside what its users would take instead, prints a table and writes `results/latest.json`.

`ONLY=name` runs one part: `wire`, `start` or `frame`.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from replay.ops import Begin, Document, End, NewNode, Put, SetText, TreeOp
from replay.reconstruct import reconstruct
from tests.bench import wire
from tests.bench.start import longest_task
from tests.e2e.browser import launch

RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `ratio`: value ÷ peer_value."""

    id: str
    name: str
    value: float
    unit: str
    better: str = "lower"
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    budget: float | None = None
    aim: float | None = None
