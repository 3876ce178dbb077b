"""`make bench`: measures visitreel beside what its users would take instead, prints a table and
writes `results/latest.json`. With a name (`script`, `wire`, `start`, `frame`) only that part."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.bench import frames, start, wire
from tests.e2e.browser import launch

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "latest.json"
START_RUNS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `ratio`: value ÷ peer_value; `budget` and `aim` are of the ratio where
    there is a peer to divide by, else of the value."""

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

    @property
    def ratio(self) -> float | None:
        """This ÷ peer."""
        return round(self.value / self.peer_value, 3) if self.peer_value else None


def script_rows(_: Browser) -> Iterator[Row]:
    """Bytes that a visitor's browser loads."""
    sizes = wire.script_bytes()
    rrweb = sizes["rrweb"]
    yield Row("script", "script, gzip", sizes["sdk.min.js"], "B", "rrweb", rrweb, 9_500, 8_500)
    yield Row("script-late", "part on demand, gzip", sizes["assets.min.js"], "B", budget=4_000)


def wire_rows(browser: Browser) -> Iterator[Row]:
    """Bytes that a visit sends."""
    budgets = {"article": (0.42, 0.37), "shop": (0.31, 0.19)}
    for visit, (budget, aim) in budgets.items():
        ours, theirs = (
            wire.visit_bytes(browser, recorder, visit)
            for recorder in (wire.visitreel(), wire.rrweb())
        )
        name = f"first visit, {visit}"
        yield Row(f"wire-{visit}", name, ours, "B", "rrweb", theirs, budget, aim, is_ratio=True)


def start_rows(browser: Browser) -> Iterator[Row]:
    """What starting costs the page, the best of some runs: what is above is the machine's noise."""
    ours, theirs = (
        min(start.longest_task(browser, recorder) for _ in range(START_RUNS))
        for recorder in (wire.visitreel(), wire.rrweb())
    )
    name = f"longest task at the start, {start.NODES:,} nodes"
    yield Row("start", name, round(ours, 1), "ms", "rrweb", round(theirs, 1), 25, 12)


def frame_rows(_: Browser) -> Iterator[Row]:
    """Frames in Python."""
    for nodes, mutations, budget, aim in ((3_000, 100, 10, 6), (10_000, 1_000, 30, 20)):
        name = f"frame_at, {nodes:,} nodes, {mutations:,} mutations, p50"
        taken = round(frames.frame_ms(nodes, mutations), 1)
        yield Row(f"frame-{nodes}", name, taken, "ms", budget=budget, aim=aim)


PARTS: dict[str, Callable[[Browser], Iterator[Row]]] = {
    "script": script_rows,
    "wire": wire_rows,
    "start": start_rows,
    "frame": frame_rows,
}


def set_up() -> None:
    """The peers, from npm, in the versions of the lock file."""
    if not (HERE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def shown(row: Row) -> str:
    """A row as text."""
    peer = f"{row.peer} {row.peer_value:g}" if row.peer_value else ""
    ratio = f"{row.ratio:.2f}" if row.ratio else ""
    budget = f"{row.budget:g}" if row.budget is not None else ""
    return f"{row.name:<52}{row.value:>10g} {row.unit:<3}{peer:>18}{ratio:>7}{budget:>9}"


def main(only: str | None) -> int:
    """Runs the parts; 2 for a name that is none."""
    if only and only not in PARTS:
        print(f"no benchmark named {only}: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    set_up()
    rows: list[Row] = []
    print(f"{'':<52}{'value':>14}{'peer':>18}{'ratio':>7}{'budget':>9}")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        version = browser.version
        for name, part in PARTS.items():
            for row in part(browser) if only in (None, name) else ():
                print(shown(row), flush=True)
                rows.append(row)
        browser.close()
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    RESULTS.parent.mkdir(exist_ok=True)
    found = [asdict(row) | {"ratio": row.ratio} for row in rows]
    result = {"browser": version, "commit": head.stdout.strip(), "rows": found}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
