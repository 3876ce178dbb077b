"""The comparison itself: what must differ differs, and what is ignored is ignored for the reason
that the table gives."""

from __future__ import annotations

import pytest

from replay import ops
from replay.ops import NewNode
from replay.reconstruct import apply
from replay.section import SectionOp
from replay.tree import Tree, dump
from tests.normal_form.dump import raw_of
from tests.normal_form.normal_form import IGNORED_ATTRIBUTES, IGNORED_IN_PLAYER, normal_form
from tests.normal_form.privacy import MASK, scrub
from tests.normal_form.raw import HTML, Attributes, Raw

HTML_ID, BODY, LIST, FIRST, FIRST_TEXT, SECOND, BOX, SVG, PATH = range(2, 11)

PAGE: tuple[SectionOp, ...] = (
    ops.Document(0, 0),
    ops.Put(
        1,
        0,
        HTML_ID,
        (
            NewNode(-1, "element", "html", {"lang": "en"}),
            NewNode(0, "element", "body"),
            NewNode(1, "element", "ul", {"id": "list"}),
            NewNode(2, "element", "li"),
            NewNode(3, "text", text="one"),
            NewNode(2, "element", "li"),
            NewNode(1, "element", "input", {"type": "checkbox"}),
            NewNode(1, "element", "/svg/svg"),
            NewNode(7, "element", "/svg/path", {"d": "M0 0"}),
        ),
    ),
)

MUTATIONS: dict[str, tuple[SectionOp, ...]] = {
    "attribute": (ops.Attr(LIST, "id", "other"),),
    "text": (ops.SetText(FIRST_TEXT, "One"),),
    "order": (ops.Move(SECOND, LIST, 0),),
    "namespace": (
        ops.Remove(PATH),
        ops.Put(SVG, 0, 11, (NewNode(-1, "element", "path", {"d": "M0 0"}),)),
    ),
    "checked box": (ops.Checked(BOX, 1),),
    "scroll": (ops.Scroll(1, 0, 1),),
}


def form_of(*played: SectionOp) -> list[str]:
    tree = Tree()
    for op in played:
        assert apply(tree, op) is None
    return normal_form(raw_of(dump(tree)), mask=False)


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_difference_is_seen(name: str) -> None:
    assert form_of(*PAGE, *MUTATIONS[name]) != form_of(*PAGE)


def test_equal_documents_have_equal_forms_whatever_led_to_them() -> None:
    there_and_back = (ops.Attr(LIST, "id", "other"), ops.Attr(LIST, "id", "list"))
    assert form_of(*PAGE, *there_and_back) == form_of(*PAGE)


def element(tag: str, /, *children: Raw, value: str | None = None, **attributes: str) -> Raw:
    named: Attributes = {("", key.replace("_", "-")): text for key, text in attributes.items()}
    return Raw("element", HTML, tag, named, value=value, children=children)


def text(data: str) -> Raw:
    return Raw("text", data=data)


def masked(node: Raw) -> str:
    return "\n".join(normal_form(node, mask=True))


@pytest.mark.parametrize(
    "secret_field",
    [
        element("input", value="secret", type="text"),
        element("input", value="secret", type="password", data_visitreel="unmask"),
        element("input", value="secret", autocomplete="cc-number", data_visitreel="unmask"),
        element("input", value="secret", name="otp", data_visitreel="unmask"),
        element("textarea", text("secret"), value="secret"),
        element("input", value="s", title="secret", aria_label="secret", data_x="secret"),
        element("p", text("secret"), contenteditable=""),
        element("p", element("b", text("secret")), role="textbox"),
        element("p", text("secret"), title="secret", **{"class": "a rr-mask"}),
        element("p", text("secret"), **{"class": "rr-block"}),
        element("input", value="secret", type="hidden", name="secret"),
        element("input", value="secret", type="date"),
        element("script", text("secret"), src="secret"),
        element("a", href="https://ana:secret@x.example/?secret=1#secret=1", onclick="secret"),
    ],
)
def test_the_live_side_hides_what_must_not_be_recorded(secret_field: Raw) -> None:
    assert "secret" in repr(secret_field)
    assert "secret" not in masked(secret_field)


@pytest.mark.parametrize(
    "open_field",
    [
        element("input", value="seen", data_visitreel="unmask"),
        element("div", element("input", value="seen", type="date"), data_visitreel="unmask"),
        element("p", text("seen"), title="seen"),
        element("input", value="", placeholder="seen"),
        element("input", value="seen", type="submit"),
        element("div", element("p", text("seen"), data_visitreel="unmask"), **{"class": "ph-mask"}),
    ],
)
def test_the_live_side_shows_what_may_be_recorded(open_field: Raw) -> None:
    assert "seen" in masked(open_field)


def test_an_empty_field_stays_empty_and_a_full_one_has_five_bullets() -> None:
    assert 'value=""' in masked(element("input", value=""))
    assert f'value="{MASK}"' in masked(element("input", value="a long text of many words"))


@pytest.mark.parametrize(
    ("url", "scrubbed"),
    [
        ("/a?b=1&utm_source=x", "/a?utm_source=x"),
        ("mailto:ana@example.com", "mailto:"),
        ("#part", "#part"),
        ("/a#token=1", "/a"),
        ("https://u:p@x.example/a", "https://x.example/a"),
        ("data:text/plain,x?y=1", "data:text/plain,x?y=1"),
    ],
)
def test_urls_lose_what_is_private(url: str, scrubbed: str) -> None:
    assert scrub(url) == scrubbed


def test_all_that_is_ignored_has_a_reason() -> None:
    table = (*IGNORED_ATTRIBUTES, *IGNORED_IN_PLAYER)
    assert all(len(row.why) > 10 for row in table)


def test_a_state_of_the_dump_stands_beside_the_tree() -> None:
    assert any("checked=3" in line for line in form_of(*PAGE, ops.Checked(BOX, 3)))
