"""Ingest over real HTTP: what is kept, what is refused, and how."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.settings import Limits
from replay import ops
from replay.wire import content_hash
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import TEXT_NODE, client_id, page_view, post, snapshot
from tests.e2e import plain_http


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; every status is readable for the page's script."""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    return answer.status_code, answer.json()["error"]["code"]


def test_a_batch_is_acknowledged_and_can_be_listed(running: Running) -> None:
    tab = running.tab()
    answer = post(running.client, tab.batch(snapshot(10), [(10, page_view())]))
    assert answer.status_code == 200
    assert answer.json() == {"need": [], "snapshot": False, "flush_ms": 5000}
    assert answer.headers["access-control-allow-origin"] == "*"
    running.settle()
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert [view["url"] for view in session["page_views"]] == ["http://shop.test/a"]
    assert session["live"] is True
    frame = running.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 0})
    assert frame.status_code == 200
    assert "hello" in frame.text
    assert frame.headers["x-frame-width"] == "800"


def test_a_batch_sent_twice_is_kept_once(running: Running) -> None:
    tab = running.tab()
    body = tab.batch(snapshot())
    again = body[:4] + b"\x40\x8f\x40\0\0\0\0\0" + body[12:]
    assert [post(running.client, b).status_code for b in (body, body, again)] == [200, 200, 200]
    assert running.rows("SELECT count(*) FROM batch") == [(1,)]


def test_another_batch_of_the_same_number_is_refused_and_counted(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot(text="first")))
    tab.seq = 0
    answer = post(running.client, tab.batch(snapshot(text="second")))
    assert error_of(answer) == (409, "conflict")
    running.settle()
    frame = running.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 0})
    assert "first" in frame.text
    assert running.rows("SELECT conflicts FROM site") == [(1,)]


def test_a_foreign_session_needs_its_secret(running: Running) -> None:
    victim = running.tab()
    post(running.client, victim.batch(snapshot()))
    thief = running.tab(session_id=victim.session_id)
    assert error_of(post(running.client, thief.batch(snapshot()))) == (403, "foreign_session")
    other = running.tab("other", session_id=victim.session_id, secret=victim.secret)
    assert error_of(post(running.client, other.batch(snapshot()))) == (403, "foreign_session")
    assert running.rows("SELECT count(*) FROM batch") == [(1,)]


def test_unknown_and_disabled_sites_get_the_same_answer(running: Running) -> None:
    unknown = running.tab()
    unknown.key = "0" * 20
    first = post(running.client, unknown.batch(snapshot()))
    key = running.add_site("closed")
    running.collector.writer.call(
        lambda db, _: db.execute("UPDATE site SET disabled = 1 WHERE name = 'closed'")
    )
    running.collector.reload_sites()
    closed = running.tab("closed")
    assert closed.key == key
    second = post(running.client, closed.batch(snapshot()))
    assert error_of(first) == (403, "unknown_site")
    assert (first.status_code, first.content) == (second.status_code, second.content)


def test_a_foreign_origin_is_told_the_cure(running: Running) -> None:
    tab = running.tab()
    answer = post(running.client, tab.batch(snapshot()), origin="http://localhost:3000")
    assert error_of(answer) == (403, "origin_not_allowed")
    assert answer.json()["error"]["message"] == (
        "origin http://localhost:3000 is not allowed for site shop:"
        " visitreel site origin add shop http://localhost:3000"
    )
    running.run("site_origin_add", name="shop", origin="http://localhost:3000")
    tab.seq = 0
    answer = post(running.client, tab.batch(snapshot()), origin="http://localhost:3000")
    assert answer.status_code == 200


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x"])
def test_other_media_types_are_refused(running: Running, media_type: str) -> None:
    answer = post(running.client, running.tab().batch(snapshot()), content_type=media_type)
    assert error_of(answer) == (415, "wrong_media_type")


def test_an_outer_encoding_is_refused(running: Running) -> None:
    body = gzip.compress(running.tab().batch(snapshot()))
    answer = post(running.client, body, content_encoding="gzip")
    assert error_of(answer) == (415, "wrong_media_type")


def test_a_gzip_bomb_is_stopped_at_the_cap(running: Running) -> None:
    tab = running.tab()
    bomb = gzip.compress(bytes(200 << 20), compresslevel=9)
    body = _with_section(tab.batch(snapshot()), bomb)
    assert error_of(post(running.client, body)) == (413, "too_large")
    assert running.rows("SELECT count(*) FROM batch") == [(0,)]


@pytest.mark.parametrize(
    "spoil",
    [lambda g: g[:-5], lambda g: g + b"x", lambda g: g + g, lambda g: g[:10] + b"\xff" * 20],
)
def test_damaged_gzip_is_refused_and_nothing_is_stored(running: Running, spoil: object) -> None:
    tab = running.tab()
    body = tab.batch(snapshot())
    section = body[20 + int.from_bytes(body[12:16]) :]
    spoilt = _with_section(body, spoil(section))  # type: ignore[operator]
    assert error_of(post(running.client, spoilt)) == (400, "bad_batch")
    assert running.rows("SELECT count(*) FROM session") == [(0,)]


def _with_section(body: bytes, section: bytes) -> bytes:
    split = 20 + int.from_bytes(body[12:16])
    return body[:16] + len(section).to_bytes(4) + body[20:split] + section


@pytest.mark.parametrize(
    "head",
    [
        b"\x91" * 100_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa1k\xc4\x00",
        b"\x82\xa1k\xa1a\xa1k\xa1b",
        b"\xc7\x01\x05\x00",
        b"",
        b"\x80",
    ],
)
def test_absurd_heads_are_a_400(running: Running, head: bytes) -> None:
    body = b"VR\x01\x00" + bytes(8) + len(head).to_bytes(4) + bytes(4) + head
    assert error_of(post(running.client, body)) == (400, "bad_batch")


def test_an_unknown_version_is_a_400(running: Running) -> None:
    body = bytearray(running.tab().batch(snapshot()))
    body[2] = 2
    assert error_of(post(running.client, bytes(body))) == (400, "bad_batch")


@pytest.mark.parametrize("seq", [-1, 2**53, 2**64 - 1, 1.5, None, "1"])
def test_absurd_numbers_are_a_400(running: Running, seq: object) -> None:
    answer = post(running.client, running.tab().batch(snapshot(), seq=seq))
    assert error_of(answer) == (400, "bad_batch")


def test_a_huge_seq_is_taken_and_flagged_as_a_gap(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot()))
    tab.seq = 2**53 - 1
    answer = post(running.client, tab.batch([(50, ops.SetText(TEXT_NODE, "later"))]))
    assert answer.json()["snapshot"] is True
    running.settle()
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert len(session["gaps"]) == 1
    frame = running.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 60})
    assert "hello" in frame.text
    assert frame.headers["x-frame-stale"] == "1"


def test_a_body_over_the_cap_is_a_413_whatever_was_announced(running: Running) -> None:
    assert error_of(post(running.client, bytes((1 << 20) + 1))) == (413, "too_large")

    def endless() -> object:
        for _ in range(40):
            yield bytes(65_536)

    answer = running.client.post("/v1/batch", content=endless())  # type: ignore[arg-type]
    assert error_of(answer) == (413, "too_large")


def test_a_slow_body_is_a_408(tmp_path: Path) -> None:
    with running_collector(tmp_path / "d", Limits(body_timeout_s=0.2)) as running:

        def slow() -> object:
            yield b"VR"
            yield from iter(lambda: running.client.get("/healthz").content[:1], b"")

        answer = running.client.build_request("POST", "/v1/batch", content=slow())  # type: ignore[arg-type]
        with plain_http.client(timeout=20) as other:
            assert error_of(other.send(answer)) == (408, "body_too_slow")


def test_a_flood_from_one_site_leaves_the_others_alone(tmp_path: Path) -> None:
    limits = Limits(site_rate=0.001, site_burst=3)
    with running_collector(tmp_path / "d", limits) as running:
        loud, calm = running.tab("loud"), running.tab("calm")
        answers = [post(running.client, loud.batch(snapshot())) for _ in range(5)]
        assert [answer.status_code for answer in answers].count(429) >= 2
        assert error_of(answers[-1]) == (429, "too_many_requests")
        assert int(answers[-1].headers["retry-after"]) > 0
        assert post(running.client, calm.batch(snapshot())).status_code == 200


def test_a_full_disk_is_a_507_and_reading_goes_on(tmp_path: Path) -> None:
    with running_collector(tmp_path / "d", Limits(min_free_bytes=1 << 60)) as running:
        answer = post(running.client, running.tab().batch(snapshot()))
        assert error_of(answer) == (507, "disk_full")
        assert int(answer.headers["retry-after"]) > 0
        assert running.api.get("/api/sessions").status_code == 200


def test_a_full_queue_is_a_503(tmp_path: Path) -> None:
    with running_collector(tmp_path / "d", Limits(max_waiting=0)) as running:
        answer = post(running.client, running.tab().batch(snapshot()))
        assert error_of(answer) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0


def test_preflights_and_other_methods_carry_cors(running: Running) -> None:
    answer = running.client.options("/v1/batch", headers={"origin": "http://x.test"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert error_of(running.client.get("/v1/batch")) == (405, "method_not_allowed")


def test_facts_alone_are_kept(running: Running) -> None:
    tab = running.tab()
    facts: list[tuple[int, ops.Fact]] = [
        (0, page_view()),
        (5, ops.Track("add_to_cart", {"sku": "A1", "price": 20})),
    ]
    assert post(running.client, tab.batch([], facts, replay=0)).status_code == 200
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert session["fidelity"] == "facts"
    assert session["facts"][0]["kind"] == "track"
    assert session["facts"][0]["properties"] == {"sku": "A1", "price": 20}
    assert running.api.get("/api/sessions", params={"q": "A1"}).json()["sessions"]
    assert not running.api.get("/api/sessions", params={"q": "%"}).json()["sessions"]


def test_urls_are_scrubbed_again(running: Running) -> None:
    tab = running.tab()
    url = "https://u:p@shop.test/a?token=abc&utm_source=x#access_token=abc"
    facts: list[tuple[int, ops.Fact]] = [
        (0, page_view(url, url)),
        (1, ops.Click(0, 1, 2, "Go", "mailto:ana@example.com")),
    ]
    post(running.client, tab.batch([], facts, url=url))
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert session["page_views"][0]["url"] == "https://shop.test/a?utm_source=x"
    assert session["facts"][0]["href"] == "mailto:"
    assert b"abc" not in running.collector.settings.database.read_bytes()
    dump = running.collector.settings.database.with_name("visitreel.db-wal").read_bytes()
    assert b"ana@example.com" not in dump


def test_hostile_text_is_kept_without_harm(running: Running) -> None:
    tab = running.tab()
    title = "<script>alert(1)</script>\n\x1b[31m\u202eevil\0"
    facts = [(0, page_view(title=title))]
    assert post(running.client, tab.batch([], facts)).status_code == 200
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    shown = session["page_views"][0]["title"]
    assert shown.isprintable()
    assert shown.startswith("<script>alert(1)</script>")


def test_bad_ops_are_put_aside_and_the_good_kept(running: Running) -> None:
    tab = running.tab()
    raw = zlib.decompress(_section(tab.batch(snapshot())), wbits=31)
    tab.seq = 0
    # One more code without its fields: what stands in front of it holds.
    codes = raw.index(bytes((1, 2, 4, 16, 3)))
    spoilt = raw[: codes - 1] + b"\x06" + raw[codes : codes + 5] + b"\xc8" + raw[codes + 5 :]
    body = _with_section(tab.batch(snapshot(), compression=0), spoilt)
    assert post(running.client, body).status_code == 200
    running.settle()
    assert [reason for (reason,) in running.rows("SELECT reason FROM problem")]
    frame = running.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 0})
    assert "hello" in frame.text
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert session["fidelity"] == "damaged"


def _section(body: bytes) -> bytes:
    return body[20 + int.from_bytes(body[12:16]) :]


def test_bytes_that_are_no_section_are_a_gap(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot()))
    body = _with_section(tab.batch(snapshot(), compression=0), b"nonsense")
    assert post(running.client, body).status_code == 200
    post(running.client, tab.batch([(9, ops.SetText(TEXT_NODE, "unseen"))]))
    running.settle()
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert session["fidelity"] == "gaps"
    frame = running.api.get(f"/api/sessions/{tab.session_id}/frame", params={"t_ms": 10})
    assert "unseen" not in frame.text


def test_two_tabs_and_a_second_document_are_told_apart(running: Running) -> None:
    first = running.tab()
    post(running.client, first.batch(snapshot(), [(0, page_view())]))
    same: dict[str, Any] = {
        "session_id": first.session_id,
        "secret": first.secret,
        "visitor_id": first.visitor_id,
    }
    other = running.tab(**same)
    post(running.client, other.batch(snapshot(), [(0, page_view("http://shop.test/b"))]))
    going_on = running.tab(tab_id=first.tab_id, **same)
    post(running.client, going_on.batch(snapshot(), [(0, page_view("http://shop.test/c"))]))
    views = running.api.get(f"/api/sessions/{first.session_id}").json()["page_views"]
    assert {view["url"][-1]: view["tab"] for view in views} == {"a": 1, "b": 2, "c": 1}


def test_pages_of_a_cookieless_visit_are_one_session(running: Running) -> None:
    first = running.tab(visitor_id=None)
    post(running.client, first.batch(snapshot(), [(0, page_view("http://shop.test/a"))]))
    second = running.tab(visitor_id=None)
    view = page_view("http://shop.test/b", referrer="http://shop.test/a")
    post(running.client, second.batch(snapshot(), [(0, view)]))
    stranger = running.tab(visitor_id=None)
    body = stranger.batch(snapshot(), [(0, view)])
    post(running.client, body, user_agent="another browser")
    sessions = running.api.get("/api/sessions").json()["sessions"]
    assert len(sessions) == 2
    joined = running.api.get(f"/api/sessions/{second.session_id}").json()
    assert joined["id"] == first.session_id
    assert [view["tab"] for view in joined["page_views"]] == [1, 1]
    alone = running.api.get(f"/api/sessions/{stranger.session_id}").json()
    assert alone["id"] == stranger.session_id


def test_the_daily_salt_is_forgotten(running: Running) -> None:
    first = running.tab(visitor_id=None)
    post(running.client, first.batch(snapshot(), [(0, page_view())]))
    assert len(running.rows("SELECT * FROM daily_salt")) == 1
    running.clock.ahead_ms += 25 * 3600 * 1000
    running.sweep()
    assert running.rows("SELECT * FROM daily_salt") == []


def test_absurd_clocks_are_replaced_by_the_arrival(running: Running) -> None:
    tab = running.tab()
    before_ms = running.clock.now_ms()
    post(running.client, tab.batch(snapshot(5), sent_t_ms=2**50))
    session = running.api.get(f"/api/sessions/{tab.session_id}").json()
    assert abs(session["started_at_ms"] - before_ms) < 60_000


def test_an_asset_is_kept_once_and_served_inert(running: Running) -> None:
    tab = running.tab()
    data = b"\x89PNG" + bytes(100)
    hash_ = content_hash(data)
    assert error_of(post(running.client, tab.asset(data, "image/png"), "/v1/asset"))[0] == 503
    timed = [*snapshot(), (1, ops.Asset(99, hash_, "image/png"))]
    answer = post(running.client, tab.batch(timed))
    running.settle()
    answer = post(running.client, tab.batch([(2, ops.Mark("x"))]))
    assert answer.json()["need"] == [hash_.hex()]
    kept = post(running.client, tab.asset(data, "image/png", hash_), "/v1/asset")
    assert kept.json() == {"hash": hash_.hex()}
    answer = post(running.client, tab.batch([(3, ops.Mark("y"))]))
    assert answer.json()["need"] == []
    shown = running.api.get(f"/sessions/{tab.session_id}/assets/{hash_.hex()}")
    assert (shown.status_code, shown.content) == (200, data)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    other = running.tab()
    post(running.client, other.batch(snapshot()))
    assert running.api.get(f"/sessions/{other.session_id}/assets/{hash_.hex()}").status_code == 404


def test_assets_of_other_types_or_with_a_false_hash_are_refused(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot()))
    for media_type in ("text/html", "application/javascript", "application/pdf"):
        answer = post(running.client, tab.asset(b"<b>", media_type), "/v1/asset")
        assert error_of(answer) == (415, "wrong_media_type")
    answer = post(running.client, tab.asset(b"x", "image/png", bytes(16)), "/v1/asset")
    assert error_of(answer) == (400, "bad_hash")
    running_hash = content_hash(b"x").hex()
    assert running.api.get(f"/sessions/{tab.session_id}/assets/{running_hash}").status_code == 404


def test_an_asset_named_as_html_is_not_served(running: Running) -> None:
    tab = running.tab()
    data = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
    hash_ = content_hash(data)
    post(running.client, tab.batch([*snapshot(), (1, ops.Asset(99, hash_, "text/html"))]))
    post(running.client, tab.asset(data, "image/svg+xml"), "/v1/asset")
    running.settle()
    assert running.api.get(f"/sessions/{tab.session_id}/assets/{hash_.hex()}").status_code == 404


def test_a_linked_sheet_is_known_on_its_page_and_named_by_hash(running: Running) -> None:
    tab = running.tab()
    css = "p { color: red } " * 200
    hash_ = content_hash(css.encode())
    link = ops.Put(2, 0, 50, (ops.NewNode(-1, "element", "link"),))
    timed = [*snapshot(), (1, link), (1, ops.Sheet(50, css, "http://shop.test/a.css"))]
    post(running.client, tab.batch(timed))
    running.settle()
    query = {"site": tab.key, "path": "/a"}
    known = running.client.get("/v1/known", params=query)
    assert known.json() == {"contents": [hash_.hex()]}
    assert known.headers["cache-control"] == "public, max-age=60"
    assert running.client.get("/v1/known", params={**query, "path": "/b"}).json()["contents"] == []
    other = running.tab()
    answer = post(running.client, other.batch(timed, contents={css: hash_}))
    assert answer.json()["need"] == []
    running.settle()
    text = running.api.get(f"/api/sessions/{other.session_id}/contents/{hash_.hex()}")
    assert text.text == css
    assert text.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_strangers_text_can_not_be_claimed_by_its_hash(running: Running) -> None:
    tab = running.tab()
    secret = "a private letter " * 200
    hash_ = content_hash(secret.encode())
    post(running.client, tab.batch([*snapshot(), (1, ops.SetText(TEXT_NODE, secret))]))
    running.settle()
    thief = running.tab()
    timed = [*snapshot(), (1, ops.SetText(TEXT_NODE, secret))]
    answer = post(running.client, thief.batch(timed, contents={secret: hash_}))
    assert answer.json()["need"] == [hash_.hex()]
    running.settle()
    path = f"/api/sessions/{thief.session_id}/contents/{hash_.hex()}"
    assert running.api.get(path).status_code == 404


def test_an_erased_visitor_stays_erased(running: Running) -> None:
    tab, other = running.tab(), running.tab()
    shared = "shared text " * 300
    own = "only mine " * 300
    for one, text in ((tab, shared), (other, shared), (tab, own)):
        post(running.client, one.batch([*snapshot(), (1, ops.SetText(TEXT_NODE, text))]))
    running.settle()
    answer = running.api.delete(f"/api/visitors/{tab.visitor_id}")
    assert answer.json() == {"visitor_id": tab.visitor_id, "sessions": 1}
    assert running.api.get(f"/api/sessions/{tab.session_id}").status_code == 404
    assert running.api.get(f"/api/sessions/{other.session_id}").status_code == 200
    assert running.rows("SELECT count(*) FROM content") == [(1,)]
    assert error_of(post(running.client, tab.batch(snapshot()))) == (410, "erased")
    fresh = running.tab(visitor_id=tab.visitor_id, session_id=client_id())
    assert error_of(post(running.client, fresh.batch(snapshot()))) == (410, "erased")
    assert running.api.delete(f"/api/visitors/{tab.visitor_id}").status_code == 404
    stored = running.collector.settings.database
    assert str(tab.visitor_id).encode() not in stored.read_bytes()
    assert str(tab.visitor_id).encode() not in stored.with_name("visitreel.db-wal").read_bytes()


def test_an_oversized_session_goes_on_in_a_linked_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = running.tab()
    first = tab.batch(snapshot())
    monkeypatch.setattr("collector.store.open_sessions.MAX_SESSION_BYTES", len(first) - 1)
    post(running.client, first)
    answer = post(running.client, tab.batch([(5, ops.SetText(TEXT_NODE, "more"))]))
    assert answer.json()["snapshot"] is True
    assert post(running.client, first).status_code == 200
    sessions = running.api.get("/api/sessions").json()["sessions"]
    assert [one["continues"] for one in sessions] == [tab.session_id, None]
    assert running.rows("SELECT count(*) FROM batch") == [(2,)]
