"""What a rule would have found in recorded visits: in comes a form of the editor, out go how often
it would have fired, for whom, and what came of it; and meanwhile how far it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from collector.backtests import Span, run_backtest
from collector.signals.backtest import Backtest
from collector.signals.rules import Data
from collector.signals.words import condition_words
from collector.store.histories import VisitorName, visitor_names
from collector.store.rule_pages import count_visitors
from collector.store.sites import Site
from collector.trials import Progress, TrialEnded
from collector.web.context import Context, context_of
from collector.web.forms import form_of
from collector.web.rule_editor import draft_of, words_of

DAY_MS = 24 * 3600 * 1000
DAYS = (7, 30, 90, 365)
DEFAULT_DAYS = 30
SHOWN = 20
TOLD_S = 0.25


@dataclass(frozen=True, slots=True)
class Moment:
    """When it would have fired. `at_s`: where its link opens."""

    whose: VisitorName
    at_ms: int
    at_s: str

    @property
    def who(self) -> str:
        """What the visitor is called."""
        return self.whose.person or f"Visitor {self.whose.visitor_id[:6]}"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found. `outcome`: in words, empty: none was asked for."""

    found: Backtest
    moments: tuple[Moment, ...]
    outcome: str
    days: int
    of: int
    is_cut: bool
    took_s: float


def trial_of(request: Request, site: Site, data: Data, progress: Progress | None = None) -> Trial:
    """Runs a checked rule over the visits of the last days. Raises `TrialEnded`."""
    context, progress = context_of(request), progress or Progress()
    days = _days(request)
    with context.trials.turn(progress):
        return _trial(context, site, data, days, progress)


def _trial(context: Context, site: Site, data: Data, days: int, progress: Progress) -> Trial:
    began_s, until_ms = time.monotonic(), context.now_ms()
    span, wanted = Span(until_ms - days * DAY_MS, until_ms), data.get("outcome")
    with context.readers.lend() as db:
        progress.of = count_visitors(db, site.site, span.since_ms, span.until_ms)
        found = run_backtest(db, site.site, data, span, watched=progress.watched)
        newest = sorted(found.signals, key=lambda signal: -signal.at_ms)[:SHOWN]
        whose = visitor_names(db, [signal.session for signal in newest])
    return Trial(
        found=found,
        moments=tuple(
            Moment(whose[signal.session], signal.at_ms, f"{signal.t_ms / 1000:.3f}")
            for signal in newest
            if signal.session in whose
        ),
        outcome=condition_words(wanted) if isinstance(wanted, dict) else "",
        days=days,
        of=progress.of,
        is_cut=progress.is_cut,
        took_s=time.monotonic() - began_s,
    )


def _days(request: Request) -> int:
    text = form_of(request).get("days", "")
    return next((days for days in DAYS if str(days) == text), DEFAULT_DAYS)


def stream_trial(request: Request) -> Response:
    """A line of JSON now and then: `{"done", "of", "waits"}`, at the end `{"html"}`. A rule that is
    none: 400, with the reason."""
    site, draft = draft_of(request)
    if not draft.is_good or draft.data is None:
        return JSONResponse({"error": words_of(draft)}, 400, headers={"cache-control": "no-store"})
    return StreamingResponse(
        _lines(request, site, draft.data),
        media_type="application/x-ndjson",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _lines(request: Request, site: Site, data: Data) -> AsyncIterator[bytes]:
    progress = Progress()
    work = asyncio.create_task(asyncio.to_thread(trial_of, request, site, data, progress))
    try:
        while not (await asyncio.wait([work], timeout=TOLD_S))[0]:
            yield _line({"done": progress.done, "of": progress.of, "waits": progress.waits})
        trial = await work
        template = context_of(request).templates.get_template("_trial.html")
        html = await asyncio.to_thread(template.render, trial=trial, request=request)
        yield _line({"html": html})
    except TrialEnded:
        return
    finally:
        # Whoever leaves ends it: the thread looks at this with every visitor.
        progress.end()
        work.add_done_callback(_forget)


def _forget(work: asyncio.Task[Trial]) -> None:
    """Of a trial that nobody waits for any more nobody needs to hear."""
    if not work.cancelled():
        work.exception()


def _line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"
