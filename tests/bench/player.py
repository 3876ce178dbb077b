"""What a rep waits for: the first frame of a link, seeks, and how smoothly a replay runs; beside
rrweb's replayer on the same visit. In come visits recorded by both, out come rows."""

from __future__ import annotations

import gzip
import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.bench import load, tape
from tests.bench.load import Site
from tests.bench.recorders import HERE, bundled, peers, visitreel
from tests.bench.rows import Row
from tests.bench.server import apart, collector, shop_tape
from tests.bench.sink import Sink, running_sink
from tests.bench.visits import VISITS, Rest, Visit, serve_site
from tests.e2e.browser import VIEWPORT_PX, sign_in
from tests.e2e.collector_process import Collector
from tests.e2e.plain_http import CLIENT
from tests.e2e.waiting import wait_for

SESSION_S = 2 * 3600
WINDOW: ViewportSize = {"width": 1700, "height": 1100}
SEEKS = 40
LINKS = 9
PLAYED_MS = 5_000
LARGE_MS = 10_000
CHECKED_WITHIN_S = 300.0
SEALED_S = 3.0
"""What is checked is sealed right after."""
WITHIN_PAGE_MS = (1_500, 6_500)
"""Of the visit: the visitor is on its first page all that time."""

_MEASURING = (HERE / "measuring.js").read_text(encoding="utf-8")
_FIRST_OURS = "() => benchMeasure.firstOfOurs()"
_FIRST_THEIRS = "(t) => benchMeasure.firstOfTheirs(t)"
_SEEKS = "([times, isOurs]) => benchMeasure.seeks(times, isOurs)"
_FRAMES = "(during) => benchMeasure.frames(during)"


def _large(page: Page, site: str, rest: Rest) -> None:
    """A page of 10,000 nodes, of which ten change in each frame."""
    page.goto(f"{site}/bench/large")
    page.wait_for_timeout(1_500)
    page.click("#go")
    page.wait_for_timeout(LARGE_MS)
    rest()


LARGE = Visit("large", _large, ("Prices move",))


@dataclass(frozen=True, slots=True)
class Figures:
    """All times in ms."""

    first: float
    within_p95: float
    across_p95: float
    heap_mb: float
    frames_a_second: float


def player_rows(browser: Browser) -> Iterator[Row]:
    """Both players on a session of two hours, and on a page of 10,000 nodes."""
    events = _events(browser, VISITS["shop"])
    visit = shop_tape(browser)
    # Both are cut from visits that took not quite the same time.
    round_ms = max(visit.long_ms, _long_ms(events)) + tape.PAUSE_MS
    rounds = SESSION_S * 1000 // round_ms
    ours = _ours(browser, round_ms)
    theirs = _theirs(browser, _repeated(events, rounds, round_ms), round_ms)
    for id_, name, value, peer, unit, budget, aim, better in (
        ("player-first", "player, first frame of a link into two hours, median",
         ours.first, theirs.first, "ms", 500, None, "lower"),
        ("player-within", "player, seek within a page view, p95",
         ours.within_p95, theirs.within_p95, "ms", 150, 60, "lower"),
        ("player-across", "player, seek across page views, p95",
         ours.across_p95, theirs.across_p95, "ms", 250, 150, "lower"),
        ("player-heap", "player, heap after these seeks",
         ours.heap_mb, theirs.heap_mb, "MB", None, None, "lower"),
        ("player-frames", "player, frames a second at 10,000 nodes",
         ours.frames_a_second, theirs.frames_a_second, "/s", 60, None, "higher"),
    ):  # fmt: skip
        yield Row(id_, name, value, unit, "rrweb", peer, budget, aim, better=better)
    name = "… of the recorded page itself, in the same browser"
    yield Row("player-frames-page", name, _page_alone(browser), "/s", better="higher")


def _page_alone(browser: Browser) -> float:
    """Frames a second of the page of 10,000 nodes where nobody records it: no player shows more."""
    width, height = VIEWPORT_PX
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(_MEASURING)
    with running_sink({}) as sink, serve_site(sink.url) as site:
        page = context.new_page()
        page.goto(f"{site}/bench/large")
        page.click("#go")
        frames = float(page.evaluate(_FRAMES, PLAYED_MS))
        _expect(page, page.evaluate("document.getElementsByTagName('*').length"))
    context.close()
    return round(frames, 1)


def _times(round_ms: int) -> tuple[list[int], list[int], list[int]]:
    """Moments of links, of seeks within one page view, and of seeks anywhere."""
    chosen = random.Random(1)
    end_ms = SESSION_S * 1000 // round_ms * round_ms - round_ms
    links = [chosen.randrange(end_ms // 2, end_ms) for _ in range(LINKS + 1)]
    base_ms = (end_ms // round_ms * 3 // 4) * round_ms
    within = [base_ms + chosen.randrange(*WITHIN_PAGE_MS) for _ in range(SEEKS + 1)]
    return links, within, [chosen.randrange(end_ms) for _ in range(SEEKS + 1)]


def _ours(browser: Browser, round_ms: int) -> Figures:
    with collector(1) as (running, sites, token), _rep(browser, running) as context:
        long_id = _stored(running, sites[0], token, shop_tape(browser), SESSION_S, round_ms, seed=1)
        links, within, across = _times(round_ms)
        first = []
        for t_ms in links:
            page = context.new_page()
            page.goto(f"{running.url}/sessions/{long_id}?t={t_ms / 1000}", wait_until="commit")
            page.wait_for_selector("#player", state="attached")
            first.append(_complete(page, _FIRST_OURS, None))
            page.close()
        page = context.new_page()
        page.goto(f"{running.url}/sessions/{long_id}?t={within[0] / 1000}")
        _complete(page, _FIRST_OURS, None)
        figures = _seek_figures(context, page, within, across, is_ours=True)
        page.close()
        posted = tape.recorded(browser, LARGE, visitreel())
        large_id = _stored(running, sites[0], token, tape.tape_of(posted), 1, 0, seed=2)
        page = context.new_page()
        page.goto(f"{running.url}/sessions/{large_id}?t=2")
        _complete(page, _FIRST_OURS, None)
        page.click("[data-part=play]")
        page.wait_for_selector("#player[data-state=playing]")
        frames = page.evaluate(_FRAMES, PLAYED_MS)
        _expect(page, _shown_nodes(page, "document.getElementById('frame')"))
        page.close()
        return Figures(round(statistics.median(first[1:]), 1), *figures, round(frames, 1))


def _theirs(browser: Browser, events: Sequence[dict[str, object]], round_ms: int) -> Figures:
    with running_sink({}) as sink:
        _serve_events(sink, events)
        links, within, across = _times(round_ms)
        context = browser.new_context(viewport=WINDOW)
        context.add_init_script(_MEASURING)
        first = []
        for t_ms in links:
            page = context.new_page()
            page.goto(f"{sink.url}/player.html")
            first.append(_complete(page, _FIRST_THEIRS, t_ms))
            page.close()
        page = context.new_page()
        page.goto(f"{sink.url}/player.html")
        _complete(page, _FIRST_THEIRS, within[0])
        figures = _seek_figures(context, page, within, across, is_ours=False)
        page.close()
        _serve_events(sink, _events(browser, LARGE))
        page = context.new_page()
        page.goto(f"{sink.url}/player.html")
        _complete(page, _FIRST_THEIRS, 2_000)
        page.evaluate("benchPlayer.play(2000)")
        frames = page.evaluate(_FRAMES, PLAYED_MS)
        _expect(page, _shown_nodes(page, "benchPlayer.frame()"))
        context.close()
        return Figures(round(statistics.median(first[1:]), 1), *figures, round(frames, 1))


def _complete(page: Page, script: str, argument: int | None) -> float:
    taken, state = page.evaluate(script, argument)
    if state not in {"paused", "ended"}:
        raise RuntimeError(f"the player is {state}: {page.inner_text('body')[:200]}")
    return float(taken)


def _seek_figures(
    context: BrowserContext, page: Page, within: list[int], across: list[int], *, is_ours: bool
) -> tuple[float, float, float]:
    """p95 within, p95 across, heap."""
    found = []
    for times in (within, across):
        # The first is a warm-up.
        took = sorted(page.evaluate(_SEEKS, [times, is_ours])[1:])
        found.append(round(took[int(len(took) * 0.95)], 1))
    devtools = context.new_cdp_session(page)
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    used = float(devtools.send("Runtime.getHeapUsage")["usedSize"])
    return found[0], found[1], round(used / 1e6, 1)


def _shown_nodes(page: Page, frame: str) -> int:
    count: int = page.evaluate(f"{frame}.contentDocument.getElementsByTagName('*').length")
    return count


def _expect(page: Page, nodes: int) -> None:
    if nodes < 5_000:
        raise RuntimeError(f"{nodes} elements were played: {page.url}")


@contextmanager
def _rep(browser: Browser, running: Collector) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=WINDOW)
    sign_in(context, running.sign_in_link())
    context.add_init_script(_MEASURING)
    try:
        yield context
    finally:
        context.close()


def _stored(
    running: Collector,
    site: Site,
    token: str,
    visit: tape.Tape,
    seconds: float,
    round_ms: int,
    *,
    seed: int,
) -> str:
    """Sends a session of this length, and waits until it is checked and sealed; its id."""
    before = _counted(running, "visitreel_batches_checked_total")
    bodies = load.long_session(visit, site, seconds, seed=seed, round_ms=round_ms)
    book = apart(lambda: load.pour(running.url, site, bodies))
    found = load.differences(running.url, token, book)
    if found:
        raise RuntimeError("; ".join(found))
    wait_for(
        "all is checked",
        lambda: _counted(running, "visitreel_batches_checked_total") >= before + book.with_ops,
        CHECKED_WITHIN_S,
    )
    time.sleep(SEALED_S)
    (session_id,) = book.sessions
    return session_id


def _counted(running: Collector, name: str) -> float:
    """A counter of the collector."""
    for line in CLIENT.get(f"{running.url}/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    return 0.0


def _serve_events(sink: Sink, events: Sequence[dict[str, object]]) -> None:
    script = bundled(HERE / "peers" / "rrweb-player.js")
    page = b"<!doctype html><meta charset=utf-8><body><script src=/player.js></script>"
    sink.files.update(
        {
            "/player.html": ("text/html", page),
            "/player.js": ("text/javascript", script),
            "/events.json": ("application/json", json.dumps(events).encode()),
        }
    )


def _events(browser: Browser, visit: Visit) -> list[dict[str, object]]:
    """What rrweb records of a visit, in order."""
    events: list[dict[str, object]] = []
    rrweb = peers()[0]
    for path, body in tape.recorded(browser, visit, rrweb):
        if path == rrweb.recording:
            events += json.loads(gzip.decompress(body))
    return sorted(events, key=_at_ms)


def _at_ms(event: dict[str, object]) -> int:
    found = event["timestamp"]
    assert isinstance(found, int)
    return found


def _long_ms(events: Sequence[dict[str, object]]) -> int:
    return _at_ms(events[-1]) - _at_ms(events[0])


def _repeated(
    events: Sequence[dict[str, object]], rounds: int, round_ms: int
) -> list[dict[str, object]]:
    """The visit again and again, `round_ms` apart."""
    return [
        {**event, "timestamp": _at_ms(event) + turn * round_ms}
        for turn in range(rounds)
        for event in events
    ]
