"""Waits for states, never for times. In comes a question that is asked again and again, out comes
its first answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

PAUSE_S = 0.1
"""Often enough to lose no time; each question costs the collector some, which others wait for."""


def wait_for(
    what: str, ask: Callable[[], Answer | None], within_s: float = 20.0, instead: object = None
) -> Answer:
    """The first answer that is neither None nor False. AssertionError after `within_s`, with the
    last answer, or what `instead()` says."""
    deadline = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            evidence = instead() if callable(instead) else answer
            raise AssertionError(f"not within {within_s} s: {what}; {evidence}")
        time.sleep(PAUSE_S)
