"""Stands in for every recorder's server: serves a recorder as `/sdk.js`, answers as its server
does, and keeps what is posted."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from replay.errors import ReplayError
from replay.wire import content_hash, inflate, read_asset, read_batch, section_contents

MAX_OPS_BYTES = 8 << 20
_OPENREPLAY_START = {
    "token": "bench",
    "userUUID": "bench",
    "projectID": "1",
    "sessionID": "1",
    "delay": 0,
    "beaconSizeLimit": 1_000_000,
}


@dataclass(frozen=True, slots=True)
class Posted:
    """One request's body. `at_s`: seconds since the sink began."""

    path: str
    body: bytes
    at_s: float


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A page that is left does not wait for its answers; anything else is an error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Sink:
    """A running sink. `scripts`: path → script; `files`: path → media type and bytes."""

    def __init__(self, scripts: Mapping[str, bytes]) -> None:
        self.scripts = scripts
        self.files: dict[str, tuple[str, bytes]] = {}
        self.posted: list[Posted] = []
        self.known: set[str] = set()
        self._documents: dict[str, set[str]] = {}
        self._start_s = time.monotonic()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self, prefix: str) -> list[bytes]:
        """What was posted to paths that begin so."""
        return [posted.body for posted in self.posted if posted.path.startswith(prefix)]

    def answer(self, path: str) -> tuple[str, bytes]:
        """Media type and body of a GET."""
        if path in self.files:
            return self.files[path]
        for name, script in self.scripts.items():
            if path.endswith(name):
                return "text/javascript", script
        return "application/json", json.dumps({"contents": sorted(self.known)}).encode()

    def acknowledge(self, path: str, body: bytes) -> dict[str, object]:
        """What the recorder's own server would answer."""
        if path == "/openreplay/v1/web/start":
            return {**_OPENREPLAY_START, "startTimestamp": time.time_ns() // 1_000_000}
        try:
            if path == "/v1/asset":
                asset = content_hash(read_asset(body).body).hex()
                self.known.add(asset)
                return {"hash": asset}
            if path == "/v1/batch":
                have = self._learn(body)
                return {"need": [], "snapshot": False, "flush_ms": 5000, "have": have}
        except ReplayError as error:
            return {"error": {"code": "bad_batch", "message": str(error)}}
        return {}

    def _learn(self, body: bytes) -> list[str]:
        """The next page is told what a collector keeps. The result: what came from the pages
        before, if this page is new."""
        batch = read_batch(body)
        document = batch.head.document_id
        is_new = document not in self._documents
        earlier = [key for keys in self._documents.values() for key in keys] if is_new else []
        self._documents.setdefault(document, set()).add(f"{document}.{batch.head.seq}")
        if batch.ops:
            raw = inflate(batch.ops, batch.compression, MAX_OPS_BYTES)
            self.known.update(
                content_hash(text.encode()).hex() for text in section_contents(raw)[0]
            )
        return earlier

    def _keep(self, url: str, body: bytes) -> dict[str, object]:
        path = _forwarded(url)
        self.posted.append(Posted(path, body, time.monotonic() - self._start_s))
        return self.acknowledge(path, body)

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(*sink.answer(urlsplit(self.path).path))

            def do_OPTIONS(self) -> None:
                self._send("text/plain", b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = sink._keep(self.path, body)
                self._send("application/json", json.dumps(answer).encode() if answer else b"")

            def _send(self, media_type: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
                self.send_header("Access-Control-Allow-Credentials", "true")
                asked = self.headers.get("Access-Control-Request-Headers")
                if asked:
                    self.send_header("Access-Control-Allow-Headers", asked)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _forwarded(url: str) -> str:
    """A URL's path; where a proxy is asked to forward, with the path to forward to."""
    parts = urlsplit(url)
    target = parse_qs(parts.query).get("ddforward", [""])[0]
    return parts.path + urlsplit(unquote(target)).path


@contextmanager
def running_sink(scripts: Mapping[str, bytes]) -> Iterator[Sink]:
    """A sink until the block ends."""
    sink = Sink(scripts)
    try:
        yield sink
    finally:
        sink.stop()
