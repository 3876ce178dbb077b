"""Somebody who gets messages over HTTP: writes down what came, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Got:
    """One request."""

    at_ms: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`answer` says the status, and further headers, for what came."""

    url: str
    answer: Callable[[Got], tuple[int, dict[str, str]]] = lambda got: (200, {})
    got: list[Got] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, got: Got) -> tuple[int, dict[str, str]]:
        with self.changed:
            self.got.append(got)
            self.changed.notify_all()
        return self.answer(got)

    def wait(self, is_enough: Callable[[list[Got]], bool], within_s: float = WITHIN_S) -> list[Got]:
        """Returns what came once it is enough."""
        with self.changed:
            assert self.changed.wait_for(lambda: is_enough(self.got), within_s), self.got
            return list(self.got)

    def wait_for(self, count: int) -> list[Got]:
        return self.wait(lambda got: len(got) >= count)


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            at_ms = time.time() * 1000
            length = int(self.headers.get("content-length", "0"))
            if len(body := self.rfile.read(length)) < length:
                self.close_connection = True  # whoever sent it was killed meanwhile
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more = receiver.take(Got(at_ms, self.path, headers, body))
            self.send_response(status)
            for name, value in {"content-length": "0", **more}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
