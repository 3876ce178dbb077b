"""An HTTP client that costs little, so that the server is what is measured. In come bodies, out
come statuses and times."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWER_S = 60.0
_AGAIN = frozenset({429, 503})
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """`taken_s`: from the first byte sent to the last received."""

    status: int
    body: bytes
    taken_s: float
    retry_after_s: float


class Connection:
    """One kept-alive connection to a server, opened when it is needed."""

    def __init__(self, url: str, origin: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._headers = (
            f"Host: {parts.netloc}\r\nOrigin: {origin}\r\nContent-Type: text/plain\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36\r\n"
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes) -> Answer:
        """One request. Raises OSError or EOFError when the connection breaks."""
        front = f"POST {path} HTTP/1.1\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        try:
            writer.write(front.encode("ascii") + body)
            async with asyncio.timeout(ANSWER_S):
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                answer = await reader.readexactly(int(_header(head, b"content-length") or 0))
        except BaseException:
            self.close()
            raise
        taken_s = time.perf_counter() - began
        if _header(head, b"connection") == b"close":
            self.close()
        return Answer(
            int(head[9:12]), answer, taken_s, float(_header(head, b"retry-after") or PAUSE_S)
        )

    async def post_until_acknowledged(self, path: str, body: bytes, within_s: float) -> Answer:
        """As the script does: the same bytes again, until there is an answer that stands. Raises
        TimeoutError."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                answer = await self.post(path, body)
                if answer.status not in _AGAIN:
                    return answer
                pause_s = answer.retry_after_s
            except (OSError, EOFError):
                pause_s = PAUSE_S
            if time.monotonic() + pause_s > deadline:
                raise TimeoutError(f"no answer within {within_s} s")
            await asyncio.sleep(pause_s)

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _header(head: bytes, name: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.split(b"\r\n", 1)[0].strip() if found else b""
