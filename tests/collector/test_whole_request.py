"""Batches on the short way through the server: they are read as the general way reads them, and
answered in order, whatever else comes on their connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.server import MAX_HEADER_BYTES
from collector.whole_request import WholeRequest, whole_request
from replay.wire import NONE
from tests.collector.conftest import Running
from tests.collector.sender import ORIGIN, snapshot
from tests.collector.test_server import connect
from tests.e2e.waiting import wait_for

BROWSER = (
    b"Host: collector.example\r\nConnection: keep-alive\r\n"
    b'sec-ch-ua: "Chromium";v="156", "Not A(Brand";v="99"\r\nContent-Type: text/plain\r\n'
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n"
    b"Origin: http://shop.test\r\nReferer:\r\nX-Padded: \t a b \t\r\n"
)
ODD = (
    b"Transfer-Encoding: chunked\r\n",
    b"transfer-encoding: identity\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"Content-Length: 3\r\n",
    b"content-length: 4\r\n",
    b"Content_Length: 4\r\n",
    b"Content-Length : 4\r\n",
    b"Content-Length: +4\r\n",
    b"Content-Length: 4, 4\r\n",
    b"X: a\r\n folded\r\n",
    b"X: \x00\r\n",
    b"X: caf\xc3\xa9\r\n",
    b"X\x80: a\r\n",
    b": a\r\n",
    b"X: a\nY: b\r\n",
    b"X: a\rY: b\r\n",
    b"Host: other\r\n",
)


def post(body: bytes, headers: bytes = BROWSER, line: bytes = b"POST /v1/batch HTTP/1.1") -> bytes:
    return b"%b\r\n%bContent-Length: %d\r\n\r\n%b" % (line, headers, len(body), body)


def as_h11_reads(data: bytes) -> WholeRequest | None:
    """The request, where h11 finds exactly one that keeps the connection."""
    connection = h11.Connection(h11.SERVER, MAX_HEADER_BYTES)
    connection.receive_data(data)
    body = b""
    try:
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        assert (request.method, request.target) == (b"POST", b"/v1/batch")
        while isinstance(event := connection.next_event(), h11.Data):
            body += bytes(event.data)
    except h11.RemoteProtocolError:
        return None
    if not isinstance(event, h11.EndOfMessage) or connection.trailing_data[0]:
        return None
    if connection.their_state is not h11.DONE or connection.they_are_waiting_for_100_continue:
        return None
    return WholeRequest([(bytes(name), bytes(value)) for name, value in request.headers], body)


def test_what_browsers_send_is_read_as_the_general_way_reads_it() -> None:
    read = whole_request(post(b"body"), MAX_HEADER_BYTES)
    assert read == as_h11_reads(post(b"body"))
    assert read is not None
    assert read.body == b"body"
    assert (b"x-padded", b"a b") in read.headers


@pytest.mark.parametrize("odd", ODD)
def test_whatever_is_odd_takes_the_general_way(odd: bytes) -> None:
    assert whole_request(post(b"body", BROWSER + odd), MAX_HEADER_BYTES) is None
    assert whole_request(post(b"body", odd + BROWSER), MAX_HEADER_BYTES) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        post(b"body")[:-1],
        post(b"body") + b"P",
        post(b"body") + post(b"body"),
        post(b"body", line=b"POST /v1/batch?x HTTP/1.1"),
        post(b"body", line=b"POST /v1/batch HTTP/1.0"),
        post(b"body", line=b"GET /v1/batch HTTP/1.1"),
        post(b"body", b"Accept: */*\r\n"),
        post(b"body", BROWSER + b"X: " + b"a" * MAX_HEADER_BYTES + b"\r\n"),
        b"POST /v1/batch HTTP/1.1\r\n" + BROWSER + b"\r\n",
    ],
)
def test_what_is_not_one_whole_batch_takes_the_general_way(data: bytes) -> None:
    assert whole_request(data, MAX_HEADER_BYTES) is None


BITS = st.sampled_from(
    [
        *ODD,
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"\0",
        b"\xff",
        b"0",
        b"Host: y\r\n",
        b"X-A: \r\n",
    ]
)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), BITS), max_size=4))
def test_nothing_is_read_otherwise_than_the_general_way_reads_it(
    edits: list[tuple[int, int, bytes]],
) -> None:
    data = post(b"body of a batch")
    for at, gone, put in edits:
        data = data[:at] + put + data[at + gone :]
    read = whole_request(data, MAX_HEADER_BYTES)
    assert read is None or read == as_h11_reads(data)


def answers(connection: socket.socket, count: int) -> list[bytes]:
    """Status lines and bodies."""
    found = []
    reader = connection.makefile("rb")
    for _ in range(count):
        status = reader.readline().split()[1]
        length = 0
        while (line := reader.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found.append(status + b" " + reader.read(length))
    return found


def batches(running: Running, count: int) -> list[bytes]:
    tab = running.tab()
    origin = b"Host: x\r\nOrigin: %b\r\n" % ORIGIN.encode()
    return [post(tab.batch(snapshot() if n == 0 else []), origin) for n in range(count)]


def test_batches_and_other_requests_are_answered_in_order(running: Running) -> None:
    first, second, third, fourth = batches(running, 4)
    page = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(running) as client:
        # The second waits until the first is answered; then come others, in all sorts of pieces.
        client.sendall(first)
        client.sendall(second)
        assert [answer[:3] for answer in answers(client, 2)] == [b"200", b"200"]
        client.sendall(page + third[:90])
        client.sendall(third[90:] + fourth + page)
        found = answers(client, 4)
        assert [answer[:3] for answer in found] == [b"200"] * 4
        assert [b'"need"' in answer for answer in found] == [False, True, True, False]
        client.sendall(post(b"nonsense", b"Host: x\r\n") + page)
        assert [answer[:3] for answer in answers(client, 2)] == [b"400", b"200"]
    assert running.rows("SELECT count(*) FROM batch") == [(4,)]


@contextmanager
def holding(running: Running) -> Iterator[Callable[[], None]]:
    """Nothing is written until the given function is called."""
    held, goes_on = threading.Event(), threading.Event()

    def hold(_: object, __: object) -> None:
        held.set()
        goes_on.wait(20)

    blocker = threading.Thread(target=running.collector.writer.call, args=(hold,))
    blocker.start()
    assert held.wait(20)
    try:
        yield goes_on.set
    finally:
        goes_on.set()
        blocker.join(20)


def test_what_comes_while_a_batch_is_written_is_answered_after_it(running: Running) -> None:
    (batch,) = batches(running, 1)
    with holding(running) as go_on, connect(running) as client, connect(running) as gone:
        client.sendall(batch)
        wait_for("the batch waits", lambda: running.collector.writer.waiting > 1)
        gone.sendall(batch)
        gone.shutdown(socket.SHUT_RDWR)
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        client.sendall(batch)
        go_on()
        found = answers(client, 3)
    assert [answer[:3] for answer in found] == [b"200"] * 3
    assert [b'"need"' in answer for answer in found] == [True, False, True]


def test_a_batch_at_work_is_answered_before_the_server_ends(running: Running) -> None:
    (batch,) = batches(running, 1)
    with holding(running) as go_on, connect(running) as client:
        client.sendall(batch)
        wait_for("the batch waits", lambda: running.collector.writer.waiting > 1)
        running.end()
        go_on()
        assert answers(client, 1)[0].startswith(b"200")
        assert client.recv(1) == b""


def test_a_large_batch_in_many_pieces_takes_the_general_way(running: Running) -> None:
    origin = b"Host: x\r\nOrigin: %b\r\n" % ORIGIN.encode()
    body = running.tab().batch(snapshot(text="word " * 80_000), compression=NONE)
    with connect(running) as client:
        client.sendall(post(body, origin))
        assert answers(client, 1)[0].startswith(b"200")
    assert running.rows("SELECT length(ops) > 400000 FROM batch") == [(1,)]
