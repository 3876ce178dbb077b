"""The process that sends: in come lines of JSON on standard input, each with something to do, out
go lines that say how it went. It ends when the collector does. Only here the libraries that talk to
services are loaded, each at its first use."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from collector.alerts.kinds import KINDS
from collector.alerts.reach import Guard
from collector.alerts.webhook import Answer, WarmClient, signed

if TYPE_CHECKING:
    from collector.alerts.push import Push
    from collector.alerts.services import Services

Line = dict[str, Any]
WORKERS = 16
MAX_ERROR = 300
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


class Refused(Exception):
    """It did not arrive. `is_gone`: it never will; `retry_after_s`: it may after so long."""

    def __init__(
        self, error: str, *, is_gone: bool = False, retry_after_s: int | None = None
    ) -> None:
        super().__init__(error)
        self.is_gone = is_gone
        self.retry_after_s = retry_after_s


class Child:
    """Does what the lines say, several at a time."""

    def __init__(self, begin: Line, out: IO[str]) -> None:
        self._begin = begin
        self._out = out
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._guard = Guard([ipaddress.ip_network(text) for text in begin["allowed"]])
        self._guard.start()
        self._client = WarmClient()
        self._loaded_services: Services | None = None
        self._loaded_push: Push | None = None
        # Slow services do not keep webhooks waiting.
        self._own, self._others = (ThreadPoolExecutor(WORKERS) for _ in range(2))
        self._does: dict[str, Callable[[Line], Line]] = {
            "send": self._send,
            "check": self._check,
            "key": self._key,
        }

    def take(self, line: Line) -> None:
        """Does it in a thread, and says how it went."""
        is_own = line["do"] == "send" and line["kind"] == "webhook"
        (self._own if is_own else self._others).submit(self._answer, line)

    def _answer(self, line: Line) -> None:
        self._guard.forget()
        try:
            answer = {"ok": True, **self._does[line["do"]](line)}
        except Refused as error:
            why = self._guard.refusal or str(error)
            answer = {"ok": False, "error": why[:MAX_ERROR], "gone": error.is_gone}
            answer["retry_after_s"] = error.retry_after_s
        except Exception as error:
            # Whatever a library raises: this delivery failed, and no other.
            why = self._guard.refusal or _words_of(error)
            answer = {"ok": False, "error": why[:MAX_ERROR], "gone": False, "retry_after_s": None}
        text = json.dumps({"job": line["job"], **answer}) + "\n"
        with self._lock:
            self._out.write(text)
            self._out.flush()

    # --- what can be done ------------------------------------------------------------------------

    def _send(self, line: Line) -> Line:
        kind, address = KINDS[line["kind"]], line["address"]
        if kind.name == "webhook":
            body = json.dumps(line["body"], ensure_ascii=False).encode("utf-8", "replace")
            headers = signed(line["secret"], line["id"], body, time.time())
            _check_answer(self._client.post(address, body, headers))
        elif kind.name == "push":
            self._push_to(address, line)
        else:
            self._services.send(kind, address, line["title"], line["text"], line["url"])
        return {}

    def _push_to(self, address: str, line: Line) -> None:
        from collector.alerts.push import Gone

        message = {name: line[name] for name in ("title", "text", "url", "tag", "quiet")}
        try:
            self._push.send(address, message, line["ttl_s"])
        except Gone as error:
            raise Refused(str(error), is_gone=True) from error

    def _check(self, line: Line) -> Line:
        from collector.alerts.services import NotTaken

        try:
            self._services.check(KINDS[line["kind"]], line["address"])
        except NotTaken as error:
            raise Refused(str(error)) from error
        return {}

    def _key(self, line: Line) -> Line:
        return {"key": self._push.public_key}

    @property
    def _services(self) -> Services:
        with self._loading:
            if self._loaded_services is None:
                from collector.alerts.services import Services

                self._loaded_services = Services()
            return self._loaded_services

    @property
    def _push(self) -> Push:
        with self._loading:
            if self._loaded_push is None:
                from collector.alerts.push import Push

                self._loaded_push = Push(Path(self._begin["data"]), self._begin["contact"])
            return self._loaded_push


def _check_answer(answer: Answer) -> None:
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise Refused(f"answered {answer.status}: redirects are not followed")
    is_gone = answer.status == 410
    raise Refused(
        f"answered {answer.status} {http.client.responses.get(answer.status, '')}".strip(),
        is_gone=is_gone,
        retry_after_s=answer.retry_after_s,
    )


def _words_of(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}".strip(": ")


def main() -> None:
    """Runs until standard input ends: then the collector has ended, however it did."""
    # A line without an end is what a collector wrote when it was killed.
    lines = (line for line in sys.stdin if line.endswith("\n"))
    first = next(lines, None)
    if first is None:
        return
    begin = json.loads(first)
    if not begin["allowed"]:
        # Behind a proxy nobody could tell where an alert goes.
        for name in PROXIES:
            os.environ.pop(name, None)
            os.environ.pop(name.upper(), None)
    child = Child(begin, sys.stdout)
    for line in lines:
        child.take(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
