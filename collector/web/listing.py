"""The list of sessions: in come filters in a URL, out goes a page of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.device import DEVICE_CLASSES
from collector.problems import Problem
from collector.store.lines import Line, duration_ms, line_of
from collector.store.listing import cursor_of, find_sessions
from collector.store.sessions import SessionRow
from collector.store.sites import all_sites
from collector.urls import path_of
from collector.web.context import asking_of, context_of, page_for_viewers, signed_in
from collector.web.filters import asked_for, wanted_of
from collector.web.first_alert import next_step, way_of
from collector.web.first_run import state_of
from collector.web.live_list import HereJson, here_json
from collector.web.pages import duration, page, visitor_name

PAGE_SIZE = 50
DEVICE_WORDS = {
    "desktop": "Desktop",
    "phone": "Phone",
    "tablet": "Tablet",
    "other": "Other device",
    "bot": "Bot",
}
FIDELITY_WORDS = {"facts": "facts only", "damaged": "damaged"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as a line of the list, in words."""

    line: Line
    who: str
    title: str
    path: str
    source: str
    device: str
    length: str
    flaw: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and where one goes to be without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Quick:
    """What reps ask for most, one click away."""

    text: str
    link: str
    is_set: bool


@page_for_viewers
def sessions(request: Request) -> Response:
    """`/`: the sessions, newest first."""
    context, asking = context_of(request), asking_of(request)
    wanted, asked = wanted_of(request, asking.now_ms), asked_for(request)
    before, after = (request.query_params.get(name, "") for name in ("before", "after"))
    with context.readers.lend() as db:
        try:
            rows, has_more = find_sessions(
                db, wanted, asking, limit=PAGE_SIZE, before=before, after=after
            )
        except ValueError as error:
            raise Problem("bad_request", str(error)) from error
        if after and not has_more:
            # These are the newest: as a whole page, and kept current.
            return RedirectResponse(_link(asked), status_code=303)
        shown = [_shown(line_of(db, row, asking)) for row in rows]
        sites = all_sites(db)
        is_first_run = not (rows or asked or before or after)
        states = [state_of(request, db, site) for site in sites] if is_first_run else []
        way = way_of(request, db, sites[0] if sites else None) if is_first_run else None
        step = None if asked or before or after or way else next_step(request, db, sites)
    return page(
        request,
        "sessions.html",
        sessions=shown,
        asked=asked,
        chips=_chips(asked),
        quick=_quick(asked),
        is_first=not before and not after,
        is_first_run=is_first_run,
        stream=_link(asked, "/api/live", after=cursor_of(rows[0]) if rows else "0"),
        newest=_link(asked),
        here=_here(request, asked) if not (before or after or is_first_run) else None,
        older=_link(asked, before=cursor_of(rows[-1])) if rows and (has_more or after) else "",
        newer=_newer(asked, rows, is_first=not before and not after),
        sites=sites,
        devices={name: DEVICE_WORDS[name] for name in DEVICE_CLASSES},
        states=states,
        way=way,
        step=step,
        is_admin=signed_in(request).is_admin,
    )


def _here(request: Request, asked: dict[str, str]) -> list[HereJson] | None:
    """Who is here now; None where the list shows something else."""
    if asked.keys() - {"site", "tz"}:
        return None
    visits, _ = context_of(request).here.visits()
    return [here_json(one) for one in visits if asked.get("site", one.row.site) == one.row.site]


def _link(asked: dict[str, str], path: str = "/", **more: str) -> str:
    query = urlencode({**asked, **more})
    return f"{path}?{query}" if query else path


def _newer(asked: dict[str, str], rows: list[SessionRow], *, is_first: bool) -> str:
    """Where the page in front of this one is; empty: there is none."""
    if is_first:
        return ""
    return _link(asked, after=cursor_of(rows[0])) if rows else _link(asked)


def _shown(line: Line) -> Shown:
    row = line.row
    return Shown(
        line=line,
        who=visitor_name(row),
        title=line.title or "Untitled page",
        path=path_of(line.url),
        source=_source(line),
        device=DEVICE_WORDS.get(row.device or "", ""),
        length=duration(duration_ms(row)),
        flaw=_flaw(line),
    )


def _source(line: Line) -> str:
    """Where from: the campaign says more than the page that led here."""
    campaign = line.campaign
    words = [campaign.get("source") or line.referrer_host, campaign.get("campaign", "")]
    return " · ".join(filter(None, words)) or "Direct"


def _flaw(line: Line) -> str:
    if line.gaps:
        return "1 gap" if line.gaps == 1 else f"{line.gaps} gaps"
    return FIDELITY_WORDS.get(line.fidelity, "")


def _chips(asked: dict[str, str]) -> list[Chip]:
    return [
        Chip(words, _link({key: value for key, value in asked.items() if key != name}))
        for name, words in ((name, _words(name, value)) for name, value in asked.items())
        if words
    ]


def _quick(asked: dict[str, str]) -> list[Quick]:
    others = {name: value for name, value in asked.items() if name not in {"live", "watched"}}
    is_live, is_unwatched = "live" in asked, asked.get("watched") == "no"
    return [
        Quick("All", _link(others), not is_live and "watched" not in asked),
        Quick("Live", _link(others, live="1"), is_live),
        Quick("Not watched", _link(others, watched="no"), is_unwatched),
    ]


def _words(name: str, value: str) -> str:
    """A filter that is set, as people say it; empty: none that they have to know of."""
    match name:
        case "q":
            return f"“{value}”"
        case "site" | "since" | "until":
            return f"{name.capitalize()} {value}"
        case "live":
            return "Live now"
        case "watched":
            return "Watched" if value == "yes" else "Not watched yet"
        case "device":
            return DEVICE_WORDS.get(value, value)
        case "min_pages":
            return f"{value} pages or more"
        case "min_s":
            return f"{duration(int(value) * 1000)} or longer"
        case _:
            return ""


ROUTES = [Route("/", sessions)]
