"""Who may look: users, API tokens and one-time sign-in links. Secrets lie here only as SHA-256
(they are random, so that is enough)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

Role = Literal["rep", "admin"]
LINK_LIFE_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in."""

    user: int
    email: str
    role: Role


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret that was made at random."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _user(row: tuple[int, str, str]) -> User:
    user, email, role = row
    return User(user, email, "admin" if role == "admin" else "rep")


def user_by_row(db: Database, user: int) -> User | None:
    """A user, or None when there is none any more."""
    row = db.execute("SELECT user, email, role FROM user WHERE user = ?", [user]).fetchone()
    return _user(row) if row else None


def any_user(db: Database) -> bool:
    """Has anybody been let in yet?"""
    return db.execute("SELECT 1 FROM user LIMIT 1").fetchone() is not None


def add_user(db: Database, email: str, role: Role, now_ms: int) -> User:
    """A user; one who exists gets the role."""
    db.execute(
        "INSERT INTO user (email, role, created_at_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (email) DO UPDATE SET role = excluded.role",
        [email, role, now_ms],
    )
    row = db.execute("SELECT user, email, role FROM user WHERE email = ?", [email]).fetchone()
    return _user(row)


def add_link(db: Database, user: User, now_ms: int) -> str:
    """A sign-in link's token, good once within 24 h. Old ones are forgotten."""
    token = secrets.token_urlsafe(24)
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


def add_token(db: Database, name: str, now_ms: int) -> str:
    """A new API token; only its hash is kept."""
    token = "vr_" + secrets.token_urlsafe(30)
    db.execute(
        "INSERT INTO api_token (hash, name, created_at_ms) VALUES (?, ?, ?)",
        [secret_hash(token), name, now_ms],
    )
    return token


def token_is_good(db: Database, token: str) -> bool:
    """Is this an API token of ours?"""
    found = db.execute("SELECT 1 FROM api_token WHERE hash = ?", [secret_hash(token)])
    return found.fetchone() is not None
