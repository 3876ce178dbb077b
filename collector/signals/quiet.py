"""Quiet hours: in goes an instant, out comes whether a clock on the wall of the owner's zone shows
a quiet hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `from_min` to `until_min` (minutes of the day; over midnight where it is not later) on
    the days on which they begin."""

    zone: ZoneInfo
    from_min: int
    until_min: int
    days: frozenset[int]

    def holds(self, at_ms: int) -> bool:
        """Is it quiet then? A change of the clock moves with the wall clock."""
        local = datetime.fromtimestamp(at_ms / 1000, self.zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.from_min < self.until_min:
            return day in self.days and self.from_min <= minute < self.until_min
        if minute >= self.from_min:
            return day in self.days
        return minute < self.until_min and (local.date() - timedelta(days=1)).weekday() in self.days


def quiet_hours_of(data: object) -> tuple[QuietHours, ...]:
    """None, one span or several."""
    if data is None:
        return ()
    spans = data if isinstance(data, list) else [data]
    return tuple(_one(cast(Mapping[str, object], span)) for span in spans)


def _one(data: Mapping[str, object]) -> QuietHours:
    days = cast(list[str], data.get("days", list(DAYS)))
    return QuietHours(
        zone=ZoneInfo(str(data["zone"])),
        from_min=minutes_of(str(data["from"])),
        until_min=minutes_of(str(data["until"])),
        days=frozenset(DAYS.index(day) for day in days),
    )


def minutes_of(text: str) -> int:
    """`22:30` as minutes of the day."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
