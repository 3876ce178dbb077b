"""Proves the arrows: who may import whom, where each outside dependency is used, and where SQL
is."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

OURS = {"collector", "replay", "tests", "examples"}
MAY_IMPORT = {"replay": {"replay"}, "collector": {"collector", "replay"}}

HOMES = {
    "msgpack": ("replay/wire.py",),
    "zstandard": ("collector/store/",),
    "sqlite_utils": ("collector/store/",),
    "sqlite3": ("collector/store/",),
    "pysqlite3": ("collector/store/",),
    "starlette": ("collector/",),
    "uvicorn": ("collector/server.py", "collector/cli.py"),
    "orjson": ("collector/",),
    "jinja2": ("collector/web/",),
    "prometheus_client": ("collector/metrics.py",),
    "h11": ("collector/server.py",),
    "click": ("collector/cli",),
    "tinycss2": ("replay/css.py",),
    "ua_parser": ("collector/device.py",),
    "apprise": ("collector/alerts/services.py",),
    "pywebpush": ("collector/alerts/push.py",),
    "py_vapid": ("collector/alerts/push.py",),
    "cryptography": ("collector/alerts/push.py",),
    "requests": ("collector/alerts/push.py",),
    "standardwebhooks": ("collector/alerts/webhook.py",),
    "re2": ("collector/signals/patterns.py",),
    "jsonschema": ("collector/signals/documents.py",),
    "ruamel": ("collector/signals/yaml.py",),
}
"""Outside dependency → where it may be used."""
MODULES = {"google_re2": "re2"}
"""Distributions that are called otherwise than their module."""

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE|PRAGMA|VACUUM|BEGIN|COMMIT)\s", re.I)
PYTHON = sorted(
    path
    for package in ("collector", "replay")
    for path in (ROOT / package).rglob("*.py")
)  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[str]:
    """Top names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    found = set(imports_of(path)) & OURS
    assert found <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_each_outside_dependency_has_one_home(path: Path) -> None:
    for module in set(imports_of(path)) - OURS - (sys.stdlib_module_names - {"sqlite3"}):
        assert module in HOMES, f"{module} is no dependency of ours"
        assert name_of(path).startswith(HOMES[module]), f"{module} is used in {HOMES[module]}"


def test_every_dependency_is_declared_and_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in project["dependencies"]}
    declared = {MODULES.get(name, name) for name in names}
    used = {module for path in PYTHON for module in imports_of(path)} & HOMES.keys()
    # sqlite-utils takes pysqlite3 by itself, Starlette.s templates are those of Jinja2.
    assert declared == (used - {"sqlite3"}) | {"pysqlite3", "jinja2"}


def strings_of(path: Path) -> Iterator[str]:
    """String literals that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in statements
        ):
            yield node.value


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_sql_stays_in_the_store(path: Path) -> None:
    if not name_of(path).startswith("collector/store/"):
        assert [text for text in strings_of(path) if SQL.match(text)] == []


def test_replay_reads_no_clock_and_no_network() -> None:
    forbidden = {"time", "datetime", "random", "secrets", "socket", "http", "urllib3", "threading"}
    for path in PYTHON:
        if path.is_relative_to(ROOT / "replay"):
            assert not set(imports_of(path)) & forbidden, name_of(path)


SCRIPT_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*['"]([\w./@-]+)['"]""")


@pytest.mark.parametrize("folder", ["sdk_js/src", "replay/player"])
def test_scripts_import_only_their_neighbours(folder: str) -> None:
    top = ROOT / folder
    sources = [*top.rglob("*.ts"), *top.rglob("*.js")]
    assert sources
    for path in sources:
        for name in SCRIPT_IMPORT.findall(path.read_text(encoding="utf-8")):
            assert name.startswith("."), f"{name_of(path)} imports {name}"
            target = (path.parent / name).resolve()
            assert target.is_relative_to(top), f"{name_of(path)} imports {name}"


def test_nothing_runs_at_a_visitors_that_we_did_not_write() -> None:
    assert '"dependencies"' not in (ROOT / "sdk_js" / "package.json").read_text(encoding="utf-8")
