"""One version number: pyproject.toml has it, every other place says the same."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "version"
]


def test_the_installed_package_has_it() -> None:
    assert version("visitreel") == VERSION


def test_the_node_packages_have_it() -> None:
    for name in ("package.json", "package-lock.json"):
        text = (ROOT / "sdk_js" / name).read_text(encoding="utf-8")
        assert json.loads(text)["version"] == VERSION


@pytest.mark.parametrize("name", ["sdk.min.js", "visitreel.mjs"])
def test_the_built_script_says_it(name: str) -> None:
    built = (ROOT / "sdk_js" / "dist" / name).read_text(encoding="utf-8")
    assert re.findall(r"""["'`](\d+\.\d+\.\d+)["'`]""", built) == [VERSION]


def test_the_changelog_begins_with_it() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)[0] == VERSION
