"""Connections: in goes the path of the file, out come the one connection that writes and a pool of
those that only read."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]

from collector.store.schema import MIGRATIONS

__all__ = [
    "FILE_NAME",
    "SAFE_SQLITE",
    "Database",
    "Readers",
    "SqliteError",
    "StorageBroken",
    "StorageBusy",
    "StorageFull",
    "StoreError",
    "UnknownStore",
    "as_store_error",
    "begin",
    "checkpoint",
    "commit",
    "copy_to",
    "database_path",
    "integrity_problems",
    "is_storage_error",
    "open_reader",
    "open_writer",
    "roll_back",
    "sqlite_is_safe",
    "sqlite_version",
    "wal_bytes",
]

FILE_NAME = "visitreel.db"
SAFE_SQLITE = (3, 51, 3)
"""Older ones can corrupt a WAL database that several connections use
(https://sqlite.org/wal.html#walresetbug)."""

MAX_WAL_BYTES = 64 << 20
READ_CONNECTIONS = 4
BUSY_TIMEOUT_MS = 10_000

SqliteError = sqlite3.Error


class StoreError(Exception):
    """The store can't do it, with what to tell the outside."""


class StorageFull(StoreError):
    """No room on the disk. It may recover by itself."""


class StorageBusy(StoreError):
    """Another process holds the database."""


class StorageBroken(StoreError):
    """The disk or the file failed: nothing may be acknowledged any more."""


class UnknownStore(StoreError):
    """There is no database here."""


def sqlite_is_safe() -> bool:
    """Is the SQLite in use free of the WAL reset bug?"""
    return tuple(sqlite3.sqlite_version_info) >= SAFE_SQLITE


def sqlite_version() -> str:
    """The version of the SQLite in use."""
    return str(sqlite3.sqlite_version)


def open_writer(path: Path) -> Database:
    """The connection that writes; makes and migrates the database. Only one process at a time may
    have it (see `collector/directory.py`)."""
    db = Database(
        sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
    )
    try:
        path.chmod(0o600)
        db.execute("PRAGMA journal_mode=WAL").fetchone()
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        # Erased pages are overwritten where that costs no further writes; `erase` itself turns it
        # fully on.
        db.execute("PRAGMA secure_delete=FAST").fetchone()
        db.execute(f"PRAGMA journal_size_limit={MAX_WAL_BYTES}").fetchone()
        db.execute("PRAGMA cache_size=-8192")
        MIGRATIONS.apply(db)
    except sqlite3.Error as error:
        db.conn.close()
        raise as_store_error(error) from error
    return db


def open_reader(path: Path) -> Database:
    """A connection that can't write, not even checkpoint. Raises `UnknownStore`."""
    if not path.is_file():
        raise UnknownStore(
            f"{path.parent} holds no visitreel data: start `visitreel serve` there first"
        )
    # "?" and "%" would end the path of a URI.
    quoted = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        conn = sqlite3.connect(
            f"file:{quoted}?mode=ro", uri=True, timeout=10, check_same_thread=False
        )
        db = Database(conn, recursive_triggers=False)
        db.execute("PRAGMA cache_size=-2048")
        db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise as_store_error(error) from error
    return db


BROKEN = ("IOERR", "CORRUPT", "NOTADB", "CANTOPEN", "READONLY", "PROTOCOL", "PERM", "AUTH")


def as_store_error(error: Exception) -> StoreError:
    """What an error of SQLite means for those who wait."""
    name = _name(error)
    if name.startswith("FULL"):
        return StorageFull("the disk is full")
    if name.startswith(("BUSY", "LOCKED")):
        return StorageBusy("the database is in use by another process")
    if name.startswith(BROKEN):
        return StorageBroken(f"the database failed: {error}")
    return StoreError(f"the database refused: {error}")


def is_storage_error(error: BaseException) -> bool:
    """Did the disk, the file or a lock fail, rather than a statement?"""
    return _name(error).startswith((*BROKEN, "FULL", "BUSY", "LOCKED"))


def _name(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", None) or "").removeprefix("SQLITE_")


def database_path(db: Database) -> Path:
    """The file behind a connection."""
    return Path(str(db.execute("PRAGMA database_list").fetchall()[0][2]))


def wal_bytes(path: Path) -> int:
    """How long the write-ahead log is."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def integrity_problems(db: Database) -> list[str]:
    """What SQLite's own check finds wrong; empty: nothing."""
    rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)").fetchall()]
    broken = [f"{row[0]} row {row[1]}" for row in db.execute("PRAGMA foreign_key_check").fetchall()]
    return [row for row in rows if row != "ok"] + [f"dangling reference in {row}" for row in broken]


def copy_to(db: Database, file: Path) -> None:
    """A consistent copy of the whole database in a new file, while others go on writing."""
    try:
        db.execute("VACUUM INTO ?", [str(file)])
    except sqlite3.Error as error:
        raise as_store_error(error) from error


def checkpoint(db: Database, wait_ms: int) -> None:
    """Moves the log into the database and empties it, if no reader is in the way for so long."""
    db.execute(f"PRAGMA busy_timeout={wait_ms}").fetchone()
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").fetchone()


def begin(db: Database) -> None:
    """Opens a transaction that may write."""
    db.execute("BEGIN IMMEDIATE")


def commit(db: Database) -> None:
    """Durable when it returns."""
    db.execute("COMMIT")


def roll_back(db: Database) -> None:
    """Undoes what is open, if anything is."""
    if db.conn.in_transaction:
        db.execute("ROLLBACK")


class Readers:
    """A few connections that only read, lent to one thread at a time."""

    def __init__(self, path: Path, connections: int = READ_CONNECTIONS) -> None:
        self._path = path
        self._idle: queue.LifoQueue[Database | None] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(connections):
            self._idle.put(None)

    @contextmanager
    def lend(self) -> Iterator[Database]:
        """A connection in one read transaction: all that is read in it is of one moment."""
        db = self._idle.get()
        try:
            if db is None:
                db = open_reader(self._path)
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("COMMIT")
        except sqlite3.Error as error:
            raise as_store_error(error) from error
        finally:
            self._idle.put(db)

    def close(self) -> None:
        """Closes what is idle; call it when nobody borrows any more."""
        while True:
            try:
                db = self._idle.get_nowait()
            except queue.Empty:
                return
            if db is not None:
                db.conn.close()
