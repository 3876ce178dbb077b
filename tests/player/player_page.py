"""A page with a player. In come questions about the replayed document, out come answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.normal_form.normal_form import normal_form
from tests.normal_form.raw import from_json

SETTLED = "#player:not([data-state=loading])"


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """`page` shows a player."""

    page: Page

    def settle(self) -> None:
        """Waits until the frame at the current moment is complete."""
        self.page.wait_for_selector(SETTLED, state="attached")

    @property
    def state(self) -> str:
        return self.page.get_attribute("#player", "data-state") or ""

    @property
    def t_ms(self) -> int:
        return int(self.page.get_attribute("#player", "data-t-ms") or "nan")

    def wait_for(self, state: str) -> None:
        self.page.wait_for_selector(f"#player[data-state={state}]", state="attached")

    def seek(self, t_ms: int) -> None:
        self.page.evaluate("t_ms => visitreelPlayer.seek(t_ms)", t_ms)

    def step(self, count: int, is_every: bool = False) -> None:
        self.page.evaluate("([n, every]) => visitreelPlayer.step(n, every)", [count, is_every])

    def hash(self) -> str:
        found: str = self.page.evaluate("visitreelPlayer.hash()")
        return found

    def form(self) -> list[str]:
        """The replayed document in normal form."""
        dump = self.page.evaluate("visitreelPlayer.dump()")
        return normal_form(from_json(dump), mask=False)

    def problems(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.page.evaluate("visitreelPlayer.problems()")
        return found

    def ask(self, script: str, argument: Any = None) -> Any:
        """The result of an expression in which `doc` is the replayed document."""
        return self.page.evaluate(
            f"(argument) => {{ const doc = document.getElementById('frame').contentDocument;"
            f" return {script} }}",
            argument,
        )

    def style(self, selector: str, name: str, pseudo: str | None = None) -> str:
        """A computed style of the first element that matches."""
        found: str = self.ask(
            "document.getElementById('frame').contentWindow"
            ".getComputedStyle(doc.querySelector(argument[0]), argument[2])"
            ".getPropertyValue(argument[1])",
            [selector, name, pseudo],
        )
        return found
