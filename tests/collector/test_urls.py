"""URLs and origins of strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.urls import BadOrigin, checked_origin, origin_allowed, path_of, scrub_url


@pytest.mark.parametrize(
    ("url", "scrubbed"),
    [
        ("https://shop.test/a/b", "https://shop.test/a/b"),
        ("https://u:p@shop.test/a", "https://shop.test/a"),
        ("https://shop.test/a?token=x&utm_source=y&email=z", "https://shop.test/a?utm_source=y"),
        ("https://shop.test/a?sku=mug&q=secret", "https://shop.test/a?sku=mug"),
        ("https://shop.test/a#top", "https://shop.test/a#top"),
        ("https://shop.test/#/route", "https://shop.test/#/route"),
        ("https://shop.test/#/route?token=x", "https://shop.test/"),
        ("https://shop.test/a#access_token=x", "https://shop.test/a"),
        ("https://shop.test/a#x%3Dy", "https://shop.test/a"),
        ("mailto:ana@example.com", "mailto:"),
        ("java\nscript:alert(1)", "javascript:"),
        ("data:text/html,<b>", "data:"),
        ("/a?x=1", "/a"),
        ("//u:p@shop.test/a", "//shop.test/a"),
        ("", ""),
    ],
)
def test_only_what_says_nothing_about_a_person_stays(url: str, scrubbed: str) -> None:
    assert scrub_url(url, frozenset({"sku"})) == scrubbed


@given(st.text(max_size=200))
def test_scrubbing_twice_is_scrubbing_once(url: str) -> None:
    once = scrub_url(url)
    assert scrub_url(once) == once
    assert path_of(once)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins_have_one_form(text: str, origin: str) -> None:
    assert checked_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["null", "*", "https://*", "https://*.com", "https://a.b/c", "ftp://a", "https://a b",
             "https://a:99999", "https://a@b", "https://a.*.b", ""],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadOrigin):
        checked_origin(text)


def test_a_star_stands_for_hosts_below_on_the_same_scheme_and_port() -> None:
    allowed = ("https://*.shop.example", "http://127.0.0.1:8001")
    for origin in ("https://a.shop.example", "https://a.b.shop.example", "http://127.0.0.1:8001"):
        assert origin_allowed(origin, allowed, dev=False)
    for origin in (
        "https://shop.example",
        "https://evilshop.example",
        "http://a.shop.example",
        "https://a.shop.example:8443",
        "https://a.shop.example.evil.test",
        "https://*.shop.example",
        "http://localhost:8001",
        "null",
    ):
        assert not origin_allowed(origin, allowed, dev=False)


def test_dev_allows_this_machine_on_any_port() -> None:
    for origin in (
        "http://localhost",
        "http://localhost:3000",
        "https://127.0.0.1:1",
        "http://[::1]:5",
    ):
        assert origin_allowed(origin, (), dev=True)
    assert not origin_allowed("http://localhost.evil.test", (), dev=True)
