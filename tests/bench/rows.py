"""What was measured, as rows. In come values, out come the table on the terminal and
`results/latest.json`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "latest.json"
NAME_WIDTH = 58


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `ratio`: value ÷ peer_value; `budget` and `aim` are of the ratio where
    `is_ratio`, else of the value. `others`: what the other peers had, in the same unit."""

    id: str
    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    budget: float | None = None
    aim: float | None = None
    is_ratio: bool = False
    better: str = "lower"
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """This ÷ peer."""
        return round(self.value / self.peer_value, 3) if self.peer_value else None

    @property
    def holds(self) -> bool | None:
        """Is the budget held? None: there is none."""
        found = self.ratio if self.is_ratio else self.value
        if self.budget is None or found is None:
            return None
        return found <= self.budget if self.better == "lower" else found >= self.budget


def beside(id_: str, name: str, values: Mapping[str, float], unit: str, **rest: Any) -> Row:
    """A row of visitreel's value with rrweb as the peer and all others beside it."""
    others = {who: value for who, value in values.items() if who not in {"visitreel", "rrweb"}}
    value, peer_value = values["visitreel"], values["rrweb"]
    return Row(id_, name, value, unit, "rrweb", peer_value, others=others, **rest)


def shown(row: Row) -> str:
    """A row as text: name, value, peer, ratio, budget, and the others below."""
    peer = f"{row.peer} {row.peer_value:g}" if row.peer_value is not None else ""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    budget = f"{row.budget:g}" if row.budget is not None else ""
    verdict = {True: "", False: "  over", None: ""}[row.holds]
    line = f"{row.name:<{NAME_WIDTH}}{row.value:>10g} {row.unit:<5}{peer:>20}{ratio:>7}{budget:>8}"
    others = " · ".join(f"{who} {value:g}" for who, value in row.others.items())
    return line + verdict + (f"\n{'':<4}{others}" if others else "")


HEADING = f"{'':<{NAME_WIDTH}}{'value':>16}{'peer':>20}{'ratio':>7}{'budget':>8}"


def write(
    measured: Mapping[str, Sequence[Row]],
    order: Sequence[str],
    browser: str,
    peers: Sequence[Mapping[str, str]],
    problems: Sequence[str],
) -> None:
    """Writes the results, with what they were measured on. `measured`: rows by part; what other
    parts have had last stays, each row with its own date and commit. `order`: of the parts."""
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    commit = _git("rev-parse", "--short", "HEAD")
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in order} | _earlier_rows(browser)
    for part, found in measured.items():
        own = {"part": part, "date": date, "commit": commit}
        rows[part] = [asdict(row) | {"ratio": row.ratio, "holds": row.holds} | own for row in found]
    result = {
        "date": date,
        "browser": browser,
        "commit": commit,
        "changed": bool(_git("diff", "HEAD", "--name-only", "--", ":/", ":!results")),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "peers": list(peers),
        "problems": list(problems),
        "rows": [row for part in order for row in rows[part]],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _earlier_rows(browser: str) -> dict[str, list[dict[str, Any]]]:
    """By part, if they were measured in the same browser."""
    found: dict[str, list[dict[str, Any]]] = {}
    if RESULTS.is_file():
        earlier = json.loads(RESULTS.read_text(encoding="utf-8"))
        for row in earlier["rows"] if earlier["browser"] == browser else []:
            if "part" in row:
                found.setdefault(row["part"], []).append(row)
    return found


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=HERE)
    return done.stdout.strip()
