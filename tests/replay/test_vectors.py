"""The vectors, run by the Python reader, writer and tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from replay.encode import write_section
from replay.fields import NAMES, TREE_OPS
from replay.keyframe import keyframe
from replay.reconstruct import Damage, play
from replay.section import read_section
from replay.tree import Tree, dump
from tests.vectors.make import main, op_from_json, op_to_json

ROOT = Path(__file__).resolve().parent.parent / "vectors"


def load(folder: str) -> list[Any]:
    found = [json.loads(path.read_text()) for path in sorted((ROOT / folder).glob("*.json"))]
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def contents(vector: dict[str, Any]) -> dict[bytes, str]:
    return {bytes.fromhex(named): text for named, text in vector.get("contents", {}).items()}


@pytest.mark.parametrize("vector", load("ops"))
def test_bytes_decode_to_the_ops(vector: dict[str, Any]) -> None:
    section = read_section(
        bytes.fromhex(vector["section"]), vector["base_t_ms"], contents(vector).get
    )
    assert section.problems == []
    assert [op_to_json(timed) for timed in section.ops] == vector["ops"]


@pytest.mark.parametrize("vector", load("ops"))
def test_ops_encode_to_the_bytes(vector: dict[str, Any]) -> None:
    ops = [op_from_json(item, vector.get("announced", {})) for item in vector["ops"]]
    named = {text: hash_ for hash_, text in contents(vector).items()}
    assert write_section(ops, vector["base_t_ms"], named.get).hex() == vector["section"]


@pytest.mark.parametrize("vector", load("ops"))
def test_ops_make_the_tree(vector: dict[str, Any]) -> None:
    tree, damage = Tree(), Damage()
    play(tree, [op_from_json(item, vector.get("announced", {})) for item in vector["ops"]], damage)
    assert json.loads(json.dumps(dump(tree))) == vector["tree"]
    assert damage.lines == vector["damage"]


@pytest.mark.parametrize("vector", load("ops"))
def test_a_keyframe_rebuilds_the_tree(vector: dict[str, Any]) -> None:
    tree = Tree()
    play(
        tree, [op_from_json(item, vector.get("announced", {})) for item in vector["ops"]], Damage()
    )
    printed = [(0, op) for op in keyframe(tree)]
    section = read_section(write_section(printed, 0), 0, lambda named: None)
    again, damage = Tree(), Damage()
    play(again, section.ops, damage)
    assert (damage.lines, section.problems) == ([], [])
    if printed:
        assert dump(again) == dump(tree)


@pytest.mark.parametrize("vector", load("sections"))
def test_damaged_bytes_keep_the_ops_before_the_damage(vector: dict[str, Any]) -> None:
    section = read_section(
        bytes.fromhex(vector["section"]), vector["base_t_ms"], contents(vector).get
    )
    assert [op_to_json(timed) for timed in section.ops] == vector["ops"]
    assert section.problems == vector["problems"]


def test_the_vectors_are_current() -> None:
    assert main(["--check"]) == 0


def test_every_op_has_a_vector() -> None:
    seen = {item[1] for param in load("ops") for item in param.values[0]["ops"]}
    assert {NAMES[code] for code in TREE_OPS} - seen == set()
