"""URLs: in go what clients and people wrote, out come scrubbed URLs and origins that can be
compared.

The recorder scrubs first (`sdk_js`); this is the second lock, with the same rule: path, utm_* and
the keys the site allows stay."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

MAX_URL = 2_048
MAX_CACHED_URL = 512
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PARTS = re.compile(r"([^?#]*)\??([^#]*)#?(.*)", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_CREDENTIALS = re.compile(r"^((?:https?:)?[\\/]{2})[^\\/]*@", re.IGNORECASE)
_FRAGMENT_DATA = re.compile(r"[=?&@]|%(?:3d|3f|26|40)", re.IGNORECASE)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_ORIGIN = re.compile(
    rf"(https?)://(\*\.)?((?:{_LABEL}\.)*{_LABEL}|\[[0-9a-f:.]{{2,45}}\])(?::([0-9]{{1,5}}))?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class BadOrigin(ValueError):
    """No origin, or one that can't be allowed."""


def scrub_url(url: str, query_keys: frozenset[str] = frozenset()) -> str:
    """A URL as it may be stored: no credentials, no query but utm_* and the site's own keys, no
    fragment that carries data. Of schemes like `mailto:` only the scheme stays. What the recorder
    has scrubbed comes out as it went in."""
    return _known(url, query_keys) if len(url) <= MAX_CACHED_URL else _scrubbed(url, query_keys)


def _scrubbed(url: str, query_keys: frozenset[str]) -> str:
    url = _CONTROL.sub("", url)[:MAX_URL]
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return scheme[0]
    match = _PARTS.fullmatch(_CREDENTIALS.sub(r"\1", url))
    path, query, fragment = match.groups() if match else ("", "", "")
    pairs = [
        pair
        for pair in query.split("&")
        if pair.startswith("utm_") or pair.partition("=")[0] in query_keys
    ]
    kept = f"?{'&'.join(pairs)}" if pairs else ""
    return (
        path + kept + (f"#{fragment}" if fragment and not _FRAGMENT_DATA.search(fragment) else "")
    )


_known = lru_cache(maxsize=1_024)(_scrubbed)
"""A site has few pages, and each is named again and again."""


def query_keys_of(url: str) -> frozenset[str]:
    """All keys of a URL's query."""
    query = url.partition("#")[0].partition("?")[2]
    return frozenset(pair.partition("=")[0] for pair in query.split("&") if pair)


@lru_cache(maxsize=1_024)
def path_of(url: str) -> str:
    """The path of a URL, for `/v1/known`."""
    try:
        return urlsplit(url).path[:MAX_URL] or "/"
    except ValueError:
        return "/"


def checked_origin(text: str) -> str:
    """An origin in its normal form, as browsers send it; the host may begin with `*.`. Raises
    `BadOrigin`."""
    match = _ORIGIN.fullmatch(text.strip().rstrip("/").lower())
    if not match:
        raise BadOrigin(
            f"{text!r} is no origin like https://shop.example or https://*.shop.example"
        )
    scheme, wild, host, port = match.groups()
    if wild and "." not in host:
        raise BadOrigin(f"{text!r} would allow everybody: name the domain below {host!r}")
    if port and int(port) > 65_535:
        raise BadOrigin(f"{text!r} has no such port")
    suffix = f":{int(port)}" if port and port != _DEFAULT_PORTS[scheme] else ""
    return f"{scheme}://{wild or ''}{host}{suffix}"


@lru_cache(maxsize=1_024)
def origin_allowed(origin: str, allowed: tuple[str, ...], *, dev: bool) -> bool:
    """May this `Origin` header post? `https://*.x.com` allows every host below x.com on https, not
    x.com itself."""
    try:
        origin = checked_origin(origin)
    except BadOrigin:
        return False
    if "*" in origin:
        return False
    if origin in allowed or (dev and _host(origin) in LOCAL_HOSTS):
        return True
    scheme, _, rest = origin.partition("://")
    return any(
        entry.startswith(f"{scheme}://*.") and rest.endswith(entry[len(scheme) + 4 :])
        for entry in allowed
    )


def _host(origin: str) -> str:
    rest = origin.partition("://")[2]
    return rest if rest.endswith("]") else re.sub(r":[0-9]+$", "", rest)
