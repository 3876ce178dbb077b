"""The raw dump that live page, player and Python frame are all turned into. In comes JSON, out come
typed nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

DUMP_JS = (Path(__file__).parent / "dump.js").read_text(encoding="utf-8")
"""A JavaScript function: a document goes in, the JSON that `from_json` reads comes out."""

HTML = "http://www.w3.org/1999/xhtml"

Kind = Literal["document", "content", "shadow", "element", "text", "other"]
Attributes = dict[tuple[str, str], str]
"""(namespace or "", qualified name) → value."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One node. `checked`: 0 off, 1 on, +2 indeterminate. None: the node has no such state."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    attributes: Attributes = field(default_factory=dict)
    data: str = ""
    mode: int = 0
    value: str | None = None
    checked: int | None = None
    selected: tuple[int, ...] | None = None
    scroll: tuple[float, float] = (0, 0)
    shadow: Raw | None = None
    content: Raw | None = None
    children: tuple[Raw, ...] = ()

    def attribute(self, name: str) -> str:
        """The value of an attribute without namespace; empty when it is missing."""
        return self.attributes.get(("", name), "")


def from_json(dump: Any) -> Raw:
    """The node that `dump.js` printed, with all below it."""
    kind: Kind = dump["kind"]
    children = tuple(map(from_json, dump.get("children", ())))
    if kind == "text":
        return Raw("text", data=dump["data"])
    if kind != "element":
        x, y = dump.get("scroll", (0, 0))
        return Raw(kind, mode=dump.get("mode", 0), scroll=(x, y), children=children)
    state = dump["state"] or {}
    selected = state.get("selected")
    return Raw(
        kind,
        namespace=dump["namespace"] or "",
        name=dump["name"],
        attributes={(space or "", name): value for space, name, value in dump["attributes"]},
        value=state.get("value"),
        checked=state.get("checked"),
        selected=None if selected is None else tuple(selected),
        scroll=(dump["scroll"][0], dump["scroll"][1]),
        shadow=from_json(dump["shadow"]) if dump["shadow"] else None,
        content=from_json(dump["content"]) if dump["content"] else None,
        children=children,
    )
