"""The recorder's script: in goes the built folder, out come its files, compressed once, with the
headers that any site may load them by."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector import __version__
from collector.bundled import NotBundled, bundled
from collector.problems import Problem
from collector.web.context import context_of

FILES = {"sdk.js": "sdk.min.js", "assets.js": "assets.min.js", "visitreel.mjs": "visitreel.mjs"}
MAX_REFERER = 2_048
HOUR = "public, max-age=3600"
FOREVER = "public, max-age=31536000, immutable"


class Script:
    """One file of the script. Read again when it has changed on disk, so that a new build is served
    at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._data = b""
        self._packed = b""
        self._etag = ""

    def answer(self, request: Request, cache: str) -> Response:
        """The file, or 304."""
        self._load()
        packed = "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{self._etag}{"-gz" if packed else ""}"'
        headers = {
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "cache-control": cache,
            "etag": etag,
            "vary": "accept-encoding",
        }
        known = {tag.strip().removeprefix("W/") for tag in _if_none_match(request).split(",")}
        if etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if packed:
            headers["content-encoding"] = "gzip"
        body = self._packed if packed else self._data
        return Response(body, headers=headers, media_type="text/javascript; charset=utf-8")

    def _load(self) -> None:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            raise Problem("not_found", "the script has not been built") from None
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            self._data = self._file.read_bytes()
            self._packed = gzip.compress(self._data, compresslevel=9, mtime=0)
            self._etag = hashlib.sha256(self._data).hexdigest()[:20]
            self._stamp = stamp


def _if_none_match(request: Request) -> str:
    return request.headers.get("if-none-match", "")


def routes() -> list[Route]:
    """`/sdk.js`, and every file under its version."""
    try:
        folder = bundled("sdk")
    except NotBundled:
        folder = Path("sdk")  # nothing is found there: each request says what is missing
    scripts = {name: Script(folder / file) for name, file in FILES.items()}

    def latest(request: Request) -> Response:
        """The current script, cached for an hour. Whoever puts the tag on a page wants to know that
        it was asked for."""
        origin = urlsplit(request.headers.get("referer", "")[:MAX_REFERER])
        if origin.netloc:
            context = context_of(request)
            context.sightings.loaded(f"{origin.scheme}://{origin.netloc}", context.now_ms())
        return scripts["sdk.js"].answer(request, HOUR)

    def versioned(request: Request) -> Response:
        """A file of this version, which never changes: it may be pinned by its hash (SRI)."""
        name = request.path_params["name"]
        if request.path_params["version"] != __version__ or name not in scripts:
            raise Problem("not_found", f"here is version {__version__} of the script")
        return scripts[name].answer(request, FOREVER)

    return [
        Route("/sdk.js", latest),
        Route("/sdk/{version}/{name}", versioned),
    ]
