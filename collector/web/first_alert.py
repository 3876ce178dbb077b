"""The way to the first alert: in goes what is there, out come its steps, each with what to do,
until somebody was told of a visit."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from collector.store.database import Database
from collector.store.rule_pages import so_far, usable_channels
from collector.store.rules import rules_of
from collector.store.sites import Site
from collector.web.context import context_of, page_for_viewers, signed_in

LATER_COOKIE = "visitreel-later"
LATER_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `link`: where it is done, empty: not by this reader; `warns`: it needs a look."""

    title: str
    is_done: bool
    text: str = ""
    link: str = ""
    act: str = ""
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """All steps, in order."""

    steps: tuple[Step, ...]

    @property
    def next(self) -> Step | None:
        """The first that is missing. None: done."""
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.is_done for step in self.steps)


def way_of(request: Request, db: Database, site: Site | None) -> Way:
    """How far a site is, for whoever asks. `site`: None where there is none yet."""
    is_admin = signed_in(request).is_admin
    if site is None:
        found, rules, channels = None, [], []
    else:
        found = so_far(db, site.site)
        rules = [rule for rule in rules_of(db, site.site) if rule.enabled]
        channels = [one for rule in rules for one in usable_channels(db, rule.owner)]
    key = site.key if site else ""
    has_channel = bool(channels) or (not rules and bool(usable_channels(db, _own(request))))
    return Way(
        (
            _for_admins(
                is_admin,
                Step("Add a site", site is not None, "Say where its pages are.",
                     "/settings/sites", "Add a site"),
            ),
            _visit(is_admin, found is not None and found.people,
                   found is not None and found.bots, key),
            _for_admins(
                is_admin,
                Step("Switch on a rule", bool(rules), "Take one that is ready, or make your own.",
                     f"/settings/rules?site={key}#ready" if key else "/settings/rules",
                     "Choose a rule"),
            ),
            Step("Add a channel", has_channel, "Where you want to be told.", "/settings/channels",
                 "Add a channel"),
            Step("Send a test", any(one.sent_at_ms is not None for one in channels),
                 "So you know that messages arrive.", "/settings/channels", "Send a test"),
            Step("Get the first alert", found is not None and found.told,
                 "Do on your site what the rule waits for: the message comes within a second.",
                 site.origins[0] if site and site.origins and "*" not in site.origins[0] else "",
                 "Open the site"),
        )
    )  # fmt: skip


def _own(request: Request) -> str | None:
    user = signed_in(request).user
    return user.email if user else None


def _for_admins(is_admin: bool, step: Step) -> Step:
    if is_admin:
        return step
    return Step(step.title, step.is_done, f"{step.text} An admin does that: ask one of them.")


def _visit(is_admin: bool, people: bool, bots: bool, key: str) -> Step:
    """Bots are recorded, but nobody is told of them."""
    text = "Paste its tag into the pages, and open one of them."
    if bots:
        text = "Only bots have come so far, and nobody is told of bots. Open a page yourself."
    link = f"/settings/sites/{key}" if is_admin and key else ""
    return Step("See a first visit", people, text, link, "Get the tag", warns=bots and not people)


def next_step(request: Request, db: Database, sites: list[Site]) -> Step | None:
    """What an admin should do next, for a line above the list. None: nothing, or not now."""
    if not signed_in(request).is_admin or LATER_COOKIE in request.cookies or not sites:
        return None
    ways = [way_of(request, db, site) for site in sites[:1]]
    return ways[0].next


@page_for_viewers
def later(request: Request) -> Response:
    """`POST /settings/rules/later`: the line above the list is not shown again in this browser."""
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        LATER_COOKIE,
        "1",
        max_age=LATER_S,
        secure=context_of(request).settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return response


ROUTES = [Route("/settings/rules/later", later, methods=["POST"])]
