"""The reducer: in go a tree and one op, out comes the tree with the op applied. A bad op changes
nothing and is listed as damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from replay import ops
from replay.errors import BadOp, shown
from replay.ops import ROOT_ID
from replay.section import MAX_ATTRIBUTES, MAX_NODES, SectionOp
from replay.tree import Sheet, StyleEdit, Tree

MAX_DEPTH = 4096
MAX_EDITS = 100_000
MAX_LOOSE_SHEETS = 10_000
MAX_FINGERS = 32
MAX_RELEVELED = 5_000_000
"""Nodes whose depth may change by moves in one document load: what a hostile recording can cost."""

MAX_DAMAGE = 1000
"""Bad ops that are listed one by one; the others are counted."""

STYLES = frozenset(("style", "/svg/style"))
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


def _known(tree: Tree, node: int) -> None:
    if node not in tree.parent:
        raise BadOp(f"unknown node {node}")


def _element(tree: Tree, node: int) -> None:
    if node not in tree.names:
        _known(tree, node)
        raise BadOp(f"node {node} is no element")


def _element_or_none(tree: Tree, node: int) -> None:
    if node:
        _element(tree, node)


def _root(tree: Tree, node: int) -> None:
    _known(tree, node)
    if node in tree.names or node in tree.texts:
        raise BadOp(f"node {node} is no document and no shadow root")


def _in_range(value: int, high: int, what: str) -> None:
    if not 0 <= value <= high:
        raise BadOp(f"{what} {value}, at most {high}")


def _place(tree: Tree, parent: int, prev: int) -> None:
    """Can a child stand there?"""
    if parent in tree.texts or parent not in tree.parent:
        _known(tree, parent)
        raise BadOp(f"node {parent} is a text, nothing goes into it")
    if prev and (tree.parent.get(prev) != parent or not _is_child(tree, prev)):
        raise BadOp(f"node {prev} is no child of {parent}")


def _is_child(tree: Tree, node: int) -> bool:
    return node in tree.names or node in tree.texts


def _document(tree: Tree, op: ops.Document) -> None:
    fresh = Tree()
    fresh.parent[ROOT_ID] = 0
    fresh.depth[ROOT_ID] = 0
    fresh.modes[ROOT_ID] = op.mode
    for name in Tree.__slots__:
        setattr(tree, name, getattr(fresh, name))


def _style_changes(tree: Tree, parent: int) -> None:
    """A child of this node comes, goes or changes: a style element's sheet starts anew."""
    if tree.names.get(parent) in STYLES:
        tree.sheets.pop(parent, None)


def _put(tree: Tree, op: ops.Put) -> None:
    top, count, first_id = op.parent, len(op.run), op.first_id
    _place(tree, top, op.prev)
    ids = range(first_id, first_id + count)
    if first_id <= ROOT_ID or ids.stop > 2**53:
        raise BadOp(f"ids from {first_id} are out of range")
    if not tree.parent.keys().isdisjoint(ids):
        again = next(node for node in ids if node in tree.parent)
        raise BadOp(f"node {again} is known already")
    if len(tree.parent) + count > MAX_NODES:
        raise BadOp(f"more than {MAX_NODES} nodes")
    behind = tree.next.get(op.prev, 0) if op.prev else tree.first.get(top, 0)
    try:
        last = _grow(tree, op)
        _join(tree, last, behind)
        _check_documents(tree, top, ids)
    except (BadOp, KeyError) as bad:
        for slots in (tree.shadows, tree.contents):
            if slots.get(top) in ids:
                del slots[top]
        _forget(tree, list(ids))
        _chain(tree, top, op.prev, behind)
        if isinstance(bad, BadOp):
            raise
        raise BadOp("a node of the run stands below a text or before its parent") from None
    if count:
        _style_changes(tree, top)


def _grow(tree: Tree, op: ops.Put) -> int:
    """Hangs the run into the tree, without the link to what follows it. The last child of the run's
    parent. The hot loop of every seek: everything that a node needs is a local."""
    known, depths, first, next_, prev = tree.parent, tree.depth, tree.first, tree.next, tree.prev
    names, attributes, texts = tree.names, tree.attrs, tree.texts
    top, first_id = op.parent, op.first_id
    last = {top: op.prev}  # the last child so far of every node that may have children
    node = first_id
    for up, kind, name, attrs, text, mode in op.run:
        parent = first_id + up if up >= 0 else top
        before = last[parent]
        known[node] = parent
        depth = depths[node] = depths[parent] + 1
        if depth > MAX_DEPTH:
            raise BadOp(f"node {node} is deeper than {MAX_DEPTH}")
        if kind == "element":
            names[node] = name
            if attrs:
                attributes[node] = attrs
            last[node] = 0
        elif kind == "text":
            texts[node] = text
        else:
            _hang(tree, node, parent, kind, mode)
            last[node] = 0
            node += 1
            continue
        if before:
            next_[before] = node
            prev[node] = before
        else:
            first[parent] = node
        last[parent] = node
        node += 1
    return last[top]


def _hang(tree: Tree, node: int, parent: int, kind: ops.NodeKind, mode: int) -> None:
    """A shadow root or a content document below its element."""
    slots = tree.shadows if kind == "shadow" else tree.contents
    if parent not in tree.names:
        raise BadOp(f"node {parent} is no element and has no {kind}")
    if parent in slots:
        raise BadOp(f"node {parent} has a {kind} already")
    slots[parent] = node
    if kind == "content":
        tree.modes[node] = mode


def _join(tree: Tree, node: int, behind: int) -> None:
    """`behind` follows `node`, when there are both."""
    if behind and node:
        tree.next[node] = behind
        tree.prev[behind] = node


def _chain(tree: Tree, parent: int, prev: int, behind: int) -> None:
    """Children of `parent`: `behind` stands next to `prev` (0: it is the first)."""
    if prev:
        tree.next[prev] = behind
    else:
        tree.first[parent] = behind
    if behind:
        tree.prev[behind] = prev


def _check_documents(tree: Tree, top: int, ids: range) -> None:
    if top in tree.modes:
        _check_document(tree, top)
    if len(tree.modes) > 1:
        for document in tree.modes:
            if document in ids:
                _check_document(tree, document)


def _check_document(tree: Tree, document: int) -> None:
    child = tree.first.get(document, 0)
    if child and (child in tree.texts or tree.next.get(child, 0)):
        raise BadOp(f"document {document} can have one element and nothing else")


def _detach(tree: Tree, node: int) -> None:
    """The node leaves its place among its siblings; `parent` is left to the caller."""
    parent = tree.parent[node]
    if not parent:
        return
    if not _is_child(tree, node):
        slots = tree.contents if node in tree.modes else tree.shadows
        slots.pop(parent, None)
        return
    before, behind = tree.prev.pop(node, 0), tree.next.pop(node, 0)
    _chain(tree, parent, before, behind)


def _move(tree: Tree, op: ops.Move) -> None:
    node, parent = op.node, op.parent
    _known(tree, node)
    if not _is_child(tree, node):
        raise BadOp(f"node {node} is no element and no text")
    _place(tree, parent, op.prev)
    if op.prev == node:
        raise BadOp(f"node {node} can't stand behind itself")
    if parent in tree.modes and (
        node in tree.texts or any(child != node for child in tree.children(parent))
    ):
        raise BadOp(f"document {parent} can have one element and nothing else")
    above = parent
    while above:
        if above == node:
            raise BadOp(f"node {node} can't go below itself")
        above = tree.parent[above]
    _relevel(tree, node, tree.depth[parent] + 1)
    old = tree.parent[node]
    _detach(tree, node)
    tree.out.pop(node, None)
    behind = tree.next.get(op.prev, 0) if op.prev else tree.first.get(parent, 0)
    tree.parent[node] = parent
    _chain(tree, parent, op.prev, node)
    _chain_behind(tree, node, behind)
    _style_changes(tree, old)
    _style_changes(tree, parent)


def _chain_behind(tree: Tree, node: int, behind: int) -> None:
    tree.next[node] = behind
    if behind:
        tree.prev[behind] = node


def _relevel(tree: Tree, node: int, depth: int) -> None:
    """The subtree of `node` comes to stand at `depth`. Most moves stay at their depth and cost
    nothing."""
    change = depth - tree.depth[node]
    if not change:
        return
    below = []
    for other in tree.below(node):
        below.append(other)
        if tree.depth[other] + change > MAX_DEPTH:
            raise BadOp(f"node {other} would be deeper than {MAX_DEPTH}")
        if tree.releveled + len(below) > MAX_RELEVELED:
            raise BadOp("too many nodes change their depth")
    tree.releveled += len(below)
    for other in below:
        tree.depth[other] += change


def _take(tree: Tree, op: ops.Take) -> None:
    node = op.node
    _known(tree, node)
    if not _is_child(tree, node):
        raise BadOp(f"node {node} is no element and no text")
    parent = tree.parent[node]
    if parent:
        _detach(tree, node)
        tree.parent[node] = 0
        tree.out[node] = None
        _style_changes(tree, parent)


def _remove(tree: Tree, op: ops.Remove) -> None:
    node = op.node
    _known(tree, node)
    if node == ROOT_ID:
        raise BadOp("the document can't be removed")
    parent = tree.parent[node]
    _detach(tree, node)
    _forget(tree, list(tree.below(node)))
    _style_changes(tree, parent)
    _drop_pointers(tree)


def _forget(tree: Tree, nodes: list[int]) -> None:
    for table in tree.per_node():
        if table:
            for node in nodes:
                table.pop(node, None)


def _drop_pointers(tree: Tree) -> None:
    """What points at a node that is gone points nowhere."""
    known = tree.parent
    if tree.hover not in known:
        tree.hover = 0
    if tree.press and tree.press[0] not in known:
        tree.press = None
    if tree.focus[0] not in known:
        tree.focus = (0, 0)
    if tree.selection and (tree.selection[0] not in known or tree.selection[2] not in known):
        tree.selection = None


def _set_text(tree: Tree, op: ops.SetText) -> None:
    if op.node not in tree.texts:
        _known(tree, op.node)
        raise BadOp(f"node {op.node} is no text")
    tree.texts[op.node] = op.text
    _style_changes(tree, tree.parent[op.node])


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
    _known(tree, op.node)
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
    _known(tree, op.anchor)
    _known(tree, op.focus)
    tree.selection = (op.anchor, op.anchor_offset, op.focus, op.focus_offset)


def _visibility(tree: Tree, op: ops.Visibility) -> None:
    tree.visibility = op.state


_STEPS: dict[type, Callable[[Tree, Any], None]] = {
    ops.Document: _document,
    ops.Put: _put,
    ops.Move: _move,
    ops.Take: _take,
    ops.Remove: _remove,
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
