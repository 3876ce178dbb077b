"""A server with the routes that the player uses, and the collector's own policies and templates.
In comes a recording, out come its page, its shell and its files."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

from jinja2 import Environment, FileSystemLoader

from collector.headers import INERT, page_policy, shell_policy
from collector.web.player_files import files_of
from collector.web.replay_files import SHELL
from tests.player.recorded import Recorded

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "collector" / "web" / "static"
PLAYER = files_of(ROOT / "replay" / "player")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
TEMPLATES = Environment(
    loader=FileSystemLoader(ROOT / "collector" / "web" / "templates"), autoescape=True
)

TEMPLATES.globals["player"] = SimpleNamespace(path="/static/player")

LOOK_S = 0.02

Answer = tuple[int, str, bytes, str]
"""Status, media type, body, policy."""


class Server(ThreadingHTTPServer):
    """Serves recordings; `asked` lists the paths, `broken` those that answer 503."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.recordings: dict[str, Recorded] = {}
        self.asked: list[str] = []
        self.broken: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, recorded: Recorded) -> str:
        """Serves it too; returns the address of its player."""
        self.recordings[recorded.session] = recorded
        return f"{self.url}/sessions/{recorded.session}"

    def answer(self, path: str) -> Answer:
        """The answer to a GET."""
        if any(part in path for part in self.broken):
            return 503, "text/plain", b"", INERT
        if path.startswith("/static/"):
            return self._static(path.removeprefix("/static/"))
        found = re.fullmatch(r"/sessions/([\w-]+)(?:/(\w+))?(?:/(\w+))?", path)
        recorded = self.recordings.get(found[1]) if found else None
        if not found or not recorded:
            return 404, "text/plain", b"", INERT
        if found[2] in {"timeline", "segments", "contents"}:
            return self._data(recorded, found[2], found[3] or "")
        return self._page(recorded, found[2], found[3] or "")

    def _static(self, path: str) -> Answer:
        name = path.rpartition("/")[2]
        data = PLAYER.get(name) or (STATIC / name).read_bytes()
        return 200, TYPES[Path(name).suffix], data, INERT

    def _data(self, recorded: Recorded, kind: str, name: str) -> Answer:
        if kind == "timeline":
            return 200, "application/json", json.dumps(recorded.timeline()).encode(), INERT
        if kind == "segments" and int(name) in recorded.sections:
            return 200, "application/octet-stream", recorded.sections[int(name)], INERT
        if kind == "contents" and name in recorded.contents:
            return 200, "text/plain; charset=utf-8", recorded.contents[name].encode(), INERT
        return 404, "text/plain", b"", INERT

    def _page(self, recorded: Recorded, kind: str | None, name: str) -> Answer:
        path = f"{self.url}/sessions/{recorded.session}"
        if kind is None:
            page = TEMPLATES.get_template("session.html").render(
                request=SimpleNamespace(state=SimpleNamespace(viewer=None)),
                base=f"/sessions/{recorded.session}",
                start=SimpleNamespace(
                    timeline=f"/sessions/{recorded.session}/timeline", opening=None, files=[]
                ),
                who="Ana",
                site="shop",
            )
            return 200, "text/html; charset=utf-8", page.encode(), page_policy(f"{path}/shell")
        if kind == "shell":
            return 200, "text/html", SHELL, shell_policy(path)
        if kind == "assets" and name in recorded.assets:
            media_type, data = recorded.assets[name]
            return 200, media_type, data, INERT
        return 404, "text/plain", b"", INERT


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.asked.append(path)
        if path.endswith("/live") and path not in self.server.broken:
            self._stream(self.server.recordings[path.split("/")[2]], query.partition("=")[2])
            return
        status, media_type, body, policy = self.server.answer(path)
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", policy)
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("referrer-policy", "no-referrer")
        self.send_header("cache-control", "no-cache")
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, recorded: Recorded, cursor: str) -> None:
        """What the collector's stream says: each growth, until the player has gone."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        told: object = None
        with suppress(OSError):
            while True:
                growth = recorded.growth(cursor)
                if growth != told:
                    name, cursor = ("again" if growth is None else "more"), recorded.cursor
                    data = json.dumps(growth or {})
                    self.wfile.write(f"id: {cursor}\nevent: {name}\ndata: {data}\n\n".encode())
                    told = recorded.growth(cursor)
                else:
                    self.wfile.write(b"event: beat\ndata: {}\n\n")
                time.sleep(LOOK_S)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serve() -> Iterator[Server]:
    """A server that runs while the block does."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
