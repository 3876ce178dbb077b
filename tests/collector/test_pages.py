"""Pages and API as people, programs and other sites' pages meet them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.collector.conftest import Running
from tests.collector.sender import page_view, post, snapshot
from tests.e2e import plain_http


@contextmanager
def sign_in(
    running: Running, email: str = "rep@example.com", role: str = "rep"
) -> Iterator[httpx.Client]:
    """A browser that has spent a sign-in link."""
    token = running.run("user_add", email=email, role=role)["token"]
    headers = {"accept": "text/html"}
    with plain_http.client(base_url=running.url, headers=headers, timeout=30) as browser:
        answer = browser.post(f"/sign-in/{token}", data={"next": "/"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        yield browser


def one_session(running: Running, title: str = "A") -> str:
    tab = running.tab()
    assert post(running.client, tab.batch(snapshot(), [(0, page_view(title=title))])).is_success
    running.settle()
    return tab.session_id


def test_pages_ask_to_sign_in_and_keep_the_moment(running: Running) -> None:
    answer = running.client.get("/sessions/abcdefghijklmnop?t=12.5")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fsessions%2Fabcdefghijklmnop%3Ft%3D12.5"


def test_a_link_is_spent_by_its_button_not_by_a_preview(running: Running) -> None:
    token = running.run("user_add", email="rep@example.com")["token"]
    for _ in range(3):
        shown = running.client.get(f"/sign-in/{token}?next=/sessions/x%3Ft=1")
        assert shown.status_code == 200
        assert '<button type="submit">' in shown.text
        assert 'value="/sessions/x?t=1"' in shown.text
        assert "set-cookie" not in shown.headers
    spent = running.client.post(f"/sign-in/{token}", data={"next": "/sessions/x?t=1"})
    assert spent.headers["location"] == "/sessions/x?t=1"
    cookie = spent.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    again = plain_http.request("POST", f"{running.url}/sign-in/{token}")
    assert again.status_code == 410


def test_a_link_is_too_old_after_a_day(running: Running) -> None:
    token = running.run("user_add", email="rep@example.com")["token"]
    running.clock.ahead_ms += 24 * 3600 * 1000 + 1
    assert running.client.post(f"/sign-in/{token}").status_code == 410


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:1", "/a\r\nx: y"]
)
def test_signing_in_leads_to_no_other_site(running: Running, target: str) -> None:
    token = running.run("user_add", email="rep@example.com")["token"]
    answer = running.client.post(f"/sign-in/{token}", data={"next": target})
    assert answer.headers["location"] == "/"


def test_the_list_shows_sessions_with_their_words_escaped(running: Running) -> None:
    session_id = one_session(running, title="<img src=x onerror=alert(1)>")
    with sign_in(running) as browser:
        listed = browser.get("/")
    assert listed.status_code == 200
    assert f'href="/sessions/{session_id}"' in listed.text
    assert "<img src=x" not in listed.text
    assert "&lt;img src=x" in listed.text


def test_an_empty_list_says_what_to_do(running: Running) -> None:
    with sign_in(running) as browser:
        assert "visitreel site add" in browser.get("/").text
        key = running.add_site("shop")
        assert f'data-site="{key}"' in browser.get("/").text.replace("&#34;", '"')


def test_the_player_page_has_a_strict_policy(running: Running) -> None:
    session_id = one_session(running)
    with sign_in(running) as browser:
        page = browser.get(f"/sessions/{session_id}?t=1")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert f"frame-src {running.url}/sessions/{session_id}/shell" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert re.search(r'<section[^>]* id="player"[^>]*data-state="loading"', page.text)
        assert not re.search(r"<script(?![^>]* src=)", page.text)
        assert browser.get("/sessions/nonexistent-session").status_code == 404


def test_the_shell_lets_nothing_out(running: Running) -> None:
    session_id = one_session(running)
    shell = running.api.get(f"/sessions/{session_id}/shell")
    policy = dict(
        rule.strip().split(" ", 1) for rule in shell.headers["content-security-policy"].split(";")
    )
    base = f"{running.url}/sessions/{session_id}"
    assert policy == {
        "default-src": "'none'",
        "script-src": "'none'",
        "connect-src": "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-src": f"{base}/shell",
        "child-src": f"{base}/shell",
        "style-src-elem": "'none'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": f"{base}/assets/ data:",
        "font-src": f"{base}/assets/ data:",
        "media-src": f"{base}/assets/ data:",
        "frame-ancestors": "'self'",
    }
    assert shell.headers["referrer-policy"] == "no-referrer"
    assert shell.text == "<!DOCTYPE html><html><head></head><body></body></html>"


@pytest.mark.parametrize(
    "path",
    [
        "/api/sessions",
        "/api/sessions/{}",
        "/api/sessions/{}/timeline",
        "/api/sessions/{}/frame?t_ms=0",
        "/api/sessions/{}/segments/2",
        "/api/sessions/{}/contents/00000000000000000000000000000000",
        "/sessions/{}/assets/00000000000000000000000000000000",
        "/sessions/{}/shell",
    ],
)
def test_nothing_is_shown_without_signing_in(running: Running, path: str) -> None:
    answer = running.client.get(path.format(one_session(running)))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert "access-control-allow-origin" not in answer.headers
    wrong = running.client.get(path.format("x" * 20), headers={"authorization": "Bearer vr_no"})
    assert wrong.status_code == 401


def test_guessing_tokens_is_slowed_down(running: Running) -> None:
    answers = [
        running.client.get("/api/sessions", headers={"authorization": f"Bearer vr_{n}"})
        for n in range(40)
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert running.api.get("/api/sessions").status_code == 200


def test_a_forged_or_old_cookie_is_nothing(running: Running) -> None:
    for cookie in ("1", "1.x.y", "MQ.aaaa.bbbb"):
        answer = plain_http.request(
            "GET", f"{running.url}/api/sessions", cookies={"visitreel": cookie}
        )
        assert answer.status_code == 401


def test_pages_of_other_sites_can_change_nothing(running: Running) -> None:
    session_id = one_session(running)
    visitor_id = running.api.get(f"/api/sessions/{session_id}").json()["visitor_id"]
    with sign_in(running, role="admin") as browser:
        for headers in (
            {"origin": "https://evil.test"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            answer = browser.delete(f"/api/visitors/{visitor_id}", headers=headers)
            assert answer.status_code == 403
            assert browser.post("/sign-out", headers=headers).status_code == 403
        own = {"origin": running.url, "sec-fetch-site": "same-origin"}
        assert browser.delete(f"/api/visitors/{visitor_id}", headers=own).status_code == 200


def test_signing_out_ends_it(running: Running) -> None:
    with sign_in(running) as browser:
        assert browser.get("/").status_code == 200
        browser.post("/sign-out")
        assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "session_id", ["../../etc/passwd", "x", "' OR 1=1 --", "a" * 44, "%00" * 16, "é" * 20]
)
def test_odd_ids_are_a_404(running: Running, session_id: str) -> None:
    answer = running.api.get(f"/api/sessions/{session_id}/timeline")
    assert answer.status_code == 404
    assert running.api.delete(f"/api/visitors/{session_id}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=99999", "before=x", "before=1.2.3", "limit=" + "9" * 5000],
)
def test_bad_queries_are_a_400(running: Running, query: str) -> None:
    answer = running.api.get(f"/api/sessions?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize("query", ["", "t_ms=x", "t_ms=1.5", "t_ms=1&tab=0", "t_ms=" + "9" * 30])
def test_a_frame_needs_a_time(running: Running, query: str) -> None:
    answer = running.api.get(f"/api/sessions/{one_session(running)}/frame?{query}")
    assert answer.status_code == 400


def test_before_the_first_keyframe_there_is_no_frame(running: Running) -> None:
    session_id = one_session(running)
    answer = running.api.get(f"/api/sessions/{session_id}/frame?t_ms=-10")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "no_frame"
    assert running.api.get(f"/api/sessions/{session_id}/frame?t_ms=0&tab=7").status_code == 404


def test_sessions_come_in_pages(running: Running) -> None:
    made = [one_session(running) for _ in range(5)]
    found: list[str] = []
    cursor = ""
    while True:
        answer = running.api.get("/api/sessions", params={"limit": 2, "before": cursor}).json()
        found += [session["id"] for session in answer["sessions"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == made[::-1]


def test_the_script_is_served_to_any_site(running: Running) -> None:
    answer = running.client.get("/sdk.js")
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["content-type"].startswith("text/javascript")
    etag = {"if-none-match": answer.headers["etag"]}
    assert running.client.get("/sdk.js", headers=etag).status_code == 304
    plain = running.client.get("/sdk.js", headers={"accept-encoding": "identity"})
    assert plain.text == answer.text
    from collector import __version__

    pinned = running.client.get(f"/sdk/{__version__}/sdk.js")
    assert pinned.text == answer.text
    assert "immutable" in pinned.headers["cache-control"]
    assert running.client.get(f"/sdk/{__version__}/assets.js").status_code == 200
    assert running.client.get("/sdk/9.9.9/sdk.js").status_code == 404
    assert running.client.get(f"/sdk/{__version__}/..%2f..%2fbuild.mjs").status_code == 404


def test_static_files_stay_in_their_folder(running: Running) -> None:
    assert running.client.get("/static/style.css").status_code == 200
    assert running.client.get("/static/..%2f..%2fapp.py").status_code == 404


def test_the_players_files_have_addresses_that_name_their_content(running: Running) -> None:
    with sign_in(running) as browser:
        page = browser.get(f"/sessions/{one_session(running)}")
    script = re.search(r'src="(/static/player/\w+)/page.js"', page.text)
    assert script
    answer = running.client.get(f"{script[1]}/page.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    for name in ("..%2fops.py", "none.js", "package.json"):
        assert running.client.get(f"{script[1]}/{name}").status_code == 404
    assert running.client.get("/static/player/0000000000000000/page.js").status_code == 404


def test_metrics_are_for_this_machine_or_a_token(running: Running) -> None:
    one_session(running)
    found = running.client.get("/metrics")
    assert 'visitreel_ingest_answers_total{path="/v1/batch",status="200"} 1.0' in found.text
    forwarded = {"x-forwarded-for": "203.0.113.9"}
    assert running.client.get("/metrics", headers=forwarded).status_code == 401
    assert running.api.get("/metrics", headers=forwarded).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/nothing", "/static/nothing", "/healthz"])
def test_every_answer_carries_the_security_headers(running: Running, path: str) -> None:
    headers = running.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_a_watched_visit_sends_more_often(running: Running) -> None:
    tab = running.tab()
    assert post(running.client, tab.batch(snapshot())).json()["flush_ms"] == 5000
    running.api.get(f"/api/sessions/{tab.session_id}/timeline")
    assert post(running.client, tab.batch([])).json()["flush_ms"] == 500


def test_a_visit_is_live_until_it_leaves_or_falls_silent(running: Running) -> None:
    from replay import ops

    def is_live(session_id: str) -> bool:
        found: bool = running.api.get(f"/api/sessions/{session_id}").json()["live"]
        return found

    left, silent = running.tab(), running.tab()
    for tab in (left, silent):
        post(running.client, tab.batch(snapshot(), [(0, page_view())]))
        assert is_live(tab.session_id)
    post(running.client, left.batch([], [(5, ops.Leave(0))]))
    assert not is_live(left.session_id)
    running.clock.ahead_ms += 31_000
    assert not is_live(silent.session_id)
