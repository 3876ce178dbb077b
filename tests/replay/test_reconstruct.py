"""The reducer under hostile ops: bounded, never raising, and its keyframes rebuild the same
state."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay import ops
from replay.keyframe import keyframe
from replay.nodes import MAX_DEPTH
from replay.ops import NewNode
from replay.reconstruct import Damage, apply, play
from replay.section import MAX_NODES, SectionOp
from replay.tree import Tree, dump
from tests.replay.recorded import element, snapshot, text


def page(*body: NewNode) -> Tree:
    tree = Tree()
    play(tree, snapshot(0, *body), Damage())
    return tree


def test_a_bad_op_leaves_the_tree_as_it_was() -> None:
    tree = page(element(2, "p"), text(3, "x"))
    before = dump(tree)
    run = (element(-1, "i"), NewNode(0, "shadow"), NewNode(0, "shadow"))
    assert apply(tree, ops.Put(4, 5, 100, run)) == "node 100 has a shadow already"
    assert apply(tree, ops.Put(4, 0, 100, (text(-1, "a"), element(0, "b")))) is not None
    assert apply(tree, ops.Put(5, 0, 100, (NewNode(-1, "shadow"), text(1, "a")))) is not None
    assert dump(tree) == before
    assert keyframe(tree) == keyframe(tree.copy())


def test_a_copy_shares_nothing_that_changes() -> None:
    tree = page(element(2, "p", id="a"), text(3, "x"), element(2, "style"))
    play(tree, [(0, ops.RuleInsert(7, (0,), "a{}")), (0, ops.CssAsset(5, "a", 1))], Damage())
    copy, before = tree.copy(), dump(tree)
    for op in (
        ops.Attr(5, "id", "b"),
        ops.SetText(6, "y"),
        ops.RuleInsert(7, (0,), "b{}"),
        ops.CssAsset(5, "b", 2),
        ops.Remove(5),
    ):
        assert apply(tree, op) is None
    assert dump(copy) == before


def test_a_deep_chain_is_bounded() -> None:
    tree = page()
    chain = tuple(element(index - 1, "b") for index in range(100_000))
    damage = apply(tree, ops.Put(4, 0, 100, chain))
    assert damage == f"node {100 + MAX_DEPTH - 2} is deeper than {MAX_DEPTH}"
    assert len(tree.parent) == 4


def test_too_many_nodes_are_refused() -> None:
    tree = page()
    many = tuple(NewNode(-1, "text") for _ in range(MAX_NODES // 2))
    assert apply(tree, ops.Put(4, 0, 100, many)) is None
    assert apply(tree, ops.Put(4, 0, 10_000_000, many)) == f"more than {MAX_NODES} nodes"


def test_a_claim_of_ids_at_the_end_of_the_range_is_refused() -> None:
    tree = page()
    run = (element(-1, "i"), element(-1, "i"))
    assert apply(tree, ops.Put(4, 0, 2**53 - 1, run)) == f"ids from {2**53 - 1} are out of range"
    assert apply(tree, ops.Put(4, 0, 2**53 - 2, run)) is None


def test_inserting_in_the_middle_of_many_siblings_is_quick() -> None:
    tree = page(*(element(2, "i") for _ in range(50_000)))
    damage = Damage()
    several = [(0, ops.Put(4, 25_000, 100_000 + n, (element(-1, "b"),))) for n in range(20_000)]
    started = time.perf_counter()
    play(tree, several, damage)
    assert damage.count == 0
    assert time.perf_counter() - started < 5


def test_moving_large_subtrees_up_and_down_for_ever_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("replay.nodes.MAX_RELEVELED", 100_000)
    tree = page(
        element(2, "i"), element(3, "i"), element(2, "b"), *(text(5, "x") for _ in range(9_000))
    )
    damage = Damage()
    several: list[tuple[int, SectionOp]] = []
    for _ in range(20):
        several += [(0, ops.Move(7, 6, 0)), (0, ops.Move(7, 4, 0))]
    play(tree, several, damage)
    assert damage.count > 0
    assert damage.lines[0].endswith("too many nodes change their depth")


def test_damage_lines_are_bounded() -> None:
    damage = Damage()
    play(Tree(), [(0, ops.Take(9))] * 5_000, damage)
    assert (damage.count, len(damage.lines)) == (5_000, 1_000)


_IDS = st.integers(0, 24) | st.sampled_from((-1, 2**40))
_SHORT = st.text(max_size=3)
_PATHS = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def runs(draw: st.DrawFn) -> tuple[NewNode, ...]:
    """Runs in preorder, sometimes with a parent that can't be one."""
    nodes: list[NewNode] = []
    path = [-1]
    for index in range(draw(st.integers(0, 6))):
        del path[draw(st.integers(1, len(path))) :]
        kind = draw(st.sampled_from(("element", "element", "element", "text", "shadow", "content")))
        name = draw(st.sampled_from(("div", "style", "link", "html", "/svg/style")))
        attrs = {"id": "x"} if kind == "element" and draw(st.booleans()) else None
        nodes.append(NewNode(path[-1], kind, name if kind == "element" else "", attrs))  # type: ignore[arg-type]
        path.append(index)
    return tuple(nodes)


_OPS: st.SearchStrategy[SectionOp] = st.one_of(
    st.builds(ops.Put, _IDS, _IDS, _IDS, runs()),
    st.builds(ops.Put, _IDS, st.just(0), st.integers(5, 30), runs()),
    st.builds(ops.Move, _IDS, _IDS, _IDS),
    st.builds(ops.Move, _IDS, _IDS, st.just(0)),
    st.builds(ops.Take, _IDS),
    st.builds(ops.Remove, _IDS),
    st.builds(ops.SetText, _IDS, _SHORT),
    st.builds(ops.Attr, _IDS, _SHORT, _SHORT),
    st.builds(ops.AttrRemove, _IDS, st.sampled_from(("id", "x"))),
    st.builds(ops.FieldValue, _IDS, _SHORT),
    st.builds(ops.Checked, _IDS, st.integers(0, 4)),
    st.builds(ops.Selected, _IDS, _PATHS),
    st.builds(ops.TopLayer, _IDS, st.integers(0, 4)),
    st.builds(ops.Scroll, _IDS, st.integers(-9, 9), st.integers(0, 9)),
    st.builds(ops.Block, _IDS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 4)),
    st.builds(ops.Sheet, _IDS, _SHORT, _SHORT),
    st.builds(ops.RuleInsert, _IDS, _PATHS, _SHORT),
    st.builds(ops.RuleDelete, _IDS, _PATHS),
    st.builds(ops.RuleStyle, _IDS, _PATHS, _SHORT),
    st.builds(ops.RuleSelector, _IDS, _PATHS, _SHORT),
    st.builds(ops.SheetState, _IDS, st.integers(0, 2), _SHORT),
    st.builds(ops.Adopted, _IDS, _PATHS),
    st.builds(ops.Asset, _IDS, st.just(bytes(16)), _SHORT),
    st.builds(ops.Source, _IDS, _IDS),
    st.builds(ops.CssAsset, _IDS, _SHORT, _IDS),
    st.builds(ops.Hover, _IDS),
    st.builds(ops.Press, _IDS, st.just(1), st.just(2), st.just(0), st.just(0)),
    st.builds(ops.Touch, st.integers(0, 3), st.just(1), st.just(2), st.integers(0, 3)),
    st.builds(ops.Focus, _IDS, st.integers(0, 1)),
    st.builds(ops.Selection, _IDS, st.just(0), _IDS, st.just(1)),
    st.builds(ops.Visibility, st.integers(0, 2)),
    st.builds(ops.Pointer, st.integers(-5, 5), st.integers(0, 5)),
    st.builds(ops.Viewport, *[st.integers(0, 9)] * 6),
)


def _check_links(tree: Tree) -> None:
    """Every known node is reached once, and siblings agree about each other."""
    reached = list(tree.preorder())
    assert sorted(reached) == sorted(tree.parent)
    for node in reached:
        before = 0
        for child in tree.children(node):
            assert tree.parent[child] == node
            assert tree.prev.get(child, 0) == before
            before = child
        if tree.parent[node]:
            assert tree.depth[node] == tree.depth[tree.parent[node]] + 1


@settings(max_examples=300, deadline=None)
@given(st.lists(_OPS, max_size=40))
def test_any_ops_leave_a_sound_tree_that_its_keyframe_rebuilds(several: list[SectionOp]) -> None:
    tree = page(element(2, "p"), text(3, "x"), element(2, "style"), text(5, "a{}"))
    for op in several:
        before = dump(tree)
        if apply(tree, op):
            assert dump(tree) == before
    _check_links(tree)
    again, damage = Tree(), Damage()
    play(again, [(0, op) for op in keyframe(tree)], damage)
    assert damage.lines == []
    assert dump(again) == dump(tree)
    _check_links(again)


@pytest.mark.parametrize("seed", range(5))
def test_long_random_streams_stay_sound(seed: int) -> None:
    chance = random.Random(seed)
    tree = page(element(2, "p"), element(3, "i"), element(2, "div"))
    next_id = 100
    for _ in range(3_000):
        known = list(tree.parent)
        node, parent = chance.choice(known), chance.choice(known)
        prev = chance.choice([0, *tree.children(parent)])
        several: tuple[SectionOp, ...] = (
            ops.Put(parent, prev, next_id, (element(-1, "i"), text(0, "t"))),
            ops.Move(node, parent, prev),
            ops.Take(node),
            ops.Remove(node) if len(known) > 50 else ops.Hover(node),
        )
        apply(tree, chance.choice(several))
        next_id += 2
    _check_links(tree)
