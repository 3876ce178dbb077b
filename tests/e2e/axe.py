"""What axe-core finds wrong with a page for people who can't see, hear or hold a mouse. In comes a
page, out come its violations, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parents[2] / "sdk_js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDTHS_PX = {"phone": (390, 844), "desktop": (1280, 800)}
SCHEMES = ("light", "dark")

_RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
}"""


def violations(page: Page) -> list[str]:
    """Everything that axe-core is sure of. Run in a world of its own, past the page's policy."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN, list(TAGS))
    return found


def overflow_px(page: Page) -> int:
    """By how much the page is wider than its window: people should never scroll sideways."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, wide)


@contextmanager
def looks(browser: Browser, state: object = None) -> Iterator[list[tuple[str, BrowserContext]]]:
    """A browser context for each width and scheme, by name. `state`: Playwright's storage state of
    whoever is signed in."""
    made: list[tuple[str, BrowserContext]] = []
    for width, (width_px, height_px) in WIDTHS_PX.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width_px, "height": height_px},
                color_scheme=scheme,
                storage_state=state,  # type: ignore[arg-type]
                locale="en-GB",
            )
            made.append((f"{width}, {scheme}", context))
    try:
        yield made
    finally:
        for _, context in made:
            context.close()
