"""The replayed document is the recorded one: tree, styles, state."""

from __future__ import annotations

import base64

import pytest

from replay import ops
from tests.player.conftest import Play
from tests.player.recorded import Html, Recorded, Timed, opening, page_of, run_of

pytestmark = pytest.mark.e2e

RED_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO"
    "9TXL0Y4OHwAAAABJRU5ErkJggg=="
)


def one(*parts: list[Timed]) -> Recorded:
    recorded = Recorded()
    recorded.load(*parts)
    return recorded


@pytest.mark.parametrize(
    ("mode", "compat"), [(0, "CSS1Compat"), (1, "CSS1Compat"), (2, "BackCompat")]
)
def test_the_mode_of_the_document_is_the_recorded_one(play: Play, mode: int, compat: str) -> None:
    page = opening(page_of(("table", {}, ("tbody", {}, ("tr", {}, ("td", {}, ("img", {})))))))
    recorded = one([(0, ops.Document(mode, 0)), *page[1:]])
    assert play(recorded).ask("doc.compatMode") == compat


def test_modes_change_between_documents(play: Play) -> None:
    recorded = Recorded()
    recorded.load(opening(page_of("first")))
    recorded.load([(1000, ops.Document(2, 0)), *opening(page_of("second"), 1000)[1:]])
    player = play(recorded)
    assert (player.ask("doc.compatMode"), player.ask("doc.body.textContent")) == (
        "CSS1Compat",
        "first",
    )
    player.seek(1000)
    assert (player.ask("doc.compatMode"), player.ask("doc.body.textContent")) == (
        "BackCompat",
        "second",
    )
    player.seek(500)
    assert (player.ask("doc.compatMode"), player.ask("doc.body.textContent")) == (
        "CSS1Compat",
        "first",
    )


def test_trees_that_no_parser_makes_stay_as_they_are(play: Play) -> None:
    body: tuple[Html, ...] = (
        ("p", {}, ("div", {}, "in a paragraph")),
        ("a", {"href": "/x"}, ("a", {"href": "/y"}, "nested")),
        ("table", {}, ("tr", {}, ("td", {}, "1")), ("div", {}, "2")),
        ("pre", {}, "\n\nkept"),
        ("textarea", {}, "\nkept too"),
        ("title", {}, "</title><script>"),
    )
    player = play(one(opening(page_of(*body))))
    assert player.problems()["skipped"] == []
    assert player.ask("doc.querySelector('p > div').textContent") == "in a paragraph"
    assert player.ask("doc.querySelector('a > a').textContent") == "nested"
    assert player.ask("doc.querySelector('table > tr + div').textContent") == "2"
    assert player.ask("doc.querySelector('pre').textContent") == "\n\nkept"
    assert player.ask("doc.querySelector('textarea').value") == "\nkept too"
    assert player.ask("doc.querySelector('body > title').textContent") == "</title><script>"


def test_namespaces_and_odd_names_are_kept(play: Play) -> None:
    svg: Html = (
        "/svg/svg",
        {"viewBox": "0 0 8 8"},
        ("/svg/use", {"/xlink/xlink:href": "#a", "/xml/xml:lang": "de"}),
        ("/svg/foreignObject", {}, ("p", {}, "html")),
    )
    odd: Html = ("p", {"@click": "go()", "[x]": "1", ":key": "k", "v-on:a.b": "c"}, "odd")
    player = play(one(opening(page_of(svg, ("/math/mi", {}, "x"), ("/urn%3Aa/p:q", {}, "y"), odd))))
    assert player.problems() == {"skipped": [], "damage": []}
    assert player.ask("doc.querySelector('svg').getAttribute('viewBox')") == "0 0 8 8"
    assert player.ask("doc.querySelector('svg p').namespaceURI").endswith("xhtml")
    assert player.ask("doc.querySelector('use').getAttribute('xlink:href')") == "#a"
    assert player.ask("doc.querySelector('mi').namespaceURI").endswith("MathML")
    assert player.ask("doc.body.children[2].namespaceURI") == "urn:a"
    names = player.ask("[...doc.body.lastChild.attributes].map(({ name }) => name)")
    assert names == ["@click", "[x]", ":key", "v-on:a.b"]


def test_shadow_roots_have_their_sheets_and_slots(play: Play) -> None:
    host: Html = (
        "x-card",
        {},
        (
            "#shadow",
            ("style", {}, ":host{display:block;color:rgb(1,2,3)} ::slotted(b){color:rgb(4,5,6)}"),
            ("slot", {}),
        ),
        ("b", {}, "slotted"),
    )
    late: list[Timed] = [
        (500, ops.Put(5, 0, 100, run_of(("#shadow", ("i", {"part": "p"}, "late"))))),
        (600, ops.Sheet(200, "i{color:rgb(7,8,9)}", "")),
        (600, ops.Adopted(100, (200,))),
        (700, ops.Sheet(200, "i{color:rgb(9,8,7)}", "")),
    ]
    page = page_of(("x-late", {}), host, head=[])
    player = play(one(opening(page), late), 0)
    assert player.style("x-card", "color") == "rgb(1, 2, 3)"
    assert player.style("x-card > b", "color") == "rgb(4, 5, 6)"
    color = (
        "doc.defaultView.getComputedStyle(doc.querySelector('x-late').shadowRoot.querySelector('i'))"
        ".color"
    )
    player.seek(650)
    assert player.ask(color) == "rgb(7, 8, 9)"
    player.seek(700)
    assert player.ask(color) == "rgb(9, 8, 7)"
    player.seek(0)
    assert player.ask("doc.querySelector('x-late').shadowRoot") is None


def test_sheets_apply_in_document_order_and_with_their_edits(play: Play) -> None:
    head: list[Html] = [
        ("style", {}, ".a{color:rgb(1,1,1)} .v{padding:var(--p);padding-bottom:9px}"),
        ("link", {"rel": "stylesheet", "href": "/a.css"}),
        ("style", {"media": "print"}, ".a{color:rgb(0,0,0)}"),
    ]
    page = page_of(("p", {"class": "a v", "style": "--p:3px"}, "text"), head=head)
    link, first = 6, 4
    later: list[Timed] = [
        (100, ops.Sheet(link, "@import 'x';.a{color:rgb(2,2,2)} @media all{.b{top:0}}", "")),
        (200, ops.RuleInsert(link, (2,), ".a{color:rgb(3,3,3)}")),
        (300, ops.RuleStyle(link, (2,), "color:rgb(4,4,4)")),
        (400, ops.RuleSelector(link, (2,), ".never:hover")),
        (500, ops.RuleInsert(link, (3, 0), ".a{color:rgb(5,5,5)}")),
        (600, ops.RuleDelete(link, (3,))),
        (700, ops.SheetState(link, 1, "")),
        (800, ops.RuleInsert(first, (0,), ".a{color:rgb(6,6,6)!important}")),
        (900, ops.SetText(5, ".a{color:rgb(7,7,7)}")),
    ]
    player = play(one(opening(page), later), 0)
    colors = {}
    for t_ms in (900, 0, 800, 100, 700, 200, 600, 300, 500, 400):
        player.seek(t_ms)
        colors[t_ms] = player.style("p", "color")
    assert colors == {
        0: "rgb(1, 1, 1)",
        100: "rgb(2, 2, 2)",
        200: "rgb(3, 3, 3)",
        300: "rgb(4, 4, 4)",
        400: "rgb(2, 2, 2)",
        500: "rgb(5, 5, 5)",
        600: "rgb(2, 2, 2)",
        700: "rgb(1, 1, 1)",
        800: "rgb(6, 6, 6)",
        900: "rgb(7, 7, 7)",
    }
    player.seek(0)
    assert player.style("p", "padding") == "3px 3px 9px"
    assert player.problems()["skipped"] == []


def test_states_of_the_visitor_show_in_the_styles(play: Play) -> None:
    css = (
        "@media all{.menu:hover .sub{color:rgb(1,0,0)}} .h\\:x:hover{top:1px} a:active{left:2px}"
        " input:focus-visible{right:3px} form:focus-within{bottom:4px} x-y:not(:defined){top:9px}"
        " .n{&:hover{z-index:5}} p::selection{color:rgb(9,9,9)} a:visited{top:8px}"
    )
    body: tuple[Html, ...] = (
        ("div", {"class": "menu h:x n"}, ("a", {"href": "/", "class": "sub"}, "item")),
        ("form", {}, ("input", {})),
        ("x-y", {}),
        ("p", {}, "select me"),
    )
    later: list[Timed] = [
        (100, ops.Hover(8)),
        (200, ops.Press(8, 1, 1, 0, 0)),
        (300, ops.Focus(11, 1)),
        (400, ops.Hover(0)),
        (400, ops.Press(0, 0, 0, 0, 0)),
        (500, ops.Selection(14, 0, 14, 6)),
    ]
    player = play(one(opening(page_of(*body, head=[("style", {}, css)])), later), 450)
    assert player.style(".sub", "color") != "rgb(1, 0, 0)"
    assert player.style("input", "right") == "3px"
    assert player.style("form", "bottom") == "4px"
    assert player.style("x-y", "top") == "auto"
    player.seek(350)
    assert player.style(".sub", "color") == "rgb(1, 0, 0)"
    assert player.style(".menu", "top") == "1px"
    assert player.style(".menu", "z-index") == "5"
    assert player.style(".sub", "left") == "2px"
    assert player.style(".sub", "top") == "auto"
    player.seek(500)
    assert player.ask("doc.defaultView.CSS.highlights.size") == 1
    assert player.ask("doc.activeElement.localName") == "body"
    assert player.page.evaluate("document.activeElement.localName") == "body"


def test_media_features_are_the_visitors(play: Play) -> None:
    css = (
        "p{color:rgb(1,1,1)} @media (prefers-color-scheme:dark){p{color:rgb(2,2,2)}}"
        " @media (pointer:coarse) and (hover:none){p{top:1px}}"
        " @media (min-resolution:2dppx){p{left:2px}} html{color-scheme:light dark}"
        " @media (max-width:500px){p{right:3px}}"
    )
    page = opening(page_of(("p", {}, "x"), head=[("style", {}, css)]))
    later: list[Timed] = [
        (500, ops.Environment(1 | 4 | 8)),
        (500, ops.Viewport(400, 700, 300, 100, 0, 0)),
        (900, ops.Environment(0)),
    ]
    player = play(one(page, later), 500)
    found = [player.style("p", name) for name in ("color", "top", "left", "right")]
    assert found == ["rgb(2, 2, 2)", "1px", "2px", "3px"]
    assert player.style("html", "color-scheme") == "dark only"
    player.page.emulate_media(color_scheme="dark")
    player.seek(0)
    found = [player.style("p", name) for name in ("color", "top", "left", "right")]
    assert found == ["rgb(1, 1, 1)", "auto", "auto", "auto"]
    assert player.style("html", "color-scheme") == "light only"
    player.seek(900)
    assert player.style("p", "color") == "rgb(1, 1, 1)"


def test_pictures_come_from_stored_copies(play: Play) -> None:
    recorded = Recorded()
    dot = recorded.asset("image/png", RED_DOT)
    body: tuple[Html, ...] = (
        ("img", {"src": "http://far.example/a.png", "loading": "lazy"}),
        ("img", {"src": "http://far.example/gone.png", "width": "40", "height": "30"}),
        ("p", {"style": "background:url(a.png);width:50%"}, "x"),
        ("/svg/svg", {}, ("/svg/image", {"href": "http://far.example/a.png"})),
    )
    head: list[Html] = [("style", {}, ".x{background:url(a.png)}")]
    later: list[Timed] = [
        (100, ops.Asset(100, dot, "image/png")),
        (100, ops.Source(7, 100)),
        (100, ops.Source(8, 101)),
        (100, ops.Source(12, 100)),
        (100, ops.CssAsset(9, "a.png", 100)),
        (100, ops.CssAsset(4, "a.png", 100)),
    ]
    recorded.load(opening(page_of(*body, head=head)), later)
    player = play(recorded, 100)
    assert player.ask("doc.images[0].naturalWidth") == 5
    assert player.ask("doc.images[1].getAttribute('src')") is None
    assert player.ask("doc.images[1].getBoundingClientRect().width") == 40
    assert f"/assets/{dot.hex()}" in player.style("p", "background-image")
    assert player.ask("doc.querySelector('image').getAttribute('href')").endswith(dot.hex())
    assert '@src="http://far.example/a.png"' in "\n".join(player.form())
    assert '@style="background:url(a.png);width:50%"' in "\n".join(player.form())
    player.seek(0)
    assert player.ask("doc.images[0].getAttribute('src')") is None
    assert "far.example" not in player.ask("doc.documentElement.innerHTML").replace(
        'href="http://far.example', ""
    ).replace('src="http://far.example', "")


def test_form_state_is_the_recorded_one_whatever_the_way(play: Play) -> None:
    body: tuple[Html, ...] = (
        ("input", {"value": "attribute"}),
        ("input", {"type": "checkbox", "checked": ""}),
        ("input", {"type": "radio", "name": "r", "checked": ""}),
        ("input", {"type": "radio", "name": "r"}),
        ("textarea", {}, "child text"),
        ("select", {}, ("option", {}, "a"), ("option", {"selected": ""}, "b"), ("option", {}, "c")),
        ("select", {"multiple": ""}, ("option", {}, "a"), ("option", {}, "b"), ("option", {}, "c")),
    )
    first = 5
    text, box, one_, two, area, single, many = 5, 6, 7, 8, 9, 11, 18
    assert first == text
    later: list[Timed] = [
        (100, ops.FieldValue(text, "property")),
        (200, ops.Checked(box, 2)),
        (300, ops.Checked(one_, 0)),
        (300, ops.Checked(two, 1)),
        (400, ops.FieldValue(area, "typed")),
        (500, ops.Selected(single, (2,))),
        (600, ops.Selected(many, (0, 2))),
        (700, ops.Selected(single, ())),
    ]
    player = play(one(opening(page_of(*body)), later), 0)
    script = (
        "[doc.forms, [...doc.querySelectorAll('input,textarea')].map((field) => "
        "field.type === 'radio' || field.type === 'checkbox' ? [field.checked, field.indeterminate]"
        " : field.value), [...doc.querySelectorAll('select')].map((select) => "
        "[...select.selectedOptions].map((option) => option.text).join(''))].slice(1)"
    )
    states = {}
    for t_ms in (700, 0, 600, 100, 500, 200, 400, 300):
        player.seek(t_ms)
        states[t_ms] = player.ask(script)
    off, on, mixed = [False, False], [True, False], [False, True]
    start = ["attribute", on, on, off, "child text"]
    assert states == {
        0: [start, ["b", ""]],
        100: [["property", *start[1:]], ["b", ""]],
        200: [["property", mixed, *start[2:]], ["b", ""]],
        300: [["property", mixed, off, on, "child text"], ["b", ""]],
        400: [["property", mixed, off, on, "typed"], ["b", ""]],
        500: [["property", mixed, off, on, "typed"], ["c", ""]],
        600: [["property", mixed, off, on, "typed"], ["c", "ac"]],
        700: [["property", mixed, off, on, "typed"], ["", "ac"]],
    }


def test_scroll_is_exact_at_once_and_again_when_the_page_grows(play: Play) -> None:
    css = (
        "html{scroll-behavior:smooth} #pane{overflow:scroll;height:90px;width:90px}"
        " div p{margin:0;height:50px;width:300px}"
    )
    rows: list[Html] = [("p", {}, str(number)) for number in range(8)]
    page = opening(page_of(("div", {"id": "pane"}, *rows), ("div", {}), head=[("style", {}, css)]))
    grown = run_of(*(("p", {}, f"row {number}") for number in range(60)))
    later: list[Timed] = [
        (100, ops.Scroll(7, 33, 120)),
        (200, ops.Scroll(1, 0, 900)),
        (300, ops.Put(24, 0, 200, grown)),
        (400, ops.Scroll(1, 0, 40)),
    ]
    player = play(one(page, later), 300)
    window = "[doc.defaultView.scrollX, doc.defaultView.scrollY]"
    pane = "[doc.getElementById('pane').scrollLeft, doc.getElementById('pane').scrollTop]"
    assert player.ask(window) == [0, 900]
    assert player.ask(pane) == [33, 120]
    player.seek(400)
    assert player.ask(window) == [0, 40]
    player.seek(50)
    assert (player.ask(window), player.ask(pane)) == ([0, 0], [0, 0])


def test_dialogs_and_popovers_stand_in_the_top_layer_without_focus(play: Play) -> None:
    body: tuple[Html, ...] = (
        ("dialog", {}, ("input", {"autofocus": ""}), "modal"),
        ("div", {"popover": "auto"}, ("button", {}, "one")),
        ("div", {"popover": "auto"}, "two"),
        ("div", {"id": "full"}, "fullscreen"),
    )
    later: list[Timed] = [
        (100, ops.Attr(5, "open", "")),
        (100, ops.TopLayer(5, 1)),
        (200, ops.TopLayer(8, 2)),
        (300, ops.TopLayer(11, 2)),
        (400, ops.TopLayer(13, 3)),
        (500, ops.TopLayer(13, 0)),
        (500, ops.TopLayer(11, 0)),
        (500, ops.TopLayer(8, 0)),
        (500, ops.TopLayer(5, 0)),
        (500, ops.AttrRemove(5, "open")),
    ]
    player = play(one(opening(page_of(*body)), later), 400)
    open_ = (
        "[doc.querySelector('dialog').matches(':modal'),"
        " doc.querySelectorAll(':popover-open').length]"
    )
    assert player.ask(open_) == [True, 3]
    full = player.ask("doc.getElementById('full').getBoundingClientRect().toJSON()")
    assert (full["x"], full["y"], full["width"], full["height"]) == (0, 0, 800, 600)
    assert player.ask("doc.activeElement.localName") == "body"
    assert player.page.evaluate("document.activeElement.localName") == "body"
    recorded_form = player.form()
    player.seek(500)
    assert player.ask(open_) == [False, 0]
    player.seek(250)
    assert player.ask(open_) == [True, 1]
    player.seek(400)
    assert player.form() == recorded_form
    assert player.problems()["skipped"] == []


def test_frames_within_the_page_are_documents_of_their_own(play: Play) -> None:
    inner = (
        "#content",
        2,
        page_of(("b", {"class": "in"}, "inside"), head=[("style", {}, ".in{color:rgb(1,2,3)}")]),
    )
    body: tuple[Html, ...] = (
        ("iframe", {"src": "http://far.example/", "name": "x", "width": "200"}, inner),
        ("b", {"class": "in"}, "outside"),
    )
    later: list[Timed] = [
        (100, ops.SetText(13, "changed")),
        (200, ops.Hover(12)),
        (300, ops.Remove(6)),
        (300, ops.Put(5, 0, 50, run_of(("#content", 0, page_of("again"))))),
    ]
    player = play(one(opening(page_of(*body)), later), 0)
    frame = "doc.querySelector('iframe').contentDocument"
    assert player.ask(f"{frame}.querySelector('b').textContent") == "inside"
    assert player.ask(f"{frame}.compatMode") == "BackCompat"
    assert (
        player.ask(f"{frame}.defaultView.getComputedStyle({frame}.querySelector('b')).color")
        == "rgb(1, 2, 3)"
    )
    assert player.style("body > b", "color") == "rgb(0, 0, 0)"
    assert player.ask("doc.querySelector('iframe').getAttribute('sandbox')") == "allow-same-origin"
    player.seek(200)
    assert player.ask(f"{frame}.querySelector('b').textContent") == "changed"
    player.seek(300)
    assert player.ask(f"{frame}.body.textContent") == "again"
    assert player.ask(f"{frame}.compatMode") == "CSS1Compat"
    player.seek(100)
    assert player.ask(f"{frame}.querySelector('b').textContent") == "changed"


def test_what_is_withheld_keeps_its_place(play: Play) -> None:
    body: tuple[Html, ...] = (
        ("span", {"class": "secret"}),
        ("canvas", {}),
        ("iframe", {"src": "http://far.example/"}),
    )
    blocks: list[Timed] = [
        (0, ops.Block(5, 120, 40, 0)),
        (0, ops.Block(6, 200, 100, 2)),
        (0, ops.Block(7, 320, 200, 1)),
    ]
    player = play(one([*opening(page_of(*body))[:-1], *blocks, (0, ops.End())]), 0)
    sizes = player.ask(
        "[...doc.body.children].map((one) => one.getBoundingClientRect())"
        ".map(({ width, height }) => [width, height])"
    )
    assert sizes == [[120, 40], [200, 100], [320, 200]]
    assert "repeating-linear-gradient" in player.style("canvas", "background-image")


def test_rows_that_are_turned_round_are_moved_not_made(play: Play) -> None:
    rows: list[Html] = [("li", {}, str(number)) for number in range(100)]
    page = opening(page_of(("ul", {}, *rows)))
    ids = [6 + 2 * number for number in range(100)]
    turned: list[Timed] = [(100, ops.Move(node, 5, 0)) for node in ids]
    player = play(one(page, turned), 0)
    player.ask("(doc.querySelector('li').mark = 'same', 0)")
    player.seek(100)
    texts = player.ask("[...doc.querySelectorAll('li')].map((row) => row.textContent)")
    assert texts == [str(number) for number in reversed(range(100))]
    assert player.ask("doc.querySelector('li:last-child').mark") == "same"


def test_noscript_and_script_show_nothing(play: Play) -> None:
    body: tuple[Html, ...] = (
        ("noscript", {}, ("p", {}, "turn it on")),
        ("script", {}, "document.title = 1"),
        "text",
    )
    player = play(one(opening(page_of(*body))))
    assert player.ask("doc.body.innerText").strip() == "text"
    assert player.ask("doc.querySelector('noscript').childNodes.length") == 0
    assert player.style("noscript", "display") == "none"
