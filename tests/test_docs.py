"""Proves that what people can call, set or run is in the documents, and that what the documents
name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from collector.cli import visitreel
from replay import ops

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "replay" / "FORMAT.md").read_text(encoding="utf-8")


def commands_of(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands_of(below, f"{path} {name}")
    else:
        yield path, command


COMMANDS = dict(commands_of(visitreel, "visitreel"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_in_the_readme_with_its_arguments(words: str) -> None:
    arguments = [
        (option.metavar or option.name or "").upper()
        for option in COMMANDS[words].params
        if isinstance(option, click.Argument)
    ]
    assert f"`{' '.join([words, *arguments])}" in README


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_is_in_the_readme(words: str) -> None:
    for option in COMMANDS[words].params:
        if isinstance(option, click.Option) and not option.is_eager:
            assert any(f"{name}" in README for name in option.opts if name.startswith("--"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_option_explains_itself(words: str) -> None:
    assert COMMANDS[words].help
    for option in COMMANDS[words].params:
        if isinstance(option, click.Option):
            assert option.help or option.default is not None, f"{words} {option.opts}"


def test_the_readme_names_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `(visitreel [a-z ]+?)(?: [A-Z-]|`)", README, re.MULTILINE))
    assert named == set(COMMANDS)


def test_every_environment_variable_is_in_the_readme() -> None:
    used = {
        name
        for path in (ROOT / "collector").rglob("*.py")
        for name in re.findall(r"VISITREEL_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    assert used
    assert {name for name in used if name not in README} == set()


def test_every_option_of_the_script_is_in_the_readme() -> None:
    config = (ROOT / "sdk_js" / "src" / "config.ts").read_text(encoding="utf-8")
    options = re.search(r"interface Options \{(.*?)\n\}", config, re.DOTALL)
    assert options is not None
    names = re.findall(r"^ {2}(\w+)\??:", options[1], re.MULTILINE)
    assert len(names) > 4
    assert [name for name in names if f"| `data-{name}` |" not in README] == []
    assert set(re.findall(r"^\| `data-(\w+)` \|", README, re.MULTILINE)) == set(names)


def test_every_public_call_of_the_script_is_in_the_readme() -> None:
    exported = (ROOT / "sdk_js" / "src" / "index.ts").read_text(encoding="utf-8")
    line = re.search(r"export \{([^}]*)\} from", exported)
    assert line is not None
    names = {name.strip() for name in line[1].split(",") if "type " not in name}
    imported = re.search(r'import \{ ([^}]*) \} from "visitreel"', README)
    assert imported is not None
    assert set(imported[1].split(", ")) == names
    for name in names - {"init"}:
        assert f'visitreel("{name}"' in README


def test_every_op_is_in_the_format() -> None:
    for name, value in vars(ops).items():
        if isinstance(value, type) and isinstance(code := getattr(value, "CODE", None), int):
            written = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            assert re.search(rf"^\| {code} \| `?{written}`? \|", FORMAT, re.MULTILINE), name


def test_links_and_pictures_of_the_readme_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
    for path in re.findall(r"`((?:sdk_js|replay|collector|examples|tests)/[\w./-]*)`", README):
        assert (ROOT / path).exists(), path


def test_every_make_target_of_the_readme_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z0-9-]+)`", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
