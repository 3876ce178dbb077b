"""Streams of random ops that are all good. In comes a seed, out come timed ops in pieces, each of
which begins with a keyframe or goes on."""

from __future__ import annotations

import random

from replay import ops
from replay.keyframe import keyframe
from replay.ops import TreeOp
from replay.reconstruct import apply
from replay.tree import Tree
from tests.player.recorded import Html, Recorded, Timed, opening, page_of, run_of

NAMES = ("div", "p", "b", "ul", "li", "section", "x-y", "/svg/svg", "/svg/g", "/math/mi", "form")
FIELDS: tuple[Html, ...] = (
    ("input", {"value": "v"}),
    ("input", {"type": "checkbox"}),
    ("input", {"type": "radio", "name": "r"}),
    ("textarea", {}, "t"),
    ("select", {}, ("option", {}, "1"), ("option", {}, "2"), ("option", {}, "3")),
)
CLASSES = ("a", "b", "a b", "")


class Dice:
    """Makes ops that fit a tree, and applies them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.tree = Tree()
        self._next_id = 1000

    def open(self) -> list[Timed]:
        """A document to begin with."""
        head: list[Html] = [("style", {}, "html{height:3000px} .a{color:red} .b:hover{top:0}")]
        made = opening(page_of(*(self._node(2) for _ in range(6)), head=head))
        for _, op in made:
            apply(self.tree, op)
        return made

    def _node(self, depth: int) -> Html:
        dice = self._random
        if dice.random() < 0.2:
            return f"text {dice.randrange(100)}"
        if dice.random() < 0.25:
            return dice.choice(FIELDS)
        children = [self._node(depth - 1) for _ in range(dice.randrange(4) if depth else 0)]
        if dice.random() < 0.15:
            children.insert(0, ("#shadow", *(self._node(0) for _ in range(2))))
            return ("div", {}, *children)
        attrs = {"class": dice.choice(CLASSES)} if dice.random() < 0.4 else {}
        return (dice.choice(NAMES), attrs, *children)

    def _pick(self, ids: list[int]) -> int:
        return self._random.choice(ids) if ids else 0

    def _elements(self, *names: str) -> list[int]:
        return [node for node, name in self.tree.names.items() if not names or name in names]

    def _place(self) -> tuple[int, int]:
        """A parent that may have children, and a child of it or 0."""
        closed = {"input", "textarea", "select", "option", "style", "html", "head"}
        parents = [node for node, name in self.tree.names.items() if name not in closed]
        parent = self._pick(parents)
        children = [0, *self.tree.children(parent)]
        return parent, self._random.choice(children)

    def op(self) -> TreeOp | None:
        """One more op; None: this time none fits."""
        made = self._make(self._random.randrange(15))
        if made is None or apply(self.tree, made) is not None:
            return None
        return made

    def _make(self, kind: int) -> TreeOp | None:
        dice = self._random
        movable = [node for node in self.tree.parent if node > 20 and self._is_child(node)]
        if kind < 3:
            parent, prev = self._place()
            run = run_of(*(self._node(2) for _ in range(1 + dice.randrange(3))))
            first, self._next_id = self._next_id, self._next_id + len(run)
            return ops.Put(parent, prev, first, run)
        if kind == 3:
            parent, prev = self._place()
            return ops.Move(self._pick(movable), parent, prev) if movable else None
        if kind == 4:
            return ops.Remove(self._pick(movable)) if len(movable) > 40 else None
        if kind == 5:
            node = self._pick(list(self.tree.texts))
            return ops.SetText(node, f"set {dice.randrange(1000)}") if node else None
        if kind == 6:
            return ops.Attr(self._pick(self._elements()), "class", dice.choice(CLASSES))
        if kind == 7:
            return ops.AttrRemove(self._pick(self._elements()), "class")
        if kind == 8:
            return ops.Scroll(1, 0, dice.randrange(50))
        if kind == 9:
            return ops.Hover(self._pick(self._elements()))
        return self._state(kind)

    def _state(self, kind: int) -> TreeOp | None:
        dice = self._random
        if kind == 10:
            node = self._pick(self._elements("textarea"))
            return ops.FieldValue(node, f"typed {dice.randrange(9)}") if node else None
        if kind == 11:
            boxes = [
                node
                for node in self._elements("input")
                if self.tree.attrs.get(node, {}).get("type") == "checkbox"
            ]
            node = self._pick(boxes)
            return ops.Checked(node, dice.randrange(4)) if node else None
        if kind == 12:
            node = self._pick(self._elements("select"))
            return ops.Selected(node, (dice.randrange(3),)) if node else None
        if kind == 13:
            node = self._pick(self._elements("style"))
            return ops.RuleInsert(node, (0,), f".b{{top:{dice.randrange(9)}px}}") if node else None
        return ops.Pointer(dice.randrange(800), dice.randrange(600))

    def _is_child(self, node: int) -> bool:
        # An option that goes takes a choice with it, which no document can show.
        return self.tree.names.get(node) not in {None, "option"} or node in self.tree.texts


def random_recording(
    seed: int, moments: int = 40, keyframe_every: int = 25, most_apart_ms: int = 40
) -> Recorded:
    """A recording of one document, with keyframes as the collector makes them."""
    dice = Dice(seed)
    rolls = random.Random(seed + 1)
    pieces = [dice.open()]
    t_ms = 0
    for moment in range(moments):
        t_ms += 1 + rolls.randrange(most_apart_ms)
        if moment % keyframe_every == keyframe_every - 1:
            pieces.append([(t_ms, op) for op in keyframe(dice.tree)])
        elif moment % 7 == 6:
            pieces.append([(t_ms, ops.Pointer(1, 1))])
        frame = [op for _ in range(1 + rolls.randrange(6)) if (op := dice.op())]
        if rolls.random() < 0.3:
            frame = [ops.Begin(), *frame, ops.End()]
        pieces[-1] += [(t_ms, op) for op in frame]
    recorded = Recorded(session=f"random-session-{seed:05}")
    recorded.load(*pieces)
    return recorded
