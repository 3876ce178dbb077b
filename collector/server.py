"""The HTTP server: in go an application and an address, out comes uvicorn with limits against slow
clients and a log of plain lines."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from collector.settings import SettingsError
from collector.whole_request import WholeExchange, WholeRequest, whole_request

HEADERS_S = 15.0
"""Time for the headers of a request, from its first byte."""
KEEP_ALIVE_S = 30
MAX_HEADER_BYTES = 32 << 10
GRACE_S = 20
BACKLOG = 2_048
UNREAD_MS = 60_000
"""A client that takes nothing of an answer for so long is hung up on by the kernel (Linux)."""


class PortInUse(SettingsError):
    """Somebody listens there already."""


class Protocol(H11Protocol):
    """uvicorn's protocol waits for ever for headers that come byte by byte; this one hangs up. A
    batch that comes in one piece takes a shorter way to the application."""

    _deadline: asyncio.TimerHandle | None = None
    _short: asyncio.Task[None] | None = None
    _kept = b""
    """What came while a batch was at work."""
    _is_ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        if self._short is not None:
            self._kept += data
            self.flow.pause_reading()
            return
        request = whole_request(data, MAX_HEADER_BYTES) if self._is_idle() else None
        if request is not None:
            self._relax()
            self._unset_keepalive_if_required()
            self._short = self.loop.create_task(self._answer(request))
            self.tasks.add(self._short)
            self._short.add_done_callback(self.tasks.discard)
            return
        super().data_received(data)
        # Most requests come in one piece: no clock needs to be wound up for them.
        if self._is_busy():
            self._relax()
        elif self._deadline is None:
            self._expect_headers()

    def on_response_complete(self) -> None:
        self._relax()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._short is not None:
            self._is_ending = True
        else:
            super().shutdown()

    # --- the short way -------------------------------------------------------

    def _is_idle(self) -> bool:
        """Is nothing of a request here yet?"""
        connection = self.conn
        return (
            connection.our_state is h11.IDLE
            and connection.their_state is h11.IDLE
            and not connection.trailing_data[0]
        )

    async def _answer(self, request: WholeRequest) -> None:
        exchange = WholeExchange(request)
        scope: Scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": "POST",
            "root_path": self.root_path,
            "path": "/v1/batch",
            "raw_path": b"/v1/batch",
            "query_string": b"",
            "headers": request.headers,
            "state": self.app_state.copy(),
        }
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:
            self.logger.error("Exception in ASGI application", exc_info=error)
        self.transport.write(exchange.answer(self.server_state.default_headers))
        await self.flow.drain()
        self._short = None
        if exchange.closes or self._is_ending:
            self.transport.close()
        # uvicorn's own end of a request: counts it, and waits for the next.
        self.on_response_complete()
        if self._kept and not self.transport.is_closing():
            kept, self._kept = self._kept, b""
            self.data_received(kept)

    # --- clients that take their time ----------------------------------------

    def _is_busy(self) -> bool:
        """Is a request at work, whose headers have come?"""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _expect_headers(self) -> None:
        self._deadline = self.loop.call_later(HEADERS_S, self._hang_up)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _hang_up(self) -> None:
        self._deadline = None
        if not self._is_busy():
            self.transport.close()


class PlainFormatter(logging.Formatter):
    """One line a record: what strangers sent can't draw in a terminal nor forge a line. Traces keep
    their lines, escaped too."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        lines = text.split("\n") if record.exc_info else [text]
        return "\n".join(_escaped(line) for line in lines)


def _escaped(line: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def set_up_log() -> None:
    """Warnings and worse to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `PortInUse` or `SettingsError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only on sockets that name their protocol;
    # without it each answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} of {host} is in use: choose another with --port"
            ) from None
        raise SettingsError(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    listener.setblocking(False)
    return listener


class Server(uvicorn.Server):
    """uvicorn waits for answers that are under way; those that never end have to be told."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


def server_of(app: ASGIApp, ending: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server that has not started. `ending` is called when it begins to end."""
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        ),
        ending,
    )
