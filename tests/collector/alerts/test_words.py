"""What messages say, and what strangers can't make them say, in each service's own notation."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from collector.alerts.kinds import (
    KINDS,
    BadAddress,
    checked_address,
    checked_mail_server,
    mail_address,
    shown_address,
)
from collector.alerts.services import NotTaken, Services
from collector.alerts.words import Subject, ago, deed, digest_line, left_line, quoted

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise asks for it where it is there."""
HOSTILE = (
    "<b>x</b> & *y* _z_ `c` ~s~ [a](http://evil.test/1) <http://evil.test|b> <!channel> @here "
    "@everyone evil.test www.evil.test/x #room javascript:alert(1)\r\nSubject: x\x1b[31m\u202e"
)
OURS = "https://collector.example/sessions/abcdefghijklmnop?t=12.5"


def subject(words: str = HOSTILE) -> Subject:
    deeds = [
        deed("page_view", {"url": f"http://shop.test/{words}"}),
        deed("track", {"name": words}),
        deed("click", {"label": words}),
    ]
    return Subject(words, "abcdefgh", "shop", "Hot lead", deeds, ["page seen", "event"])


def test_a_line_says_what_they_did_and_why_now() -> None:
    url = "https://shop.test/pricing?x=1"
    deeds = [deed("page_view", {"url": url}), deed("copy", {"text": "€20"})]
    told = Subject("", "abcdefgh", "shop", "Hot lead", deeds, ["page seen", "text copied"])
    line = told.line(500)
    assert line == (
        "saw “/pricing”, copied “€20”. Why now: Hot lead (page seen, text copied)."
        " Quoted words are the visitor's, unverified."
    )


@pytest.mark.parametrize("limit", [140, 300, 500])
def test_a_line_is_one_line_and_bounded(limit: int) -> None:
    line = subject().line(limit)
    assert len(line) <= limit
    assert line.isprintable() or {c for c in line if not c.isprintable()} == {"\u200b"}
    assert "nverified" in line
    assert "Hot lead" in line


@pytest.mark.parametrize(
    "words", [HOSTILE, "http://evil.test", "a@evil.test", "evil.test/x", "x" * 999]
)
def test_strangers_words_are_no_links(words: str) -> None:
    for text in (quoted(words), subject(words).line(500), subject(words).title):
        assert not re.search(r"\w\.\w|://|@\w|\]\(|<[^\s\u200b]|www\.\w", text), text


def test_times_are_told_roughly() -> None:
    assert [ago(ms) for ms in (0, 40_000, 89_000, 120_000, 7_200_000, 200_000_000)] == [
        "0 s", "40 s", "89 s", "2 min", "2 h", "2 d"
    ]  # fmt: skip
    assert left_line(subject("x"), 40_000) == "Left 40 s ago. Hot lead."
    assert digest_line({"a": 1, "b": 7}, 60_000) == "In the last 60 s: 7 × b, 1 × a."


# --- services ------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What libraries would have sent: address and body."""
    found: list[tuple[str, Any]] = []

    def request(self: object, method: str, url: str, **more: Any) -> SimpleNamespace:
        found.append((url, more.get("json") or more.get("data")))
        return SimpleNamespace(
            status_code=200, content=b"ok", text="ok", headers={}, reason="OK", ok=True,
            json=lambda: {"ok": True, "result": []}, raise_for_status=lambda: None,
        )  # fmt: skip

    monkeypatch.setattr(requests.Session, "request", request)
    return found


ADDRESSES = {
    "slack": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "teams": "https://prod-1.westus.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/"
    "paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebbbGGFFGG",
    "telegram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "ntfy": "https://ntfy.sh/topic",
    "discord": "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "sms": "vonage://ABCDEFG1:AbcdefghIJKl@15550100123/15550100456",
    "chat": "mmosts://mattermost.example/3ccdd113474722377935511fc85d3dd4",
}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_each_service_gets_words_and_not_its_own_notation(
    sent: list[tuple[str, Any]], kind: str
) -> None:
    address = checked_address(KINDS[kind], ADDRESSES[kind])
    told = subject()
    Services().send(KINDS[kind], address, told.title, told.line(KINDS[kind].max_chars), OURS)
    ((_, body),) = sent
    shown = body if isinstance(body, str) else json.dumps(body)
    found = json.loads(shown) if shown.startswith("{") else body
    words = json.dumps(found, ensure_ascii=False).replace("\u200b", "")
    # Ours is there, and can be followed.
    assert "collector.example/sessions/abcdefghijklmnop?t=12.5" in words
    plain = json.dumps(found, ensure_ascii=False)
    assert "evil.test" not in plain
    assert "http://evil" not in plain
    assert "@here" not in plain
    assert "](http" not in plain.replace(f"[{OURS}]({OURS})", "")
    if kind in {"slack", "telegram"}:
        assert "<!channel>" not in plain
        assert "<b>x" not in plain.replace("\u200b", "")


def test_telegram_gets_its_html_escaped(sent: list[tuple[str, Any]]) -> None:
    Services().send(KINDS["telegram"], ADDRESSES["telegram"], "a <i>t</i> & x", "b <b>t</b>", OURS)
    body = json.loads(sent[0][1])
    assert body["parse_mode"] == "HTML"
    assert "a &lt;i&gt;t&lt;/i&gt; &amp; x" in body["text"]
    assert "b &lt;b&gt;t&lt;/b&gt;" in body["text"]


def test_what_a_service_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def request(self: object, method: str, url: str, **more: Any) -> SimpleNamespace:
        return SimpleNamespace(status_code=404, content=b"no_team", text="no_team", headers={})

    monkeypatch.setattr(requests.Session, "request", request)
    with pytest.raises(NotTaken, match="Slack"):
        Services().send(KINDS["slack"], ADDRESSES["slack"], "a", "b", OURS)


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", ""),
        ("webhook", "ftp://x.test/"),
        ("webhook", "https://user:pass@x.test/"),
        ("webhook", "https://x.test:99999/"),
        ("webhook", "javascript:alert(1)"),
        ("webhook", "https://x.test/\nHost: y"),
        ("slack", "https://evil.test/services/T/B/X"),
        ("slack", "https://hooks.slack.com.evil.test/services/T/B/X"),
        ("slack", "json://127.0.0.1/"),
        ("telegram", "dbus://"),
        ("email", "ana"),
        ("email", "ana@example.com,bob@example.com"),
        ("email", "mailtos://u:p@smtp.test?pgpkey=/etc/passwd"),
        ("teams", "msteams://a/b/c/d?template=/etc/passwd"),
        ("chat", "syslog://"),
        ("chat", "file:///etc/passwd"),
        ("push", "{}"),
        ("push", '{"endpoint": "file:///x", "keys": {"p256dh": "aaaaaaaa", "auth": "aaaaaaaa"}}'),
        ("ntfy", "x" * 3_000),
    ],
)
def test_an_address_that_leads_elsewhere_is_refused(kind: str, address: str) -> None:
    with pytest.raises(BadAddress):
        checked_address(KINDS[kind], address)


def test_addresses_are_not_shown_whole() -> None:
    for kind, address in ADDRESSES.items():
        shown = shown_address(KINDS[kind], address)
        assert shown.endswith("/…")
        assert "TIiajkd" not in shown
    assert shown_address(KINDS["email"], "ana@example.com") == "ana@example.com"


def test_mail_goes_by_the_mail_server_of_the_collector() -> None:
    server = checked_mail_server(" mailtos://u:p@smtp.test?from=v@example.com ")
    assert mail_address(server, "a&b=c@example.com").endswith(
        "from=v@example.com&to=a%26b%3Dc@example.com"
    )
    assert checked_mail_server("") == ""
    for bad in ("smtp.test", "https://smtp.test"):
        with pytest.raises(BadAddress, match="looks like mailtos"):
            checked_mail_server(bad)
    with pytest.raises(BadAddress, match="no mail server"):
        mail_address("", "ana@example.com")
