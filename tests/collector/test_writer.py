"""The writer against failing disks, full queues and bad jobs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.store.database import (
    Database,
    Readers,
    SqliteError,
    StorageBroken,
    StorageFull,
    commit,
    integrity_problems,
    open_writer,
    wal_bytes,
)
from collector.store.intake import Intake
from collector.store.sites import add_site, all_sites
from collector.writer import QueueFull, Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "visitreel.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    found = Writer(open_writer(path))
    found.start()
    yield found
    found.stop()


def add(name: str, db: Database) -> None:
    add_site(db, name, [], dev=True, now_ms=1)


def names(path: Path) -> list[str]:
    with Readers(path, connections=1).lend() as db:
        return [site.name for site in all_sites(db)]


def test_what_is_answered_is_committed(writer: Writer, path: Path) -> None:
    writer.call(lambda db, _: add("a", db))
    assert names(path) == ["a"]


def test_a_failing_command_undoes_only_itself(writer: Writer, path: Path) -> None:
    def fail(db: Database, _: Intake) -> None:
        add("b", db)
        raise ValueError("no")

    writer.call(lambda db, _: add("a", db))
    with pytest.raises(ValueError, match="no"):
        writer.call(fail)
    writer.call(lambda db, _: add("c", db))
    assert names(path) == ["a", "c"]


def test_one_bad_arrival_does_not_harm_those_beside_it(path: Path) -> None:
    writer = Writer(open_writer(path))

    def fail(db: Database, _: Intake) -> None:
        add("half", db)
        raise RuntimeError("a bug")

    async def all_at_once() -> list[object]:
        jobs = [writer.arrive(lambda db, _, n=n: add(f"s{n}", db), 1) for n in range(5)]  # type: ignore[misc]
        tasks = [
            asyncio.ensure_future(job) for job in [*jobs[:3], writer.arrive(fail, 1), *jobs[3:]]
        ]
        await asyncio.sleep(0)
        writer.start()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(all_at_once())
    writer.stop()
    assert [type(answer) for answer in answers].count(RuntimeError) == 1
    assert names(path) == [f"s{n}" for n in range(5)]


def test_many_arrivals_share_a_commit(path: Path) -> None:
    writer = Writer(open_writer(path))

    async def all_at_once() -> None:
        jobs = [writer.arrive(lambda db, _, n=n: add(f"s{n}", db), 1) for n in range(100)]  # type: ignore[misc]
        tasks = [asyncio.ensure_future(job) for job in jobs]
        await asyncio.sleep(0)
        writer.start()
        await asyncio.gather(*tasks)

    asyncio.run(all_at_once())
    assert writer.commits == 1
    writer.stop()
    assert len(names(path)) == 100


def test_a_full_queue_refuses_at_once(path: Path) -> None:
    writer = Writer(open_writer(path), max_waiting=2)

    async def three() -> None:
        tasks = [asyncio.ensure_future(writer.arrive(lambda db, _: None, 1)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await writer.arrive(lambda db, _: None, 1)
        writer.start()
        await asyncio.gather(*tasks)

    asyncio.run(three())
    writer.stop()


def test_stopping_writes_all_that_waits(path: Path) -> None:
    writer = Writer(open_writer(path))
    threads = [
        threading.Thread(target=writer.call, args=(lambda db, _, n=n: add(f"s{n}", db),))
        for n in range(10)
    ]
    for thread in threads:
        thread.start()
    while writer.waiting < 10:
        pass
    writer.start()
    writer.stop()
    for thread in threads:
        thread.join()
    assert len(names(path)) == 10
    with pytest.raises(StorageBroken):
        writer.call(lambda db, _: None)


def test_a_full_disk_refuses_and_recovers(writer: Writer, path: Path) -> None:
    writer.call(lambda db, _: add("a", db))

    def limit(db: Database, _: Intake) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages}").fetchone()

    def fill(db: Database, _: Intake) -> None:
        db.execute("CREATE TABLE big AS SELECT zeroblob(1000000) AS data")

    writer.call(limit)
    with pytest.raises(StorageFull):
        writer.call(fill)
    assert writer.is_alive
    writer.call(lambda db, _: db.execute("PRAGMA max_page_count=1000000").fetchone())
    writer.call(fill)
    assert names(path) == ["a"]


def test_after_a_failed_commit_nothing_is_acknowledged_any_more(path: Path) -> None:
    failing = threading.Event()

    def commit_or_fail(db: Database) -> None:
        if failing.is_set():
            error = SqliteError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        commit(db)

    writer = Writer(open_writer(path), commit=commit_or_fail)
    writer.start()
    writer.call(lambda db, _: add("a", db))
    failing.set()
    with pytest.raises(StorageBroken):
        writer.call(lambda db, _: add("b", db))
    failing.clear()
    assert not writer.is_alive
    with pytest.raises(StorageBroken):
        writer.call(lambda db, _: add("c", db))
    writer.stop()
    assert names(path) == ["a"]


def test_a_long_reader_does_not_let_the_log_grow_for_ever(
    writer: Writer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.writer.MAX_LOG_BYTES", 1 << 20)
    monkeypatch.setattr("collector.writer.COMMITS_BETWEEN", 1)
    writer.call(lambda db, _: db.execute("CREATE TABLE big (data)"))

    def write(db: Database, _: Intake) -> None:
        db.execute("INSERT INTO big VALUES (zeroblob(500000))")

    with Readers(path, connections=1).lend() as db:
        assert db.execute("SELECT count(*) FROM site").fetchone() == (0,)
        for _ in range(5):
            writer.call(write)
        assert wal_bytes(path) > 1 << 20
        assert db.execute("SELECT count(*) FROM big").fetchone() == (0,)
    writer.call(write)
    writer.call(lambda db, _: None)
    assert wal_bytes(path) < 1 << 20


def test_a_torn_log_opens_at_the_last_commit(path: Path) -> None:
    writer = Writer(open_writer(path))
    writer.start()
    writer.call(lambda db, _: add("a", db))
    log = path.with_name(path.name + "-wal")
    whole, database = log.read_bytes(), path.read_bytes()
    writer.call(lambda db, _: add("b", db))
    longer = log.read_bytes()
    writer.stop()
    torn = longer[: len(whole) + (len(longer) - len(whole)) // 2]
    for name, tail in (("torn", torn), ("garbage", whole + bytes(range(256)) * 40)):
        copy = path.with_name(f"{name}.db")
        copy.write_bytes(database)
        copy.with_name(copy.name + "-wal").write_bytes(tail)
        db = open_writer(copy)
        assert [site.name for site in all_sites(db)] == ["a"]
        assert integrity_problems(db) == []
        db.conn.close()


def test_a_migration_that_is_killed_midway_starts_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collector.store import schema

    def killed(db: Database) -> None:
        db.execute("CREATE TABLE half (x)")
        raise KeyboardInterrupt

    migrations = schema.MIGRATIONS._migrations
    monkeypatch.setattr(
        schema.MIGRATIONS,
        "_migrations",
        [*migrations, schema.MIGRATIONS._Migration("m999_killed", killed)],
    )
    with pytest.raises(KeyboardInterrupt):
        open_writer(path)
    monkeypatch.undo()
    db = open_writer(path)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema").fetchall()}
    assert "half" not in tables
    assert "batch" in tables
    db.conn.close()
