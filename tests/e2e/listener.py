"""A foreign host that only counts. In come connections, out comes how many there were: no other
place sees a preconnect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n\r\n"


class Listener:
    """Listens on a free port of 127.0.0.1. `count`: connections so far; `lines`: what was asked
    for."""

    def __init__(self) -> None:
        self.count = 0
        self.lines: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; the socket is closed."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def reset(self) -> None:
        """Counts from zero again."""
        self.count = 0
        self.lines.clear()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        # A preconnect opens a connection and asks for nothing.
        with connection:
            connection.settimeout(5)
            try:
                asked = connection.recv(4096)
                self.lines.append(asked.split(b"\r\n")[0].decode("latin-1"))
                connection.sendall(_ANSWER)
            except OSError:
                self.lines.append("(nothing)")


@contextmanager
def listen() -> Iterator[Listener]:
    """A listener that ends with the block."""
    listener = Listener()
    try:
        yield listener
    finally:
        listener.stop()
