"""The data directory and who works on it: one process at a time holds its lock. Commands go to a
collector that serves it through a socket in the directory; where none does, the command takes the
lock itself for the moment."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from collector.settings import SettingsError
from collector.store.database import FILE_NAME, open_writer

if TYPE_CHECKING:  # what runs commands takes long to load: most often the collector runs them
    from collector.commands import Json

LOCK = "lock"
SOCKET = "control.sock"
WAIT_S = 10.0
MAX_LINE = 1 << 20


class InUse(SettingsError):
    """Another collector serves this directory."""


class CommandFailed(SettingsError):
    """A command was refused; the message is for the person at the command line."""


@contextmanager
def locked(data: Path) -> Iterator[bool]:
    """Tries to be the only one; yields whether that worked."""
    with open(data / LOCK, "wb") as file:
        (data / LOCK).chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def locked_to_serve(data: Path) -> Iterator[None]:
    """Is the only one until the end. Waits for a command that is at work; raises `InUse` for a
    collector."""
    deadline_s = time.monotonic() + WAIT_S
    while True:
        with locked(data) as is_ours:
            if is_ours:
                yield
                return
        if _is_served(data) or time.monotonic() > deadline_s:
            raise InUse(f"{data} is being served by another collector already")
        time.sleep(0.05)


def command(data: Path, name: str, arguments: Json) -> Json:
    """Runs a command on the directory, wherever it is served. Raises `CommandFailed`."""
    if not (data / FILE_NAME).is_file():
        raise CommandFailed(f"{data} is no data directory: `visitreel serve` makes one")
    deadline_s = time.monotonic() + WAIT_S
    while True:
        answer = _ask(data, name, arguments)
        if answer is not None:
            return answer
        with locked(data) as is_ours:
            if is_ours:
                return _run_here(data, name, arguments)
        if time.monotonic() > deadline_s:
            raise CommandFailed(f"{data} is in use and the collector there does not answer")
        time.sleep(0.05)


def _run_here(data: Path, name: str, arguments: Json) -> Json:
    from collector.commands import run_command
    from collector.store.intake import Intake

    db = open_writer(data / FILE_NAME)
    try:
        with db.atomic():
            return run_command(db, Intake(db), name, arguments, int(time.time() * 1000))
    except SettingsError:
        raise
    finally:
        db.conn.close()


def _is_served(data: Path) -> bool:
    try:
        with _connected(data):
            return True
    except OSError:
        return False


def _ask(data: Path, name: str, arguments: Json) -> Json | None:
    """What the collector that serves the directory says; None: there is none."""
    try:
        with _connected(data) as connection:
            connection.settimeout(60)
            connection.sendall(json.dumps({"name": name, "arguments": arguments}).encode() + b"\n")
            line = connection.makefile("rb").readline(MAX_LINE)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise CommandFailed(f"{data}: the collector there does not answer: {error}") from error
    if not line:
        return None
    answer = json.loads(line)
    if "error" in answer:
        raise CommandFailed(str(answer["error"]))
    result: Json = answer["result"]
    return result


@contextmanager
def _short_path(data: Path) -> Iterator[str]:
    """A path for the socket: the names of sockets are bounded (108 bytes on Linux), those of
    directories are not."""
    path = str(data / SOCKET)
    if len(os.fsencode(path)) < 100 or not Path("/proc/self/fd").is_dir():
        yield path
        return
    directory = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)


@contextmanager
def _connected(data: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _short_path(data) as path:
        connection.settimeout(WAIT_S)
        connection.connect(path)
        yield connection


async def start_control(
    data: Path, answer: Callable[[str, Json], Awaitable[Json]]
) -> Callable[[], Awaitable[None]]:
    """Listens for commands; `answer` raises `StoreError` or `SettingsError` for what can't be done.
    Returns its stop."""
    (data / SOCKET).unlink(missing_ok=True)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), WAIT_S)
            request = json.loads(line)
            reply: Json = {"result": await answer(request["name"], request["arguments"])}
        except Exception as error:
            reply = {"error": str(error) or type(error).__name__}
        try:
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    # Only the owner can reach the socket: the directory has mode 0700.
    with _short_path(data) as path:
        server = await asyncio.start_unix_server(connected, path, limit=MAX_LINE)

    async def stop() -> None:
        server.close()
        await server.wait_closed()
        (data / SOCKET).unlink(missing_ok=True)

    return stop
