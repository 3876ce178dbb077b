"""What axe-core finds wrong with a page for people who can't see, hear or hold a mouse. In comes a
page, out come its violations, one line each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "sdk_js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDTHS_PX = {"phone": (390, 844), "desktop": (1280, 800)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

_RUN = """async (tags) => {
  const rows = { include: [document], exclude: [['.list > li:nth-child(n+9)']] }
  // Files are fetched again only for rules about audio, which our pages have none of.
  const found = await axe.run(rows, { runOnly: tags, resultTypes: ['violations'], preload: false })
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
}"""


def violations(page: Page) -> list[str]:
    """Everything that axe-core is sure of; of long lists the first rows, as all are alike."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN, list(TAGS))
    return found


def overflow_px(page: Page) -> int:
    """By how much the page is wider than its window: people should never scroll sideways."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, wide)


def problems_everywhere(page: Page) -> list[str]:
    """What is wrong with the page as it is now, on phone and desktop, light and dark; and whether
    it fits on the narrowest phone and on a wide screen."""
    found: list[str] = []
    for width, (width_px, height_px) in WIDTHS_PX.items():
        page.set_viewport_size({"width": width_px, "height": height_px})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{page.url}, {width}, {scheme}: {what}" for what in violations(page)]
    for width_px in (360, 1920):
        page.set_viewport_size({"width": width_px, "height": 800})
        if overflow_px(page):
            found.append(f"{page.url}: at {width_px} px it is {overflow_px(page)} px too wide")
    return found
