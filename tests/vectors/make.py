"""Prints the vectors: in go the definitions in `tests/vectors/definitions.py`, out come
`ops/*.json` and `sections/*.json` (`README.md` beside this file says what is in them). `--check`
only says which are not current."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent.parent))

from replay.encode import content_hash, write_section  # noqa: E402
from replay.fields import CODES, FIELDS, LETTERS, NAMES, OPS  # noqa: E402
from replay.ops import Kind, NewNode  # noqa: E402
from replay.reconstruct import Damage, play  # noqa: E402
from replay.section import SectionOp, TimedOp, UnknownOp, read_section  # noqa: E402
from replay.tree import Tree, dump  # noqa: E402

Json = dict[str, Any]


@dataclass(frozen=True)
class Vector:
    """Ops and the texts that are named by hash."""

    name: str
    ops: list[TimedOp]
    base_t_ms: int = 0
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class DamagedSection:
    """Raw bytes that are damaged somewhere."""

    name: str
    section: bytes
    base_t_ms: int = 0
    contents: Mapping[str, str] = field(default_factory=dict)


def node_to_json(node: NewNode) -> list[object]:
    """A node of a run as an array."""
    if node.kind == "element":
        return [node.parent, "element", node.name, dict(node.attrs or {})]
    if node.kind == "text":
        return [node.parent, "text", node.text]
    return [node.parent, node.kind, *([node.mode] if node.kind == "content" else [])]


def node_from_json(item: list[Any]) -> NewNode:
    """The inverse of `node_to_json`."""
    parent, kind, *rest = item
    if kind == "element":
        return NewNode(parent, kind, rest[0], rest[1] or None)
    if kind == "text":
        return NewNode(parent, kind, text=rest[0])
    return NewNode(parent, kind, mode=rest[0] if rest else 0)


def _value_to_json(kind: Kind, value: Any) -> object:
    if kind is Kind.HASH:
        return cast(bytes, value).hex()
    if kind is Kind.RUN:
        return [node_to_json(node) for node in value]
    return list(value) if isinstance(value, tuple) else value


def _value_from_json(kind: Kind, value: Any) -> object:
    if kind is Kind.HASH:
        return bytes.fromhex(value)
    if kind is Kind.RUN:
        return tuple(node_from_json(item) for item in value)
    return tuple(value) if isinstance(value, list) else value


def op_to_json(timed: TimedOp) -> list[object]:
    """`[t_ms, name, {field: value}]`."""
    t_ms, op = timed
    if isinstance(op, UnknownOp):
        pairs = zip(op.letters, op.fields, strict=True)
        fields = [_value_to_json(LETTERS[letter], value) for letter, value in pairs]
        return [t_ms, "unknown", {"code": op.code, "fields": fields}]
    values = {name: _value_to_json(kind, getattr(op, name)) for name, kind in FIELDS[op.CODE]}
    return [t_ms, NAMES[op.CODE], values]


def op_from_json(item: list[Any], announced: Mapping[str, str]) -> TimedOp:
    """The inverse of `op_to_json`."""
    t_ms, name, fields = item
    if name == "unknown":
        letters = announced[str(fields["code"])]
        pairs = zip(letters, fields["fields"], strict=True)
        values = tuple(_value_from_json(LETTERS[letter], value) for letter, value in pairs)
        return t_ms, UnknownOp(fields["code"], letters, cast(Any, values))
    code = CODES[name]
    read = {field: _value_from_json(kind, fields[field]) for field, kind in FIELDS[code]}
    return t_ms, cast(Callable[..., SectionOp], OPS[code])(**read)


def print_vector(vector: Vector) -> Json:
    """The vector with its bytes, its tree and its damage."""
    named = {text: content_hash(text.encode()) for text in vector.named}
    raw = write_section(vector.ops, vector.base_t_ms, named.get)
    tree, damage = Tree(), Damage()
    play(tree, vector.ops, damage)
    found: Json = {"name": vector.name, "base_t_ms": vector.base_t_ms}
    if named:
        found["contents"] = {hash_.hex(): text for text, hash_ in named.items()}
        found["named"] = [hash_.hex() for hash_ in named.values()]
    found["ops"] = [op_to_json(timed) for timed in vector.ops]
    letters = {str(op.code): op.letters for _, op in vector.ops if isinstance(op, UnknownOp)}
    if letters:
        found["announced"] = letters
    return found | {"section": raw.hex(), "tree": dump(tree), "damage": damage.lines}


def print_damaged(vector: DamagedSection) -> Json:
    """The bytes with what can be read of them."""
    texts = {bytes.fromhex(hash_): text for hash_, text in vector.contents.items()}
    section = read_section(vector.section, vector.base_t_ms, texts.get)
    return {
        "name": vector.name,
        "base_t_ms": vector.base_t_ms,
        "contents": dict(vector.contents),
        "section": vector.section.hex(),
        "ops": [op_to_json(timed) for timed in section.ops],
        "problems": section.problems,
    }


def file_name(name: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in name.lower()) + ".json"


def _text(found: Json) -> str:
    """JSON with one op a line, so that a change shows."""
    lines = []
    for key, value in found.items():
        if key == "ops" and value:
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=True) for row in value)
            lines.append(f'  "ops": [\n    {rows}\n  ]')
        elif key == "tree":
            parts = ",\n    ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f'  "tree": {{\n    {parts}\n  }}' if value else '  "tree": {}')
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def printed() -> dict[Path, str]:
    """Every file of vectors with its content."""
    from tests.vectors.definitions import DAMAGED, VECTORS

    files = {ROOT / "ops" / file_name(v.name): _text(print_vector(v)) for v in VECTORS}
    damaged = {ROOT / "sections" / file_name(v.name): _text(print_damaged(v)) for v in DAMAGED}
    return files | damaged


def main(arguments: list[str]) -> int:
    wanted = printed()
    found = {path for folder in ("ops", "sections") for path in (ROOT / folder).glob("*.json")}
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    for path in stale + sorted(found - wanted.keys()):
        if "--check" in arguments:
            print(f"{path.name} is not current: run python tests/vectors/make.py")
        elif path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path])
        else:
            path.unlink()
    return 1 if "--check" in arguments and (stale or found - wanted.keys()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
