"""Later batches of a document load leave out what the collector has."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx

from replay import ops
from replay.wire import NONE, write_batch
from tests.collector.conftest import Running
from tests.collector.sender import Tab, page_view, post, snapshot


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def later(tab: Tab, *tracked: str, **changes: object) -> bytes:
    """The next batch of a tab, with all left out that may be."""
    facts = tuple((10 + at, ops.Track(name, {})) for at, name in enumerate(tracked))
    head = replace(
        tab.head(10, facts),
        session_id="",
        visitor_id=None,
        tab_id="",
        origin_ms=None,
        session_start_ms=0,
        url="",
        consent=0,
        sdk_version="",
        replay=None,
        **changes,  # type: ignore[arg-type]
    )
    tab.seq += 1
    return write_batch(head, b"", 20, NONE)


def kinds(running: Running, tab: Tab) -> list[str]:
    facts = running.api.get(f"/api/sessions/{tab.session_id}").json()["facts"]
    return [fact["name"] for fact in facts if fact["kind"] == "track"]


def test_a_later_batch_finds_its_session_by_the_document(running: Running) -> None:
    tab = running.tab()
    assert post(running.client, tab.batch(snapshot(), [(0, page_view())])).status_code == 200
    assert post(running.client, later(tab, "one")).status_code == 200
    running.collector.writer.call(lambda _, intake: intake.forget())
    assert post(running.client, later(tab, "two")).status_code == 200
    assert kinds(running, tab) == ["one", "two"]


def test_a_gap_before_a_later_batch_asks_for_a_snapshot(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    tab.seq += 1
    assert post(running.client, later(tab, "x")).json()["snapshot"] is True


def test_a_later_batch_needs_the_secret_and_a_document_that_is_known(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    foreign = later(tab, "x", write_secret=bytes(16))
    assert error_of(post(running.client, foreign)) == (403, "foreign_session")
    unknown = later(tab, "x", document_id="u" * 22)
    assert error_of(post(running.client, unknown)) == (409, "unknown_document")
    other = running.tab("other")
    other.document_id, other.secret = tab.document_id, tab.secret
    assert error_of(post(running.client, later(other, "x"))) == (409, "unknown_document")


def test_after_an_erasure_a_later_batch_is_refused(running: Running) -> None:
    tab = running.tab()
    post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    assert running.api.delete(f"/api/visitors/{tab.visitor_id}").status_code < 300
    assert error_of(post(running.client, later(tab, "x"))) == (409, "unknown_document")


def test_the_next_page_is_told_what_came_from_the_page_before(running: Running) -> None:
    tab = running.tab()
    first = post(running.client, tab.batch(snapshot(), [(0, page_view())]))
    post(running.client, later(tab, "x"))
    assert "have" not in first.json()
    following = replace(tab, document_id="n" * 22, seq=0)
    have = post(running.client, following.batch(snapshot(), [(0, page_view())])).json()["have"]
    assert sorted(have) == [f"{tab.document_id}.0", f"{tab.document_id}.1"]
    assert "have" not in post(running.client, later(following, "y")).json()


def test_a_click_id_is_kept_as_the_name_of_its_network(running: Running) -> None:
    tab = running.tab()
    view = replace(page_view(), campaign={"source": "news", "click_id": "gclid"})
    post(running.client, tab.batch(facts=[(0, view)]))
    [(campaign,)] = running.rows("SELECT campaign FROM page_view")
    assert json.loads(str(campaign)) == {"source": "news", "click_id": "google"}
