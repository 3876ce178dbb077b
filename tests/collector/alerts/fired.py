"""Signals for tests: in go a visit and a rule, out come a stored signal and its alerts, as when the
evaluator had found it."""

from __future__ import annotations

from itertools import count

from collector.alerts.outbox import note_signal
from collector.signalling import SignalsFired
from collector.signals.evaluator import Signal
from collector.signals.facts import Moment
from collector.signals.tree import Fired
from collector.store.database import Database
from collector.store.rules import save_rule
from collector.store.signals import StoredSignal, add_signals
from replay import ops
from tests.collector.conftest import Running
from tests.collector.sender import Tab, page_view, post, snapshot

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
CAUSES = count(1)
PRICE_WORDS = "only €20, see http://evil.test/x <!channel> @everyone [a](http://b.test)\nnow"


def visit(running: Running, person: str = "", user_agent: str = BROWSER) -> Tab:
    """Somebody who looks at prices, and puts something into the cart."""
    tab = running.tab()
    facts: list[tuple[int, ops.Fact]] = [(0, page_view("http://shop.test/pricing"))]
    if person:
        facts.append((10, ops.Identify(person, {"phone": "+49 30 123456"})))
    facts.append((20, ops.Track(PRICE_WORDS, {"price": 20})))
    assert post(running.client, tab.batch(snapshot(), facts), user_agent=user_agent).is_success
    running.settle()
    return tab


def fire(
    running: Running,
    session_id: str,
    *,
    times: int = 1,
    owner: str | None = None,
    name: str = "Hot <b>lead</b>",
) -> list[StoredSignal]:
    """Signals of a rule on this visit, each with alerts, in one transaction."""
    when = {"all": [{"page": {"path": "/pricing"}}, {"track": {"name": "add_to_cart"}}]}
    rule = {"id": "hot", "name": name, "when": when, **({"owner": owner} if owner else {})}

    def write(db: Database, _: object) -> SignalsFired:
        now_ms = running.clock.now_ms()
        session, site = db.execute(
            "SELECT session, site FROM session WHERE session_id = ?", [session_id]
        ).fetchone()
        stored, _changed = save_rule(db, site, rule, now_ms)
        view = db.execute("SELECT page_view FROM page_view WHERE session = ?", [session])
        fact = db.execute("SELECT fact FROM fact WHERE session = ? AND kind = 'track'", [session])
        fired = (
            Fired("when.all.0", (_moment(f"p{view.fetchone()[0]}", "page_view", session, 0),)),
            Fired("when.all.1", (_moment(f"f{fact.fetchone()[0]}", "track", session, 20),)),
        )
        signals = [
            Signal("hot", 0, session, 20, now_ms, fired, (now_ms, 0, 0, next(CAUSES)))
            for _ in range(times)
        ]
        found = [(stored.rule, stored.version, signal) for signal in signals]
        return SignalsFired(tuple(add_signals(db, found, now_ms, note_signal)))

    return list(running.collector.writer.call(write).signals)


def _moment(fact: str, kind: str, session: int, t_ms: int) -> Moment:
    return Moment(fact, kind, session, t_ms, 0)


def add_channel(
    running: Running, address: str, kind: str = "webhook", **more: object
) -> dict[str, object]:
    """A channel, as the command line adds it."""
    return running.run("channel_add", kind=kind, address=address, **more)
