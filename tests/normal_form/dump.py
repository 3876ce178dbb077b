"""The same raw dump from a replayed tree. In comes the dump that `tests/vectors/README.md` defines,
out goes a `Raw` document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from tests.normal_form import privacy
from tests.normal_form.normal_form import default_value
from tests.normal_form.raw import HTML, Attributes, Raw

_NAMESPACES = {
    "svg": "http://www.w3.org/2000/svg",
    "math": "http://www.w3.org/1998/Math/MathML",
    "xlink": "http://www.w3.org/1999/xlink",
    "xml": "http://www.w3.org/XML/1998/namespace",
    "xmlns": "http://www.w3.org/2000/xmlns/",
}


@dataclass(slots=True)
class _Building:
    """A node of the dump before its children are known: these come behind it."""

    entry: Sequence[Any]
    below: list[int] = field(default_factory=list)


def raw_of(dump: Mapping[str, Any]) -> Raw:
    """The document of a tree's dump; what was taken out of the tree is left out."""
    nodes = {entry[0]: _Building(entry) for entry in dump["nodes"]}
    for entry in dump["nodes"]:
        if entry[1]:
            nodes[entry[1]].below.append(entry[0])
    built: dict[int, Raw] = {}
    for entry in reversed(dump["nodes"]):  # parents come first, so children are built by then
        built[entry[0]] = _build(nodes[entry[0]], built, dump)
    return built[dump["nodes"][0][0]]


def _build(node: _Building, built: Mapping[int, Raw], dump: Mapping[str, Any]) -> Raw:
    number, _, kind, *rest = node.entry
    key = str(number)
    x, y = dump.get("scroll", {}).get(key, (0, 0))
    below = [built[child] for child in node.below]
    children = tuple(part for part in below if part.kind in {"element", "text"})
    if kind == "text":
        return Raw("text", data=rest[0])
    if kind in {"document", "content"}:
        # The mode that CSS can tell: limited quirks differ in layout only, which `compatMode` does
        # not say.
        mode = 2 if rest[0] == 2 else 0
        return Raw(kind, mode=mode, scroll=(x, y), children=children)
    if kind == "shadow":
        return Raw("shadow", children=children)
    namespace, name = _split(rest[0], HTML)
    element = Raw(
        "element",
        namespace=namespace,
        name=name,
        attributes=_attributes(rest[1]),
        scroll=(x, y),
        shadow=next((part for part in below if part.kind == "shadow"), None),
        content=next((part for part in below if part.kind == "content"), None),
        children=children,
    )
    return _with_state(element, key, dump) if namespace == HTML else element


def _split(written: str, default: str) -> tuple[str, str]:
    """Namespace and name of what is written `name` or `/namespace/name`."""
    if not written.startswith("/"):
        return default, written
    space, _, name = written[1:].partition("/")
    return _NAMESPACES.get(space, unquote(space)), name


def _attributes(written: Mapping[str, str]) -> Attributes:
    return {_split(name, ""): value for name, value in written.items()}


def _with_state(element: Raw, key: str, dump: Mapping[str, Any]) -> Raw:
    """The element with its form state: as recorded, else as its attributes and children say."""
    value: str | None = dump.get("values", {}).get(key)
    if element.name == "select":
        return replace(element, selected=tuple(dump.get("selected", {}).get(key, ())))
    if element.name == "textarea":
        text = "".join(child.data for child in element.children)
        return replace(element, value=text if value is None else value)
    if element.name != "input":
        return element
    checked = dump.get("checked", {}).get(key, int(("", "checked") in element.attributes))
    if value is None:
        value = _initial_value(element)
    return replace(element, value=value, checked=checked)


def _initial_value(element: Raw) -> str:
    if ("", "value") in element.attributes:
        return element.attribute("value")
    if privacy.type_of(element) in privacy.CHOICE_TYPES:
        return "on"
    return default_value(element)
