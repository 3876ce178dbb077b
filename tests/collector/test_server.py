"""The HTTP server against clients that take their time or bring too much."""

from __future__ import annotations

import socket

import pytest

from collector.server import MAX_HEADER_BYTES, PortInUse, listen
from tests.collector.conftest import Running


def connect(running: Running) -> socket.socket:
    host, port = running.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


@pytest.mark.parametrize("first", [b"", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_headers_that_never_end_are_hung_up_on(
    running: Running, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr("collector.server.HEADERS_S", 0.3)
    with connect(running) as slow:
        if first:
            slow.sendall(first)
            assert slow.recv(65_536).startswith(b"HTTP/1.1 200")
        slow.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ")
        while slow.recv(65_536):
            pass  # until the collector has hung up


def test_a_header_bomb_is_refused(running: Running) -> None:
    with connect(running) as bomb:
        bomb.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        try:
            for number in range(MAX_HEADER_BYTES // 100 + 10):
                bomb.sendall(b"x-%d: " % number + b"a" * 100 + b"\r\n")
            assert bomb.recv(65_536).startswith(b"HTTP/1.1 400")
        except ConnectionError:
            pass  # hung up in the middle
    assert running.client.get("/healthz").status_code == 200


def test_a_false_content_length_stores_nothing(running: Running) -> None:
    body = running.tab().batch([])
    with connect(running) as liar:
        liar.sendall(
            b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (len(body) + 10)
        )
        liar.sendall(body)
    assert running.client.get("/healthz").status_code == 200
    assert running.rows("SELECT count(*) FROM batch") == [(0,)]


@pytest.mark.parametrize(
    "line", [b"content-length: -1", b"content-length: 5\r\ncontent-length: 6", b"content-length: x"]
)
def test_absurd_lengths_are_a_400(running: Running, line: bytes) -> None:
    with connect(running) as odd:
        odd.sendall(b"POST /v1/batch HTTP/1.1\r\nhost: x\r\n" + line + b"\r\n\r\n")
        assert odd.recv(65_536).startswith(b"HTTP/1.1 400")


def test_a_port_in_use_is_said_so() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortInUse, match=str(port)):
            listen("127.0.0.1", port)
