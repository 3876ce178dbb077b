"""The parts of the bench that look at recorders and frames. In comes a browser, out come rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Browser, sync_playwright

from tests.bench import cost, frames, start, wire
from tests.bench.recorders import Recorder, gzipped, nothing, peers, visitreel
from tests.bench.rows import Row, beside
from tests.bench.visits import VISITS, launch

START_RUNS = 5
COST_RUNS = 3
SIDE_BY_SIDE = 2
"""Browsers at a time where only bytes are counted: most of a visit is waiting."""
WIRE_BUDGETS = {
    "article": (0.42, 0.37),
    "table": (0.19, 0.11),
    "todo": (0.52, 0.37),
    "shop": (0.31, 0.19),
}
AGAIN = ("article", "visitreel")


def everyone() -> tuple[Recorder, ...]:
    """visitreel, then its peers."""
    return visitreel(), *peers()


def script_rows(_: Browser) -> Iterator[Row]:
    """Bytes that a visitor's browser loads."""
    sizes = {one.name: gzipped(one.scripts["/sdk.js"]) for one in everyone()}
    yield beside("script", "script, gzip", sizes, "B", budget=9_500, aim=8_500)
    late = gzipped(visitreel().scripts["/assets.js"])
    yield Row("script-late", "part on demand, gzip", late, "B", budget=4_000)


def wire_rows(_: Browser) -> Iterator[Row]:
    """Bytes that a visit sends. A peer that did not send the visit is named at the end."""
    jobs = [(visit, recorder) for visit in VISITS for recorder in everyone()]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        results = list(pool.map(lambda job: _sent(*job), jobs))
    sent: dict[tuple[str, str], wire.Sent] = {}
    failed: list[str] = []
    for (visit, recorder), result in zip(jobs, results, strict=True):
        if isinstance(result, wire.Sent):
            sent[visit, recorder.name] = result
        else:
            failed.append(str(result))
    yield from _rows_of(sent)
    if failed:
        raise wire.NotRecorded("; ".join(failed))


def _rows_of(sent: Mapping[tuple[str, str], wire.Sent]) -> Iterator[Row]:
    for visit, (budget, aim) in WIRE_BUDGETS.items():
        values = {who: found.recording for (where, who), found in sent.items() if where == visit}
        if {"visitreel", "rrweb"} <= values.keys():
            yield beside(
                f"wire-{visit}", f"bytes of a first visit, {visit}", values, "B",
                budget=budget, aim=aim, is_ratio=True,
            )  # fmt: skip
    if AGAIN in sent and ("article", "rrweb") in sent:
        yield Row(
            "wire-later", "bytes of a later visitor, article", sent[AGAIN].later, "B",
            "rrweb", sent["article", "rrweb"].recording, 0.26, 0.07, is_ratio=True,
        )  # fmt: skip
    for visit in ("article", "shop"):
        if (visit, "visitreel") in sent:
            name = f"assets once a site, {visit} (peers send none)"
            yield Row(f"assets-{visit}", name, sent[visit, "visitreel"].assets, "B")


def _sent(visit: str, recorder: Recorder) -> wire.Sent | wire.NotRecorded:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            again = (visit, recorder.name) == AGAIN
            return wire.sent(browser, recorder, VISITS[visit], again=again)
        except wire.NotRecorded as error:
            return error
        finally:
            browser.close()


def start_rows(browser: Browser) -> Iterator[Row]:
    """What starting costs the page, the best of some runs: what is above is the machine's noise."""
    best: dict[str, float] = {}
    for _ in range(START_RUNS):
        for one in everyone():
            taken = round(start.longest_task(browser, one), 1)
            best[one.name] = min(taken, best.get(one.name, taken))
    name = f"longest task at the start, {start.NODES:,} nodes"
    yield beside("start", name, best, "ms", budget=25, aim=12)


def cpu_rows(browser: Browser) -> Iterator[Row]:
    """Main-thread time that recording adds to a visit; divided by the best peer's."""
    for visit in VISITS.values():
        added = cost.added(
            lambda one, visit=visit: cost.main_thread_ms(browser, one, visit),  # type: ignore[misc]
            everyone(), nothing(), COST_RUNS,
        )  # fmt: skip
        name = f"main-thread time added, {visit.name}"
        yield _beside_best(f"cpu-{visit.name}", name, added, "ms", 1.0, 0.5)


def heap_rows(browser: Browser) -> Iterator[Row]:
    """Heap that recording adds to the article page."""
    added = cost.added(
        lambda one: cost.heap_bytes(browser, one) / 1e6, everyone(), nothing(), COST_RUNS
    )
    shown = {who: round(value, 2) for who, value in added.items()}
    yield beside("heap", "heap added, article", shown, "MB", budget=1.5, aim=1.1)


def _beside_best(
    id_: str, name: str, values: dict[str, float], unit: str, budget: float, aim: float
) -> Row:
    rounded = {who: round(value, 1) for who, value in values.items()}
    ours = rounded.pop("visitreel")
    best = min(rounded, key=rounded.__getitem__)
    peer_value = rounded.pop(best)
    return Row(id_, name, ours, unit, best, peer_value, budget, aim, is_ratio=True, others=rounded)


def frame_rows(_: Browser) -> Iterator[Row]:
    """Frames in Python."""
    for nodes, mutations, budget, aim in ((3_000, 100, 10, 6), (10_000, 1_000, 30, 20)):
        name = f"frame_at, {nodes:,} nodes, {mutations:,} mutations, p50"
        taken = round(frames.frame_ms(nodes, mutations), 1)
        yield Row(f"frame-{nodes}", name, taken, "ms", budget=budget, aim=aim)
