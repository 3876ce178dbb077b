"""What can be read on a page."""

from __future__ import annotations

from replay import ops
from replay.ops import NewNode
from replay.text import read_text
from tests.replay.recorded import element, text
from tests.replay.test_html import tree_of


def test_blocks_are_lines_and_inline_elements_are_not() -> None:
    tree = tree_of(
        element(2, "p"),
        text(3, " one\n"),
        element(3, "b"),
        text(5, "two "),
        element(2, "div"),
        element(7, "div"),
        text(8, "three"),
        element(8, "br"),
        text(8, "four"),
    )
    assert read_text(tree) == "one two\nthree\nfour"


def test_what_is_hidden_is_not_read() -> None:
    tree = tree_of(
        element(2, "p", hidden=""),
        text(3, "no"),
        element(2, "p", style="color: red; display: none"),
        text(5, "no"),
        element(2, "script"),
        element(2, "dialog"),
        text(8, "no"),
        element(2, "dialog", open=""),
        text(10, "yes"),
    )
    assert read_text(tree) == "yes"


def test_forms_and_pictures_are_read_by_what_they_show() -> None:
    tree = tree_of(
        element(2, "img", alt="logo"),
        element(2, "input", value="attribute"),
        element(2, "input", type="checkbox", value="no"),
        element(2, "textarea"),
        text(6, "old"),
        element(2, "select"),
        element(8, "option"),
        text(9, "first"),
        element(8, "option"),
        text(11, "second"),
        more=(ops.FieldValue(6, "property"), ops.FieldValue(8, "new"), ops.Selected(10, (1,))),
    )
    assert read_text(tree) == "logo property new second"


def test_shadow_roots_are_read_with_what_is_slotted() -> None:
    tree = tree_of(
        element(2, "x-a"),
        NewNode(3, "shadow"),
        element(4, "p"),
        text(5, "before "),
        NewNode(5, "element", "slot", {"name": "s"}),
        text(7, "fallback"),
        element(4, "p"),
        element(9, "slot"),
        element(3, "b", slot="s"),
        text(11, "named"),
        text(3, "default"),
        element(2, "iframe"),
        NewNode(14, "content"),
        element(15, "html"),
        text(16, "framed"),
    )
    assert read_text(tree) == "before named\ndefault\nframed"
