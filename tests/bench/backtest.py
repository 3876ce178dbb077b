"""How long a rule takes over recorded history: in goes a store of 10,000 sessions, out comes the
slowest of the rules that visitreel brings."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from collector.backtests import Span, run_backtest
from collector.signals.documents import read_rules
from collector.signals.starter import STARTERS, starter_text
from collector.store.database import Database, Readers, open_writer
from collector.store.sites import site_named
from tests.bench.rows import Row
from tests.collector.many_sessions import NEWEST_AT_MS, fill

SESSIONS = 10_600
"""The first of two sites gets 19 of 20 of them."""
BUDGET_S, AIM_S = 5.0, 2.0
MORE_FACTS = (
    "INSERT INTO fact (session, document, t_ms, kind, text, fields) SELECT session, document,"
    " t_ms + 100 + i * 700, 'scroll_depth', '', '{\"percent\": 50}' FROM fact"
    " JOIN (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3) WHERE kind = 'click'",
    "INSERT INTO fact (session, document, t_ms, kind, text, fields) SELECT session, document,"
    " t_ms + 500, 'track', '', json_object('name', 'purchase') FROM fact"
    " WHERE session % 7 = 0 AND kind = 'click'",
)


def backtest_rows(_: Browser) -> Iterator[Row]:
    """The slowest rule, with an outcome."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "visitreel.db"
        db = open_writer(path)
        with db.atomic():
            fill(db, SESSIONS, 10)
            for statement in MORE_FACTS:
                db.execute(statement)
        db.conn.close()
        with Readers(path).lend() as reader:
            slowest_s, rule, visitors = max(_timed(reader))
    name = f"a rule over {visitors:,} sessions of 20 facts, the slowest of those that come along"
    yield Row("backtest", f"{name} ({rule})", slowest_s, "s", budget=BUDGET_S, aim=AIM_S)


def _timed(db: Database) -> Iterator[tuple[float, str, int]]:
    """Seconds, rule, sessions."""
    site, span = site_named(db, "shop").site, Span(0, NEWEST_AT_MS + 10**9)
    for name in STARTERS:
        for rule in read_rules(starter_text(name)):
            began_s = time.perf_counter()
            found = run_backtest(db, site, rule, span)
            yield round(time.perf_counter() - began_s, 2), str(rule["id"]), found.visitors
