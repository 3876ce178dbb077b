"""`make screenshots`: in comes a folder's name, out go the pictures of the way to the first alert
that the README shows."""

from __future__ import annotations

import io
import sys
import tempfile
from ipaddress import ip_network
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.collector.alerts.receiver import receiving
from tests.collector.conftest import running_collector
from tests.e2e.browser import launch, sign_in
from tests.e2e.first_alert import STEPS, walk

WIDTH_PX, MAX_HEIGHT_PX = 1_120, 1_040
QUALITY = 80


def main(folder: Path) -> None:
    """Writes all pictures anew."""
    folder.mkdir(parents=True, exist_ok=True)

    def look(step: str, page: Page) -> None:
        height: int = page.evaluate("document.body.scrollHeight")
        size = {"x": 0, "y": 0, "width": WIDTH_PX, "height": min(height, MAX_HEIGHT_PX)}
        page.set_viewport_size({"width": WIDTH_PX, "height": MAX_HEIGHT_PX})
        data = page.screenshot(clip=size, full_page=True, animations="disabled", caret="hide")  # type: ignore[arg-type]
        file = folder / f"{STEPS.index(step) + 1}-{step}.webp"
        Image.open(io.BytesIO(data)).convert("RGB").save(file, quality=QUALITY, method=6)

    allowed = (ip_network("127.0.0.0/8"),)
    with (
        tempfile.TemporaryDirectory() as data,
        running_collector(Path(data) / "data", allow_private=allowed) as running,
        receiving() as receiver,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        size = {"width": WIDTH_PX, "height": MAX_HEIGHT_PX}
        context = browser.new_context(viewport=size, locale="en-GB", reduced_motion="reduce")  # type: ignore[arg-type]
        token = running.run("user_add", email="ana@example.com", role="admin")["token"]
        sign_in(context, f"{running.url}/sign-in/{token}?next=/")
        walk(browser, running, context.new_page(), receiver, look)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
