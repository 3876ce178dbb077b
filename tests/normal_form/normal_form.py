"""The normal form in which documents are compared. In comes a raw dump, out go lines, one a node,
an attribute, a state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.normal_form import privacy
from tests.normal_form.privacy import Rule
from tests.normal_form.raw import HTML, Raw


@dataclass(frozen=True, slots=True)
class Ignored:
    """`element` and `attribute` are matched in full. `player`: only where the player's document
    takes part."""

    element: str
    attribute: str
    why: str
    player: bool = False


IGNORED_ATTRIBUTES = (
    Ignored("script|noscript|meta|base|template", ".*", "never recorded: they show nothing"),
    Ignored("(?!link).*", "on.*", "never recorded: script"),
    Ignored(".*", "on.*", "never recorded: script"),
    Ignored(".*", "srcset|imagesrcset|sizes", "op Source says which picture was shown"),
    Ignored(".*", "nonce|integrity|srcdoc|ping", "never recorded: for scripts and requests only"),
)

IGNORED_IN_PLAYER = (
    Ignored(
        ".*", "data-visitreel-state-.*|vr-[0-9a-z]+", "the player's random state attribute", True
    ),
    Ignored(
        ".*", "|".join(sorted(privacy.URL_ATTRIBUTES)), "the frame must not name the site", True
    ),
    Ignored("iframe|frame", "sandbox|src|srcdoc|allow|name|loading", "frames are shells", True),
)

IGNORED_NODES = {
    "comment": "never recorded: shows nothing",
    "processing instruction": "never recorded: shows nothing",
    "doctype": "op Document has its effect, the mode",
    "children of script, noscript, meta, base, template": "never recorded: they show nothing",
    "text of style, in the player": "sheets are adopted there; their effect is in the screenshots",
    "children of blocked elements": "never recorded: withheld",
}

HOLLOW = {"script", "noscript", "meta", "base", "template"}
SCROLL_STEP_PX = 1  # offsets are recorded as whole CSS px, the live page may have halves


def normal_form(raw: Raw, mask: bool, player: bool = False) -> list[str]:
    """Lines of a document. `mask`: it is a live one, so the masking rule is applied first.
    `player`: leave out what the player's document can't have; to be said of both documents that are
    compared."""
    return list(_lines(raw, Rule.PLAIN, 0, mask, player))


def _lines(node: Raw, rule: Rule, depth: int, mask: bool, player: bool) -> Iterator[str]:
    indent = "  " * depth
    if node.kind == "text":
        yield f"{indent}{_quote(privacy.mask_text(node.data, rule) if mask else node.data)}"
        return
    if node.kind != "element":
        yield f"{indent}#{node.kind} mode={node.mode}{_scroll(node)}"
        yield from _children(node, rule, depth, mask, player)
        return
    rule = privacy.rule_at(node, rule)
    yield f"{indent}<{_element_name(node)}>{_scroll(node)}"
    if _is_hollow(node) or rule == Rule.BLOCKED:
        return
    for name, value in _attributes(node, rule, mask, player):
        yield f"{indent}  @{name}={_quote(value)}"
    for state in _state(node, rule, mask):
        yield f"{indent}  {state}"
    for part in (node.shadow, node.content):
        if part is not None:
            yield from _lines(part, rule, depth + 1, mask, player)
    if node.content is None and not (player and node.name == "style"):
        yield from _children(node, rule, depth, mask, player)


def _children(node: Raw, rule: Rule, depth: int, mask: bool, player: bool) -> Iterator[str]:
    is_typed = node.kind == "element" and node.name == "textarea"
    for child in node.children:
        if child.kind == "other":
            continue
        if mask and is_typed and not privacy.is_shown(node, rule):
            yield f"{'  ' * (depth + 1)}{_quote(privacy.MASK if child.data else '')}"
        elif mask and node.name == "style":
            yield f"{'  ' * (depth + 1)}{_quote(child.data)}"
        else:
            yield from _lines(child, rule, depth + 1, mask, player)


def _element_name(node: Raw) -> str:
    return node.name if node.namespace == HTML else f"{{{node.namespace}}}{node.name}"


def _is_hollow(node: Raw) -> bool:
    is_other_link = (
        node.name == "link" and "stylesheet" not in node.attribute("rel").lower().split()
    )
    return node.name in HOLLOW or is_other_link


def _attributes(node: Raw, rule: Rule, mask: bool, player: bool) -> Iterator[tuple[str, str]]:
    for (namespace, name), value in sorted(node.attributes.items()):
        if _is_ignored(node.name, name, player):
            continue
        shown = privacy.mask_attribute(node, name, value, rule) if mask else value
        if mask and node.name == "option" and name == "selected" and rule >= Rule.EDITED:
            continue
        if shown is not None:
            yield (f"{{{namespace}}}{name}" if namespace else name), shown


@cache
def _is_ignored(element: str, attribute: str, player: bool) -> bool:
    table = IGNORED_ATTRIBUTES + (IGNORED_IN_PLAYER if player else ())
    return any(
        re.fullmatch(row.element, element) and re.fullmatch(row.attribute, attribute)
        for row in table
    )


def _state(node: Raw, rule: Rule, mask: bool) -> Iterator[str]:
    kind = privacy.type_of(node) if node.name == "input" else ""
    is_withheld = mask and (rule >= Rule.EDITED or privacy.is_never_shown(node))
    if node.checked is not None and kind in privacy.CHOICE_TYPES:
        yield f"checked={0 if is_withheld and rule >= Rule.EDITED else node.checked}"
    elif node.selected is not None:
        yield f"selected={[] if is_withheld else list(node.selected)}"
    elif node.value is not None and kind not in {"hidden", "file"}:
        value: str | None = node.value
        if mask:
            value = privacy.mask_value(node, node.value, rule)
        yield f"value={_quote(default_value(node) if value is None else value)}"


def default_value(node: Raw) -> str:
    """What a browser shows in a field without a value: what a masked date, number, range or colour
    looks like."""
    kind = privacy.type_of(node)
    if kind == "color":
        return "#000000"
    if kind != "range":
        return ""
    low, high = float(node.attribute("min") or 0), float(node.attribute("max") or 100)
    return f"{low + max(0.0, high - low) / 2:g}"


def _scroll(node: Raw) -> str:
    x, y = (round(offset / SCROLL_STEP_PX) for offset in node.scroll)
    return f" scroll={x},{y}" if x or y else ""


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'
