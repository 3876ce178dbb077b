"""Filters of the list as they stand in URLs: in goes a query, out comes what is `Wanted`. The same
for the page and the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request

from collector.device import DEVICE_CLASSES
from collector.problems import Problem
from collector.store.listing import Wanted
from collector.web.context import whole_number

MAX_QUERY = 200
MAX_MS = 2**43 - 1
"""Somewhere in the year 2248: as far as the places of the list go."""
FILTERS = ("q", "site", "live", "watched", "device", "since", "until", "min_pages", "min_s", "tz")
"""What may be asked for; all of it in one URL."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO = re.compile(r"([0-9]{1,4})([hd])")
_HOUR_MS = 3_600_000


def wanted_of(request: Request, now_ms: int) -> Wanted:
    """What a request asks for. Raises a 400 `Problem` that names the parameter."""
    query = request.query_params
    zone = _zone(query.get("tz", ""))
    return Wanted(
        q=query.get("q", "")[:MAX_QUERY].strip(),
        site=query.get("site", "")[:MAX_QUERY],
        live=_choice(request, "live", ("", "1")) == "1",
        watched={"": None, "yes": True, "no": False}[
            _choice(request, "watched", ("", "yes", "no"))
        ],
        device=_choice(request, "device", ("", *DEVICE_CLASSES)),
        since_ms=_moment(request, "since", now_ms, zone, days_on=0),
        until_ms=_moment(request, "until", now_ms, zone, days_on=1),
        min_pages=_least(request, "min_pages"),
        min_s=_least(request, "min_s"),
    )


def asked_for(request: Request) -> dict[str, str]:
    """The filters that are set, as they stand in the URL."""
    query = request.query_params
    return {name: query[name] for name in FILTERS if query.get(name, "").strip()}


def _choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    value = request.query_params.get(name, "")
    if value not in choices:
        raise Problem("bad_request", f"{name}: expected {' or '.join(filter(None, choices))}")
    return value


def _least(request: Request, name: str) -> int:
    if not request.query_params.get(name):
        return 0
    return whole_number(request, name, None, 0, 1_000_000)


def _moment(request: Request, name: str, now_ms: int, zone: tzinfo, *, days_on: int) -> int | None:
    """Unix ms, `24h` or `7d` ago, or the beginning of a day in the reader's time zone. An `until`
    means the whole of its day: `days_on` is 1."""
    text = request.query_params.get(name, "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]{11,13}", text) and int(text) <= MAX_MS:
        return int(text)
    ago = _AGO.fullmatch(text)
    if ago:
        return max(0, now_ms - int(ago[1]) * _HOUR_MS * (24 if ago[2] == "d" else 1))
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = datetime.combine(datetime.fromisoformat(text).date(), time(), zone)
        moment_ms = int((day + timedelta(days=days_on)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Problem(
            "bad_request", f"{name}: expected a day like 2026-11-22, 24h, 7d, or Unix ms"
        ) from None
    return min(max(0, moment_ms), MAX_MS)


def _zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC for none and for what this machine doesn't know."""
    if not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name) or name.startswith("/") or ".." in name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
