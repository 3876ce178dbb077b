"""What the page of a link brings of the timeline: enough for its first frame, and no word of the
visit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import httpx

from tests.collector.conftest import Running
from tests.collector.sender import client_id, page_view, post, snapshot
from tests.collector.test_access import audit_of
from tests.collector.test_pages import one_session, sign_in
from tests.collector.test_shares import share, views

_OPENING = re.compile(r'data-opening="([^"]*)"')
_FILES = re.compile(r'<link rel="preload"[^>]* href="([^"]*)"')


def opening(page: httpx.Response) -> dict[str, Any] | None:
    found = _OPENING.search(page.text)
    return json.loads(unescape(found[1])) if found else None


def three_pages(running: Running) -> str:
    """A session of three documents in one tab, ten seconds apart."""
    tab = running.tab()
    for turn in range(3):
        facts = [(0, page_view(title=f"Page {turn}"))]
        assert post(running.client, tab.batch(snapshot(), facts)).is_success
        tab = replace(tab, document_id=client_id(), seq=0)
        running.clock.ahead_ms += 10_000
    running.settle()
    return tab.session_id


def test_the_page_of_a_link_brings_what_its_moment_takes(running: Running) -> None:
    session_id = three_pages(running)
    with sign_in(running) as rep:
        page = rep.get(f"/sessions/{session_id}?t=15")
        found = opening(page)
        assert found
        whole = rep.get(f"/sessions/{session_id}/timeline").json()
        files = [rep.get(file).status_code for file in _FILES.findall(page.text)]
    assert files
    assert set(files) == {200}
    (document,) = found["documents"]
    assert {**document, "url": ""} in [{**one, "url": ""} for one in whole["documents"]]
    assert document["t_ms"] <= 15_000 < whole["documents"][2]["t_ms"]
    number = document["document"]
    assert found["segments"] == [one for one in whole["segments"] if one["document"] == number]
    assert (found["t_ms"], found["until_ms"]) == (whole["t_ms"], whole["until_ms"])
    assert found["tabs"] == whole["tabs"]


def test_a_moment_outside_the_visit_is_its_begin_or_end(running: Running) -> None:
    session_id = three_pages(running)
    with sign_in(running) as rep:
        numbers = [
            [
                one["document"]
                for one in (opening(rep.get(f"/sessions/{session_id}?t={t}")) or {})["documents"]
            ]
            for t in ("-7", "1e9")
        ]
        for t in ("", "?t=", "?t=soon", "?t=nan", "?t=1e300"):
            page = rep.get(f"/sessions/{session_id}{t}")
            assert opening(page) is None
            assert "/timeline" in _FILES.findall(page.text)[0]
    assert numbers == [[1], [3]]


def test_the_page_of_a_link_says_no_word_of_the_visit(running: Running) -> None:
    session_id = one_session(running, title="Secret plans")
    page = running.client.get(share(running, session_id, t_ms=500))
    assert opening(page)
    for word in ("Secret", "shop.test", session_id):
        assert word not in page.text


def test_what_the_browser_fetches_first_is_one_view_with_its_moment(running: Running) -> None:
    session_id = one_session(running)
    url = share(running, session_id, t_ms=500)
    page = running.client.get(url)
    assert views(running) == [(0,)]
    for file in [*_FILES.findall(page.text), *_FILES.findall(page.text)]:
        running.client.get(f"{running.url}{file}")
    running.client.get(f"{url.partition('?')[0]}/timeline?t_ms=500")
    assert views(running) == [(1,)]
    assert [(line[0], line[4]) for line in audit_of(running, "view")] == [("share link 1", 500)]
