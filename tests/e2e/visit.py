"""A visitor who leaves a mark at each moment that is compared later. In comes a page, out come
checkpoints: the live DOM, and pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page

from tests.e2e.api import Api
from tests.e2e.browser import DUMP_FUNCTION, picture_of
from tests.e2e.replayed import Replayed
from tests.e2e.waiting import wait_for
from tests.normal_form.raw import Raw, from_json

# The mark and the dump are one task: nothing can happen in between.
_MARK_AND_DUMP = f"""name => {{
  window.visitreel('mark', name)
  return JSON.stringify(({DUMP_FUNCTION})(document))
}}"""

# What has been done is laid out, painted, and its events (scroll, resize) have been heard.
_SETTLE = """() => new Promise(done => {
  const frames = left => left ? requestAnimationFrame(() => frames(left - 1)) : setTimeout(done)
  frames(3)
})"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One marked moment."""

    name: str
    live: Raw
    picture: Image.Image | None


@dataclass(slots=True)
class Visit:
    """One visitor with one page."""

    page: Page
    api: Api
    checkpoints: list[Checkpoint] = field(default_factory=list)
    session_id: str = ""
    _documents: int = 0

    def arrive(self, path: str = "") -> None:
        """After a navigation: returns when the collector has the whole of the new document."""
        if path:
            self.page.wait_for_url(lambda url: urlsplit(url).path == path)
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("typeof visitreel === 'function' && visitreel.version")
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        session = self.page.evaluate("() => visitreel('session')")
        assert session is not None, "nothing is recorded"
        assert self.session_id in {"", session["id"]}, "the session ended between two pages"
        self.session_id = session["id"]
        self._documents += 1
        wait_for(f"{self.page.url} is recorded", self._is_recorded, instead=self._known)

    def settle(self) -> None:
        """Returns when what was done is painted."""
        self.page.evaluate(_SETTLE)

    def check(self, name: str, picture: bool = False) -> None:
        """Marks this moment and keeps what the page is now."""
        self.settle()
        live = from_json(json.loads(self.page.evaluate(_MARK_AND_DUMP, name)))
        taken = picture_of(self.page) if picture else None
        self.checkpoints.append(Checkpoint(name, live, taken))

    def hover(self, selector: str) -> None:
        """Moves the pointer in steps, as a hand does."""
        element = self.page.locator(selector).first
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(*middle, steps=8)

    def click(self, selector: str) -> None:
        """Moves there, presses and releases."""
        self.hover(selector)
        self.page.locator(selector).first.click()

    def type(self, selector: str, text: str) -> None:
        """Clicks into a field and types, key by key."""
        self.click(selector)
        self.page.keyboard.type(text)

    def scroll(self, selector: str, dx: int, dy: int) -> None:
        """Turns the wheel over an element until that has moved."""
        self.hover(selector)
        before = self.page.evaluate(_OFFSETS)
        self.page.mouse.wheel(dx, dy)
        wait_for("something scrolled", lambda: self.page.evaluate(_OFFSETS) != before)
        self._rest()

    def _rest(self) -> None:
        last: list[object] = []

        def is_still() -> bool:
            self.settle()
            last.append(self.page.evaluate(_OFFSETS))
            return len(last) > 3 and last[-1] == last[-2] == last[-3]

        wait_for("scrolling comes to rest", is_still)

    def _is_recorded(self) -> bool:
        """Are there as many documents as were opened, and is the walk of the last one over?"""
        if self.api.get(f"/api/sessions/{self.session_id}/timeline").status_code != 200:
            return False
        # All of it is read only when there may be something to see.
        documents = self.api.timeline(self.session_id)["documents"]
        if len(documents) != self._documents:
            return False
        return Replayed(self.api, self.session_id).shows(documents[-1]["document"])

    def _known(self) -> object:
        answer = self.api.get(f"/api/sessions/{self.session_id}/timeline")
        return answer.status_code, answer.text[:2000]


_OFFSETS = """() => {
  const of = node => [...node.querySelectorAll('*')].filter(e => e.scrollTop || e.scrollLeft)
    .map(e => [e.tagName, e.scrollLeft, e.scrollTop])
  return [scrollX, scrollY, of(document), [...document.querySelectorAll('iframe')].map(frame => {
    const view = frame.contentWindow
    return [view.scrollX, view.scrollY]
  })]
}"""
