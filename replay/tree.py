"""The state of one document load: `replay/reconstruct.py` puts ops in, frames and keyframes come
out. A node is its id; what is known of it lies in one dict a property. So a copy, which every frame
needs, is a few copies of dicts instead of one of thousands of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from replay.ops import ROOT_ID, Viewport

StyleEdit = (
    tuple[Literal["rule_insert", "rule_style", "rule_selector"], tuple[int, ...], str]
    | tuple[Literal["rule_delete"], tuple[int, ...]]
)


@dataclass(slots=True)
class Sheet:
    """A style sheet. `text` None: the child texts of its owner. `state`: (disabled, media) once
    told."""

    text: str | None = None
    base: str = ""
    edits: list[StyleEdit] = field(default_factory=list)
    state: tuple[int, str] | None = None

    def copy(self) -> Sheet:
        return Sheet(self.text, self.base, self.edits.copy(), self.state)


@dataclass(slots=True)
class Tree:
    """`parent` holds every known node: 0 for the document and for what was taken out (`out`).
    `first`, `next`, `prev` link children, 0 or missing: none. Elements are in `names`, texts in
    `texts`, documents in `modes`, other nodes are shadow roots. `shadows`, `contents`: of an
    element. Attribute mappings are shared between copies: they are replaced, never changed."""

    parent: dict[int, int] = field(default_factory=dict)
    depth: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    next: dict[int, int] = field(default_factory=dict)
    prev: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    attrs: dict[int, Mapping[str, str]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    modes: dict[int, int] = field(default_factory=dict)
    shadows: dict[int, int] = field(default_factory=dict)
    contents: dict[int, int] = field(default_factory=dict)
    out: dict[int, None] = field(default_factory=dict)

    values: dict[int, str] = field(default_factory=dict)
    checked: dict[int, int] = field(default_factory=dict)
    selected: dict[int, tuple[int, ...]] = field(default_factory=dict)
    top_layer: dict[int, int] = field(default_factory=dict)
    scroll: dict[int, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)
    sheets: dict[int, Sheet] = field(default_factory=dict)
    adopted: dict[int, tuple[int, ...]] = field(default_factory=dict)
    assets: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    css_assets: dict[int, dict[str, int]] = field(default_factory=dict)

    viewport: Viewport | None = None
    environment: int = 0
    pointer: tuple[int, int] | None = None
    hover: int = 0
    press: tuple[int, int, int, int, int] | None = None
    touches: dict[int, tuple[int, int]] = field(default_factory=dict)
    focus: tuple[int, int] = (0, 0)
    selection: tuple[int, int, int, int] | None = None
    visibility: int | None = None
    releveled: int = 0

    def copy(self) -> Tree:
        """A tree that shares nothing that can change."""
        other = Tree()
        for name in Tree.__slots__:
            value = getattr(self, name)
            setattr(other, name, value.copy() if isinstance(value, dict) else value)
        other.sheets = {sheet: known.copy() for sheet, known in self.sheets.items()}
        other.css_assets = {owner: tokens.copy() for owner, tokens in self.css_assets.items()}
        return other

    def per_node(self) -> tuple[dict[int, object], ...]:
        """Everything that goes when a node is forgotten."""
        return tuple(getattr(self, name) for name in _PER_NODE)

    def text_of(self, node: int) -> str:
        """The child texts of an element, joined."""
        return "".join(self.texts[child] for child in self.children(node) if child in self.texts)

    def children(self, node: int) -> Iterator[int]:
        """Child nodes in order, without shadow root and content document."""
        child = self.first.get(node, 0)
        while child:
            yield child
            child = self.next.get(child, 0)

    def below(self, node: int) -> Iterator[int]:
        """The node and all below it in preorder: shadow root first, then content document, then
        children."""
        waiting = [node]
        while waiting:
            node = waiting.pop()
            yield node
            start = len(waiting)
            if node in self.shadows:
                waiting.append(self.shadows[node])
            if node in self.contents:
                waiting.append(self.contents[node])
            child = self.first.get(node, 0)
            while child:
                waiting.append(child)
                child = self.next.get(child, 0)
            if len(waiting) > start + 1:
                waiting[start:] = waiting[start:][::-1]

    def preorder(self) -> Iterator[int]:
        """Every known node: the document, then what was taken out by ascending id."""
        if ROOT_ID in self.parent:
            yield from self.below(ROOT_ID)
        for node in sorted(self.out):
            yield from self.below(node)


_PER_NODE = (
    *("parent", "depth", "first", "next", "prev", "names", "attrs", "texts", "modes", "shadows"),
    *("contents", "out", "values", "checked", "selected", "top_layer", "scroll", "blocks"),
    *("sources", "sheets", "adopted", "css_assets"),
)


def dump(tree: Tree) -> dict[str, object]:
    """The tree as JSON knows it (`tests/vectors/README.md`, "The dump"): equal dumps are equal
    states."""
    viewport = tree.viewport
    everything: dict[str, object] = {
        "nodes": [_dump_node(tree, node) for node in tree.preorder()],
        "values": _keyed(tree.values),
        "checked": _keyed(tree.checked),
        "selected": _keyed(tree.selected),
        "top_layer": [[node, layer] for node, layer in tree.top_layer.items()],
        "scroll": _keyed(tree.scroll),
        "blocks": _keyed(tree.blocks),
        "sources": _keyed(tree.sources),
        "sheets": {str(sheet): _dump_sheet(known) for sheet, known in tree.sheets.items()},
        "adopted": _keyed(tree.adopted),
        "assets": {str(asset): [hash_.hex(), kind] for asset, (hash_, kind) in tree.assets.items()},
        "css_assets": sorted(
            [owner, token, asset]
            for owner, tokens in tree.css_assets.items()
            for token, asset in tokens.items()
        ),
        "viewport": [getattr(viewport, name) for name in viewport.__slots__] if viewport else None,
        "environment": tree.environment,
        "pointer": list(tree.pointer) if tree.pointer else None,
        "hover": tree.hover,
        "press": list(tree.press) if tree.press else None,
        "touches": _keyed(tree.touches),
        "focus": list(tree.focus) if tree.focus[0] else None,
        "selection": list(tree.selection) if tree.selection else None,
    }
    found = {key: value for key, value in everything.items() if value not in ({}, [], 0, None)}
    if tree.visibility is not None:
        found["visibility"] = tree.visibility
    return found


def _keyed(values: Mapping[int, object]) -> dict[str, object]:
    return {
        str(node): list(value) if isinstance(value, tuple) else value
        for node, value in values.items()
    }


def _dump_node(tree: Tree, node: int) -> list[object]:
    parent = tree.parent[node]
    if node in tree.names:
        return [node, parent, "element", tree.names[node], dict(tree.attrs.get(node, {}))]
    if node in tree.texts:
        return [node, parent, "text", tree.texts[node]]
    if node in tree.modes:
        return [node, parent, "document" if node == ROOT_ID else "content", tree.modes[node]]
    return [node, parent, "shadow"]


def _dump_sheet(sheet: Sheet) -> dict[str, object]:
    edits = [[edit[0], list(edit[1]), *edit[2:]] for edit in sheet.edits]
    found: dict[str, object] = {"text": sheet.text, "base": sheet.base, "edits": edits}
    if sheet.state:
        found["disabled"], found["media"] = sheet.state
    return found
