"""Who may do what: roles, sign-ins that can be ended, links that are dead, and the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.responses import Response

from collector.auth import Auth, safe_next
from collector.commands import COMMANDS, NOT_NOTED
from collector.settings import make_data_directory
from collector.store.database import FILE_NAME, Database
from collector.store.people import secret_hash
from collector.store.schema import MIGRATIONS
from collector.web.audit import WORDS
from tests.collector.conftest import Running, running_collector
from tests.collector.test_pages import one_session, sign_in
from tests.e2e import plain_http

DAY_MS = 24 * 3600 * 1000


@contextmanager
def admin(running: Running) -> Iterator[httpx.Client]:
    with sign_in(running, "boss@example.com", "admin") as browser:
        yield browser


def cookie_of(browser: httpx.Client) -> str:
    return str(browser.cookies["visitreel"])


def with_cookie(running: Running, cookie: str, path: str = "/settings/account") -> httpx.Response:
    return plain_http.request("GET", f"{running.url}{path}", cookies={"visitreel": cookie})


def audit_of(running: Running, what: str = "") -> list[tuple[object, ...]]:
    return [
        row
        for row in running.rows("SELECT who, what, about, session, t_ms FROM audit ORDER BY audit")
        if not what or row[1] == what
    ]


# --- signing in ----------------------------------------------------------------------------------


def test_a_signed_out_rep_lands_on_the_moment_though_the_link_came_later(running: Running) -> None:
    moment = f"/sessions/{one_session(running)}?t=12.5"
    with plain_http.client(base_url=running.url, follow_redirects=True) as browser:
        asked = browser.get(moment)
        assert asked.status_code == 200
        assert asked.url.path == "/sign-in"
        assert "visitreel user add" in asked.text
        assert "New sign-in link" in asked.text
        link = f"/sign-in/{running.run('user_add', email='rep@example.com')['token']}"
        shown = browser.get(link)
        assert f'value="{moment}"' in shown.text
        spent = browser.post(link, data={"next": moment}, follow_redirects=False)
        assert spent.headers["location"] == moment
        assert browser.get(moment).url.query == b"t=12.5"
    assert "visitreel-next" not in browser.cookies


def test_a_form_without_its_field_still_leads_to_the_moment(running: Running) -> None:
    with plain_http.client(base_url=running.url) as browser:
        browser.get("/sign-in?next=/sessions/abc%3Ft%3D3")
        token = running.run("user_add", email="rep@example.com")["token"]
        assert browser.post(f"/sign-in/{token}").headers["location"] == "/sessions/abc?t=3"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "/%5cevil.test",
        "/%2fevil.test",
        "/%09/evil.test",
        "/\t/evil.test",
        "/\x00/evil.test",
        "/..//evil.test",
        "/.//evil.test",
        "/a//evil.test",
        "https://evil.test/",
        "https:evil.test",
        "javascript:alert(1)",
        "evil.test",
        "?next=x",
        "",
        "/a b",
        "/é",
        "/sign-out",
        "/x?" + "y" * 5000,
    ],
)
def test_only_own_paths_come_next(target: str) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize(
    "target",
    ["/", "/?q=a%20b&site=x", "/sessions/AbC_-9?t=12.5&scale=1", "/settings/shares?session=x"],
)
def test_own_paths_keep_what_they_say(target: str) -> None:
    assert safe_next(target) == target


def test_a_sign_in_rolls_while_it_is_used_and_ends_after_30_days(running: Running) -> None:
    with sign_in(running) as browser:
        first = cookie_of(browser)
        running.clock.ahead_ms += 20 * DAY_MS
        again = browser.get("/settings/account")
        cookie = again.headers["set-cookie"]
        assert "Max-Age=2592000" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "set-cookie" not in browser.get("/settings/account").headers
        running.clock.ahead_ms += 20 * DAY_MS
        assert browser.get("/settings/account").status_code == 200
        running.clock.ahead_ms += 31 * DAY_MS
        assert browser.get("/settings/account").status_code == 303
        assert with_cookie(running, first).status_code == 303


def test_signing_out_ends_the_cookie_on_the_server_too(running: Running) -> None:
    with sign_in(running) as browser:
        cookie = cookie_of(browser)
        assert with_cookie(running, cookie).status_code == 200
        browser.post("/sign-out")
        assert with_cookie(running, cookie).status_code == 303


def test_signing_out_everywhere_ends_other_browsers_and_unspent_links(running: Running) -> None:
    with sign_in(running) as one, sign_in(running) as other:
        unspent = running.run("user_add", email="rep@example.com")["token"]
        own = {"origin": running.url, "sec-fetch-site": "same-origin"}
        ended = one.post("/settings/account/sign-out-everywhere", headers=own)
        assert ended.headers["location"] == "/sign-in"
        assert other.get("/").status_code == 303
        assert plain_http.request("POST", f"{running.url}/sign-in/{unspent}").status_code == 410


def test_secrets_of_cookies_links_and_tokens_are_nowhere_in_the_database(running: Running) -> None:
    with admin(running) as browser:
        made = browser.post("/settings/tokens", data={"name": "ci"}).text
        token = re.search(r"vr_[\w-]{30,}", made)
        link = running.run("user_add", email="new@example.com")["token"]
        assert token
        stored = repr(
            [
                running.rows(f"SELECT * FROM {table}")  # noqa: S608 - names of tables
                for table in ("sign_in", "sign_in_link", "api_token", "audit", "user")
            ]
        )
        for secret in (cookie_of(browser), token[0], str(link)):
            assert secret not in stored


def test_over_https_the_cookie_is_secure_and_bound_to_the_host() -> None:
    response = Response()
    Auth(b"secret", https=True, now_ms=lambda: 0).sign_in(response, "value")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-visitreel=value;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


# --- dead links ----------------------------------------------------------------------------------


def test_spent_old_and_invented_sign_in_links_are_one_page_that_helps(running: Running) -> None:
    spent = running.run("user_add", email="rep@example.com")["token"]
    plain_http.request("POST", f"{running.url}/sign-in/{spent}")
    old = running.run("user_add", email="rep@example.com")["token"]
    running.clock.ahead_ms += DAY_MS + 1
    shown = set()
    for token in (spent, old, "0" * 48, f"{old}0", "x"):
        got, posted = (
            plain_http.request(method, f"{running.url}/sign-in/{token}")
            for method in ("GET", "POST")
        )
        assert got.status_code == posted.status_code == 410
        shown |= {got.text, posted.text}
    assert len(shown) == 1
    assert "visitreel user add" in shown.pop()


def test_another_sessions_parts_answer_as_unknown_ones_do(running: Running) -> None:
    one, other = one_session(running), one_session(running, title="B")
    of_other = running.api.get(f"/api/sessions/{other}/timeline").json()["segments"][0]["segment"]
    for path in ("segments/{}", "contents/{:032x}"):
        foreign = running.api.get(f"/api/sessions/{one}/{path.format(of_other)}")
        unknown = running.api.get(f"/api/sessions/{one}/{path.format(987654)}")
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.text == unknown.text


# --- roles ---------------------------------------------------------------------------------------

ADMIN_PAGES = ("/settings/users", "/settings/tokens", "/settings/audit")
ADMIN_FORMS = (
    "/settings/users",
    "/settings/users/1/link",
    "/settings/users/1/role",
    "/settings/users/1/sign-out",
    "/settings/users/1/remove",
    "/settings/tokens",
    "/settings/tokens/1/revoke",
)
OTHER_FORMS = (
    "/settings/account/sign-out-everywhere",
    "/settings/shares/1/revoke",
    "/sign-in/0",
    "/no-such-page",
)
FOREIGN = (
    {"origin": "https://evil.test"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://evil.test", "authorization": "Basic eDp5"},
)


def test_a_rep_may_watch_and_share_but_not_change_settings(running: Running) -> None:
    session_id = one_session(running)
    visitor_id = running.api.get(f"/api/sessions/{session_id}").json()["visitor_id"]
    with sign_in(running) as rep:
        for path in ("/", f"/sessions/{session_id}", "/settings/account", "/settings/shares"):
            shown = rep.get(path)
            assert shown.status_code == 200
            assert "/settings/users" not in shown.text
        assert rep.get("/settings").headers["location"] == "/settings/shares"
        for path in ADMIN_PAGES:
            assert rep.get(path).status_code == 403
        for path in ADMIN_FORMS:
            assert rep.post(path, data={"email": "x@y.de", "role": "admin"}).status_code == 403
        assert rep.delete(f"/api/visitors/{visitor_id}").status_code == 403
    assert running.rows("SELECT count(*) FROM user") == [(1,)]


def test_nobody_who_is_signed_out_reaches_the_settings(running: Running) -> None:
    for path in ADMIN_PAGES:
        answer = running.client.get(path)
        assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/sign-in")
        assert parse_qs(urlsplit(answer.headers["location"]).query) == {"next": [path]}
    for path in ADMIN_FORMS:
        assert running.client.post(path).headers["location"] == "/sign-in?next=%2F"


def test_an_admin_lets_somebody_in_with_a_link_that_is_shown_once(running: Running) -> None:
    with admin(running) as boss:
        shown = boss.post("/settings/users", data={"email": "ana@example.com", "role": "rep"})
        link = re.search(r"http\S+/sign-in/[0-9a-f]+", shown.text)
        assert link
        assert link[0] not in boss.get("/settings/users").text
        with plain_http.client() as ana:
            assert ana.post(link[0]).status_code == 303
            assert ana.get(f"{running.url}/").status_code == 200
        bad = boss.post("/settings/users", data={"email": "<b>nobody", "role": "rep"})
        assert bad.status_code == 400
        assert "<b>" not in bad.text


def test_removing_a_user_ends_all_that_they_had(running: Running) -> None:
    session_id = one_session(running)
    with admin(running) as boss, sign_in(running) as rep:
        shared = rep.post(f"/api/sessions/{session_id}/share").json()["url"]
        unspent = running.run("user_add", email="rep@example.com")["token"]
        assert plain_http.request("GET", shared).status_code == 200
        (number,) = running.rows("SELECT user FROM user WHERE email = 'rep@example.com'")[0]
        assert boss.post(f"/settings/users/{number}/remove").status_code == 303
        assert rep.get("/").status_code == 303
        assert plain_http.request("POST", f"{running.url}/sign-in/{unspent}").status_code == 410
        assert plain_http.request("GET", shared).status_code == 410
        assert boss.post(f"/settings/users/{number}/remove").status_code == 404


def test_a_role_counts_at_once_and_there_is_always_an_admin(running: Running) -> None:
    with admin(running) as boss, sign_in(running) as rep:
        (own,), (other,) = running.rows("SELECT user FROM user ORDER BY email")
        boss.post(f"/settings/users/{other}/role", data={"role": "admin"})
        assert rep.get("/settings/users").status_code == 200
        assert boss.post(f"/settings/users/{own}/role", data={"role": "rep"}).status_code == 403
        assert boss.post(f"/settings/users/{own}/remove").status_code == 403
        assert boss.post(f"/settings/users/{other}/role", data={"role": "god"}).status_code == 400
        # Another link must not take away what somebody may do.
        running.run("user_add", email="BOSS@example.com", role=None)
        assert boss.get("/settings/users").status_code == 200


def test_a_revoked_token_is_refused_and_its_use_is_shown(running: Running) -> None:
    with admin(running) as boss:
        made = boss.post("/settings/tokens", data={"name": "ci"}).text
        token = re.search(r"vr_[\w-]{30,}", made)
        assert token
        headers = {"authorization": f"Bearer {token[0]}"}
        assert "never used" in boss.get("/settings/tokens").text
        assert running.client.get("/api/sessions", headers=headers).status_code == 200
        listed = boss.get("/settings/tokens").text
        assert token[0] not in listed
        assert "last used" in listed
        (number,) = running.rows("SELECT api_token FROM api_token WHERE name = 'ci'")[0]
        boss.post(f"/settings/tokens/{number}/revoke")
        assert running.client.get("/api/sessions", headers=headers).status_code == 401


# --- other sites ---------------------------------------------------------------------------------


def test_forms_of_other_sites_are_refused(running: Running) -> None:
    with admin(running) as boss:
        before = running.rows("SELECT count(*) FROM audit")
        for path in (*ADMIN_FORMS, *OTHER_FORMS):
            for headers in FOREIGN:
                answer = boss.post(path, headers=headers, data={"email": "x@y.de", "name": "x"})
                assert answer.status_code == 403, (path, headers)
        assert running.rows("SELECT count(*) FROM audit") == before


def test_a_page_that_sends_no_referrer_may_still_post(running: Running) -> None:
    with sign_in(running) as browser:
        headers = {"origin": "null", "sec-fetch-site": "same-origin"}
        assert browser.post("/sign-out", headers=headers).status_code == 303


# --- the audit -----------------------------------------------------------------------------------


def test_each_opening_of_a_visit_is_one_line_with_its_moment(running: Running) -> None:
    session_id = one_session(running)
    with sign_in(running) as rep:
        rep.get(f"/sessions/{session_id}?t=3")
        rep.head(f"/sessions/{session_id}/timeline?t_ms=3000")
        assert audit_of(running, "view") == []
        segment = rep.get(f"/sessions/{session_id}/timeline?t_ms=3000").json()["segments"][0]
        for _ in range(3):
            rep.get(f"/sessions/{session_id}/timeline?t_ms=3000")
            rep.get(f"/sessions/{session_id}/segments/{segment['segment']}")
        assert [line[4] for line in audit_of(running, "view")] == [3000]
        rep.get(f"/sessions/{session_id}/timeline?t_ms=7000")
        running.clock.ahead_ms += 61_000
        rep.get(f"/sessions/{session_id}/timeline?t_ms=7000")
        rep.get(f"/sessions/{session_id}/timeline?t_ms=nonsense")
    found = audit_of(running, "view")
    assert [line[0] for line in found] == ["rep@example.com"] * 4
    assert [line[4] for line in found] == [3000, 7000, 7000, None]


def test_a_part_asked_for_without_the_timeline_is_a_view_too(running: Running) -> None:
    session_id = one_session(running)
    running.api.get(f"/api/sessions/{session_id}/frame?t_ms=0")
    assert [line[0] for line in audit_of(running, "view")] == ["API token unnamed"]


def test_changes_say_who_made_them_and_an_erased_visit_is_named_no_more(running: Running) -> None:
    session_id = one_session(running)
    visitor_id = running.api.get(f"/api/sessions/{session_id}").json()["visitor_id"]
    with admin(running) as boss:
        boss.get(f"/sessions/{session_id}/timeline")
        assert session_id in boss.get("/settings/audit").text
        boss.post("/settings/tokens", data={"name": "ci"})
        assert boss.delete(f"/api/visitors/{visitor_id}").status_code == 200
        shown = boss.get("/settings/audit").text
        assert session_id not in shown
        assert visitor_id not in shown
        assert "that was erased" in shown
    told = [line[:3] for line in audit_of(running)]
    assert ("command line", "site_add", "shop") in told
    assert ("boss@example.com", "sign_in", "") in told
    assert ("boss@example.com", "token_add", "ci") in told
    assert ("boss@example.com", "erase", "1 sessions") in told


def test_the_audit_has_words_for_every_command() -> None:
    assert COMMANDS.keys() - NOT_NOTED <= WORDS.keys()


def test_the_audit_comes_in_pages_and_forgets_after_a_year(running: Running) -> None:
    for number in range(120):
        running.run("token_add", name=f"token-{number}")
    with admin(running) as boss:
        first = boss.get("/settings/audit").text
        assert "token-119" in first
        assert ": token-0<" not in first
        older = re.search(r"/settings/audit\?before=\d+", first)
        assert older
        assert ": token-0<" in boss.get(older[0]).text
        assert boss.get("/settings/audit?before=x").status_code == 400
    running.clock.ahead_ms += 366 * DAY_MS
    for _ in range(20):
        running.run("token_add", name="later")
    assert {line[2] for line in audit_of(running)} == {"later"}


# --- an old data directory -----------------------------------------------------------------------


def test_people_and_tokens_of_the_first_tables_still_get_in(tmp_path: Path) -> None:
    data = make_data_directory(tmp_path / "data")
    old = Database(str(data / FILE_NAME))
    MIGRATIONS.apply(old, stop_before="m002_access")
    with old.atomic():
        old.execute("INSERT INTO user VALUES (1, 'ana@example.com', 'rep', 0)")
        old.execute("INSERT INTO sign_in_link VALUES (?, 1, ?)", [secret_hash("link"), 2**52])
        old.execute("INSERT INTO api_token VALUES (1, ?, 'ci', 0)", [secret_hash("vr_token")])
    old.conn.close()
    with running_collector(data) as running:
        with plain_http.client(base_url=running.url) as browser:
            assert browser.post("/sign-in/link").status_code == 303
            assert "ana@example.com" in browser.get("/settings/account").text
        headers = {"authorization": "Bearer vr_token"}
        assert running.client.get("/api/sessions", headers=headers).status_code == 200
