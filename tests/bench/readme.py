"""The README's table of measurements. In comes `results/latest.json`, out come the lines between
two marks."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from tests.bench.recorders import ROOT
from tests.bench.rows import RESULTS

README = ROOT / "README.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PEERS = ("rrweb", "Clarity", "OpenReplay", "Datadog")


def number(value: float | None, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if unit == "B":
        return f"{value / 1000:.1f} kB"
    return f"{value:,.2f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")


def table(result: dict[str, Any]) -> list[str]:
    """The lines of the table and what it was measured on."""
    lines = [
        "| what | visitreel | " + " | ".join(PEERS) + " | other | budget |",
        "| --- " * (len(PEERS) + 4) + "|",
    ]
    for row in result["rows"]:
        values = {**row["others"], row["peer"]: row["peer_value"]}
        cells = [number(values.get(peer), row["unit"]) for peer in PEERS]
        other = (
            ""
            if row["peer"] in {"", *PEERS}
            else f"{row['peer']} " + number(row["peer_value"], row["unit"])
        )
        ours = number(row["value"], row["unit"])
        if row["is_ratio"] and row["ratio"] is not None:
            ours += f" (÷ {row['peer']}: {row['ratio']:.2f})"
        lines.append(" | ".join(["| " + row["name"], ours, *cells, other, _budget(row)]) + " |")
    versions = ", ".join(peer["version"] for peer in result["peers"])
    lines += [
        "",
        f"Measured in Chromium {result['browser']} on {result['machine']['cpus']} processors;"
        f" {versions}.",
        _when(result["rows"]),
    ]
    return lines


def _when(rows: list[dict[str, Any]]) -> str:
    """Which part was measured when, at which commit: each part is one run."""
    parts: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found = parts.setdefault((row["date"].split()[0], row["commit"]), [])
        if row["part"] not in found:
            found.append(row["part"])
    said = (
        f"{', '.join(names)}: {date} at commit `{commit}`"
        for (date, commit), names in sorted(parts.items())
    )
    return "; ".join(said) + "."


def _budget(row: dict[str, Any]) -> str:
    if row["budget"] is None:
        return ""
    sign = "≤" if row["better"] == "lower" else "≥"
    bound = number(row["budget"], row["unit"])
    if row["is_ratio"]:
        bound = f"{row['budget']:g} × {row['peer']}"
    return f"{sign} {bound}" + ("" if row["holds"] else ": **over**")


def main() -> int:
    """Writes the table into the README. 2 where there are no results or no marks."""
    if not RESULTS.is_file():
        print("nothing was measured yet: make bench", file=sys.stderr)
        return 2
    lines = table(json.loads(RESULTS.read_text(encoding="utf-8")))
    text = README.read_text(encoding="utf-8")
    block = "\n".join([BEGIN, *lines, END])
    changed, found = re.subn(f"{BEGIN}.*?{END}", lambda _: block, text, flags=re.DOTALL)
    if found != 1:
        print(f"{README} has no marks {BEGIN} and {END}", file=sys.stderr)
        return 2
    README.write_text(changed, encoding="utf-8")
    return 0
