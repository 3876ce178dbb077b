"""The collector as a self-hoster runs it: a process, a directory, the command line. In come
commands, out come their answers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.e2e.plain_http import CLIENT
from tests.e2e.waiting import wait_for

VISITREEL = Path(sys.executable).parent / "visitreel"
_URL = re.compile(r"https?://[^\s\"'<>]+")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_healthy(url: str) -> bool:
    """Does a collector answer at this address?"""
    try:
        return CLIENT.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


class Collector:
    """A collector on a port of its own. It is not started yet."""

    def __init__(self, data: Path, port: int = 0, options: tuple[str, ...] = ()) -> None:
        self.data = data
        self._options = options
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`visitreel` with these words, on this collector's directory."""
        return subprocess.run(
            [str(VISITREEL), *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def say(self, *words: str) -> str:
        """What a command that must succeed prints."""
        done = self.run(*words)
        assert done.returncode == 0, f"visitreel {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Serves, and returns once it answers."""
        assert self._process is None
        command = [str(VISITREEL), "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += self._options
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment(), stdout=log, stderr=subprocess.STDOUT
            )
        wait_for("the collector answers", self._is_up, instead=self.log)

    def stop(self) -> None:
        """As `systemctl stop` does it; the exit must be clean."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            code = self._process.wait(30)
            self._process = None
            assert code in {0, -signal.SIGTERM}, self.log()

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def add_site(self, name: str, *origins: str) -> str:
        """Makes a site; returns its key."""
        options = [word for origin in origins for word in ("--origin", origin)]
        match = re.search(r'data-site="([^"]+)"', self.say("site", "add", name, *options))
        assert match, "no tag was printed"
        return match[1]

    def make_token(self) -> str:
        """An API token."""
        return self.say("token", "--name", "tests").split()[-1]

    def sign_in_link(self, email: str = "rep@example.com", role: str = "rep") -> str:
        """A link that signs a new person in, once."""
        match = _URL.search(self.say("user", "add", email, "--role", role))
        assert match, "no link was printed"
        return match[0]

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the collector ended: {self.log()}"
        return is_healthy(self.url)

    def _environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "VISITREEL_DATA": str(self.data),
            "VISITREEL_URL": self.url,
            "PYTHONUNBUFFERED": "1",
        }
