"""The ceiling of the collector's server: the same uvicorn with the same limits, and a Starlette
route that reads a body and answers. In comes a port."""

from __future__ import annotations

import asyncio
import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.server import listen, server_of

PATH = "/noop"
"""As any route of an application."""
SHORT_PATH = "/v1/batch"
"""Read and answered on the short way that the server has for whole batches."""


async def _noop(request: Request) -> Response:
    await request.body()
    return Response(b"{}", media_type="application/json")


async def _health(_: Request) -> Response:
    return Response(b"ok")


def main(port: int) -> None:
    """Serves until it is ended."""
    application = Starlette(
        routes=[
            Route(PATH, _noop, methods=["POST"]),
            Route(SHORT_PATH, _noop, methods=["POST"]),
            Route("/healthz", _health),
        ]
    )
    listener = listen("127.0.0.1", port)
    asyncio.run(server_of(application).serve(sockets=[listener]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
