"""What is measured: visitreel and its peers from npm. In come the lock file and `peers/`, out come
scripts as a visitor's browser loads them, and what each one's requests look like."""

from __future__ import annotations

import gzip
import json
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from replay.wire import inflate, read_batch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DIST = ROOT / "sdk_js" / "dist"
ESBUILD = ROOT / "node_modules" / ".bin" / "esbuild"
MAX_BYTES = 64 << 20
NOTHING = "nothing"
_OCTETS = b"Content-Type: application/octet-stream\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Recorder:
    """`scripts`: path → what is served there; `/sdk.js` starts it. `recording`: what the paths of
    requests that carry the recording begin with. `flush`: an expression that hands over what it
    still holds, "" where it does so by itself. `opened`: the texts in a request's body."""

    name: str
    version: str
    options: str
    scripts: dict[str, bytes]
    recording: str
    flush: str
    opened: Callable[[bytes], bytes]
    assets: str = ""


def _batch_texts(body: bytes) -> bytes:
    batch = read_batch(body)
    return inflate(batch.ops, batch.compression, MAX_BYTES)


def _gunzipped(body: bytes) -> bytes:
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def _segment(body: bytes) -> bytes:
    """A segment's deflate stream inside a multipart body."""
    _, found, stream = body.partition(_OCTETS)
    return zlib.decompressobj().decompress(stream) if found else body


def nothing() -> Recorder:
    """A page without a recorder: what the others are compared with."""
    return Recorder(NOTHING, "", "", {"/sdk.js": b"0"}, "/nothing", "", bytes)


@cache
def visitreel() -> Recorder:
    """The built script."""
    scripts = {
        "/sdk.js": (DIST / "sdk.min.js").read_bytes(),
        "/assets.js": (DIST / "assets.min.js").read_bytes(),
    }
    return Recorder(
        "visitreel", "", 'data-consent="granted"', scripts, "/v1/batch", "", _batch_texts,
        assets="/v1/asset",
    )  # fmt: skip


@cache
def peers() -> tuple[Recorder, ...]:
    """The others, rrweb first: the one that all are divided by."""
    return (
        Recorder(
            "rrweb", _version("@rrweb/record"),
            "record({emit}), nothing else; events posted every 5 s as gzipped JSON",
            _bundle("rrweb"), "/rrweb", "benchFlush()", _gunzipped,
        ),
        Recorder(
            "Clarity", _version("clarity-js"),
            "start({projectId, upload, track: true, content: true}); its session cookie loses the"
            " upload address, which Clarity takes for https",
            _bundle("clarity"), "/clarity", "", _gunzipped,
        ),
        Recorder(
            "OpenReplay", _version("@openreplay/tracker"),
            "new Tracker({projectKey, ingestPoint, __DISABLE_SECURE_MODE: true})",
            _bundle("openreplay"), "/openreplay/v1/web/i", "benchFlush()", _gunzipped,
        ),
        Recorder(
            "Datadog", _version("@datadog/browser-rum"),
            "init({…, sessionReplaySampleRate: 100, proxy}), masking user input as by default;"
            " only its replay requests are counted, not its other events",
            _bundle("datadog", "--external:*datadogProfiler"), "/datadog/api/v2/replay",
            "", _segment,
        ),
    )  # fmt: skip


def set_up() -> None:
    """The peers, from npm, in the versions of the lock file."""
    lock = HERE / "package-lock.json"
    stamp = HERE / "node_modules" / ".lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True)
        stamp.write_bytes(lock.read_bytes())


def gzipped(script: bytes) -> int:
    """Length of a script as a server sends it."""
    return len(gzip.compress(script, 9))


def _version(package: str) -> str:
    found = json.loads((HERE / "node_modules" / package / "package.json").read_text())
    return f"{package} {found['version']}"


def _bundle(name: str, *options: str) -> dict[str, bytes]:
    """`peers/NAME.js` as one minified file."""
    return {"/sdk.js": bundled(HERE / "peers" / f"{name}.js", *options)}


def bundled(entry: Path, *options: str) -> bytes:
    """A file and all that it imports, minified."""
    command = [
        str(ESBUILD), str(entry), "--bundle", "--minify", "--target=es2022", "--format=iife",
        "--legal-comments=none", "--log-level=error", *options,
    ]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True).stdout
