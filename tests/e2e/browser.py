"""The browser of all tests, and what a visitor's page and a rep's player can be asked. In come
pages, out come dumps and pictures."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.normal_form.raw import DUMP_JS, Raw, from_json

VIEWPORT_PX = (1280, 720)
SAME_WITHIN = 2
"""Of 255, in each channel: gradients are rounded anew in each tile that the browser draws."""
PAGES_ALONE = (
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "PreloadTopChromeWebUI,SpareRendererForSitePerProcess"
)
"""Without what a window has around its page and nobody sees here: these are pages of their own, and
take half the processor's time of opening an empty one."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    PAGES_ALONE,
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DUMP_FUNCTION = DUMP_JS[DUMP_JS.index("(root)") :].rstrip()
"""As an expression, to be called with a document."""


def chromium_path() -> str | None:
    """Chromium: that of VISITREEL_CHROMIUM, else of the system; None: Playwright's own."""
    found = filter(None, map(shutil.which, _NAMES))
    return os.environ.get("VISITREEL_CHROMIUM") or next(found, None)


def launch(playwright: Playwright) -> Browser:
    """A browser without a profile: every context begins empty."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))


def launch_with_profile(playwright: Playwright, folder: Path) -> BrowserContext:
    """A browser with a profile as people have one. Only there `preconnect` does anything."""
    return playwright.chromium.launch_persistent_context(
        folder,
        executable_path=chromium_path(),
        args=list(FLAGS),
        viewport={"width": 1700, "height": 1300},
    )


@contextmanager
def visitor(browser: Browser) -> Iterator[Page]:
    """A fresh visitor's page. Errors of the page's scripts fail the test."""
    width, height = VIEWPORT_PX
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert errors == []


def sign_in(context: BrowserContext, link: str) -> None:
    """Follows a sign-in link and presses its button."""
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button").first.click()
    page.wait_for_url(lambda url: url != link)
    page.close()


def dump_text(page: Page) -> str:
    """The replayed document as JSON. As one string it comes over in a tenth of the time."""
    document = "document.getElementById('frame').contentDocument"
    dumped: str = page.evaluate(f"() => JSON.stringify(({DUMP_FUNCTION})({document}))")
    return dumped


def dump_player(page: Page) -> Raw:
    """The replayed document."""
    return from_json(json.loads(dump_text(page)))


def open_player(page: Page, url: str) -> None:
    """Goes to a player and waits until the frame at its moment is complete."""
    page.goto(url)
    wait_for_frame(page)


def wait_for_frame(page: Page) -> None:
    """Returns once the player shows the frame it was asked for."""
    page.wait_for_selector("#player:not([data-state=loading])", state="attached")
    state = page.get_attribute("#player", "data-state")
    if state not in {"playing", "paused", "ended"}:
        raise AssertionError(f"the player is {state}: {page.inner_text('body')[:500]}")


def picture_of(page: Page, clip: tuple[int, int] | None = None) -> Image.Image:
    """What is on the screen, without the caret; `clip`: only the left upper part of this size."""
    if clip is None:
        data = page.screenshot(animations="allow", caret="hide")
    else:
        box = page.locator("#frame").bounding_box()
        assert box is not None
        area = {"x": box["x"], "y": box["y"], "width": clip[0], "height": clip[1]}
        data = page.screenshot(clip=area, animations="allow", caret="hide")  # type: ignore[arg-type]
    return Image.open(io.BytesIO(data)).convert("RGB")


def differing_share(one: Image.Image, other: Image.Image) -> float:
    """Share of the pixels that are not the same, 0 to 1; pictures of other sizes differ in all."""
    if one.size != other.size:
        return 1.0
    changed = ImageChops.difference(one, other).split()
    worst = ImageChops.lighter(ImageChops.lighter(changed[0], changed[1]), changed[2])
    return sum(worst.histogram()[SAME_WITHIN + 1 :]) / (one.width * one.height)
