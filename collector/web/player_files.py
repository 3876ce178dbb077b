"""The player's own files, and the sheet of all pages: folders go in, out come files from memory,
under a path that names what they are, so that a browser asks for each of them once."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.problems import Problem

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"
SCRIPT = "page.js"
SHEET = "player.css"
STYLE = "style.css"


def files_of(folder: Path) -> dict[str, bytes]:
    """What browsers load, by name: the built script, or the modules where they have been changed
    since."""
    modules = {file.name: file.read_bytes() for file in sorted(folder.glob("*.js"))}
    built = (folder / "dist" / SCRIPT).read_bytes()
    is_current = built.startswith(f"/* visitreel {_digest(modules)},".encode())
    scripts = {SCRIPT: built} if is_current else modules
    return {**scripts, SHEET: (folder / SHEET).read_bytes()}


class PlayerFiles:
    """`path`: where they are. `static`: the folder of the sheet of all pages: the first frame of
    a replay waits for it too."""

    def __init__(self, folder: Path, static: Path) -> None:
        files = {**files_of(folder), STYLE: (static / STYLE).read_bytes()}
        self._version = _digest(files)[:16]
        self._files = {
            name: (TYPES[Path(name).suffix], data, gzip.compress(data, mtime=0))
            for name, data in files.items()
        }
        self.path = f"/static/player/{self._version}"
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


def _digest(files: Mapping[str, bytes]) -> str:
    """The same as in `sdk_js/player.mjs`."""
    digest = hashlib.sha256()
    for name, data in files.items():
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()
