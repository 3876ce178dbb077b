"""Who may look: in go a request's cookie or token, out comes a `Viewer` or None; and the tokens of
share links, signed with the data directory's secret."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from collector.limits import Buckets
from collector.problems import Problem
from collector.store.database import Database
from collector.store.people import SIGN_IN_LIFE_MS, Role, User, sign_in_of
from collector.store.tokens import Token, token_of

COOKIE_LIFE_S = SIGN_IN_LIFE_MS // 1000
RENEW_AFTER_MS = 24 * 3600 * 1000
"""A cookie is given anew once a day: more would only write more."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Tokens have 160 random bits and more: this bounds the work of guessing, not the guesses.
FAILURES_PER_S = 1.0
FAILURES_BURST = 30.0
SHARE_ID_CHARS = 24
SIGNATURE_CHARS = 40
"""Hexadecimal: 160 bits."""

_SHARE_TOKEN = re.compile(rf"[0-9a-f]{{{SHARE_ID_CHARS + SIGNATURE_CHARS}}}")
_OWN_PATH = re.compile(r"(?:/|(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+/?)(?:\?[!-\[\]-~]*)?")
MAX_PATH = 2_000


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking. An API token has no user and may do what an admin may. `renews`: the cookie is
    to be given anew."""

    user: User | None
    role: Role
    token: Token | None = None
    renews: bool = False

    @property
    def name(self) -> str:
        """As the audit calls them."""
        if self.user is not None:
            return self.user.email
        return f"API token {self.token.name}" if self.token else "nobody"

    @property
    def is_admin(self) -> bool:
        """May they change sites, users and tokens?"""
        return self.role == "admin"


class Auth:
    """Reads cookies and tokens; signs share links; counts failed attempts by address."""

    def __init__(self, secret: bytes, *, https: bool, now_ms: Callable[[], int]) -> None:
        self._share_key = hmac.digest(secret, b"visitreel share", "sha256")
        self._https = https
        # A __Host- cookie can't be set by a neighbouring host, but needs https.
        self._cookie = "__Host-visitreel" if https else "visitreel"
        self._failures = Buckets(FAILURES_PER_S, FAILURES_BURST)
        self._now_ms = now_ms

    def viewer(self, db: Database, request: Request, address: str) -> Viewer | None:
        """Who is asking. Raises a 429 `Problem` when too many wrong tokens come from the
        address."""
        bearer = _bearer(request)
        if bearer is not None:
            token = token_of(db, bearer)
            if token is not None:
                return Viewer(None, "admin", token)
            self.failed(address)
            return None
        secret = self.secret_of(request)
        now_ms = self._now_ms()
        found = sign_in_of(db, secret, now_ms) if secret else None
        if found is None:
            return None
        renews = now_ms - found.seen_at_ms >= RENEW_AFTER_MS
        return Viewer(found.user, found.user.role, renews=renews)

    def failed(self, address: str) -> None:
        """A wrong token or link came from here. Raises a 429 `Problem` when there are too many."""
        wait_s = self._failures.wait_s(address, time.monotonic())
        if wait_s:
            raise Problem(
                "too_many_requests", "too many wrong tokens", retry_after_s=int(wait_s) + 1
            )

    def secret_of(self, request: Request) -> str:
        """What the request's cookie carries; empty: nothing."""
        return request.cookies.get(self._cookie, "")

    def sign_in(self, response: Response, secret: str) -> None:
        """Lets this browser in for 30 days from now."""
        response.set_cookie(
            self._cookie,
            secret,
            max_age=COOKIE_LIFE_S,
            path="/",
            secure=self._https,
            httponly=True,
            samesite="lax",
        )

    def sign_out(self, response: Response) -> None:
        """The browser forgets who it was."""
        response.delete_cookie(
            self._cookie, path="/", secure=self._https, httponly=True, samesite="lax"
        )

    def share_token(self, share_id: str) -> str:
        """What a share link carries: the share's id with our signature."""
        return share_id + self._signature(share_id)

    def share_id_of(self, token: str) -> tuple[str, bool]:
        """The id in a share link's token, and whether the signature is ours. What is no token gives
        an id that no share has."""
        if not _SHARE_TOKEN.fullmatch(token):
            token = "0" * (SHARE_ID_CHARS + SIGNATURE_CHARS)
        share_id, signature = token[:SHARE_ID_CHARS], token[SHARE_ID_CHARS:]
        return share_id, hmac.compare_digest(signature, self._signature(share_id))

    def _signature(self, share_id: str) -> str:
        return hmac.digest(self._share_key, share_id.encode(), "sha256").hex()[:SIGNATURE_CHARS]


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def is_foreign(request: Request, public_url: str) -> bool:
    """Does an unsafe request come from a page of another origin? Bearer tokens are not sent by
    browsers on their own: they pass."""
    if request.method in SAFE_METHODS or _bearer(request) is not None:
        return False
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site not in {None, "same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    if origin is None or (origin == "null" and fetch_site == "same-origin"):
        # Pages that send no referrer send no origin with their forms either.
        return False
    # Behind a proxy the Host header may be the inner one, so both names are ours.
    ours = {request.headers.get("host", ""), urlsplit(public_url).netloc}
    return origin == "null" or urlsplit(origin).netloc not in ours


def safe_next(path: str) -> str:
    """Where to go after signing in: one of our own pages, else the list. Our pages have plain
    paths, so whatever a browser or proxy might read as another host is refused: `//`, backslashes,
    escapes, control characters."""
    is_own = len(path) <= MAX_PATH and _OWN_PATH.fullmatch(path)
    return path if is_own and not path.startswith("/sign-") else "/"
