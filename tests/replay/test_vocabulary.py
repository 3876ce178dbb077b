"""What is printed from the vocabulary is current."""

from __future__ import annotations

from replay.fields import FIELDS, NAMES, OPS
from replay.ops import Kind
from replay.vocabulary import main, stale


def test_the_printed_files_are_current() -> None:
    assert stale() == []
    assert main(["--check"]) == 0


def test_codes_tell_ops_from_facts() -> None:
    facts_only = {Kind.WORD, Kind.NUMBER, Kind.MAP}
    for code, fields in FIELDS.items():
        kinds = {kind for _, kind in fields}
        assert kinds <= facts_only if code >= 64 else not kinds & facts_only


def test_every_op_has_a_name_of_its_own_and_a_meaning() -> None:
    assert len(set(NAMES.values())) == len(OPS)
    assert all(op.__doc__ for op in OPS.values())
