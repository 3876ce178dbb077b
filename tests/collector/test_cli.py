"""The command line as a self-hoster uses it: real processes, and one clear line for what can't be
done."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from collector.store.database import integrity_problems, open_reader
from replay import ops
from replay.section import TimedOp
from tests.collector.sender import TEXT_NODE, Tab, page_view, post, snapshot
from tests.e2e import plain_http

KILLS = 6
VISITREEL = Path(sys.executable).parent / "visitreel"


class Shell:
    """Runs `visitreel` on one directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "VISITREEL_DATA": str(data), "PYTHONUNBUFFERED": "1"}
        self.environment.pop("VISITREEL_URL", None)
        self.process: subprocess.Popen[str] | None = None

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VISITREEL, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def say(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuse(self, *words: str) -> str:
        """The one line of a command that can't be done."""
        done = self.run(*words)
        assert done.returncode == 2, (done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("visitreel: ")
        return done.stderr

    def start(self) -> None:
        self.process = subprocess.Popen(
            [VISITREEL, "serve", "--port", str(self.port)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while True:
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
            try:
                if plain_http.request("GET", f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                continue

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Ends it; what it has printed."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=30)
        self.process = None
        return printed


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    found = Shell(tmp_path / "data")
    yield found
    if found.process is not None:
        found.stop(signal.SIGKILL)


def test_the_first_start_prints_a_sign_in_link_and_protects_the_data(shell: Shell) -> None:
    shell.start()
    printed = shell.stop()
    assert re.search(rf"{shell.url}/sign-in/\S{{20,}}", printed)
    assert shell.data.stat().st_mode & 0o777 == 0o700
    assert (shell.data / "secret").stat().st_mode & 0o777 == 0o600
    secret = (shell.data / "secret").read_bytes()
    shell.start()
    assert "sign-in" not in shell.stop(signal.SIGINT)
    assert (shell.data / "secret").read_bytes() == secret


def test_commands_take_effect_within_a_second_while_it_runs(shell: Shell) -> None:
    shell.start()
    out = shell.say("site", "add", "shop", "--origin", "https://shop.example")
    key = re.search(r"key: (\w+)", out)
    assert key
    assert f'<script async src="{shell.url}/sdk.js" data-site="{key[1]}"></script>' in out
    with plain_http.client(base_url=shell.url) as client:
        tab = Tab(key[1])
        body = tab.batch(snapshot(), [(0, page_view())])
        assert post(client, body, origin="https://other.shop.example").status_code == 403
        shell.say("site", "origin", "add", "shop", "https://*.shop.example")
        assert post(client, body, origin="https://other.shop.example").status_code == 200
        token = shell.say("token").strip()
        listed = client.get("/api/sessions", headers={"authorization": f"Bearer {token}"})
        assert listed.json()["sessions"][0]["id"] == tab.session_id
        assert tab.session_id in shell.say("sessions")
        assert f'"id": "{tab.session_id}"' in shell.say("sessions", "--json")
        assert "hello" in shell.say("frame", tab.session_id, "--at", "0")
        for nobody in ("x" * 20, "-" + "x" * 19, "--" + "h" * 18, "-h" + "x" * 18):
            assert "there is no session" in shell.refuse("frame", nobody, "--at", "0")
            assert "no session" in shell.refuse("export", nobody, "a.reel")
        assert "nothing can be shown" in shell.refuse("frame", tab.session_id, "--at", "-5")
        assert "1 sessions" in shell.say("erase", str(tab.visitor_id))
        late = post(client, tab.batch(snapshot()), origin="https://shop.example")
        assert late.status_code == 410
    assert "shop" in shell.say("site", "list")
    assert re.search(r"/sign-in/\S{20,}", shell.say("user", "add", "ana@example.com"))
    assert "command line  user_add  ana@example.com rep" in shell.say("audit")
    assert '"what": "erase"' in shell.say("audit", "--json", "--limit", "3")


def test_commands_work_without_a_collector_too(shell: Shell) -> None:
    shell.start()
    shell.stop()
    assert "key: " in shell.say("site", "add", "shop", "--dev")
    assert "localhost" in shell.say("site", "list")
    assert shell.say("token", "--name", "ci").startswith("vr_")
    assert "ok " in shell.say("doctor")
    shell.start()
    assert "shop" in shell.say("site", "list")


def test_what_can_not_be_done_is_one_clear_line(shell: Shell, tmp_path: Path) -> None:
    assert "no data directory" in shell.refuse("site", "add", "x", "--dev")
    assert "holds no visitreel data" in shell.refuse("sessions")
    assert not shell.data.exists()
    shell.start()
    assert "another collector" in shell.refuse("serve", "--port", "1")
    other = Shell(tmp_path / "other")
    assert f"port {shell.port}" in other.refuse("serve", "--port", str(shell.port))
    for origin in ("https://*", "ftp://x", "https://x.de/path", "nonsense", "https://*.de:x"):
        assert "no origin" in shell.refuse("site", "add", "a", "--origin", origin)
    assert "everybody" in shell.refuse("site", "add", "a", "--origin", "https://*.com")
    assert "--origin" in shell.refuse("site", "add", "a")
    assert "no name" in shell.refuse("site", "add", "<b>", "--dev")
    shell.say("site", "add", "a", "--dev")
    assert "already" in shell.refuse("site", "add", "a", "--dev")
    assert "no site" in shell.refuse("site", "origin", "add", "b", "https://x.de")
    assert "no e-mail" in shell.refuse("user", "add", "nobody")
    assert "no visitor" in shell.refuse("erase", "x")
    assert "exists already" in shell.refuse("backup", str(shell.data / "secret"))
    assert "no directory" in shell.refuse("backup", str(tmp_path / "no" / "file"))
    assert "--url" in shell.refuse("serve", "--url", "nonsense")
    assert "--trusted-proxy" in shell.refuse("serve", "--trusted-proxy", "10.0.0.0/99")
    assert "No such command" in shell.refuse("nonsense")


def test_a_backup_made_while_it_runs_is_whole(shell: Shell, tmp_path: Path) -> None:
    shell.start()
    out = shell.say("site", "add", "shop", "--origin", "http://shop.test")
    key = out.split()[1]
    tab = Tab(key)
    with plain_http.client(base_url=shell.url) as client:
        post(client, tab.batch(snapshot(), [(0, page_view())]))
        frame = shell.say("frame", tab.session_id, "--at", "0")
        shell.say("backup", str(tmp_path / "copy.db"))
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    restored = Shell(tmp_path / "restored")
    restored.data.mkdir(mode=0o700)
    (tmp_path / "copy.db").rename(restored.data / "visitreel.db")
    assert restored.say("frame", tab.session_id, "--at", "0") == frame
    assert "BAD" not in restored.say("doctor")


def test_a_directory_with_a_long_name_can_be_commanded(tmp_path: Path) -> None:
    shell = Shell(tmp_path / ("x" * 120) / ("y" * 100))
    shell.start()
    try:
        assert "key: " in shell.say("site", "add", "shop", "--dev")
    finally:
        shell.stop()


class Load:
    """Posts batch after batch, each until it is kept, and writes down which were acknowledged."""

    def __init__(self, url: str, key: str) -> None:
        self.acknowledged: list[tuple[str, int]] = []
        self._tab = Tab(key)
        self._url = url
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        timed: list[TimedOp] = snapshot()
        while not self._is_over.is_set():
            body = self._tab.batch(timed, [(0, page_view())])
            with plain_http.client(base_url=self._url, timeout=10) as client:
                while not self._is_over.is_set():
                    if _is_kept(client, body):
                        self.acknowledged.append((self._tab.document_id, self._tab.seq - 1))
                        break
            timed = [(self._tab.seq, ops.SetText(TEXT_NODE, f"text {self._tab.seq}"))]


def test_kills_under_load_lose_no_acknowledged_batch(shell: Shell) -> None:
    shell.start()
    key = shell.say("site", "add", "shop", "--origin", "http://shop.test").split()[1]
    loads = [Load(shell.url, key) for _ in range(4)]
    try:
        for _ in range(KILLS):
            wanted = [len(load.acknowledged) + 3 for load in loads]
            while any(len(o.acknowledged) < n for o, n in zip(loads, wanted, strict=True)):
                assert shell.process is not None
                assert shell.process.poll() is None
            shell.stop(signal.SIGKILL)
            shell.start()
    finally:
        for load in loads:
            load.stop()
    shell.stop()
    db = open_reader(shell.data / "visitreel.db")
    stored = db.execute("SELECT document_id, seq FROM batch JOIN document USING (document)")
    found = stored.fetchall()
    assert len(found) == len(set(found))
    assert {one for load in loads for one in load.acknowledged} <= set(found)
    assert integrity_problems(db) == []
    db.conn.close()


def _is_kept(client: httpx.Client, body: bytes) -> bool:
    try:
        return post(client, body).status_code == 200
    except httpx.TransportError:
        return False


def test_an_idle_collector_is_small(shell: Shell) -> None:
    shell.start()
    assert shell.process is not None
    pages = Path(f"/proc/{shell.process.pid}/statm").read_text().split()[1]
    assert int(pages) * os.sysconf("SC_PAGE_SIZE") < 120 << 20
