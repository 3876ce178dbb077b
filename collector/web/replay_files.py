"""The files of a replay: segments, big texts, assets, and the empty document that frames are drawn
in. All of one session, and all under the address of its player."""

from __future__ import annotations

import gzip
import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.headers import INERT, own_origin, shell_policy
from collector.media import SHOWN_TYPES
from collector.problems import Problem
from collector.store.contents import asset_of_session, content_of_session
from collector.store.timelines import raw_segment
from collector.web.context import context_of
from collector.web.watching import MIN_GZIP_BYTES, for_watchers, note_view, watched_session

FOREVER = "private, max-age=31536000, immutable"
SHELL = b"<!DOCTYPE html><html><head></head><body></body></html>"

_HASH = re.compile(r"[0-9a-f]{32}")


@for_watchers
def segment(request: Request) -> Response:
    """`GET /sessions/{id}/segments/{segment}`: a raw ops section. Batches in it never change,
    so a number always names the same bytes."""
    context = context_of(request)
    number = request.path_params["number"]
    with context.readers.lend() as db:
        row = watched_session(db, request)
        found = raw_segment(db, row.session, number) if number < 2**62 else None
    if found is None:
        raise Problem("not_found", "there is no such segment: read the timeline again")
    # The first frame of a link waits for nothing else; what comes behind it, the timeline, does.
    note_view(request, row, waits=False)
    headers = {
        "cache-control": FOREVER,
        "content-security-policy": INERT,
        "vary": "accept-encoding",
    }
    data = found.data
    wants_gzip = "gzip" in request.headers.get("accept-encoding", "")
    if found.compression and not wants_gzip:
        data = gzip.decompress(data)
    elif found.compression:
        headers["content-encoding"] = "gzip"
    elif wants_gzip and len(data) >= MIN_GZIP_BYTES:
        data = gzip.compress(data, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(data, headers=headers, media_type="application/octet-stream")


@for_watchers
def content(request: Request) -> Response:
    """`GET /sessions/{id}/contents/{hex}`: a big text."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = watched_session(db, request)
        found = content_of_session(db, row.session, _hash(request))
    if found is None:
        raise Problem("not_found", "there is no such content in this session")
    headers = {
        "cache-control": FOREVER,
        "content-security-policy": INERT,
        "vary": "accept-encoding",
    }
    data = found.data
    if "gzip" in request.headers.get("accept-encoding", "") and len(data) >= MIN_GZIP_BYTES:
        data = gzip.compress(data, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(data, headers=headers, media_type="text/plain; charset=utf-8")


@for_watchers
def asset(request: Request) -> Response:
    """`GET /sessions/{id}/assets/{hex}`: an image or font, as what the recording names it, if that
    can't run."""
    context = context_of(request)
    with context.readers.lend() as db:
        row = watched_session(db, request)
        found = asset_of_session(db, row.session, _hash(request))
    if found is None or found.media_type not in SHOWN_TYPES:
        raise Problem("not_found", "there is no such asset in this session")
    headers = {"cache-control": FOREVER, "content-security-policy": INERT}
    return Response(found.data, headers=headers, media_type=found.media_type)


@for_watchers
def shell(request: Request) -> Response:
    """`GET /sessions/{id}/shell`: an empty document whose policy lets nothing out."""
    context = context_of(request)
    with context.readers.lend() as db:
        watched_session(db, request)
    base = request.url.path.removesuffix("/shell")
    policy = shell_policy(own_origin(request, context.settings.public_url) + base)
    headers = {
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return Response(SHELL, headers=headers, media_type="text/html")


def _hash(request: Request) -> bytes:
    text = request.path_params["hex"]
    if not _HASH.fullmatch(text):
        raise Problem("not_found", "there is nothing of this name")
    return bytes.fromhex(text)


_FILES = (
    ("segments/{number:int}", segment),
    ("contents/{hex}", content),
    ("assets/{hex}", asset),
    ("shell", shell),
)
ROUTES = [
    *(
        Route(f"{base}/{path}", endpoint)
        for base in ("/sessions/{session_id}", "/s/{token}")
        for path, endpoint in _FILES
    ),
    *(Route(f"/api/sessions/{{session_id}}/{path}", endpoint) for path, endpoint in _FILES[:2]),
]
