"""What recording costs the visitor's browser: CPU time of the page's main thread over a whole
visit, and heap on the article page. In come visits played with and without a recorder, out come
differences."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Browser

from tests.bench.recorders import NOTHING, Recorder
from tests.bench.sink import running_sink
from tests.bench.visits import VISITS, Visit, rest_of, serve_site, visitor
from tests.bench.wire import check, play

_TASKS = frozenset({"RunTask", "ThreadControllerImpl::RunTask"})
MAIN_THREAD = "CrRendererMain"


def added(
    measure: Callable[[Recorder], float],
    recorders: Sequence[Recorder],
    nothing: Recorder,
    runs: int,
) -> dict[str, float]:
    """By recorder, the median of its runs less the median without a recorder. The runs alternate,
    so that a machine that grows warm or busy does so for all; the first round is a warm-up."""
    found: dict[str, list[float]] = {recorder.name: [] for recorder in (nothing, *recorders)}
    for run in range(runs + 1):
        for recorder in (nothing, *recorders):
            value = measure(recorder)
            if run:
                found[recorder.name].append(value)
    without = statistics.median(found[nothing.name])
    return {
        recorder.name: statistics.median(found[recorder.name]) - without for recorder in recorders
    }


def main_thread_ms(browser: Browser, recorder: Recorder, visit: Visit) -> float:
    """CPU ms of the main thread from the first page to the last, in Chromium's own trace."""
    with running_sink(recorder.scripts) as sink, serve_site(sink.url) as site:
        browser.start_tracing(categories=["toplevel"])
        play(browser, sink, site, recorder, visit)
        trace = json.loads(browser.stop_tracing())
        if recorder.name != NOTHING:
            check(sink, recorder, visit)
    return task_ms(trace["traceEvents"])


def task_ms(events: Sequence[dict[str, Any]]) -> float:
    """CPU time of all tasks of renderers' main threads."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"].get("name") == MAIN_THREAD
    }
    taken = [
        event["tdur"]
        for event in events
        if event.get("name") in _TASKS
        and (event.get("pid"), event.get("tid")) in threads
        and "tdur" in event
    ]
    if not taken:
        raise RuntimeError("the trace has no task of a main thread")
    return float(sum(taken)) / 1000


def heap_bytes(browser: Browser, recorder: Recorder) -> float:
    """JavaScript heap in use on the article page, after garbage was collected."""
    visit = VISITS["article"]
    found = []
    with running_sink(recorder.scripts) as sink, serve_site(sink.url) as site:
        with visitor(browser, sink) as (context, page):
            devtools = context.new_cdp_session(page)
            rest = rest_of(page, recorder)

            def measure() -> None:
                page.wait_for_timeout(6_000)
                for _ in range(3):
                    devtools.send("HeapProfiler.collectGarbage")
                found.append(float(devtools.send("Runtime.getHeapUsage")["usedSize"]))
                rest()

            visit.play(page, site, measure)
        if recorder.name != NOTHING:
            check(sink, recorder, visit)
    return found[0]
