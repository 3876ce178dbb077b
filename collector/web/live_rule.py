"""Where a site demands it, visits that go on are watched only once the visitor knows, or agrees. In
comes a request for a visit, out goes a refusal; and to the site's pages the notice."""

from __future__ import annotations

import gzip
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.problems import Problem
from collector.store.database import Database
from collector.store.live_rules import may_watch_live
from collector.store.sessions import SessionRow, is_live
from collector.web.context import context_of

NOTICE = Path(__file__).parent / "static" / "notice.js"
CACHE = "public, max-age=300"
"""A site that has changed its mind does not wait long."""


def check_live(db: Database, request: Request, row: SessionRow) -> None:
    """Raises a `Problem` for a visit that goes on, and must not be watched before it is over."""
    context = context_of(request)
    if may_watch_live(db, row.session):
        return
    if is_live(db, row, context.now_ms(), context.settings.pace.live_ms):
        raise Problem(
            "not_watchable",
            "this visit goes on, and its visitor has not agreed to being watched meanwhile: it can"
            " be watched when it is over",
        )


def notice(request: Request) -> Response:
    """`GET /live.js?site=KEY`: public: the notice that the site demands; nothing where it demands
    none."""
    site = context_of(request).sites.by_key(request.query_params.get("site", ""))
    rule = site.live if site else "open"
    text = NOTICE.read_text("utf-8").replace("__RULE__", rule) if rule != "open" else ""
    headers = {
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": CACHE,
        "vary": "accept-encoding",
    }
    body = text.encode()
    if body and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return Response(body, headers=headers, media_type="text/javascript; charset=utf-8")


ROUTES = [Route("/live.js", notice)]
