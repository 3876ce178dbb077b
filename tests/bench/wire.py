"""Bytes on the wire: the same visit recorded by each recorder. In come recorders, out come the
lengths of what they posted. A recorder that did not send the page is an error, not a small
number."""

from __future__ import annotations

import html
from dataclasses import dataclass

from playwright.sync_api import Browser

from tests.bench.recorders import Recorder
from tests.bench.sink import Sink, running_sink
from tests.bench.visits import Visit, rest_of, serve_site, visitor

AFTER_LEAVING_MS = 1_000


class NotRecorded(Exception):
    """A recorder sent something else than the visit."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes of the bodies of a first visit (`recording`, `assets`) and of the recording of a later
    visitor's same visit (`later`, 0 where it was not asked for)."""

    recording: int
    assets: int
    later: int = 0


def sent(browser: Browser, recorder: Recorder, visit: Visit, *, again: bool = False) -> Sent:
    """What one visit posts; with `again` a second visitor comes to the same server."""
    with running_sink(recorder.scripts) as sink, serve_site(sink.url) as site:
        play(browser, sink, site, recorder, visit)
        check(sink, recorder, visit)
        recording = _bytes(sink, recorder.recording)
        assets = _bytes(sink, recorder.assets) if recorder.assets else 0
        if again:
            play(browser, sink, site, recorder, visit)
        return Sent(recording, assets, _bytes(sink, recorder.recording) - recording)


def play(browser: Browser, sink: Sink, site: str, recorder: Recorder, visit: Visit) -> None:
    """The visit, until the visitor has left."""
    with visitor(browser, sink) as (_, page):
        visit.play(page, site, rest_of(page, recorder))
        page.goto("about:blank")
        page.wait_for_timeout(AFTER_LEAVING_MS)


def check(sink: Sink, recorder: Recorder, visit: Visit) -> None:
    """Raises NotRecorded when a text of the visit's pages was not posted."""
    bodies = sink.bodies(recorder.recording)
    if not bodies:
        paths = sorted({posted.path for posted in sink.posted})
        raise NotRecorded(f"{recorder.name} posted nothing to {recorder.recording}: {paths}")
    found = b"\n".join(recorder.opened(body) for body in bodies).decode("utf-8", "replace")
    for text in visit.shown:
        if text not in found and text not in html.unescape(found):
            raise NotRecorded(f"{recorder.name} did not send {text!r} of the visit {visit.name}")


def _bytes(sink: Sink, prefix: str) -> int:
    return sum(map(len, sink.bodies(prefix)))
