"""What a running collector is told: in go command-line options, out come checked values and the
paths of the data directory."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from collector.store.database import FILE_NAME

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_DATA = "./visitreel-data"
DEFAULT_PORT = 8000


class SettingsError(Exception):
    """A setting or directory that can't be used; the message is for the person at the command
    line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What ingest takes."""

    max_wire_bytes: int = 1 << 20
    max_ops_bytes: int = 8 << 20
    body_timeout_s: float = 15.0
    """A slow phone sends its 60 kB in less."""
    site_rate: float = 1_000.0
    """Requests a second and site: 1,000 live visitors need about 250. 0: no limit."""
    site_burst: float = 10_000.0
    address_rate: float = 50.0
    """Requests a second and address: a large office behind one. Loopback has no limit of its own:
    it is a proxy of ours."""
    address_burst: float = 1_000.0
    min_free_bytes: int = 256 << 20
    max_waiting: int = 2_000


@dataclass(frozen=True, slots=True)
class Pace:
    """When things happen."""

    flush_ms: int = 5_000
    watched_flush_ms: int = 500
    live_ms: int = 30_000
    over_ms: int = 30 * 60 * 1000
    """A session without a batch for this long is packed."""
    seal_bytes: int = 256 << 10
    seal_ops: int = 2_000
    sweep_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Settings:
    """One collector."""

    data: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    allow_private: tuple[Network, ...] = ()
    """Private addresses that alerts may reach."""
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / FILE_NAME

    @property
    def public_url(self) -> str:
        """What tags and links carry, without a slash at the end."""
        return self.url or f"http://{shown_host(self.host)}:{self.port}"

    @property
    def is_https(self) -> bool:
        """May cookies be `Secure`?"""
        return self.public_url.startswith("https://")


def shown_host(host: str) -> str:
    """A host as it stands in a URL that works on this machine."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def checked_url(url: str) -> str:
    """The public URL without a slash at its end. Raises `SettingsError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"--url {url!r} is no URL like https://collector.example")
    if parts.path not in {"", "/"}:
        raise SettingsError(f"--url {url!r} has a path: the collector needs an origin of its own")
    return f"{parts.scheme}://{parts.netloc}"


def checked_network(text: str, option: str = "--trusted-proxy") -> Network:
    """An address or range, as an option names it. Raises `SettingsError`."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SettingsError(f"{option} {text!r} is no address or range: {error}") from error


def make_data_directory(path: Path) -> Path:
    """The directory, private to its owner, made where it is missing. Raises `SettingsError`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise SettingsError(f"{path}: can't keep data there: {error.strerror}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingsError(f"{path}: can't keep data there: not writable")
    return path


def load_secret(data: Path) -> bytes:
    """The key that signs cookies; made at the first start."""
    path = data / "secret"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    secret = path.read_bytes().strip()
    if len(secret) < 32:
        raise SettingsError(f"{path} is damaged: remove it (everybody has to sign in again)")
    return secret
