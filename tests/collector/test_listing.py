"""The list of sessions as people and programs ask for it: filters, search, pages; and how long that
takes in a store of very many."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.store.database import Database, begin, commit, open_reader, open_writer
from collector.store.lines import Asking, line_of
from collector.store.listing import Wanted, cursor_of, find_sessions
from collector.store.schema import MIGRATIONS
from replay import ops
from tests.collector.conftest import Running
from tests.collector.many_sessions import NEWEST_AT_MS, fill
from tests.collector.sender import page_view, post, snapshot
from tests.collector.test_pages import sign_in

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
DAY_MS = 24 * 3600 * 1000


def visit(running: Running, *facts: ops.Fact, agent: str = "Mozilla/5.0", **fields: Any) -> str:
    """A session with these facts; returns its id."""
    tab = running.tab(**fields)
    body = tab.batch(snapshot(), [(at, fact) for at, fact in enumerate(facts or (page_view(),))])
    assert post(running.client, body, user_agent=agent).is_success
    running.settle()
    return tab.session_id


def found(client: httpx.Client, **query: object) -> list[str]:
    """The ids that the API lists."""
    answer = client.get("/api/sessions", params={k: str(v) for k, v in query.items()})
    assert answer.status_code == 200, answer.text
    return [session["id"] for session in answer.json()["sessions"]]


# --- search ---------------------------------------------------------------------------------------


@pytest.fixture(params=["while it is recorded", "when it is over"])
def searched(running: Running, request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    """A search in a store whose visits go on, or are packed."""

    def search(q: str) -> list[str]:
        if request.param == "when it is over":
            running.clock.ahead_ms += DAY_MS
            running.sweep()
            assert running.rows("SELECT count(*) FROM session WHERE NOT packed") == [(0,)]
        return found(running.api, q=q)

    return search


@pytest.mark.parametrize(
    "q",
    ["/glazes", "GLAZES", "tenmoku", "all glazes", '"All glazes"', "ana@example", "add_to_cart",
     "A1", "azes?utm_source=spring", "100%", 'say "hi"', "釉薬", "釉"],
)  # fmt: skip
def test_words_are_found_in_url_title_person_and_facts(
    running: Running, searched: Callable[[str], list[str]], q: str
) -> None:
    wanted = visit(
        running,
        page_view("http://shop.test/glazes?utm_source=spring", title="All glazes: Tenmoku 釉薬"),
        ops.Identify("ana@example.com", {"name": "Ana"}),
        ops.Track("add_to_cart", {"sku": "A1", "note": '100% "hi", they say'}),
    )
    visit(running, page_view("http://shop.test/other"))
    assert searched(q) == [wanted]


@pytest.mark.parametrize("q", ["glazes missing", "%", "_", '"glazes All"', "a_l", "OR", "NEAR("])
def test_what_does_not_occur_is_not_found(
    running: Running, searched: Callable[[str], list[str]], q: str
) -> None:
    visit(running, page_view("http://shop.test/glazes", title="All glazes"))
    assert searched(q) == []


def test_a_search_mixes_visits_that_go_on_with_those_that_are_over(running: Running) -> None:
    made = []
    for _ in range(3):
        made.append(visit(running))
        running.clock.ahead_ms += DAY_MS
        running.sweep()
    made += [visit(running) for _ in range(3)]
    assert found(running.api, q="shop.test") == made[::-1]
    first = running.api.get("/api/sessions", params={"q": "shop.test", "limit": 2}).json()
    rest = found(running.api, q="shop.test", before=first["next"])
    assert [session["id"] for session in first["sessions"]] + rest == made[::-1]


def test_who_becomes_known_later_is_found_in_earlier_visits(running: Running) -> None:
    visitor = running.tab().visitor_id
    earlier = visit(running, visitor_id=visitor)
    running.clock.ahead_ms += DAY_MS
    running.sweep()
    later = visit(running, page_view(), ops.Identify("ana@example.com", {}), visitor_id=visitor)
    assert found(running.api, q="ana@example") == [later, earlier]
    running.clock.ahead_ms += DAY_MS
    running.sweep()
    assert found(running.api, q="ana@example") == [later, earlier]


def test_a_late_batch_is_found_at_once(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    running.clock.ahead_ms += DAY_MS // 4
    running.sweep()
    post(running.client, tab.batch([], [(9, ops.Track("came_late", {}))]))
    assert found(running.api, q="came_late") == [tab.session_id]


def test_an_erased_visit_leaves_no_word_in_the_index(running: Running) -> None:
    session_id = visit(running, page_view(title="Xylophone quartz"), ops.Track("zygote_wq", {}))
    kept = visit(running, page_view(title="Kept"))
    running.clock.ahead_ms += DAY_MS
    running.sweep()
    assert found(running.api, q="xylophone") == [session_id]
    visitor = running.api.get(f"/api/sessions/{session_id}").json()["visitor_id"]
    assert running.api.delete(f"/api/visitors/{visitor}").is_success
    assert found(running.api, q="xylophone") == []
    assert found(running.api, q="kept") == [kept]
    # Behind this the log has been emptied.
    running.collector.writer.call(lambda db, intake: None)
    file = running.collector.settings.database
    stored = file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()
    assert b"Xylophone" not in stored
    assert b"zygote" not in stored
    assert b"xyl" not in stored


def test_visitors_without_a_name_are_found_by_the_beginning_of_their_id(running: Running) -> None:
    visitor = running.tab().visitor_id
    made = visit(running, visitor_id=visitor)
    visit(running)
    assert visitor is not None
    for q in (visitor, visitor[:6], f"Visitor {visitor[:6]}"):
        assert found(running.api, q=q) == [made]
    # Within an id nothing is found: it would be by chance.
    assert found(running.api, q=visitor[3:]) == []


# --- filters --------------------------------------------------------------------------------------


def test_filters_choose_and_combine(running: Running) -> None:
    phone = visit(running, agent=IPHONE)
    pages = visit(running, page_view(), page_view("http://shop.test/b"), page_view())
    blog = visit(running, name="blog")
    bot = visit(running, agent="Googlebot/2.1")
    cases: list[tuple[dict[str, object], list[str]]] = [
        ({"device": "phone"}, [phone]),
        ({"device": "bot"}, [bot]),
        ({"min_pages": 2}, [pages]),
        ({"min_pages": 4}, []),
        ({"site": "blog"}, [blog]),
        ({"site": "nobody"}, []),
        ({"site": "shop", "min_pages": 1, "device": "phone"}, [phone]),
        ({"q": "shop.test", "device": "phone"}, [phone]),
        ({"q": "shop.test", "site": "blog"}, [blog]),
        ({"live": 1, "min_pages": 3}, [pages]),
        ({"since": "1h"}, [bot, blog, pages, phone]),
        ({"since": running.clock.now_ms() + 1}, []),
        ({"until": running.clock.now_ms() - DAY_MS}, []),
        ({"min_s": 3600}, []),
    ]
    for query, ids in cases:
        assert found(running.api, **query) == ids, query
    running.clock.ahead_ms += 31_000
    assert found(running.api, live=1) == []


def test_days_are_those_of_the_readers_time_zone(running: Running) -> None:
    # 2026-06-01 at 23:30 in UTC is June 2nd in Berlin.
    running.clock.ahead_ms += 1_780_356_600_000 - running.clock.now_ms()
    late = visit(running)
    assert found(running.api, since="2026-06-02") == []
    assert found(running.api, since="2026-06-02", tz="Europe/Berlin") == [late]
    assert found(running.api, until="2026-06-01") == [late]
    assert found(running.api, until="2026-06-01", tz="Europe/Berlin") == []
    assert found(running.api, until="2026-06-01", tz="../../etc/passwd") == [late]


@pytest.mark.parametrize(
    "query",
    ["live=yes", "watched=1", "device=tank", "since=yesterday", "since=2026-02-30", "min_pages=-1",
     "until=99999999999999", "min_s=x", "before=1.5", "before=" + "9" * 19],
)  # fmt: skip
def test_filters_that_make_no_sense_are_a_400_that_names_them(running: Running, query: str) -> None:
    answer = running.api.get(f"/api/sessions?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(query.partition("=")[0])


def test_a_visit_counts_as_watched_for_those_who_opened_it(running: Running) -> None:
    seen, unseen = visit(running), visit(running)
    with sign_in(running, "ana@example.com") as ana, sign_in(running, "bo@example.com") as bo:
        assert ana.get(f"/api/sessions/{seen}/timeline").is_success
        assert found(ana, watched="yes") == [seen]
        assert found(ana, watched="no") == [unseen]
        assert found(bo, watched="yes") == []
        assert found(bo, watched="no") == [unseen, seen]
        assert found(running.api, watched="yes") == [seen]
        session = ana.get(f"/api/sessions/{seen}").json()
        assert session["watched"]


def test_where_from_and_with_what_is_told(running: Running) -> None:
    view = ops.PageView(
        "http://shop.test/a?utm_source=news", "A", "https://www.google.com/", 0,
        {"source": "news", "campaign": "spring"},
    )  # fmt: skip
    session_id = visit(running, view, agent=IPHONE)
    session = running.api.get(f"/api/sessions/{session_id}").json()
    assert session["referrer"] == "google.com"
    assert session["campaign"] == {"source": "news", "campaign": "spring"}
    assert (session["device"], session["browser"], session["system"]) == ("phone", "Safari", "iOS")
    assert session["pages"] == 1
    assert not session["watched"]


# --- pages ----------------------------------------------------------------------------------------


def test_what_arrives_meanwhile_shifts_no_page(running: Running) -> None:
    made = [visit(running) for _ in range(4)]
    first = running.api.get("/api/sessions", params={"limit": 2}).json()
    assert [session["id"] for session in first["sessions"]] == made[:1:-1]
    visit(running)
    assert found(running.api, limit=2, before=first["next"]) == made[1::-1]


def test_pages_lead_back_to_the_newest(running: Running) -> None:
    made = [visit(running) for _ in range(5)]
    asking = Asking(running.clock.now_ms(), 30_000)

    def ids(**cursor: str) -> tuple[list[str], str, str, bool]:
        with running.collector.readers.lend() as db:
            rows, more = find_sessions(db, Wanted(), asking, limit=2, **cursor)
        return [row.session_id for row in rows], cursor_of(rows[0]), cursor_of(rows[-1]), more

    newest, _, last, _ = ids()
    middle, first, _, _ = ids(before=last)
    assert (newest, middle) == (made[:2:-1], made[2:0:-1])
    assert ids(after=first)[0] == newest
    assert not ids(after=first)[3]


def test_facts_come_in_pages_until_all_are_there(running: Running) -> None:
    tab = running.tab()
    for start in range(0, 4_200, 100):
        facts = [(at, ops.Track(f"fact {at}", {})) for at in range(start, start + 100)]
        assert post(running.client, tab.batch([], facts)).is_success
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert len(session["facts"]) == 2_000
    listed = running.api.get("/api/sessions").json()["sessions"][0]
    assert len(listed["facts"]) == 100
    path = f"/api/sessions/{tab.session_id}/facts"
    names = [fact["name"] for fact in listed["facts"]]
    cursor = listed["facts_next"]
    while cursor is not None:
        answer = running.api.get(path, params={"after": cursor}).json()
        names += [fact["name"] for fact in answer["facts"]]
        cursor = answer["facts_next"]
    assert names == [f"fact {at}" for at in range(4_200)]
    assert running.api.get(path, params={"after": "x"}).status_code == 400
    assert running.client.get(path).status_code == 401


# --- many -----------------------------------------------------------------------------------------

SESSIONS = 100_000
RECENT = 3_000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("many") / "visitreel.db"
    db = open_writer(path)
    begin(db)
    fill(db, SESSIONS, RECENT)
    commit(db)
    db.conn.close()
    reader = open_reader(path)
    yield reader
    reader.conn.close()


@pytest.mark.parametrize(
    ("wanted", "within_ms"),
    [
        (Wanted(), 50),
        (Wanted(site="blog"), 50),
        (Wanted(device="other"), 50),
        (Wanted(min_pages=9), 50),
        (Wanted(live=True), 50),
        (Wanted(watched=False), 50),
        (Wanted(q="cart"), 200),
        (Wanted(q="shop.test"), 200),
        (Wanted(q="Raku kiln"), 200),
        (Wanted(q="order 54321"), 200),
        (Wanted(q="nothing like it"), 200),
        (Wanted(q="zq"), 200),
        (Wanted(q="person50000@firm"), 200),
        (Wanted(q="cart", site="blog", device="other"), 200),
    ],
    ids=lambda value: re.sub(r"\w+=(''|False|None|0)(, )?", "", str(value)),
)
def test_a_hundred_thousand_sessions_do_not_make_the_list_slow(
    many: Database, wanted: Wanted, within_ms: int
) -> None:
    asking = Asking(NEWEST_AT_MS, 30_000, 1)
    took_ms: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        rows, _ = find_sessions(many, wanted, asking, limit=50)
        for row in rows:
            line_of(many, row, asking)
        took_ms.append((time.perf_counter() - begun) * 1000)
    # The best of some: others use this machine too.
    assert min(took_ms) < within_ms, took_ms


def test_very_many_are_all_listed_once(many: Database) -> None:
    asking = Asking(NEWEST_AT_MS, 30_000)
    for wanted, count in ((Wanted(min_pages=5, site="blog"), 0), (Wanted(q="raku"), 1)):
        assert len(find_sessions(many, wanted, asking, limit=100)[0]) == count
    listed: list[int] = []
    cursor = ""
    while True:
        rows, has_more = find_sessions(
            many, Wanted(q="checkout"), asking, limit=5_000, before=cursor
        )
        listed += [row.session for row in rows]
        if not has_more:
            break
        cursor = cursor_of(rows[-1])
    assert listed == [n for n in range(SESSIONS, 0, -1) if n % 5 == 4]


def test_an_old_store_gets_the_list_and_the_index(tmp_path: Path) -> None:
    path = tmp_path / "visitreel.db"
    old = Database(str(path))
    MIGRATIONS.apply(old, stop_before="m003_list_and_search")
    old.execute(
        "INSERT INTO site (key, name, origins, dev, created_at_ms) VALUES ('k', 's', '[]', 0, 0)"
    )
    old.execute("INSERT INTO visitor (site, visitor_id, anonymous) VALUES (1, 'visitor', 0)")
    old.execute(
        "INSERT INTO session (session_id, site, visitor, zero_at_ms, first_received_at_ms,"
        " last_received_at_ms, t_ms, until_ms, packed) VALUES ('s', 1, 1, 5, 5, 5, 0, 0, 1)"
    )
    old.execute(
        "INSERT INTO document VALUES (1, 1, 1, 'd', 1, 't', 0, 0, 0, 0, NULL, NULL, 1, '0')"
    )
    old.execute(
        "INSERT INTO page_view VALUES (1, 1, 1, 0, 0, 'http://s.test/', 'Old', '', 0, '{}')"
    )
    old.conn.close()
    db = open_writer(path)
    asking = Asking(10, 30_000)
    for q in ("", "old", "s.test"):
        (row,), _ = find_sessions(db, Wanted(q=q), asking, limit=5)
        assert (row.session_id, row.pages) == ("s", 1)
    db.conn.close()
