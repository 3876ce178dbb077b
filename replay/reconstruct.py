"""The reducer: in go a tree and one op, out comes the tree with the op applied. A bad op changes
nothing and is listed as damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from replay import ops
from replay.errors import BadOp, shown
from replay.nodes import STEPS, STYLES, check_known, style_changes
from replay.ops import ROOT_ID
from replay.section import MAX_ATTRIBUTES, SectionOp
from replay.tree import Sheet, StyleEdit, Tree

MAX_EDITS = 100_000
MAX_LOOSE_SHEETS = 10_000
MAX_FINGERS = 32
MAX_DAMAGE = 1000
"""Bad ops that are listed one by one; the others are counted."""

SHEET_OWNERS = STYLES | {"link"}


@dataclass(slots=True)
class Damage:
    """Bad ops: the first ones in words, and how many there were."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: str) -> None:
        self.count += 1
        if len(self.lines) < MAX_DAMAGE:
            self.lines.append(line)

    def copy(self) -> Damage:
        return Damage(self.lines.copy(), self.count)


def apply(tree: Tree, op: SectionOp) -> str | None:
    """Applies one op. None, or why it is bad: then the tree is as it was."""
    step = _STEPS.get(type(op))
    if step is None:  # marks, begin and end, and what is newer than this reader
        return None
    try:
        step(tree, op)
    except BadOp as bad:
        return bad.message
    return None


def play(
    tree: Tree, timed: Iterable[tuple[int, SectionOp]], damage: Damage, start: int = 0
) -> None:
    """Applies ops in order; `start` is the number of the first one in the lines of damage."""
    steps = _STEPS
    for index, (_, op) in enumerate(timed, start):
        step = steps.get(type(op))
        if step is not None:
            try:
                step(tree, op)
            except BadOp as bad:
                damage.add(f"op {index}: {bad.message}")


def _element(tree: Tree, node: int) -> None:
    if node not in tree.names:
        check_known(tree, node)
        raise BadOp(f"node {node} is no element")


def _element_or_none(tree: Tree, node: int) -> None:
    if node:
        _element(tree, node)


def _root(tree: Tree, node: int) -> None:
    check_known(tree, node)
    if node in tree.names or node in tree.texts:
        raise BadOp(f"node {node} is no document and no shadow root")


def _in_range(value: int, high: int, what: str) -> None:
    if not 0 <= value <= high:
        raise BadOp(f"{what} {value}, at most {high}")


def _set_text(tree: Tree, op: ops.SetText) -> None:
    if op.node not in tree.texts:
        check_known(tree, op.node)
        raise BadOp(f"node {op.node} is no text")
    tree.texts[op.node] = op.text
    style_changes(tree, tree.parent[op.node])


def _name(name: str) -> None:
    if not name or any(sign in name for sign in " \t\n\f\r\0"):
        raise BadOp(f"{shown(name)} is no attribute name")


def _attr(tree: Tree, op: ops.Attr) -> None:
    _element(tree, op.node)
    _name(op.name)
    old = tree.attrs.get(op.node, {})
    if len(old) >= MAX_ATTRIBUTES and op.name not in old:
        raise BadOp(f"node {op.node} has {MAX_ATTRIBUTES} attributes already")
    tree.attrs[op.node] = {**old, op.name: op.value}


def _attr_remove(tree: Tree, op: ops.AttrRemove) -> None:
    _element(tree, op.node)
    _name(op.name)
    old = tree.attrs.get(op.node, {})
    if op.name in old:
        tree.attrs[op.node] = {name: value for name, value in old.items() if name != op.name}


def _field_value(tree: Tree, op: ops.FieldValue) -> None:
    _element(tree, op.node)
    tree.values[op.node] = op.value


def _checked(tree: Tree, op: ops.Checked) -> None:
    _element(tree, op.node)
    _in_range(op.state, 3, "state")
    tree.checked[op.node] = op.state


def _selected(tree: Tree, op: ops.Selected) -> None:
    _element(tree, op.node)
    tree.selected[op.node] = op.indexes


def _top_layer(tree: Tree, op: ops.TopLayer) -> None:
    _element(tree, op.node)
    _in_range(op.layer, 3, "layer")
    tree.top_layer.pop(op.node, None)
    if op.layer:
        tree.top_layer[op.node] = op.layer


def _scroll(tree: Tree, op: ops.Scroll) -> None:
    check_known(tree, op.node)
    if op.node not in tree.names and op.node not in tree.modes:
        raise BadOp(f"node {op.node} can't be scrolled")
    tree.scroll[op.node] = (op.x, op.y)


def _viewport(tree: Tree, op: ops.Viewport) -> None:
    tree.viewport = op


def _environment(tree: Tree, op: ops.Environment) -> None:
    tree.environment = op.features


def _block(tree: Tree, op: ops.Block) -> None:
    _element(tree, op.node)
    _in_range(op.reason, 3, "reason")
    tree.blocks[op.node] = (op.width_px, op.height_px, op.reason)


def _sheet(tree: Tree, op: ops.Sheet) -> None:
    sheet = op.sheet
    if sheet in tree.parent:
        _owner(tree, sheet)
    elif sheet <= ROOT_ID:
        raise BadOp(f"sheet {sheet} is out of range")
    elif sheet not in tree.sheets and len(tree.sheets) >= MAX_LOOSE_SHEETS:
        loose = sum(1 for known in tree.sheets if known not in tree.parent)
        if loose >= MAX_LOOSE_SHEETS:
            raise BadOp(f"more than {MAX_LOOSE_SHEETS} sheets without an owner")
    old = tree.sheets.get(sheet)
    tree.sheets[sheet] = Sheet(op.text, op.base, [], old.state if old else None)


def _owner(tree: Tree, node: int) -> None:
    if tree.names.get(node) not in SHEET_OWNERS:
        raise BadOp(f"node {node} owns no style sheet")


def _sheet_of(tree: Tree, sheet: int) -> Sheet:
    known = tree.sheets.get(sheet)
    if known is None:
        if sheet not in tree.parent:
            raise BadOp(f"unknown sheet {sheet}")
        _owner(tree, sheet)
        known = tree.sheets[sheet] = Sheet()
    return known


def _edit(tree: Tree, sheet: int, edit: StyleEdit) -> None:
    if not edit[1]:
        raise BadOp(f"sheet {sheet}: empty path")
    known = tree.sheets.get(sheet)
    if known and len(known.edits) >= MAX_EDITS:
        raise BadOp(f"sheet {sheet} has {MAX_EDITS} edits already")
    _sheet_of(tree, sheet).edits.append(edit)


def _rule_insert(tree: Tree, op: ops.RuleInsert) -> None:
    _edit(tree, op.sheet, ("rule_insert", op.path, op.text))


def _rule_delete(tree: Tree, op: ops.RuleDelete) -> None:
    _edit(tree, op.sheet, ("rule_delete", op.path))


def _rule_style(tree: Tree, op: ops.RuleStyle) -> None:
    _edit(tree, op.sheet, ("rule_style", op.path, op.text))


def _rule_selector(tree: Tree, op: ops.RuleSelector) -> None:
    _edit(tree, op.sheet, ("rule_selector", op.path, op.text))


def _sheet_state(tree: Tree, op: ops.SheetState) -> None:
    _in_range(op.disabled, 1, "disabled")
    _sheet_of(tree, op.sheet).state = (op.disabled, op.media)


def _adopted(tree: Tree, op: ops.Adopted) -> None:
    _root(tree, op.root)
    tree.adopted[op.root] = op.sheets


def _asset(tree: Tree, op: ops.Asset) -> None:
    tree.assets[op.asset] = (op.hash, op.media_type)


def _source(tree: Tree, op: ops.Source) -> None:
    _element(tree, op.node)
    if op.asset:
        tree.sources[op.node] = op.asset
    else:
        tree.sources.pop(op.node, None)


def _css_asset(tree: Tree, op: ops.CssAsset) -> None:
    if op.owner not in tree.names and op.owner not in tree.sheets:
        raise BadOp(f"node {op.owner} is no element and no sheet")
    tree.css_assets.setdefault(op.owner, {})[op.token] = op.asset


def _pointer(tree: Tree, op: ops.Pointer) -> None:
    tree.pointer = (op.x, op.y)


def _hover(tree: Tree, op: ops.Hover) -> None:
    _element_or_none(tree, op.node)
    tree.hover = op.node


def _press(tree: Tree, op: ops.Press) -> None:
    _element_or_none(tree, op.node)
    tree.press = (op.node, op.x, op.y, op.kind, op.button) if op.node else None


def _touch(tree: Tree, op: ops.Touch) -> None:
    _in_range(op.phase, 2, "phase")
    if op.phase == 2:
        tree.touches.pop(op.finger, None)
    elif op.finger in tree.touches or len(tree.touches) < MAX_FINGERS:
        tree.touches[op.finger] = (op.x, op.y)
    else:
        raise BadOp(f"more than {MAX_FINGERS} fingers")


def _focus(tree: Tree, op: ops.Focus) -> None:
    _element_or_none(tree, op.node)
    tree.focus = (op.node, op.visible) if op.node else (0, 0)


def _selection(tree: Tree, op: ops.Selection) -> None:
    if not op.anchor:
        tree.selection = None
        return
    check_known(tree, op.anchor)
    check_known(tree, op.focus)
    tree.selection = (op.anchor, op.anchor_offset, op.focus, op.focus_offset)


def _visibility(tree: Tree, op: ops.Visibility) -> None:
    tree.visibility = op.state


_STEPS: dict[type, Callable[[Tree, Any], None]] = {
    **STEPS,
    ops.SetText: _set_text,
    ops.Attr: _attr,
    ops.AttrRemove: _attr_remove,
    ops.FieldValue: _field_value,
    ops.Checked: _checked,
    ops.Selected: _selected,
    ops.TopLayer: _top_layer,
    ops.Scroll: _scroll,
    ops.Viewport: _viewport,
    ops.Environment: _environment,
    ops.Block: _block,
    ops.Sheet: _sheet,
    ops.RuleInsert: _rule_insert,
    ops.RuleDelete: _rule_delete,
    ops.RuleStyle: _rule_style,
    ops.RuleSelector: _rule_selector,
    ops.SheetState: _sheet_state,
    ops.Adopted: _adopted,
    ops.Asset: _asset,
    ops.Source: _source,
    ops.CssAsset: _css_asset,
    ops.Pointer: _pointer,
    ops.Hover: _hover,
    ops.Press: _press,
    ops.Touch: _touch,
    ops.Focus: _focus,
    ops.Selection: _selection,
    ops.Visibility: _visibility,
}
