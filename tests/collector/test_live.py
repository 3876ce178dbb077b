"""The streams: who is here now, what a visit that goes on gains, and how they begin and end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from collector.live import ALL, Hub
from collector.settings import Pace
from collector.web.live import EventStream, Said, event
from replay import ops
from tests.collector.conftest import Running, running_collector
from tests.collector.events import Event, Stream, events
from tests.collector.sender import TEXT_NODE, Tab, page_view, post, snapshot


def begin(running: Running, tab: Tab, title: str = "A") -> None:
    """The visitor comes to a page."""
    facts = [(0, page_view(tab.url, title=title))]
    assert post(running.client, tab.batch(snapshot(), facts)).status_code == 200


def go_on(running: Running, tab: Tab, t_ms: int) -> None:
    """Something changes on it."""
    body = tab.batch([(t_ms, ops.SetText(TEXT_NODE, f"text {t_ms}"))])
    assert post(running.client, body).status_code == 200


def leave(running: Running, tab: Tab) -> None:
    """The visitor goes."""
    assert post(running.client, tab.batch((), [(9_000, ops.Leave(0))])).status_code == 200


def live_of(tab: Tab, after: str = "") -> str:
    return f"/api/sessions/{tab.session_id}/live" + (f"?after={after}" if after else "")


def cursor_of(running: Running, tab: Tab) -> str:
    """Where the timeline of a visit ends now, when all that came is checked."""
    running.settle()
    found: str = running.api.get(f"/api/sessions/{tab.session_id}/timeline").json()["cursor"]
    return found


def segments_of(running: Running, tab: Tab) -> list[int]:
    timeline = running.api.get(f"/api/sessions/{tab.session_id}/timeline").json()
    return [segment["segment"] for segment in timeline["segments"]]


def test_whoever_comes_and_goes_is_told_to_all_who_look(running: Running) -> None:
    first, second = running.tab(url="http://shop.test/a?utm_source=x"), running.tab()
    begin(running, first, "Bowls")
    with events(running.api, "/api/live") as one, events(running.api, "/api/live") as other:
        for stream in (one, other):
            (here,) = stream.until("here").data["sessions"]
            assert (here["id"], here["title"], here["pages"]) == (first.session_id, "Bowls", 1)
            assert here["since_ms"] <= running.clock.now_ms()
        begin(running, second)
        assert second.session_id in [here["id"] for here in one.until("change").data["sessions"]]
        erased = running.api.delete(f"/api/visitors/{first.visitor_id}")
        assert erased.status_code == 200
        assert left_of(one) == [first.session_id]
        assert left_of(other) == [first.session_id]


def left_of(stream: Stream) -> list[str]:
    """Who has gone, as soon as somebody has."""
    while not (found := stream.until("change").data["left"]):
        pass
    return list(found)


def test_who_falls_silent_is_here_no_longer(tmp_path: Path) -> None:
    with running_collector(tmp_path / "data", pace=Pace(live_ms=300)) as running:
        tab = running.tab()
        begin(running, tab)
        with events(running.api, "/api/live") as stream:
            assert [one["id"] for one in stream.until("here").data["sessions"]] == [tab.session_id]
            assert left_of(stream) == [tab.session_id]


def test_only_the_site_that_is_asked_for_is_told_of(running: Running) -> None:
    mine, other = running.tab("shop"), running.tab("blog")
    begin(running, mine)
    begin(running, other)
    with events(running.api, "/api/live?site=shop") as stream:
        assert [one["id"] for one in stream.until("here").data["sessions"]] == [mine.session_id]


def test_what_has_come_since_is_counted_by_the_filters_of_the_list(running: Running) -> None:
    begin(running, running.tab())
    (known,) = running.api.get("/api/sessions").json()["sessions"]
    place = running.rows("SELECT max(place) FROM session")[0][0]
    with events(running.api, f"/api/live?after={place}&site=shop") as stream:
        assert stream.until("newer").data == {"count": 0, "more": False}
        begin(running, running.tab("blog"))
        begin(running, running.tab("shop"))
        assert stream.until("newer").data == {"count": 1, "more": False}
    assert known["id"] in [one["id"] for one in running.api.get("/api/sessions").json()["sessions"]]


def test_a_burst_of_visitors_is_few_messages(running: Running) -> None:
    with events(running.api, "/api/live") as stream:
        stream.until("here")
        tabs = [running.tab() for _ in range(40)]
        for tab in tabs:
            begin(running, tab)
        told: dict[str, int] = {}
        count = 0
        while len(told) < len(tabs):
            count += 1
            for one in stream.until("change").data["sessions"]:
                told[one["id"]] = one["pages"]
        assert told == {tab.session_id: 1 for tab in tabs}
        assert count <= 4


def test_a_visit_that_goes_on_is_told_with_what_its_timeline_gains(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    with events(running.api, live_of(tab, cursor_of(running, tab))) as stream:
        assert stream.until("more").data["live"] is True
        go_on(running, tab, 100)
        more = next_segments(stream)
        assert [one["segment"] for one in more.data["segments"]] == segments_of(running, tab)[1:]
        (document,) = more.data["documents"]
        assert (document["document"], document["until_ms"]) == (1, more.data["until_ms"])
        assert more.id == cursor_of(running, tab)
        post(running.client, tab.batch((), [(200, page_view(title="B"))]))
        views = stream.until("more").data["page_views"]
        assert [view["title"] for view in views] == ["B"]
        leave(running, tab)
        while stream.until("more").data["live"]:
            pass


def next_segments(stream: Stream) -> Event:
    """The next growth that holds something to replay."""
    while not (found := stream.until("more")).data["segments"]:
        pass
    return found


def test_nothing_is_missed_between_two_connections_nor_told_twice(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    cursor = cursor_of(running, tab)
    for t_ms in (100, 200):
        go_on(running, tab, t_ms)
    running.settle()
    numbers = segments_of(running, tab)
    with events(running.api, live_of(tab, cursor)) as stream:
        found = next_segments(stream)
    assert [one["segment"] for one in found.data["segments"]] == numbers[1:]
    go_on(running, tab, 300)
    running.settle()
    with events(running.api, live_of(tab), **{"last-event-id": found.id}) as stream:
        found = next_segments(stream)
    assert [one["segment"] for one in found.data["segments"]] == segments_of(running, tab)[3:]


def test_a_restart_leaves_no_gap_in_what_a_watcher_is_told(tmp_path: Path) -> None:
    with running_collector(tmp_path / "data") as running:
        tab = running.tab()
        begin(running, tab)
        cursor = cursor_of(running, tab)
        go_on(running, tab, 100)
        running.settle()
    with running_collector(tmp_path / "data") as running:
        running.settle()
        with events(running.api, live_of(tab, cursor)) as stream:
            first = next_segments(stream)
            go_on(running, tab, 200)
            second = next_segments(stream)
        told = [one["segment"] for found in (first, second) for one in found.data["segments"]]
        assert told == segments_of(running, tab)[1:]


def test_what_did_not_just_go_on_has_to_be_read_anew(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    with events(running.api, live_of(tab, cursor_of(running, tab))) as stream:
        stream.until("more")
        tab.seq += 1  # one that is lost
        go_on(running, tab, 300)
        assert stream.until("again").id == cursor_of(running, tab)


def test_watching_makes_the_recorder_send_sooner_for_as_long_as_it_lasts(running: Running) -> None:
    tab, pace = running.tab(), running.collector.settings.pace
    begin(running, tab)

    def flush_ms(t_ms: int) -> int:
        body = tab.batch([(t_ms, ops.SetText(TEXT_NODE, f"text {t_ms}"))])
        found: int = post(running.client, body).json()["flush_ms"]
        return found

    assert flush_ms(100) == pace.flush_ms
    with events(running.api, live_of(tab)) as stream:
        stream.until("more")
        running.clock.ahead_ms += 20_000
        assert flush_ms(200) == pace.watched_flush_ms
        stream.until("more")
    hub = running.collector.hub
    while tab.session_id in hub.watched(running.clock.now_ms()):
        running.client.get("/healthz")
    assert flush_ms(300) == pace.flush_ms


@pytest.mark.parametrize("session_id", ["nobody-has-this-id", "a" * 22])
def test_an_unknown_visit_has_no_stream(running: Running, session_id: str) -> None:
    answer = running.api.get(f"/api/sessions/{session_id}/live")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/live?after=x", "/api/live?device=tank"])
def test_nonsense_is_refused_before_the_stream_begins(running: Running, path: str) -> None:
    assert running.api.get(path).status_code == 400


def test_a_cursor_that_is_none_is_refused(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    assert running.api.get(live_of(tab, "1.2")).status_code == 400


def test_streams_are_for_those_who_are_signed_in(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    site = f"/settings/sites/{running.keys['shop']}/live"
    for path in ("/api/live", live_of(tab), f"/sessions/{tab.session_id}/live", site):
        assert running.client.get(path).status_code == 401


def test_a_share_link_follows_its_visit_without_names(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    shared = running.api.post(f"/api/sessions/{tab.session_id}/share").json()["url"]
    path = httpx.URL(shared).path
    cursor = cursor_of(running, tab)
    with events(running.client, f"{path}/live?after={cursor}") as stream:
        stream.until("more")
        facts = [(100, ops.Identify("ana@shop.test", {"name": "Ana"}))]
        post(running.client, tab.batch((), facts))
        assert "ana" not in str(stream.until("more").data).lower()


def test_the_settings_hear_of_a_site_as_soon_as_there_is_news(running: Running) -> None:
    running.add_site("shop")
    with events(running.api, f"/settings/sites/{running.keys['shop']}/live") as stream:
        stream.until("change")
        begin(running, running.tab())
        stream.until("change")
        post(running.client, running.tab().batch(snapshot()), origin="http://other.test")
        stream.until("change")


def test_the_collector_ends_at_once_while_somebody_watches(running: Running) -> None:
    tab = running.tab()
    begin(running, tab)
    with events(running.api, "/api/live") as here, events(running.api, live_of(tab)) as visit:
        here.until("here")
        visit.until("more")
        running.end()
        assert (here.rest(), visit.rest()) == ([], [])


def test_who_reads_nothing_is_hung_up_on() -> None:
    async def ended() -> bool:
        hub = Hub(Pace())
        hub.start()
        stream = EventStream(hub, (ALL,), lambda: Said(event("here", {})), gap_s=0, patience_s=0.05)

        async def never(message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def silent() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await stream(scope, silent, never)
        return True

    assert asyncio.run(ended())


def test_what_happens_while_one_is_told_is_told_then() -> None:
    async def told() -> Iterator[bool]:
        hub = Hub(Pace())
        hub.start()
        with hub.listen("a") as listener:
            hub.tell(["a", "b"])
            hub.tell(["a"])
            first = await listener.news(5)
            hub.tell(["b"])
            await asyncio.sleep(0)
            return iter([first, await listener.news(0.01)])

    assert list(asyncio.run(told())) == [True, False]
