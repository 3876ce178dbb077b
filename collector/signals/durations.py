"""Spans of time as rules write them: `90s`, `5m`, `2h`, `3d`."""

from __future__ import annotations

import re

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
UNITS_MS = {"ms": 1, "s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}

_SPAN = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def span_ms(text: str) -> int:
    """The ms of a span. Raises ValueError."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no span of time like 30s, 5m, 2h or 3d")
    return int(match[1]) * UNITS_MS[match[2]]


def span_text(span: int) -> str:
    """A span as a rule would write it, in the largest unit that keeps it whole."""
    for name in ("d", "h", "m", "s"):
        if span and span % UNITS_MS[name] == 0:
            return f"{span // UNITS_MS[name]}{name}"
    return f"{span}ms"
