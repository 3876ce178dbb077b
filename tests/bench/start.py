"""The longest task when a recorder starts on an idle page of 10,000 nodes: a page and a recorder go
in, milliseconds come out.

The figure is the longest task of the page's main thread in Chromium's own trace, in CPU time, from
the moment the script is added.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser

from tests.bench.recorders import Recorder
from tests.bench.sink import running_sink
from tests.bench.visits import Visit, rest_of
from tests.bench.wire import check

NODES = 10_000
SETTLE_MS = 3_000
_VISIT = Visit("start", lambda *_: None, ("Item number",))
_PAGE = """(count) => {
  const list = document.body.appendChild(document.createElement('ul'))
  for (let made = 0; made < count / 4; made++) {
    const item = list.appendChild(document.createElement('li'))
    item.className = 'item c' + made % 7
    const link = item.appendChild(document.createElement('a'))
    link.href = '/item/' + made
    link.textContent = 'Item number ' + made
    item.append(' for sale')
  }
}"""
_ADD = """(url) => new Promise((done, fail) => {
  performance.mark('bench-start')
  const script = document.createElement('script')
  script.src = url
  script.dataset.site = 'benchbenchbenchbench00'
  script.dataset.consent = 'granted'
  script.onload = done
  script.onerror = fail
  document.head.append(script)
})"""


def main_thread_tasks(events: list[dict[str, Any]]) -> list[float]:
    """Durations in ms of the tasks of the page's main thread behind the mark `bench-start`."""
    mark = next(event for event in events if event.get("name") == "bench-start")
    return [
        event["tdur"] / 1000
        for event in events
        if event.get("name") in {"RunTask", "ThreadControllerImpl::RunTask"}
        and event.get("pid") == mark["pid"]
        and event.get("tid") == mark["tid"]
        and event.get("ts", 0) + event.get("dur", 0) >= mark["ts"]
        and "tdur" in event
    ]


def longest_task(browser: Browser, recorder: Recorder) -> float:
    """The longest main-thread task in ms."""
    with running_sink(recorder.scripts) as sink:
        page = browser.new_page()
        page.goto(f"{sink.url}/page")
        page.set_content("<!doctype html><title>bench</title><body></body>")
        page.evaluate(_PAGE, NODES)
        page.evaluate(f"window.benchCollector = {sink.url!r}")
        page.wait_for_timeout(500)
        browser.start_tracing(
            page=page,
            categories=[
                "devtools.timeline",
                "disabled-by-default-devtools.timeline",
                "toplevel",
                "blink.user_timing",
            ],
        )
        page.evaluate(_ADD, f"{sink.url}/sdk.js")
        page.wait_for_timeout(SETTLE_MS)
        trace = json.loads(browser.stop_tracing())
        rest_of(page, recorder)()
        page.close()
        check(sink, recorder, _VISIT)
    return max(main_thread_tasks(trace["traceEvents"]), default=0.0)
