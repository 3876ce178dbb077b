"""Prints a tree as ordinary ops: in goes a tree, out come the ops that rebuild exactly its state
from nothing."""

from __future__ import annotations

from collections.abc import Iterator

from replay import ops
from replay.ops import ROOT_ID, NewNode, TreeOp
from replay.tree import Tree

KEYFRAME_REASON = 3


def keyframe(tree: Tree) -> list[TreeOp]:
    """`Document`, `Begin`, the tree as runs, its state, `End`. An empty list for a tree without a
    document."""
    if ROOT_ID not in tree.parent:
        return []
    return [
        ops.Document(tree.modes[ROOT_ID], KEYFRAME_REASON),
        ops.Begin(),
        *_runs(tree, ROOT_ID),
        *_taken_out(tree),
        *_forms(tree),
        *_sheets(tree),
        *_assets(tree),
        *_visitor(tree),
        ops.End(),
    ]


def _new_node(tree: Tree, node: int, parent: int) -> NewNode:
    if node in tree.names:
        return NewNode(parent, "element", tree.names[node], tree.attrs.get(node) or None)
    if node in tree.texts:
        return NewNode(parent, "text", text=tree.texts[node])
    if node in tree.modes:
        return NewNode(parent, "content", mode=tree.modes[node])
    return NewNode(parent, "shadow")


def _runs(tree: Tree, top: int, parent: int = 0) -> Iterator[ops.Put]:
    """What lies below `top` (with `parent`: top itself, as its child) as few runs: one goes on as
    long as ids count up in preorder and no node needs another parent than the run's own or one of
    its nodes."""
    run: list[NewNode] = []
    first_id = run_parent = run_prev = 0
    for node in tree.below(top):
        if node == top and not parent:
            continue
        above = parent if node == top else tree.parent[node]
        inside = first_id <= above < first_id + len(run)
        if run and node == first_id + len(run) and (inside or above == run_parent):
            run.append(_new_node(tree, node, above - first_id if inside else -1))
            continue
        if run:
            yield ops.Put(run_parent, run_prev, first_id, tuple(run))
        first_id, run_parent = node, above
        run_prev = 0 if node == top else tree.prev.get(node, 0)
        run = [_new_node(tree, node, -1)]
    if run:
        yield ops.Put(run_parent, run_prev, first_id, tuple(run))


def _taken_out(tree: Tree) -> Iterator[TreeOp]:
    """Subtrees that were taken out: put below any element, then taken. Without an element a passing
    one serves."""
    if not tree.out:
        return
    host = tree.first.get(ROOT_ID, 0)
    passing = 0 if host else max(*tree.parent, *tree.sheets, ROOT_ID) + 1
    if passing:
        yield ops.Put(ROOT_ID, 0, passing, (NewNode(-1, "element", "html"),))
    for node in tree.out:
        yield from _runs(tree, node, host or passing)
        yield ops.Take(node)
    if passing:
        yield ops.Remove(passing)


def _forms(tree: Tree) -> Iterator[TreeOp]:
    for node, value in tree.values.items():
        yield ops.FieldValue(node, value)
    for node, state in tree.checked.items():
        yield ops.Checked(node, state)
    for node, indexes in tree.selected.items():
        yield ops.Selected(node, indexes)
    for node, layer in tree.top_layer.items():
        yield ops.TopLayer(node, layer)
    for node, block in tree.blocks.items():
        yield ops.Block(node, *block)
    for node, (x, y) in tree.scroll.items():
        yield ops.Scroll(node, x, y)


def _sheets(tree: Tree) -> Iterator[TreeOp]:
    for sheet, known in tree.sheets.items():
        if known.text is not None:
            yield ops.Sheet(sheet, known.text, known.base)
        for edit in known.edits:
            match edit:
                case ("rule_insert", path, text):
                    yield ops.RuleInsert(sheet, path, text)
                case ("rule_style", path, text):
                    yield ops.RuleStyle(sheet, path, text)
                case ("rule_selector", path, text):
                    yield ops.RuleSelector(sheet, path, text)
                case ("rule_delete", path):
                    yield ops.RuleDelete(sheet, path)
        if known.state:
            yield ops.SheetState(sheet, *known.state)
    for root, sheets in tree.adopted.items():
        yield ops.Adopted(root, sheets)


def _assets(tree: Tree) -> Iterator[TreeOp]:
    for asset, (named, media_type) in tree.assets.items():
        yield ops.Asset(asset, named, media_type)
    for node, asset in tree.sources.items():
        yield ops.Source(node, asset)
    for owner, tokens in tree.css_assets.items():
        for token, asset in tokens.items():
            yield ops.CssAsset(owner, token, asset)


def _visitor(tree: Tree) -> Iterator[TreeOp]:
    if tree.viewport:
        yield tree.viewport
    if tree.environment:
        yield ops.Environment(tree.environment)
    if tree.pointer:
        yield ops.Pointer(*tree.pointer)
    if tree.hover:
        yield ops.Hover(tree.hover)
    if tree.press:
        yield ops.Press(*tree.press)
    for finger, (x, y) in tree.touches.items():
        yield ops.Touch(finger, x, y, 0)
    if tree.focus[0]:
        yield ops.Focus(*tree.focus)
    if tree.selection:
        yield ops.Selection(*tree.selection)
    if tree.visibility is not None:
        yield ops.Visibility(tree.visibility)
