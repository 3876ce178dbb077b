"""`make bench`: measures visitreel beside what its users would take instead, prints a table and
writes `results/latest.json`. With names only those parts: the others stay as they were measured
last. `--readme` copies the results into the README."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, sync_playwright

from tests.bench import alert, backtest, live, parts, player, readme, server
from tests.bench.recorders import peers, set_up
from tests.bench.rows import HEADING, Row, shown, write
from tests.bench.visits import launch

PARTS: dict[str, Callable[[Browser], Iterator[Row]]] = {
    "script": parts.script_rows,
    "wire": parts.wire_rows,
    "start": parts.start_rows,
    "cpu": parts.cpu_rows,
    "heap": parts.heap_rows,
    "frame": parts.frame_rows,
    "ack": server.ack_rows,
    "kills": server.kill_rows,
    "memory": server.memory_rows,
    "player": player.player_rows,
    "live": live.live_rows,
    "alert": alert.alert_rows,
    "backtest": backtest.backtest_rows,
}


def measure(names: list[str]) -> int:
    """Runs these parts. 1 when one of them could not be measured: the others are."""
    set_up()
    measured: dict[str, list[Row]] = {}
    problems: list[str] = []
    print(HEADING)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name in names:
            began = time.monotonic()
            try:
                rows = []
                for row in PARTS[name](browser):
                    print(shown(row), flush=True)
                    rows.append(row)
                measured[name] = rows
            except Exception as error:
                problems.append(f"{name}: {type(error).__name__}: {error}")
                print(f"  {problems[-1]}", file=sys.stderr)
            print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)
        version = browser.version
        browser.close()
    used = [{"name": one.name, "version": one.version, "options": one.options} for one in peers()]
    write(measured, list(PARTS), version, used, problems)
    return 1 if problems else 0


def main(words: list[str]) -> int:
    """2 for a name that is none."""
    if words == ["--readme"]:
        return readme.main()
    unknown = [word for word in words if word not in PARTS]
    if unknown:
        print(f"no benchmark named {unknown[0]}: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    return measure(words or list(PARTS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
