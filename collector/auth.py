"""Who may look: in go a request's cookie or token, out comes a `Viewer` or None. Cookies are signed
with the data directory's secret."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from collector.limits import Buckets
from collector.problems import Problem
from collector.store.database import Database
from collector.store.people import Role, User, token_is_good, user_by_row

COOKIE_LIFE_S = 30 * 24 * 3600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Tokens have 190 random bits and more: this bounds the work of guessing, not the guesses.
FAILURES_PER_S = 1.0
FAILURES_BURST = 30.0


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking. `user` is None for an API token, which may do what an admin may."""

    user: User | None
    role: Role


class Auth:
    """Makes and checks cookies; counts failed attempts by address."""

    def __init__(self, secret: bytes, *, https: bool) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="visitreel sign-in")
        self._https = https
        # A __Host- cookie can't be set by a neighbouring host, but needs https.
        self._cookie = "__Host-visitreel" if https else "visitreel"
        self._failures = Buckets(FAILURES_PER_S, FAILURES_BURST)

    def viewer(self, db: Database, request: Request, address: str) -> Viewer | None:
        """Who is asking. Raises a 429 `Problem` when too many wrong tokens come from the
        address."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if token_is_good(db, token.strip()):
                return Viewer(None, "admin")
            self.failed(address)
            return None
        user = self._cookie_user(db, request.cookies.get(self._cookie, ""))
        return Viewer(user, user.role) if user else None

    def failed(self, address: str) -> None:
        """A wrong token or link came from here. Raises a 429 `Problem` when there are too many."""
        wait_s = self._failures.wait_s(address, time.monotonic())
        if wait_s:
            raise Problem(
                "too_many_requests", "too many wrong tokens", retry_after_s=int(wait_s) + 1
            )

    def sign_in(self, response: Response, user: User) -> None:
        """Lets this browser in for 30 days."""
        response.set_cookie(
            self._cookie,
            str(self._signer.dumps(user.user)),
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

    def _cookie_user(self, db: Database, cookie: str) -> User | None:
        if not cookie:
            return None
        try:
            row = self._signer.loads(cookie, max_age=COOKIE_LIFE_S)
        except BadSignature:
            return None
        return user_by_row(db, row) if isinstance(row, int) else None


def is_foreign(request: Request, public_url: str) -> bool:
    """Does an unsafe request come from a page of another origin? Tokens are not sent by browsers on
    their own: they pass."""
    if request.method in SAFE_METHODS or request.headers.get("authorization"):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # Behind a proxy the Host header may be the inner one, so both names are ours.
    ours = {request.headers.get("host", ""), urlsplit(public_url).netloc}
    return urlsplit(origin).netloc not in ours or origin == "null"


def safe_next(path: str) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return "/"
    return path
