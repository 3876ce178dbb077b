"""Prints the vocabulary for its other readers: in goes `replay/ops.py`, out come
`sdk_js/src/ops.ts`, `replay/player/ops.js` and the op tables of `replay/FORMAT.md`. `python -m
replay.vocabulary` writes them, `--check` only says which are out of date."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from replay.fields import FACTS, FIELDS, LETTERS, NAMES, TREE_OPS
from replay.ops import FORMAT_VERSION, ROOT_ID

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- ops -->", "<!-- /ops -->"
SOURCE = "GENERATED from replay/ops.py by `python -m replay.vocabulary`. Do not edit."


def meaning_of(op: type) -> str:
    """The docstring on one line."""
    return " ".join((inspect.getdoc(op) or "").split())


def typescript() -> str:
    """One constant an op, so that a bundler drops those that nothing uses."""
    lines = [f"// {SOURCE}", ""]
    lines.append("/** Travels in every batch; a reader refuses any other number. */")
    lines.append(f"export const FORMAT_VERSION = {FORMAT_VERSION}")
    lines.append("/** The id of the top document's node in every document load. */")
    lines.append(f"export const ROOT_ID = {ROOT_ID}")
    for title, table in (("Ops, in the ops section", TREE_OPS), ("Facts, in the head", FACTS)):
        lines += ["", f"// {title}: fields in the order in which they travel."]
        for code in table:
            fields = ", ".join(f"{name}: {kind.value}" for name, kind in FIELDS[code])
            lines.append(f"/** {fields or 'no fields'} */")
            lines.append(f"export const OP_{NAMES[code].upper()} = {code}")
    lines += [
        "",
        "/** The kinds of an op's fields by its code, a letter each (replay/FORMAT.md, "
        '"Ops section"); a run is written by itself. */',
    ]
    lines.append(f"export const KINDS = '{kinds()}'.split(',')")
    return "\n".join(lines) + "\n"


def kinds() -> str:
    """The letters of every op's fields, at the place of its code."""
    letter_of = {kind: letter for letter, kind in LETTERS.items()}
    letters = {code: "".join(letter_of[kind] for _, kind in FIELDS[code]) for code in TREE_OPS}
    return ",".join(letters.get(code, "") for code in range(max(letters) + 1)).replace("r", "")


def javascript() -> str:
    """The decode table of the player."""
    lines = [f"// {SOURCE}", ""]
    lines += [
        f"export const FORMAT_VERSION = {FORMAT_VERSION}",
        f"export const ROOT_ID = {ROOT_ID}",
        "",
        "/** @typedef {'id'|'uint'|'sint'|'ids'|'uints'|'name'|'value'|'text'|'hash'|'run'} "
        "Kind */",
        "/** @typedef {{name: string, fields: Array<[name: string, kind: Kind]>}} OpShape */",
        "",
        "/**",
        " * Ops of the ops section by code, with their fields in the order in which they travel.",
        " * @type {Record<number, OpShape>}",
        " */",
        "export const OPS = {",
    ]
    for code in TREE_OPS:
        fields = ", ".join(f"['{name}', '{kind.value}']" for name, kind in FIELDS[code])
        lines.append(f"  {code}: {{ name: '{NAMES[code]}', fields: [{fields}] }},")
    return "\n".join([*lines, "}"]) + "\n"


def markdown() -> str:
    """The op tables of FORMAT.md, markers included."""
    lines = [BEGIN]
    for title, table in (("Ops", TREE_OPS), ("Facts", FACTS)):
        lines += [
            "",
            f"### {title}",
            "",
            "| code | name | fields | meaning |",
            "| --- | --- | --- | --- |",
        ]
        for code, op in table.items():
            fields = ", ".join(f"{name} {kind.name}" for name, kind in FIELDS[code])
            meaning = meaning_of(op).replace("|", "\\|")
            lines.append(f"| {code} | {NAMES[code]} | {fields} | {meaning} |")
    return "\n".join([*lines, "", END])


def format_text(current: str) -> str:
    """FORMAT.md with its tables printed anew."""
    before, marker, rest = current.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not marker or not end:
        raise ValueError(f"FORMAT.md: markers {BEGIN} and {END} are missing")
    return before + markdown() + after


def printed(root: Path) -> dict[Path, str]:
    """Every file that is printed from the vocabulary, with the content it must have."""
    format_path = root / "replay" / "FORMAT.md"
    return {
        root / "sdk_js" / "src" / "ops.ts": typescript(),
        root / "replay" / "player" / "ops.js": javascript(),
        format_path: format_text(format_path.read_text(encoding="utf-8")),
    }


def stale(root: Path = ROOT) -> list[Path]:
    """Printed files that are not current."""
    return [
        path
        for path, text in printed(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Writes what is stale; with `--check` names it and answers 1."""
    check = "--check" in arguments
    old = stale()
    contents = printed(ROOT)
    for path in old:
        if check:
            print(f"{path.relative_to(ROOT)} is not current: run python -m replay.vocabulary")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents[path], encoding="utf-8")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
