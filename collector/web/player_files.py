"""The player's own files: its folder goes in, out come its modules and its sheet, from memory and
under a path that names what they are, so that a browser asks for each of them once."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.problems import Problem

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"


class PlayerFiles:
    """`path`: where they are; `modules`: the names of all scripts, for the browser to ask for at
    once instead of one import after the other."""

    def __init__(self, folder: Path) -> None:
        files = {
            file.name: (TYPES[file.suffix], file.read_bytes())
            for file in sorted(folder.iterdir())
            if file.suffix in TYPES
        }
        digest = hashlib.sha256()
        for name, (_, data) in files.items():
            digest.update(f"{name} {len(data)} ".encode() + data)
        self._version = digest.hexdigest()[:16]
        self._files = {
            name: (kind, data, gzip.compress(data, mtime=0)) for name, (kind, data) in files.items()
        }
        self.path = f"/static/player/{self._version}"
        self.modules = tuple(name for name in files if name.endswith(".js"))
        self.routes = [Route("/static/player/{version}/{name}", self._answer)]

    async def _answer(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None or request.path_params["version"] != self._version:
            raise Problem("not_found", "there is no such file of the player: load the page again")
        kind, data, packed = found
        headers = {"cache-control": FOREVER, "vary": "accept-encoding", "content-type": kind}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers={**headers, "content-encoding": "gzip"})
        return Response(data, headers=headers)
