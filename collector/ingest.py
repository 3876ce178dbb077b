"""`/v1/batch`, `/v1/asset` and `/v1/known` as plain ASGI: in come requests of strangers, out go
answers after the commit. Every status carries the CORS headers, so that the page's script can read
why."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import orjson
from starlette.types import Receive, Scope, Send

from collector.address import client_address, is_loopback, plain_line
from collector.arrivals import Sender, arrival_of, secret_hash
from collector.disk import FreeSpace
from collector.limits import Buckets
from collector.live import Hub
from collector.media import KEPT_TYPES
from collector.metrics import Metrics
from collector.problems import Problem, problem_of
from collector.settings import Network, Settings
from collector.sightings import Sightings
from collector.sites import SiteDirectory
from collector.store.arrival import ArrivedAsset, Refused, Taken
from collector.store.contents import known_on_page
from collector.store.database import Readers
from collector.store.sites import Site
from collector.urls import MAX_URL, BadOrigin, checked_origin, origin_allowed
from collector.writer import Writer
from replay.wire import AssetUpload, Batch, content_hash, inflate, read_asset, read_batch

PLAIN_TYPES = frozenset({"", "text/plain", "application/octet-stream"})
MAX_DRAINED_BYTES = 4 << 20
DRAIN_S = 2
LONG_BYTES = 64 << 10
BYTES_A_TOKEN = 64 << 10
"""A request of a megabyte costs as much as 17 small ones."""

HeaderList = list[tuple[bytes, bytes]]
CORS: HeaderList = [
    (b"access-control-allow-origin", b"*"),
    (b"content-type", b"application/json"),
]
FULL_CORS: HeaderList = [
    *CORS,
    (b"access-control-expose-headers", b"Retry-After"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
KNOWN: HeaderList = [*CORS, (b"cache-control", b"public, max-age=60")]
PREFLIGHT: HeaderList = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"Content-Type"),
    (b"access-control-max-age", b"86400"),
]
UNKNOWN_SITE = "there is no site with this key here"


class Ingest:
    """The endpoints of the recorder. Lives in the event loop; hands all writing to the writer."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        readers: Readers,
        sites: SiteDirectory,
        hub: Hub,
        metrics: Metrics,
        sightings: Sightings,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._readers = readers
        self._sites = sites
        self._hub = hub
        self._metrics = metrics
        self._sightings = sightings
        self._now_ms = now_ms
        self.awaited_sites: frozenset[int] = frozenset()
        """Where rules wait for facts: their pages send each at once."""
        limits = settings.limits
        self._by_site = Buckets(limits.site_rate, limits.site_burst)
        self._by_address = Buckets(limits.address_rate, limits.address_burst)
        self._space = FreeSpace(settings.data, limits.min_free_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope["path"]
        request = _Request(scope, receive, self._settings.trusted_proxies)
        try:
            if scope["method"] == "OPTIONS":
                await _answer(send, 204, b"", [*FULL_CORS, *PREFLIGHT])
            elif path == "/v1/known":
                _require(scope["method"], "GET")
                await _answer(send, 200, await self._known(scope, request), KNOWN)
            else:
                _require(scope["method"], "POST")
                data = await self._admit(request)
                answer = self._batch if path == "/v1/batch" else self._asset
                await _answer(send, 200, await answer(request, data), CORS)
                self._metrics.answered(path, 200)
        except _Gone:
            return
        except Exception as error:
            problem = problem_of(error)
            if problem.status == 500:
                self._metrics.report(error)
            headers = [*FULL_CORS, *_retry_after(problem)]
            if not await request.drain():
                headers.append((b"connection", b"close"))
            self._metrics.answered(path, problem.status)
            await _answer(send, problem.status, problem.body(), headers)

    # --- before the body is understood ---------------------------------------

    async def _admit(self, request: _Request) -> bytes:
        """The body, if this client may send one now."""
        media_type = request.header(b"content-type").partition(";")[0].strip().lower()
        if media_type not in PLAIN_TYPES:
            raise Problem("wrong_media_type", f"{plain_line(media_type, 60)} is not taken here")
        if request.header(b"content-encoding") not in {"", "identity"}:
            raise Problem(
                "wrong_media_type", "Content-Encoding is not taken: a batch marks its own"
            )
        self._limit_address(request)
        if not self._space.is_enough():
            raise Problem("disk_full", "no room on the collector's disk", retry_after_s=60)
        limits = self._settings.limits
        length = request.header(b"content-length")
        if length.isdecimal() and int(length) > limits.max_wire_bytes:
            raise _too_large(limits.max_wire_bytes)
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                return await request.read(limits.max_wire_bytes)
        except TimeoutError:
            raise Problem("body_too_slow", "the body took too long") from None

    def _limit_address(self, request: _Request) -> None:
        if not is_loopback(request.address):
            _limit(self._by_address, request.address)

    def _site(self, key: str, origin: str, size: int) -> Site:
        """The site of a key that this origin may use. Unknown and disabled keys get the same answer
        after the same work."""
        _limit(self._by_site, key, size)
        site = self._sites.by_key(key)
        if site is None:
            raise Problem("unknown_site", UNKNOWN_SITE)
        # Browsers always name the origin. Whoever can leave it out can forge it as well: the check
        # protects sites from each other's pages, not from programs.
        if origin and not origin_allowed(origin, site.origins, dev=site.dev):
            raise _origin_problem(origin, site)
        return site

    async def _inflate(self, data: bytes, compression: int) -> bytes:
        """The raw bytes, within the cap. What takes long is done beside the event loop."""
        limit = self._settings.limits.max_ops_bytes
        if len(data) < LONG_BYTES:
            return inflate(data, compression, limit)
        return await asyncio.to_thread(inflate, data, compression, limit)

    # --- the three endpoints -------------------------------------------------

    async def _batch(self, request: _Request, body: bytes) -> bytes:
        batch = read_batch(body)
        try:
            return await self._take(request, batch, body)
        except Exception as error:
            self._note(batch.head.site_key, request, error)
            raise

    def _note(self, key: str, request: _Request, error: Exception) -> None:
        """Whoever runs the site shall see what is refused, and why."""
        origin = request.header(b"origin")
        self._sightings.refused(key, origin, problem_of(error).code, self._now_ms())

    async def _take(self, request: _Request, batch: Batch, body: bytes) -> bytes:
        site = self._site(batch.head.site_key, request.header(b"origin"), len(body))
        # Only its size and integrity count here; its structure is checked after the commit.
        await self._inflate(batch.ops, batch.compression)
        sender = Sender(request.address, request.header(b"user-agent"), self._now_ms())
        arrival = arrival_of(batch, site, sender, len(body))
        taken = _taken(
            await self._writer.arrive(lambda db, intake: intake.take(arrival), len(body))
        )
        ack: dict[str, object] = {
            "need": [hash_.hex() for hash_ in taken.need],
            "snapshot": taken.snapshot,
            "flush_ms": self._hub.flush_ms(taken.session_id, sender.received_at_ms),
        }
        if site.site in self.awaited_sites:
            ack["gather_ms"] = 0
        if taken.have:
            ack["have"] = taken.have
        return orjson.dumps(ack)

    async def _asset(self, request: _Request, body: bytes) -> bytes:
        upload = read_asset(body)
        try:
            return await self._take_asset(request, upload, body)
        except Exception as error:
            self._note(upload.site_key, request, error)
            raise

    async def _take_asset(self, request: _Request, upload: AssetUpload, body: bytes) -> bytes:
        site = self._site(upload.site_key, request.header(b"origin"), len(body))
        if upload.media_type not in KEPT_TYPES:
            raise Problem("wrong_media_type", f"{upload.media_type} is no asset that is kept")
        data = await self._inflate(upload.body, upload.compression)
        hash_ = content_hash(data)
        if upload.hash is not None and upload.hash != hash_:
            raise Problem("bad_hash", f"these bytes are {hash_.hex()}, not {upload.hash.hex()}")
        asset = ArrivedAsset(
            site=site.site,
            client_session_id=upload.session_id,
            secret_hash=secret_hash(upload.write_secret),
            hash=hash_,
            media_type=upload.media_type,
            data=data,
            received_at_ms=self._now_ms(),
        )
        _taken(await self._writer.arrive(lambda db, intake: intake.take_asset(asset), len(data)))
        return orjson.dumps({"hash": hash_.hex()})

    async def _known(self, scope: Scope, request: _Request) -> bytes:
        self._limit_address(request)
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=8)
        except ValueError:
            raise Problem("bad_request", "expected site and path") from None
        site = self._site(query.get("site", [""])[0][:64], "", 0)
        path = query.get("path", ["/"])[0][:MAX_URL]
        hashes = await asyncio.to_thread(self._known_hashes, site.site, path)
        return orjson.dumps({"contents": [hash_.hex() for hash_ in hashes]})

    def _known_hashes(self, site: int, path: str) -> list[bytes]:
        with self._readers.lend() as db:
            return known_on_page(db, site, path)


def _require(method: str, expected: str) -> None:
    if method != expected:
        raise Problem("method_not_allowed", f"{method} is not possible here: {expected} is")


def _limit(buckets: Buckets, key: str, size: int = 0) -> None:
    wait_s = buckets.wait_s(key, time.monotonic(), 1 + size / BYTES_A_TOKEN)
    if wait_s:
        raise Problem("too_many_requests", "too many requests", retry_after_s=math.ceil(wait_s))


class _Gone(Exception):
    """The client hung up."""


def _taken(outcome: Taken | Refused) -> Taken:
    if isinstance(outcome, Refused):
        raise Problem(outcome.code, outcome.message, retry_after_s=outcome.retry_after_s)
    return outcome


def _origin_problem(origin: str, site: Site) -> Problem:
    try:
        shown = checked_origin(origin)
    except BadOrigin:
        shown = plain_line(origin, 100)
    cure = f"visitreel site origin add {site.name} {shown}"
    return Problem(
        "origin_not_allowed", f"origin {shown} is not allowed for site {site.name}: {cure}"
    )


def _too_large(max_bytes: int) -> Problem:
    return Problem("too_large", f"a body has at most {max_bytes} bytes")


class _Request:
    """One request: who sends it, and its body as it comes in."""

    def __init__(self, scope: Scope, receive: Receive, trusted: tuple[Network, ...]) -> None:
        self._headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            known = self._headers.get(name)
            self._headers[name] = value if known is None else known + b", " + value
        peer = str(scope["client"][0]) if scope.get("client") else ""
        forwarded = self.header(b"x-forwarded-for") if trusted else ""
        self.address = client_address(peer, forwarded, trusted)
        self._receive = receive
        self._is_complete = False

    def header(self, name: bytes) -> str:
        """A header by its lower-case name; empty when it is not there."""
        return self._headers.get(name, b"").decode("latin-1")

    async def read(self, max_bytes: int) -> bytes:
        """The body. Raises a 413 `Problem` as soon as it is too large, whatever was announced."""
        pieces: list[bytes] = []
        size = 0
        while not self._is_complete:
            piece = await self._next()
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            pieces.append(piece)
        return b"".join(pieces)

    async def drain(self) -> bool:
        """Reads what is still coming, within bounds: a client that is cut off while it sends never
        reads the answer. False: there is more."""
        left = MAX_DRAINED_BYTES
        try:
            async with asyncio.timeout(DRAIN_S):
                while left > 0 and not self._is_complete:
                    left -= len(await self._next())
        except (TimeoutError, _Gone):
            return False
        return self._is_complete

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        self._is_complete = not message.get("more_body")
        return bytes(message.get("body", b""))


def _retry_after(problem: Problem) -> HeaderList:
    if problem.retry_after_s is None:
        return []
    return [(b"retry-after", str(max(1, problem.retry_after_s)).encode())]


async def _answer(send: Send, status: int, body: bytes, headers: HeaderList) -> None:
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
