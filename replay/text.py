"""What can be read on a page: in goes a tree, out come its texts, one line a block."""

from __future__ import annotations

from collections.abc import Iterator

from replay.allowed import words
from replay.ops import ROOT_ID
from replay.tree import Tree

_UNREAD = words(
    """
    head script style noscript template title link meta base datalist canvas audio video svg
    """
)
_INLINE = words(
    """
    a abbr acronym b bdi bdo big br button cite code data del dfn em font i img input ins
    kbd label mark meter nobr output progress q rp rt ruby s samp select slot small span
    strike strong sub sup textarea time tt u var wbr
    """
)
_UNTYPED = frozenset(("hidden", "checkbox", "radio", "file", "image", "range", "color"))


def read_text(tree: Tree) -> str:
    """The text of the document, of its shadow roots and of its frames, as far as no attribute or
    style attribute hides it."""
    lines: list[str] = []
    current: list[str] = []
    for piece in _pieces(tree):
        if piece != "\n":
            current.append(piece)
            continue
        line = " ".join("".join(current).split())
        current.clear()
        if line:
            lines.append(line)
    last = " ".join("".join(current).split())
    return "\n".join([*lines, last] if last else lines)


def _pieces(tree: Tree) -> Iterator[str]:
    """Texts, and a newline wherever a block begins or ends."""
    waiting: list[int | str] = list(reversed(list(tree.children(ROOT_ID))))
    hosts: dict[int, int] = {}
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
            continue
        name = tree.names.get(item)
        if name is None:
            yield tree.texts.get(item, "")
        elif not _is_hidden(tree, item, name):
            is_block = name not in _INLINE
            if is_block or name == "br":
                yield "\n"
                waiting.append("\n")
            yield from _own(tree, item, name)
            waiting.extend(reversed(_flat(tree, item, name, hosts)))


def _is_hidden(tree: Tree, node: int, name: str) -> bool:
    if name in _UNREAD or name.startswith("/svg/") or node in tree.blocks:
        return True
    attributes = tree.attrs.get(node, {})
    style = "".join(attributes.get("style", "").lower().split())
    if "hidden" in attributes or "display:none" in style or "visibility:hidden" in style:
        return True
    return name == "dialog" and "open" not in attributes and node not in tree.top_layer


def _own(tree: Tree, node: int, name: str) -> Iterator[str]:
    """What an element shows besides its children."""
    attributes = tree.attrs.get(node, {})
    if name == "img":
        yield attributes.get("alt", "")
    elif name == "input" and attributes.get("type", "text").lower() not in _UNTYPED:
        value = tree.values.get(node, attributes.get("value", ""))
        yield f" {value or attributes.get('placeholder', '')} "
    elif name == "textarea" and node in tree.values:
        yield f" {tree.values[node]} "
    elif name == "select":
        options = [each for each in tree.below(node) if tree.names.get(each) == "option"]
        chosen = tree.selected.get(node, (0,))
        yield " ".join(tree.text_of(options[index]) for index in chosen if index < len(options))


def _flat(tree: Tree, node: int, name: str, hosts: dict[int, int]) -> list[int]:
    """The children as they are shown: of the shadow root where there is one, and in a slot what it
    is for."""
    if name == "select" or (name == "textarea" and node in tree.values):
        return []
    if node in tree.contents:
        return list(tree.children(tree.contents[node]))
    if node in tree.shadows:
        children = list(tree.children(tree.shadows[node]))
        hosts.update(dict.fromkeys(children, node))
        return children
    children = list(tree.children(node))
    host = hosts.get(node, 0)
    if name == "slot" and host:
        wanted = tree.attrs.get(node, {}).get("name", "")
        slotted = [
            child
            for child in tree.children(host)
            if tree.attrs.get(child, {}).get("slot", "") == wanted
        ]
        outer = hosts.get(host, 0)
        hosts.update(dict.fromkeys(slotted, outer))
        return slotted or children
    if host:
        hosts.update(dict.fromkeys(children, host))
    return children
