"""The audit's page, for admins: in come lines of the store, out goes a page of them, newest
first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.store.audit import KEPT_MS, Line, lines
from collector.web.context import context_of, page_for_admins, whole_number
from collector.web.pages import duration, page

PAGE_SIZE = 100
DAY_MS = 24 * 3600 * 1000
WORDS = {
    "view": "watched a visit",
    "share_add": "shared a visit",
    "share_revoke": "revoked a share link",
    "sign_in": "signed in",
    "sign_out": "signed out",
    "sign_out_everywhere": "signed out everywhere",
    "user_add": "let somebody in",
    "user_role": "changed a role",
    "user_remove": "removed a user",
    "link_add": "made a sign-in link",
    "token_add": "made an API token",
    "token_revoke": "revoked an API token",
    "site_add": "added a site",
    "site_origin_add": "added an origin",
    "site_origin_remove": "removed an origin",
    "site_dev": "changed whether localhost may send",
    "site_disable": "switched a site off",
    "site_enable": "switched a site on",
    "site_live": "changed what is needed to watch live",
    "rule_add": "added a rule",
    "rule_change": "changed a rule",
    "rule_enable": "switched a rule on",
    "rule_disable": "switched a rule off",
    "rule_remove": "deleted a rule",
    "rules_import": "imported rules",
    "channel_add": "added a channel",
    "channel_remove": "removed a channel",
    "channel_on": "turned a channel on",
    "channel_test": "tested a channel",
    "alerts_change": "changed what holds for alerts",
    "erase": "erased a visitor",
    "export": "exported a visit",
    "import": "imported a visit",
}


def words_of(line: Line) -> str:
    """What was done, in words."""
    return WORDS.get(line.what, line.what.replace("_", " "))


@page_for_admins
def audit(request: Request) -> Response:
    """`/settings/audit[?before=N]`."""
    has_before = "before" in request.query_params
    before = whole_number(request, "before", 1, 1, 2**53) if has_before else None
    with context_of(request).readers.lend() as db:
        found = lines(db, PAGE_SIZE + 1, before)
    shown = found[:PAGE_SIZE]
    return page(
        request,
        "audit.html",
        lines=[(line, words_of(line), _at(line)) for line in shown],
        older=shown[-1].audit if len(found) > PAGE_SIZE else None,
        kept_days=KEPT_MS // DAY_MS,
        is_newest=not has_before,
    )


def _at(line: Line) -> tuple[str, str] | None:
    """Where a visit was opened: for the reader, and for the link."""
    if line.t_ms is None:
        return None
    return duration(max(0, line.t_ms)), f"{line.t_ms / 1000:.3f}"


ROUTES = [Route("/settings/audit", audit)]
