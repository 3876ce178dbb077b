"""Signals of a running collector: from the batches of a recorder to rows with their facts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from collector.signalling import BACKFILL_MS, SignalsFired
from collector.signals.documents import write_rules
from collector.signals.durations import DAY_MS
from collector.signals.facts import Fact
from collector.signals.proof import holds
from collector.signals.rules import rule_of
from collector.store.database import Database
from collector.store.rules import rules_of
from collector.store.signals import FiredClause, StoredSignal, clauses_of, signals_before
from replay import ops
from replay.ops import Fact as Said
from replay.section import TimedOp
from tests.collector.conftest import SETTLE_S, Running, running_collector
from tests.collector.sender import TEXT_NODE, Tab, page_view, post, snapshot

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150 Safari/537.36"
HEADLESS = BROWSER.replace("Chrome", "HeadlessChrome")


def pricing(path: str = "/pricing") -> ops.PageView:
    return page_view(f"http://shop.test{path}")


def add(running: Running, when: Mapping[str, object], site: str = "shop", **more: object) -> None:
    """A rule of a site, which is made where it is missing."""
    if site not in running.keys:
        running.add_site(site)
    text = write_rules([{"id": "it", "when": when} | more])
    running.run("rules_import", site=site, text=text)
    settle(running)


def settle(running: Running) -> None:
    """Returns when all that was committed is evaluated."""
    running.collector.signals.ring()
    assert running.collector.signals.settle(SETTLE_S)


def send(
    running: Running,
    tab: Tab,
    facts: Sequence[tuple[int, Said]],
    timed: Sequence[TimedOp] = (),
    agent: str = BROWSER,
    **fields: object,
) -> None:
    body = tab.batch(timed, facts, **fields)  # type: ignore[arg-type]
    assert post(running.client, body, user_agent=agent).status_code == 200
    settle(running)


def found(running: Running) -> list[StoredSignal]:
    """All signals, the newest first."""
    with running.collector.readers.lend() as db:
        return signals_before(db)


def clauses(running: Running, signal: StoredSignal) -> list[FiredClause]:
    with running.collector.readers.lend() as db:
        return clauses_of(db, signal.signal)


def wait_for_signals(running: Running, count: int) -> list[StoredSignal]:
    """Time has to pass."""
    deadline = time.monotonic() + SETTLE_S
    while len(found(running)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found(running)


def test_a_fact_fires_at_once_and_names_the_moment(running: Running) -> None:
    add(running, {"page": {"path": "/pricing"}}, name="Prices", owner="ana@example.com")
    tab = running.tab()
    send(running, tab, [(0, page_view()), (4_000, pricing())])
    [signal] = found(running)
    assert (signal.rule_id, signal.name, signal.owner) == ("it", "Prices", "ana@example.com")
    assert (signal.session_id, signal.t_ms) == (tab.session_id, 4_000)
    [clause] = clauses(running, signal)
    assert clause["condition"] == {"page": {"path": "/pricing"}}
    [fact] = clause["facts"]
    assert (fact["session"], fact["t_ms"]) == (tab.session_id, 4_000)
    assert fact["fields"]["url"] == "http://shop.test/pricing"


def test_a_dwell_comes_true_by_time_and_a_leave_prevents_it(running: Running) -> None:
    add(running, {"page": {"path": "/pricing", "dwell": "1s"}})
    stays, leaves = running.tab(), running.tab()
    send(running, leaves, [(0, pricing()), (100, ops.Leave(0))])
    send(running, stays, [(0, pricing())])
    [signal] = wait_for_signals(running, 1)
    assert (signal.session_id, signal.t_ms) == (stays.session_id, 1_000)


@pytest.mark.parametrize("agent", [HEADLESS, "Googlebot/2.1", ""])
def test_bots_never_fire(running: Running, agent: str) -> None:
    add(running, {"page": {"path": "*"}})
    send(running, running.tab(), [(0, pricing())], agent=agent)
    assert found(running) == []


def test_a_rule_that_is_switched_on_later_sees_what_was_before_but_fires_after(
    running: Running,
) -> None:
    add(running, {"page": {"path": "/pricing"}, "times": 2}, enabled=False)
    tab = running.tab()
    send(running, tab, [(0, pricing()), (10, pricing())])
    running.run("rule_enable", rule="it")
    settle(running)
    assert found(running) == []
    send(running, tab, [(2_000, pricing())])
    [signal] = found(running)
    assert len(clauses(running, signal)[0]["facts"]) == 2


def test_a_restart_forgets_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    when = {"then": [{"page": {"path": "/a"}}, {"page": {"path": "/pricing"}}]}
    first, second = Tab("?"), Tab("?")
    with running_collector(tmp_path) as running:
        add(running, when, cooldown="0s")
        first.key = second.key = running.keys["shop"]
        send(running, first, [(0, page_view()), (10, pricing())])
        send(running, second, [(0, page_view())])
        assert [one.session_id for one in found(running)] == [first.session_id]
        # Committed, and never looked at before the end.
        running.collector.signals.stop()
        running.collector.signals._thread = running.collector.background._thread
        body = second.batch([], [(9, pricing())])
        assert post(running.client, body, user_agent=BROWSER).status_code == 200
    with running_collector(tmp_path) as running:
        settle(running)
        sessions = [one.session_id for one in found(running)]
        assert sessions == [second.session_id, first.session_id]
        send(running, first, [(20, pricing())])
        assert len(found(running)) == 2


def test_facts_that_come_late_take_their_place(running: Running) -> None:
    add(running, {"then": [{"page": {"path": "/a"}}, {"page": {"path": "/pricing"}}]})
    tab = running.tab()
    first = tab.batch([], [(0, page_view())])
    send(running, tab, [(500, pricing())], sent_t_ms=500)
    assert found(running) == []
    assert post(running.client, first, user_agent=BROWSER).status_code == 200
    settle(running)
    [signal] = found(running)
    assert [one["clause"] for one in clauses(running, signal)] == ["when.then.0", "when.then.1"]


def test_what_comes_after_long_is_backfill(running: Running) -> None:
    add(running, {"page": {"path": "/pricing"}})
    running.clock.ahead_ms += 2 * BACKFILL_MS
    tab = running.tab()
    send(running, tab, [(0, pricing())], sent_t_ms=BACKFILL_MS + 60_000)
    assert found(running) == []
    send(running, tab, [(120_000, pricing())], sent_t_ms=BACKFILL_MS + 60_000)
    assert [one.t_ms for one in found(running)] == [120_000]


def test_a_visitor_is_the_same_after_days_and_after_consent(running: Running) -> None:
    add(running, {"returned": {"after": "2d"}})
    first, second = running.tab(), running.tab()
    send(running, first, [(0, page_view())])
    running.clock.ahead_ms += 2 * DAY_MS + 60_000
    # Without consent nobody knows; with it, it is the visitor of two days ago.
    second.visitor_id = None
    send(running, second, [(0, page_view())])
    assert found(running) == []
    second.visitor_id = first.visitor_id
    send(running, second, [(50, pricing())])
    [signal] = found(running)
    [clause] = clauses(running, signal)
    assert [fact["session"] for fact in clause["facts"]] == [first.session_id, second.session_id]


def test_sites_have_rules_of_their_own(running: Running) -> None:
    add(running, {"page": {"path": "/pricing"}})
    running.add_site("other")
    send(running, running.tab("other"), [(0, pricing())])
    assert found(running) == []


def test_a_click_that_the_page_answers_is_not_dead(running: Running) -> None:
    add(running, {"dead_click": {"after": "1s"}}, cooldown="0s")
    click = ops.Click(3, 1, 1, "Buy", "")
    alive, dead = running.tab(), running.tab()
    for tab, timed in ((alive, [(900, ops.SetText(TEXT_NODE, "x"))]), (dead, [])):
        send(running, tab, [(0, page_view())], snapshot())
        send(running, tab, [(500, click)], timed, sent_t_ms=900)
    running.settle()
    running.clock.ahead_ms += 9_000
    assert [one.session_id for one in wait_for_signals(running, 1)] == [dead.session_id]


def test_erasing_a_visitor_erases_the_signals_and_the_rest_goes_on(running: Running) -> None:
    add(running, {"page": {"path": "/pricing"}}, cooldown="0s")
    gone, stays = running.tab(), running.tab()
    for tab in (stays, gone):
        send(running, tab, [(0, pricing())])
    running.run("erase", visitor=gone.visitor_id)
    # The rows of what was erased are given to what comes next.
    send(running, stays, [(2_000, pricing())])
    assert [one.session_id for one in found(running)] == [stays.session_id] * 2
    assert running.rows("SELECT count(*) FROM signal_fact") == [(2,)]
    assert running.rows("PRAGMA foreign_key_check") == []


def test_a_signal_goes_with_any_fact_that_it_names(running: Running) -> None:
    when = {"all": [{"page": {"path": "/a"}}, {"track": {"name": "buy"}}]}
    add(running, when)
    send(running, running.tab(), [(0, page_view()), (9, ops.Track("buy", {}))])
    [signal] = found(running)
    evidence = {
        one["clause"]: [
            Fact(x["kind"], int(x["id"][1:]), x["at_ms"], 1, x["t_ms"], 1, x["fields"])
            for x in one["facts"]
        ]
        for one in clauses(running, signal)
    }
    with running.collector.readers.lend() as db:
        [stored] = rules_of(db)
    rule = rule_of(stored.data)
    assert holds(rule, evidence)
    for clause in evidence:
        assert not holds(rule, {**evidence, clause: []})
    running.collector.writer.call(lambda db, _: db.execute("DELETE FROM fact WHERE kind = 'track'"))
    assert found(running) == []


def test_the_outbox_is_written_with_the_signal_or_neither(running: Running) -> None:
    told: list[StoredSignal] = []

    def outbox(db: Database, signal: StoredSignal) -> None:
        if not told:
            told.append(signal)
            raise ValueError("the outbox is not ready")
        db.execute("UPDATE visitor SET person = 'told'")

    running.collector.signals._outbox = outbox
    committed: list[object] = []
    notice = running.collector.signals.notice

    def note(values: list[object]) -> None:
        committed.extend(values)
        notice(values)

    running.collector.signals.notice = note  # type: ignore[method-assign]
    add(running, {"page": {"path": "/pricing"}})
    send(running, running.tab(), [(0, pricing())])
    [signal] = wait_for_signals(running, 1)
    assert running.rows("SELECT person FROM visitor") == [("told",)]
    [fired] = [one for one in committed if isinstance(one, SignalsFired)]
    assert [one.signal for one in fired.signals] == [signal.signal]


def test_the_api_shows_signals_with_their_facts_and_rules(running: Running) -> None:
    when = {"all": [{"page": {"path": "/a"}}, {"page": {"path": "/pricing"}}]}
    add(running, when, cooldown="0s", name="Both")
    running.add_site("other")
    tabs = [running.tab() for _ in range(3)]
    for tab in tabs:
        send(running, tab, [(0, page_view()), (700, pricing())])
    page = running.api.get("/api/signals?limit=2&site=shop").json()
    assert [one["session"] for one in page["signals"]] == [tabs[2].session_id, tabs[1].session_id]
    [last] = running.api.get("/api/signals", params={"before": page["next"]}).json()["signals"]
    assert last["rule"] == {"id": "it", "version": 1, "name": "Both"}
    facts = [(one["clause"], one["facts"][0]["t_ms"]) for one in last["clauses"]]
    assert facts == [("when.all.0", 0), ("when.all.1", 700)]
    assert running.api.get(f"/api/signals/{last['id']}").json() == last
    assert running.api.get("/api/signals/99").status_code == 404
    mine = running.api.get("/api/signals", params={"session": tabs[0].session_id}).json()
    assert mine == {"signals": [last], "next": None}
    assert running.api.get("/api/signals?site=other").json()["signals"] == []
    assert running.api.get("/api/signals?site=none").status_code == 404
    [rule] = running.api.get("/api/rules?site=shop").json()["rules"]
    assert (rule["id"], rule["enabled"], rule["rule"]["when"]) == ("it", True, when)
    for path in ("/api/signals", "/api/rules"):
        assert running.client.get(path).status_code == 401
