"""Share links: one visit for whoever has the link, and nothing else, until it ends."""

from __future__ import annotations

from urllib.parse import urlsplit

from replay import ops, reel
from tests.collector.conftest import Running
from tests.collector.sender import page_view, post, snapshot
from tests.collector.test_access import admin, audit_of
from tests.collector.test_pages import one_session, sign_in

HOUR_MS = 3_600_000
BAD_BODIES = (
    '{"expires_in_s": 0}',
    '{"expires_in_s": 59}',
    '{"expires_in_s": 1e9}',
    '{"expires_in_s": "60"}',
    '{"expires_in_s": true}',
    '{"t_ms": 1.5}',
    '{"t_ms": 99999999999999999}',
    "[]",
    "{",
    "\xff",
)


def share(running: Running, session_id: str, **asked: object) -> str:
    answer = running.api.post(f"/api/sessions/{session_id}/share", json=asked)
    assert answer.status_code == 200
    return str(answer.json()["url"])


def views(running: Running) -> list[tuple[object, ...]]:
    return running.rows("SELECT views FROM share ORDER BY share")


def test_a_link_opens_the_player_at_its_moment_without_an_account(running: Running) -> None:
    session_id = one_session(running)
    url = share(running, session_id, expires_in_s=3600, t_ms=12_500)
    assert url.startswith(f"{running.url}/s/")
    assert url.endswith("?t=12.5")
    page = running.client.get(url)
    assert page.status_code == 200
    path = urlsplit(url).path
    assert f'data-base="{path}"' in page.text
    assert session_id not in page.text
    policy = page.headers["content-security-policy"]
    assert f"frame-src {running.url}{path}/shell" in policy
    shell = running.client.get(f"{running.url}{path}/shell")
    assert f"img-src {running.url}{path}/assets/ data:" in shell.headers["content-security-policy"]
    timeline = running.client.get(f"{running.url}{path}/timeline").json()
    for segment in timeline["segments"]:
        got = running.client.get(f"{running.url}{path}/segments/{segment['segment']}")
        assert got.status_code == 200
        assert got.headers["cache-control"] == "no-store"


def test_nothing_behind_a_link_is_referred_to_or_indexed(running: Running) -> None:
    path = urlsplit(share(running, one_session(running))).path
    for part in ("", "/timeline", "/shell", "/segments/2"):
        answer = running.client.get(f"{running.url}{path}{part}")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "set-cookie" not in answer.headers


def test_a_link_tells_neither_who_it_is_nor_where_else_to_go(running: Running) -> None:
    tab = running.tab()
    facts: list[tuple[int, ops.Fact]] = [
        (0, page_view()),
        (5, ops.Identify("ana@example.com", {"name": "Ana"})),
        (6, ops.Track("order", {"phone": "0123"})),
    ]
    assert post(running.client, tab.batch(snapshot(), facts)).is_success
    running.settle()
    path = urlsplit(share(running, tab.session_id)).path
    page = running.client.get(f"{running.url}{path}").text
    timeline = running.client.get(f"{running.url}{path}/timeline")
    for secret in ("ana@example.com", "Ana", "0123", tab.session_id, str(tab.visitor_id)):
        assert secret not in page
        assert secret not in timeline.text
    assert [fact["kind"] for fact in timeline.json()["facts"]] == ["track"]
    assert 'href="/"' not in page
    assert "/settings" not in page
    assert "share.js" not in page


def test_previews_count_no_view_and_end_nothing(running: Running) -> None:
    url = share(running, one_session(running))
    for method in ("GET", "HEAD", "GET"):
        assert running.client.request(method, url).status_code == 200
    running.client.head(f"{url}/timeline")
    assert views(running) == [(0,)]
    running.client.get(f"{url}/timeline?t_ms=1000")
    running.client.get(f"{url}/timeline?t_ms=1000")
    assert views(running) == [(1,)]
    assert [(line[0], line[4]) for line in audit_of(running, "view")] == [("share link 1", 1000)]


def test_a_link_shows_one_session_only(running: Running) -> None:
    one, other = one_session(running), one_session(running, title="B")
    path = urlsplit(share(running, one)).path
    foreign = running.api.get(f"/api/sessions/{other}/timeline").json()["segments"][0]["segment"]
    answers = [
        running.client.get(f"{running.url}{path}/segments/{number}")
        for number in (foreign, 987_654)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert running.client.get(f"{running.url}/api/sessions/{one}").status_code == 401


def test_expired_revoked_and_erased_links_say_so_and_hand_out_nothing(running: Running) -> None:
    kept, short, revoked = (one_session(running, title=name) for name in "ABC")
    erased = one_session(running, title="D")
    links = [
        share(running, short, expires_in_s=60),
        share(running, revoked),
        share(running, erased),
    ]
    open_link = share(running, kept)
    visitor_id = running.api.get(f"/api/sessions/{erased}").json()["visitor_id"]
    running.clock.ahead_ms += HOUR_MS
    with admin(running) as boss:
        assert boss.post("/settings/shares/2/revoke").status_code == 303
    running.api.delete(f"/api/visitors/{visitor_id}")
    for link in links:
        page = running.client.get(link)
        assert page.status_code == 410
        assert "This share link has ended" in page.text
        assert "Ask the person who sent it" in page.text
        for part in ("timeline", "segments/2", "contents/" + "0" * 32, "shell"):
            answer = running.client.get(f"{link}/{part}")
            assert answer.status_code == 410
            assert answer.json()["error"]["code"] == "share_ended"
    assert running.client.get(open_link).status_code == 200


def test_a_tampered_or_invented_link_is_a_404_that_says_what_to_do(running: Running) -> None:
    link = share(running, one_session(running))
    head, token = link.rsplit("/", 1)
    first, last = ("1" if digit == "0" else "0" for digit in (token[0], token[-1]))
    shown = set()
    for wrong in (token[:-1] + last, first + token[1:], token[:-1], token + "0", "x", "é"):
        page = running.client.get(f"{head}/{wrong}")
        assert page.status_code == 404
        assert "Copy all of it" in page.text
        assert running.client.get(f"{head}/{wrong}/timeline").status_code == 404
        shown.add(page.text)
    assert len(shown) == 1
    assert running.client.get(link).status_code == 200


def test_who_made_a_link_and_admins_may_revoke_it(running: Running) -> None:
    session_id = one_session(running)
    with sign_in(running) as rep, sign_in(running, "other@example.com") as other:
        url = rep.post(f"/api/sessions/{session_id}/share").json()["url"]
        for browser, is_mine in ((rep, True), (other, False)):
            listed = browser.get(f"/settings/shares?session={session_id}").text
            assert "rep@example.com" in listed
            assert url in listed
            assert ("/settings/shares/1/revoke" in listed) is is_mine
        assert other.post("/settings/shares/1/revoke").status_code == 403
        assert running.client.get(url).status_code == 200
        back = rep.post("/settings/shares/1/revoke", data={"session": session_id})
        assert back.headers["location"] == f"/settings/shares?session={session_id}"
        assert running.client.get(url).status_code == 410
        assert rep.post("/settings/shares/9/revoke").status_code == 404
        assert rep.get("/settings/shares?session=nonexistent-session").status_code == 404
    assert [line[1] for line in audit_of(running) if "share" in str(line[1])] == [
        "share_add",
        "share_revoke",
    ]


def test_a_link_needs_sensible_numbers(running: Running) -> None:
    path = f"/api/sessions/{one_session(running)}/share"
    for body in BAD_BODIES:
        answer = running.api.post(path, content=body)
        assert answer.status_code == 400, body
        assert answer.json()["error"]["code"] == "bad_request"


def test_making_a_link_needs_an_account_a_visit_and_an_own_page(running: Running) -> None:
    session_id = one_session(running)
    path = f"/api/sessions/{session_id}/share"
    assert running.client.post(path).status_code == 401
    assert running.api.post("/api/sessions/nonexistent-session/share").status_code == 404
    assert running.api.post(path, content=b" " * 20_000).status_code == 413
    with sign_in(running) as rep:
        assert rep.post(path, headers={"origin": "https://evil.test"}).status_code == 403
        assert rep.post(path, headers={"origin": running.url}).status_code == 200


def test_the_player_hands_out_the_file_to_who_is_signed_in_alone(running: Running) -> None:
    session_id = one_session(running)
    path = f"/api/sessions/{session_id}/export.reel"
    shared = urlsplit(share(running, session_id)).path
    assert path not in running.client.get(shared).text
    assert running.client.get(path).status_code == 401
    with sign_in(running) as browser:
        assert f'href="{path}" download' in browser.get(f"/sessions/{session_id}").text
        file = browser.get(path)
    assert file.content.startswith(reel.MAGIC)
    assert file.headers["content-disposition"] == f'attachment; filename="{session_id}.reel"'
