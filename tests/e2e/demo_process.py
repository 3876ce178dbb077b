"""`visitreel demo` as a person runs it. In come a folder and a program, out come the URLs that it
printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.e2e.collector_process import free_port
from tests.e2e.plain_http import CLIENT
from tests.e2e.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. `sign_in`: the printed link that signs a rep in."""

    collector: str
    shop: str
    sign_in: str


@contextmanager
def run_demo(
    program: Path, cwd: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[Demo]:
    """Starts the demo, returns once both origins answer, and ends it as Ctrl-C does."""
    port, shop_port = free_port(), free_port()
    command = [str(program), "demo", "--port", str(port), "--shop-port", str(shop_port)]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,))
    reader.start()
    try:
        yield wait_for(
            "the demo runs",
            lambda: _running(process, lines, port, shop_port),
            instead=lambda: "".join(lines),
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        reader.join()
        process.stdout.close()


def _running(
    process: subprocess.Popen[str], lines: list[str], port: int, shop_port: int
) -> Demo | None:
    assert process.poll() is None, "".join(lines)
    urls = re.findall(r"https?://[^\s\"'<>]+", "".join(lines))
    shops = [url for url in urls if urlsplit(url).port == shop_port]
    links = [url for url in urls if urlsplit(url).port == port and len(urlsplit(url).path) > 20]
    if not shops or not links:
        return None
    demo = Demo(f"http://{urlsplit(links[0]).netloc}", shops[0].rstrip("/"), links[0])
    return demo if all(map(_answers, (demo.collector + "/healthz", demo.shop))) else None


def _answers(url: str) -> bool:
    try:
        return CLIENT.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False
