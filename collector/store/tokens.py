"""API tokens, for programs: made once, kept as their SHA-256 only, gone when revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from collector.store.people import secret_hash


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without its secret. `used_at_ms`: roughly, None: never."""

    api_token: int
    name: str
    created_at_ms: int
    used_at_ms: int | None


COLUMNS = "api_token, name, created_at_ms, used_at_ms"


def add_token(db: Database, name: str, now_ms: int) -> str:
    """A new API token; only its hash is kept."""
    token = "vr_" + secrets.token_urlsafe(30)
    db.execute(
        "INSERT INTO api_token (hash, name, created_at_ms) VALUES (?, ?, ?)",
        [secret_hash(token), name, now_ms],
    )
    return token


def token_of(db: Database, token: str) -> Token | None:
    """The API token with this secret, if it is one of ours."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM api_token WHERE hash = ?",  # noqa: S608 - constant columns
        [secret_hash(token)],
    ).fetchone()
    return Token(*row) if row else None


def all_tokens(db: Database) -> list[Token]:
    """Every API token, newest first."""
    rows = db.execute(f"SELECT {COLUMNS} FROM api_token ORDER BY api_token DESC")  # noqa: S608 - constant columns
    return [Token(*row) for row in rows]


def note_token_used(db: Database, api_token: int, now_ms: int) -> None:
    """When it was used last."""
    db.execute("UPDATE api_token SET used_at_ms = ? WHERE api_token = ?", [now_ms, api_token])


def revoke_token(db: Database, api_token: int) -> str | None:
    """Ends a token; returns its name, None: there was none."""
    found = db.execute(
        "DELETE FROM api_token WHERE api_token = ? RETURNING name", [api_token]
    ).fetchall()
    return str(found[0][0]) if found else None
