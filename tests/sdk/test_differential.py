"""Random operations on a real page: recorder and player never differ, and each rule is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
SEQUENCES = int(os.environ.get("VISITREEL_SEQUENCES", "2000"))
STEPS = 25


RULES: dict[str, tuple[str, ...]] = {
    "aNodeThatLeavesTheDocumentLosesItsIdsAtOnce": ("if (!node.isConnected) forget(node)", ""),
    "aForgottenNodeThatWasTouchedIsRemovedByItself": (
        "if (lost.has(node)) gone",
        "if (lost.has(node) && !lost.has(node.parentNode!)) gone",
    ),
    "movedNodesAreTakenOutBeforeAnyIsPut": (
        "for (const known of taken) write(OP_TAKE, known)",
        "{}",
    ),
    "aTouchedNodeWithAnUnknownParentIsForgotten": ("|| !id(parent) ||", "||"),
    "nodesArePutFromTheLeftmostOfATouchedRun": (
        "      first = left\n",
        "      break\n",
    ),
    "whatIsUnknownBelowAPendingNodeIsLeftToTheWalk": (
        "isRecorded(at) && !pending.has(parent)",
        "isRecorded(at)",
    ),
    "everySliceStartsWithAFlush": (
        "    flush()\n    deadline",
        "    deadline",
    ),
    "aSliceKeepsNoCursor": (
        "} else [node, prev] = putRun(parent, prev, node, rule)",
        "} else { [node, prev] = putRun(parent, prev, node, rule); parent.cursor = node }",
        "    let prev = 0\n    for (let node: Node | null = parent.firstChild",
        "    let prev = 0\n    for (let node: Node | null = parent.cursor ?? parent.firstChild",
    ),
}
"""Each rule of the flush (sdk_js/src/tree.ts) by the page that shows it: the source line that is
the rule, and what stands there without it."""


def bundle(target: Path, source: Path = ROOT) -> str:
    """Recorder and player's tree in one script."""
    page = source / "tests" / "sdk" / "differential" / "sequences.js"
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [str(esbuild), str(page), "--bundle", "--log-level=error", f"--outfile={target}"],
        check=True,
    )
    return target.read_text(encoding="utf-8")


def without(rule: str, folder: Path) -> str:
    """The script with one rule left out of the recorder."""
    for part in ("sdk_js/src", "replay/player", "tests/sdk/differential"):
        shutil.copytree(ROOT / part, folder / part)
    tree = folder / "sdk_js" / "src" / "tree.ts"
    text = tree.read_text(encoding="utf-8")
    change = RULES[rule]
    for line, instead in zip(change[::2], change[1::2], strict=True):
        assert text.count(line) == 1, f"the line of {rule} is not there once"
        text = text.replace(line, instead)
    tree.write_text(text, encoding="utf-8")
    return bundle(folder / "page.js", folder)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundle(tmp_path_factory.mktemp("differential") / "page.js")


def page_with(browser: Browser, script: str) -> Page:
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.set_content("<!doctype html><title>t</title><body></body>")
    page.evaluate(script)
    return page


def test_recorder_and_tree_never_differ_after_random_operations(
    browser: Browser, script: str
) -> None:
    page = page_with(browser, script)
    failures = page.evaluate(
        "([count, steps]) => differential.runSequences(1, count, steps)", [SEQUENCES, STEPS]
    )
    page.close()
    assert failures == [], json.dumps(failures[:1], indent=1)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_flush_is_needed(
    browser: Browser, script: str, rule: str, tmp_path: Path
) -> None:
    with_rule = page_with(browser, script)
    assert with_rule.evaluate("(rule) => differential.rules[rule]()", rule) is None
    with_rule.close()
    without_rule = page_with(browser, without(rule, tmp_path))
    assert without_rule.evaluate("(rule) => differential.rules[rule]()", rule) is not None
    without_rule.close()
