"""Serves `examples/shop` from an origin of its own. In come the collector's address and a site's
key, out goes the shop's address."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SHOP = Path(__file__).parents[2] / "examples" / "shop"

TAG = 'data-site="__SITE_KEY__" data-consent="granted"'
"""What the pages' tag says; a test may put another in its place."""


def page_of(path: str) -> Path | None:
    """The file behind a URL path: as it stands, with `.html`, or the page whose routes are made in
    the client."""
    name = unquote(path).strip("/") or "index"
    if name.split("/")[0] == "app":
        name = "app"
    for file in (SHOP / name, SHOP / f"{name}.html"):
        if file.is_file() and SHOP in file.resolve().parents:
            return file
    return None


class Shop:
    """A running shop; `extra` adds pages by path, `requests` lists the paths that were asked
    for."""

    def __init__(self, collector_url: str, site_key: str, tag: str, port: int) -> None:
        self.extra: dict[str, tuple[str, bytes]] = {}
        self.requests: list[str] = []
        self._tag = tag.replace("__SITE_KEY__", site_key)
        self._collector_url = collector_url
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """From now on connections are refused. May be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def content(self, path: str) -> tuple[int, str, bytes]:
        """Status, media type and bytes of a path."""
        if path in self.extra:
            return 200, *self.extra[path]
        file = page_of(path)
        if file is None:
            return 404, "text/plain", b"no such page"
        data = file.read_bytes()
        if file.suffix == ".html":
            text = data.decode().replace(TAG, self._tag)
            data = text.replace("__COLLECTOR__", self._collector_url).encode()
        return 200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", data

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                shop.requests.append(path)
                status, media_type, data = shop.content(path)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Cache-Control", "no-cache")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@contextmanager
def serve_shop(collector_url: str, site_key: str, tag: str = TAG, port: int = 0) -> Iterator[Shop]:
    """A shop on a free port of 127.0.0.1, with the tag's attributes replaced by `tag`."""
    shop = Shop(collector_url, site_key, tag, port)
    try:
        yield shop
    finally:
        shop.stop()
