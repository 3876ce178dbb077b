"""The sending process as the collector sees it: started when it is needed, started again when it
died. In go jobs, out come answers; a job whose process died is answered, too."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger("visitreel.alerts")

Line = Mapping[str, Any]
DIED = "the sending process ended"
END_S = 5.0


@dataclass(slots=True)
class _Run:
    """One process and the jobs that it has not answered yet."""

    process: subprocess.Popen[str]
    under_way: set[int] = field(default_factory=set)

    def write(self, line: Line) -> None:
        """Raises OSError or ValueError when it has ended."""
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101 - it is a pipe
        stdin.write(json.dumps(line) + "\n")
        stdin.flush()


class Sender:
    """Lives from the first `send` to `stop`. `answered` runs in a thread of its own, once for each
    job: with what the process said, or that it died (`died` set)."""

    def __init__(self, begin: Line, answered: Callable[[int, Line], None]) -> None:
        self._begin = begin
        self._answered = answered
        self._lock = threading.Lock()
        self._run: _Run | None = None
        self._stopped = False
        self._jobs = 0

    @property
    def pid(self) -> int | None:
        """Of the process; None: there is none."""
        run = self._run
        return None if run is None else run.process.pid

    def next_job(self) -> int:
        """A number for a job, which its answer will name."""
        with self._lock:
            self._jobs += 1
            return self._jobs

    def send(self, job: int, line: Line) -> None:
        """Has it done. Starts the process when there is none."""
        with self._lock:
            if self._stopped:
                return
            run = self._run or self._start()
            run.under_way.add(job)
            try:
                run.write({**line, "job": job})
            except (OSError, ValueError):
                # The thread that reads notices the end, and answers.
                run.process.kill()

    def kill(self) -> None:
        """It hangs."""
        run = self._run
        if run is not None:
            run.process.kill()

    def stop(self) -> None:
        """Ends the process; nothing is answered any more."""
        with self._lock:
            self._stopped = True
            run, self._run = self._run, None
        if run is None:
            return
        if run.process.stdin is not None:
            with suppress(OSError):
                run.process.stdin.close()
        try:
            run.process.wait(END_S)
        except subprocess.TimeoutExpired:
            run.process.kill()
            run.process.wait()

    def _start(self) -> _Run:
        process = subprocess.Popen(
            [sys.executable, "-m", "collector.alerts.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # Ctrl-C at the collector's terminal is for the collector.
            start_new_session=True,
        )
        run = self._run = _Run(process)
        with suppress(OSError):
            run.write(self._begin)
        threading.Thread(
            target=self._read, args=[run], name="visitreel-answers", daemon=True
        ).start()
        return run

    def _read(self, run: _Run) -> None:
        process = run.process
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for text in process.stdout:
            line = json.loads(text)
            with self._lock:
                run.under_way.discard(line["job"])
            self._answered(line["job"], line)
        process.stdout.close()
        code = process.wait()
        with self._lock:
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
            if self._run is run:
                self._run = None
            stopped = self._stopped
        if stopped:
            return
        log.warning("the process that sends alerts ended (%s): it is started again", code)
        for job in run.under_way:
            self._answered(job, {"ok": False, "died": True, "error": DIED})
