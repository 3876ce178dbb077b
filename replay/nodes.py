"""The steps of the reducer that change the structure: nodes come, move and go. In goes a tree and
one op; a bad one raises BadOp before anything has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from replay import ops
from replay.errors import BadOp
from replay.ops import ROOT_ID
from replay.section import MAX_NODES
from replay.tree import Tree

MAX_DEPTH = 4096
MAX_RELEVELED = 5_000_000
"""Nodes whose depth may change by moves in one document load: what a hostile recording can cost."""

STYLES = frozenset(("style", "/svg/style"))


def check_known(tree: Tree, node: int) -> None:
    if node not in tree.parent:
        raise BadOp(f"unknown node {node}")


def _place(tree: Tree, parent: int, prev: int) -> None:
    """Can a child stand there?"""
    if parent in tree.texts or parent not in tree.parent:
        check_known(tree, parent)
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


def style_changes(tree: Tree, parent: int) -> None:
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
        style_changes(tree, top)


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
    check_known(tree, node)
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
    style_changes(tree, old)
    style_changes(tree, parent)


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
    check_known(tree, node)
    if not _is_child(tree, node):
        raise BadOp(f"node {node} is no element and no text")
    parent = tree.parent[node]
    if parent:
        _detach(tree, node)
        tree.parent[node] = 0
        tree.out[node] = None
        style_changes(tree, parent)


def _remove(tree: Tree, op: ops.Remove) -> None:
    node = op.node
    if node not in tree.parent:
        return  # it went with a node above it that was removed in the same moment
    if node == ROOT_ID:
        raise BadOp("the document can't be removed")
    parent = tree.parent[node]
    _detach(tree, node)
    _forget(tree, list(tree.below(node)))
    style_changes(tree, parent)
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


STEPS: dict[type, Callable[[Tree, Any], None]] = {
    ops.Document: _document,
    ops.Put: _put,
    ops.Move: _move,
    ops.Take: _take,
    ops.Remove: _remove,
}
