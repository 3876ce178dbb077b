"""Stands in for a collector: serves a recorder as `/sdk.js`, answers as a collector does, and
counts the bytes of what is posted."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from replay.errors import ReplayError
from replay.wire import content_hash, inflate, read_asset, read_batch, section_contents

MAX_OPS_BYTES = 8 << 20


class Sink:
    """A running sink. `scripts`: path → script; `posted`: path → bytes."""

    def __init__(self, scripts: dict[str, bytes]) -> None:
        self.scripts = scripts
        self.posted: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.known: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str) -> tuple[str, bytes]:
        """Media type and body of a GET."""
        for name, script in self.scripts.items():
            if path.endswith(name):
                return "text/javascript", script
        return "application/json", json.dumps({"contents": sorted(self.known)}).encode()

    def acknowledge(self, path: str, body: bytes) -> dict[str, object]:
        """What a collector answers; the next page is told what it keeps."""
        try:
            if path == "/v1/asset":
                asset = content_hash(read_asset(body).body).hex()
                self.known.add(asset)
                return {"hash": asset}
            if path == "/v1/batch":
                batch = read_batch(body)
                carried, _ = (
                    section_contents(inflate(batch.ops, batch.compression, MAX_OPS_BYTES))
                    if batch.ops
                    else ([], [])
                )
                self.known.update(content_hash(text.encode()).hex() for text in carried)
        except ReplayError as error:
            return {"error": {"code": "bad_batch", "message": str(error)}}
        return {"need": [], "snapshot": False, "flush_ms": 5000}

    def _handler(sink) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(*sink.answer(urlsplit(self.path).path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.posted[urlsplit(self.path).path] += len(body)
                sink.bodies.append(body)
                answer = sink.acknowledge(urlsplit(self.path).path, body)
                self._send("application/json", json.dumps(answer).encode())

            def _send(self, media_type: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@contextmanager
def running_sink(scripts: dict[str, bytes]) -> Iterator[Sink]:
    """A sink until the block ends."""
    sink = Sink(scripts)
    try:
        yield sink
    finally:
        sink.stop()
