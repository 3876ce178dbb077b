"""`backup` and `doctor`: in goes a data directory, out come a copy of it, or what is wrong with
it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from collector import __version__
from collector.bundled import NotBundled, Part, bundled
from collector.settings import Limits, SettingsError
from collector.store.database import (
    FILE_NAME,
    StoreError,
    copy_to,
    integrity_problems,
    open_reader,
    sqlite_is_safe,
    sqlite_version,
    wal_bytes,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    good: bool
    text: str


def back_up(data: Path, file: Path) -> int:
    """Writes a consistent copy to a new file; its size. Raises `SettingsError` where it can't."""
    if file.exists():
        raise SettingsError(f"{file} exists already: name a new file")
    if not file.absolute().parent.is_dir():
        raise SettingsError(f"{file.absolute().parent} is no directory")
    db = open_reader(data / FILE_NAME)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.touch(mode=0o600, exist_ok=False)
        copy_to(db, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    finally:
        db.conn.close()
        part.unlink(missing_ok=True)
    return file.stat().st_size


def diagnose(data: Path) -> list[Finding]:
    """Everything that can be checked without stopping the collector."""
    findings = [
        Finding(True, f"visitreel {__version__}"),
        Finding(sqlite_is_safe(), f"SQLite {sqlite_version()}"),
        *_parts(),
    ]
    if not data.is_dir():
        return [*findings, Finding(False, f"{data} is no data directory")]
    mode = data.stat().st_mode & 0o777
    findings.append(Finding(mode == 0o700, f"{data} has mode {mode:04o}, should be 0700"))
    secret = data / "secret"
    if secret.exists():
        mode = secret.stat().st_mode & 0o777
        findings.append(Finding(mode == 0o600, f"secret has mode {mode:04o}, should be 0600"))
    free = shutil.disk_usage(data).free
    enough = free > Limits().min_free_bytes
    findings.append(
        Finding(enough, f"{free >> 20} MiB free, {Limits().min_free_bytes >> 20} needed")
    )
    return [*findings, *_database(data / FILE_NAME)]


def _parts() -> list[Finding]:
    findings = []
    parts: tuple[Part, ...] = ("sdk", "player")
    for part in parts:
        try:
            bundled(part)
            findings.append(Finding(True, f"the {part} is there"))
        except NotBundled as error:
            findings.append(Finding(False, str(error)))
    return findings


def _database(path: Path) -> list[Finding]:
    try:
        db = open_reader(path)
    except StoreError as error:
        return [Finding(False, str(error))]
    try:
        problems = integrity_problems(db)
    except Exception as error:
        problems = [str(error)]
    finally:
        db.conn.close()
    size = path.stat().st_size >> 20
    whole = Finding(not problems, f"{path.name}: {size} MiB, log {wal_bytes(path) >> 20} MiB")
    return [whole, *(Finding(False, problem) for problem in problems)]
