"""Bodies of requests: in come bounded bytes, out come the fields of a form or a JSON object."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import parse_qs

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from collector.problems import Problem

MAX_BYTES = 16_384
MAX_LARGE_BYTES = 1 << 20
"""Of forms that hold a document: rules as YAML, three bytes for each of its signs in a form."""
MAX_FIELDS = 64
MAX_LARGE_FIELDS = 4_000

Handler = Callable[[Request], Response]


def with_body(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Reads the body before the handler runs in its thread. Raises a 413 `Problem`."""
    return _reads(handler, MAX_BYTES)


def with_large_body(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """As `with_body`, for forms that hold a document."""
    return _reads(handler, MAX_LARGE_BYTES)


def _reads(handler: Handler, max_bytes: int) -> Callable[[Request], Awaitable[Response]]:
    @wraps(handler)
    async def reads(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > max_bytes:
                raise Problem("too_large", "this body is larger than it can be")
        request.state.body = body
        request.state.max_fields = MAX_FIELDS if max_bytes == MAX_BYTES else MAX_LARGE_FIELDS
        return await run_in_threadpool(handler, request)

    return reads


def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name."""
    text, most = request.state.body.decode("utf-8", "replace"), request.state.max_fields
    try:
        fields = parse_qs(text, max_num_fields=most)
    except ValueError as error:
        raise Problem("bad_request", "this form has too many fields") from error
    return {name: values[0] for name, values in fields.items()}


def json_of(request: Request) -> dict[str, object]:
    """A JSON object; an empty body is an empty one. Raises a 400 `Problem`."""
    if not request.state.body.strip():
        return {}
    try:
        found = orjson.loads(request.state.body)
    except orjson.JSONDecodeError as error:
        raise Problem("bad_request", f"the body is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise Problem("bad_request", "the body: expected a JSON object")
    return found
