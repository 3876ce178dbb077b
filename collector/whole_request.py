"""A batch that came in one piece, as nearly all do: in go the bytes that a connection received, out
comes the request, and its answer in one piece. A third of an acknowledgement's time went into
reading HTTP in general; what is not as plain as this takes the general way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Message

HeaderList = list[tuple[bytes, bytes]]

BEGINNING = b"POST /v1/batch HTTP/1.1\r\n"
END = b"\r\n\r\n"
FORBIDDEN = frozenset(
    (b"transfer-encoding", b"connection", b"upgrade", b"expect", b"trailer", b"te")
)
"""They change where a request ends or what follows it (RFC 9112, sections 6, 7 and 9)."""

_HEADER = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,9}")
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """Headers have lower-case names and stand once each."""

    headers: HeaderList
    body: bytes


def whole_request(data: bytes, max_header_bytes: int) -> WholeRequest | None:
    """The batch that these bytes are, exactly; None: they are anything else, or more, or less."""
    if not data.startswith(BEGINNING):
        return None
    end = data.find(END, len(BEGINNING), max_header_bytes)
    if end < 0:
        return None
    headers: HeaderList = []
    names = set()
    length = -1
    for line in data[len(BEGINNING) : end].split(b"\r\n"):
        match = _HEADER.fullmatch(line)
        if match is None:
            return None
        name, value = match[1].lower(), match[2]
        if name in FORBIDDEN and (name, value.lower()) != (b"connection", b"keep-alive"):
            return None
        if name == b"content-length":
            if not _LENGTH.fullmatch(value):
                return None
            length = int(value)
        headers.append((name, value))
        names.add(name)
    is_plain = len(names) == len(headers) and b"host" in names
    if not is_plain or length != len(data) - end - len(END):
        return None
    return WholeRequest(headers, data[end + len(END) :])


class WholeExchange:
    """One such request as ASGI knows it, and its answer. `is_answered`: the answer is whole."""

    def __init__(self, request: WholeRequest) -> None:
        self._body: bytes | None = request.body
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self.is_answered = False

    async def receive(self) -> Message:
        """The body, and then nothing."""
        if self._body is None:
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Keeps the answer until it is whole."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._parts.append(message.get("body", b""))
            self.is_answered = not message.get("more_body")

    @property
    def closes(self) -> bool:
        """Does the answer end the connection?"""
        return self._start is None or (b"connection", b"close") in self._start["headers"]

    def answer(self, default_headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        """The bytes of the answer; a 500 that closes, where there is none. The application names
        the length."""
        if self._start is None or not self.is_answered:
            self._start = None
            return _STATUS_LINES[500] + b"content-length: 0\r\nconnection: close\r\n\r\n"
        headers = [*default_headers, *self._start["headers"]]
        lines = [b"%b: %b\r\n" % header for header in headers]
        return b"".join([_STATUS_LINES[self._start["status"]], *lines, b"\r\n", *self._parts])
