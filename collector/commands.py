"""What the command line changes: in go a name and arguments, out comes JSON. Run by the collector
that serves the directory, else directly."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from collector.address import plain_line
from collector.alerts.commands import CHANNEL_COMMANDS
from collector.importing import import_file
from collector.rule_commands import RULE_COMMANDS
from collector.settings import DEFAULT_PORT
from collector.store.audit import add_line
from collector.store.database import Database, StoreError
from collector.store.intake import Intake
from collector.store.live_rules import live_rule
from collector.store.people import Role, add_link, add_user
from collector.store.sites import (
    Site,
    add_site,
    set_dev,
    set_disabled,
    set_live_rule,
    set_origins,
    site_named,
)
from collector.store.tokens import add_token
from collector.store.visitors import erase_visitor
from collector.urls import BadOrigin, checked_origin

Json = dict[str, object]
COMMAND_LINE = "command line"
NOT_NOTED = frozenset({"where"})
"""They change nothing."""
Command = Callable[[Database, Intake, Json, int], Json]

MAX_TOKEN_NAME = 80
ROLES: dict[str, Role] = {"rep": "rep", "admin": "admin"}

_EMAIL = re.compile(r"[^@\s<>\"'\\]{1,64}@[^@\s<>\"'\\]{1,190}")
_NAME = re.compile(r"[^\s\x00-\x1f\x7f<>\"'&\\][^\x00-\x1f\x7f<>\"'&\\]{0,79}")
_QUERY_KEY = re.compile(r"[A-Za-z0-9_.\[\]-]{1,60}")


class BadArgument(StoreError):
    """An argument that can't be used; the message is for the person at the command line."""


def run_command(
    db: Database,
    intake: Intake,
    name: str,
    arguments: Json,
    now_ms: int,
    who: str = COMMAND_LINE,
) -> Json:
    """Runs one command inside a transaction, and notes in the audit that `who` did it. Raises
    `StoreError` for what can't be done."""
    command = COMMANDS.get(name)
    if command is None:
        raise BadArgument(f"unknown command {name!r}")
    try:
        done = command(db, intake, arguments, now_ms)
    except BadOrigin as error:
        raise BadArgument(str(error)) from error
    if name not in NOT_NOTED:
        add_line(db, now_ms, who, name, _about(name, arguments, done))
    return done


def _about(name: str, arguments: Json, done: Json) -> str:
    """What a command was about, for the audit: nothing that was erased, nothing secret."""
    if name == "erase":
        return f"{done['sessions']} sessions"
    words = [done.get(key, arguments.get(key)) for key in ("name", "origin", "email", "role")]
    return " ".join(word for word in words if isinstance(word, str))


def _words(arguments: Json, key: str) -> list[str]:
    value = arguments.get(key)
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _word(arguments: Json, key: str) -> str:
    value = arguments.get(key)
    return value if isinstance(value, str) else ""


def _site_json(site: Site) -> Json:
    return {
        "name": site.name,
        "key": site.key,
        "origins": list(site.origins),
        "dev": site.dev,
        "disabled": site.disabled,
        "live": site.live,
        "query_keys": sorted(site.query_keys),
    }


def _site_add(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    name = _word(arguments, "name")
    if not _NAME.fullmatch(name):
        raise BadArgument(f"{name!r} is no name for a site: use letters, digits, - and _")
    origins = [checked_origin(origin) for origin in _words(arguments, "origins")]
    keys = _words(arguments, "query_keys")
    bad = next((key for key in keys if not _QUERY_KEY.fullmatch(key)), None)
    if bad is not None:
        raise BadArgument(f"{bad!r} is no key of a URL's query")
    dev = arguments.get("dev") is True
    if not origins and not dev:
        raise BadArgument("name at least one --origin that pages come from, or --dev for localhost")
    return _site_json(
        add_site(
            db,
            name,
            list(dict.fromkeys(origins)),
            dev=dev,
            now_ms=now_ms,
            query_keys=tuple(keys),
        )
    )


def _site_origin_add(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    site = site_named(db, _word(arguments, "name"))
    origin = checked_origin(_word(arguments, "origin"))
    return _site_json(set_origins(db, site.name, list(dict.fromkeys([*site.origins, origin]))))


def _site_origin_remove(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    site = site_named(db, _word(arguments, "name"))
    origin = _word(arguments, "origin")
    return _site_json(
        set_origins(db, site.name, [known for known in site.origins if known != origin])
    )


def _site_dev(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    return _site_json(set_dev(db, _word(arguments, "name"), arguments.get("dev") is True))


def _site_disable(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    return _site_json(set_disabled(db, _word(arguments, "name"), True))


def _site_enable(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    return _site_json(set_disabled(db, _word(arguments, "name"), False))


def _site_live(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    rule = live_rule(_word(arguments, "live"))
    return _site_json(set_live_rule(db, _word(arguments, "name"), rule))


def _user_add(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    email = _word(arguments, "email").strip()
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise BadArgument(f"{email!r} is no e-mail address")
    role = ROLES.get(_word(arguments, "role"))
    user = add_user(db, email, role, now_ms)
    return {"email": user.email, "role": user.role, "token": add_link(db, user, now_ms)}


def _token_add(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    name = plain_line(_word(arguments, "name").strip(), MAX_TOKEN_NAME) or "unnamed"
    return {"name": name, "token": add_token(db, name, now_ms)}


def _erase(db: Database, intake: Intake, arguments: Json, now_ms: int) -> Json:
    erasure = erase_visitor(db, _word(arguments, "visitor"), now_ms)
    intake.forget()
    return {"visitor_id": erasure.visitor_id, "sessions": erasure.sessions}


def _import(db: Database, _: Intake, arguments: Json, now_ms: int) -> Json:
    done = import_file(db, Path(_word(arguments, "file")), _word(arguments, "site"), now_ms)
    return {
        "session": done.session_id,
        "site": done.site,
        "is_new": done.is_new,
        "problems": list(done.problems),
    }


def _where(_db: Database, _intake: Intake, _arguments: Json, _now_ms: int) -> Json:
    """Nobody serves the directory now: then it will be the default."""
    return {"url": f"http://localhost:{DEFAULT_PORT}"}


COMMANDS: dict[str, Command] = {
    "site_add": _site_add,
    "site_origin_add": _site_origin_add,
    "site_origin_remove": _site_origin_remove,
    "site_dev": _site_dev,
    "site_disable": _site_disable,
    "site_enable": _site_enable,
    "site_live": _site_live,
    "user_add": _user_add,
    "token_add": _token_add,
    "erase": _erase,
    "import": _import,
    **CHANNEL_COMMANDS,
    **RULE_COMMANDS,
    "where": _where,
}
