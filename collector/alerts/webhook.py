"""Our own webhook: in go an address, a secret and a message, out goes a signed POST
(https://www.standardwebhooks.com) on a connection that is kept open."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from standardwebhooks import Webhook

TIMEOUT_S = 10.0
IDLE_S = 45.0
"""A connection that was not used for so long is not tried again."""
MAX_ANSWER = 64 << 10
MAX_KEPT = 64
Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said. `retry_after_s`: how long it wants to be left alone."""

    status: int
    retry_after_s: int | None = None


def signed(secret: str, message_id: str, body: bytes, now_s: float) -> dict[str, str]:
    """The headers that prove where a message comes from."""
    at = datetime.fromtimestamp(int(now_s), UTC)
    signature = Webhook(secret).sign(message_id, at, body.decode())
    return {
        "content-type": "application/json",
        "user-agent": "visitreel",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now_s)),
        "webhook-signature": signature,
    }


class WarmClient:
    """HTTP connections that stay open between two alerts. For several threads. Follows no
    redirect."""

    def __init__(self) -> None:
        self._idle: dict[Origin, tuple[float, http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises OSError or `http.client.HTTPException` when there is no answer."""
        parts = urlsplit(url)
        origin = _origin(parts)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = self._take(origin)
        if kept is not None:
            try:
                return self._ask(kept, origin, target, body, headers)
            except (OSError, http.client.HTTPException):
                # It may just have been closed at the other end: whether or not the message went
                # through, its id lets it be sent again.
                kept.close()
        fresh = self._connection(origin)
        try:
            return self._ask(fresh, origin, target, body, headers)
        except BaseException:
            fresh.close()
            raise

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        origin: Origin,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Answer:
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        response.read(MAX_ANSWER)
        if response.isclosed() and not response.will_close:
            self._keep(origin, connection)
        else:
            connection.close()
        after = response.getheader("retry-after", "")
        return Answer(response.status, int(after) if after.isdigit() else None)

    def _connection(self, origin: Origin) -> http.client.HTTPConnection:
        scheme, host, port = origin
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def _take(self, origin: Origin) -> http.client.HTTPConnection | None:
        with self._lock:
            at_s, connection = self._idle.pop(origin, (0.0, None))
        if connection is not None and time.monotonic() - at_s > IDLE_S:
            connection.close()
            return None
        return connection

    def _keep(self, origin: Origin, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            _, other = self._idle.pop(origin, (0.0, None))
            self._idle[origin] = (time.monotonic(), connection)
            if len(self._idle) > MAX_KEPT:
                _, oldest = self._idle.pop(next(iter(self._idle)))
                oldest.close()
        if other is not None:
            other.close()


def _origin(parts: SplitResult) -> Origin:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname or "", port
