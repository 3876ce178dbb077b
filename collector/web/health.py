"""`/healthz` and `/metrics`: in come probes, out goes whether batches are stored, and counters."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.address import is_loopback
from collector.metrics import MEDIA_TYPE
from collector.problems import Problem
from collector.web.api import json_answer
from collector.web.context import address_of, context_of, viewer_of


def healthz(request: Request) -> Response:
    """200 while batches are acknowledged, else 503."""
    writer = context_of(request).writer
    if writer.is_alive:
        return json_answer({"status": "ok"})
    return json_answer({"status": "failing", "reason": "nothing can be stored"}, 503)


def metrics(request: Request) -> Response:
    """Counters in the text form of Prometheus, for this machine or with a token."""
    context = context_of(request)
    # A proxy in front of us is loopback too; what it forwards for others is not.
    is_local = is_loopback(address_of(request)) and "x-forwarded-for" not in request.headers
    if not is_local and viewer_of(request) is None:
        raise Problem("unauthenticated", "metrics are for this machine, or with a token")
    found = context.metrics
    found.waiting.set(context.writer.waiting)
    found.healthy.set(int(context.writer.is_alive))
    found.commits.set(context.writer.commits)
    return Response(found.text(), headers={"cache-control": "no-store", "content-type": MEDIA_TYPE})


ROUTES = [Route("/healthz", healthz), Route("/metrics", metrics)]
