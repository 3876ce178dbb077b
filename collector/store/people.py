"""Who may look: users, one-time sign-in links, and the browsers that are signed in. Secrets lie
here only as SHA-256 (they are random, so that is enough)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

Role = Literal["rep", "admin"]
LINK_LIFE_MS = 24 * 3600 * 1000
SIGN_IN_LIFE_MS = 30 * 24 * 3600 * 1000
"""A browser that does not come back for so long has to sign in again."""
MAX_SIGN_INS = 50
"""Browsers of one user at a time; the one seen longest ago goes first."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in."""

    user: int
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as an admin sees them. `seen_at_ms`: to the day; None: never signed in. `browsers`:
    how many are signed in now."""

    user: int
    email: str
    role: Role
    seen_at_ms: int | None
    browsers: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser that is signed in."""

    user: User
    seen_at_ms: int


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret that was made at random."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _role(text: str) -> Role:
    return "admin" if text == "admin" else "rep"


def _user(row: tuple[int, str, str]) -> User:
    user, email, role = row
    return User(user, email, _role(role))


# --- users ---------------------------------------------------------------------------------------


def user_by_row(db: Database, user: int) -> User | None:
    """A user, or None when there is none any more."""
    row = db.execute("SELECT user, email, role FROM user WHERE user = ?", [user]).fetchone()
    return _user(row) if row else None


def any_user(db: Database) -> bool:
    """Has anybody been let in yet?"""
    return db.execute("SELECT 1 FROM user LIMIT 1").fetchone() is not None


def add_user(db: Database, email: str, role: Role | None, now_ms: int) -> User:
    """A user; one who exists gets the role. None: what they have, `rep` for somebody new."""
    db.execute(
        "INSERT INTO user (email, role, created_at_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (email) DO UPDATE SET role = coalesce(?, role)",
        [email, role or "rep", now_ms, role],
    )
    row = db.execute("SELECT user, email, role FROM user WHERE email = ?", [email]).fetchone()
    return _user(row)


def all_users(db: Database, now_ms: int) -> list[ListedUser]:
    """Every user, by e-mail address."""
    rows = db.execute(
        "SELECT user, email, role, seen_at_ms, (SELECT count(*) FROM sign_in s WHERE"
        " s.user = user.user AND s.seen_at_ms > ?) FROM user ORDER BY email",
        [now_ms - SIGN_IN_LIFE_MS],
    )
    return [ListedUser(user, email, _role(role), *rest) for user, email, role, *rest in rows]


def set_role(db: Database, user: int, role: Role) -> None:
    """What a user may do from now on."""
    db.execute("UPDATE user SET role = ? WHERE user = ?", [role, user])


def remove_user(db: Database, user: int, now_ms: int) -> None:
    """Takes a user away with all links and browsers; the share links that they made end too."""
    db.execute(
        "UPDATE share SET revoked_at_ms = ? WHERE user = ? AND revoked_at_ms IS NULL",
        [now_ms, user],
    )
    db.execute("DELETE FROM user WHERE user = ?", [user])


# --- sign-in links -------------------------------------------------------------------------------


def add_link(db: Database, user: User, now_ms: int) -> str:
    """A sign-in link's token, good once within 24 h. Old ones are forgotten."""
    # Hexadecimal: a chat may cut a sign such as - or _ from the end of a link.
    token = secrets.token_hex(24)
    db.execute("DELETE FROM sign_in_link WHERE expires_at_ms <= ?", [now_ms])
    db.execute(
        "INSERT INTO sign_in_link (hash, user, expires_at_ms) VALUES (?, ?, ?)",
        [secret_hash(token), user.user, now_ms + LINK_LIFE_MS],
    )
    return token


def link_is_good(db: Database, token: str, now_ms: int) -> bool:
    """Would `spend_link` succeed? Changes nothing: chat previews fetch links."""
    found = db.execute(
        "SELECT 1 FROM sign_in_link WHERE hash = ? AND expires_at_ms > ?",
        [secret_hash(token), now_ms],
    )
    return found.fetchone() is not None


def spend_link(db: Database, token: str, now_ms: int) -> User | None:
    """Who the link signs in, once; None: unknown, spent or too old."""
    found = db.execute(
        "DELETE FROM sign_in_link WHERE hash = ? AND expires_at_ms > ? RETURNING user",
        [secret_hash(token), now_ms],
    ).fetchall()
    return user_by_row(db, found[0][0]) if found else None


# --- browsers that are signed in -----------------------------------------------------------------


def add_sign_in(db: Database, user: User, now_ms: int) -> str:
    """Signs a browser in; returns the secret that its cookie carries. Old ones are forgotten."""
    secret = secrets.token_urlsafe(32)
    db.execute("DELETE FROM sign_in WHERE seen_at_ms <= ?", [now_ms - SIGN_IN_LIFE_MS])
    db.execute(
        "DELETE FROM sign_in WHERE hash IN (SELECT hash FROM sign_in WHERE user = ?"
        " ORDER BY seen_at_ms DESC LIMIT -1 OFFSET ?)",
        [user.user, MAX_SIGN_INS - 1],
    )
    db.execute(
        "INSERT INTO sign_in (hash, user, seen_at_ms) VALUES (?, ?, ?)",
        [secret_hash(secret), user.user, now_ms],
    )
    db.execute("UPDATE user SET seen_at_ms = ? WHERE user = ?", [now_ms, user.user])
    return secret


def sign_in_of(db: Database, secret: str, now_ms: int) -> SignIn | None:
    """Who this cookie's secret lets in: unknown, ended and old ones nobody."""
    row = db.execute(
        "SELECT u.user, u.email, u.role, s.seen_at_ms FROM sign_in s JOIN user u USING (user)"
        " WHERE s.hash = ? AND s.seen_at_ms > ?",
        [secret_hash(secret), now_ms - SIGN_IN_LIFE_MS],
    ).fetchone()
    return SignIn(_user(row[:3]), row[3]) if row else None


def renew_sign_in(db: Database, secret: str, now_ms: int) -> bool:
    """The browser came back: its time begins anew. False: it was signed out meanwhile."""
    found = db.execute(
        "UPDATE sign_in SET seen_at_ms = ? WHERE hash = ? RETURNING user",
        [now_ms, secret_hash(secret)],
    ).fetchall()
    for (user,) in found:
        db.execute("UPDATE user SET seen_at_ms = ? WHERE user = ?", [now_ms, user])
    return bool(found)


def end_sign_in(db: Database, secret: str) -> None:
    """Signs one browser out."""
    db.execute("DELETE FROM sign_in WHERE hash = ?", [secret_hash(secret)])


def end_sign_ins(db: Database, user: int) -> None:
    """Signs a user out everywhere; links that were not spent yet end too."""
    db.execute("DELETE FROM sign_in WHERE user = ?", [user])
    db.execute("DELETE FROM sign_in_link WHERE user = ?", [user])
