"""HTML text of frames: equal where HTML can say it, inert whatever was recorded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from replay import ops
from replay.css import edited, safe_css
from replay.html import render
from replay.ops import NewNode
from replay.reconstruct import Damage, play
from replay.section import SectionOp
from replay.tree import StyleEdit, Tree
from tests.replay.recorded import element, snapshot, text

HASH = bytes(range(16))


def tree_of(*body: NewNode, more: tuple[SectionOp, ...] = ()) -> Tree:
    tree, damage = Tree(), Damage()
    play(tree, [*snapshot(0, *body), *((0, op) for op in more)], damage)
    assert damage.lines == []
    return tree


def html_of(*body: NewNode, more: tuple[SectionOp, ...] = ()) -> str:
    tree = tree_of(*body, more=more)
    return render(tree, tree.assets, {}, lambda named, kind: f"/assets/{named.hex()}")


class _Parsed(HTMLParser):
    """Start tags with their attributes, as a parser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_text_and_attributes_are_escaped() -> None:
    html = html_of(element(2, "p", title="\"<&>'"), text(3, "<script>&amp;"))
    assert '<p title="&quot;&lt;&amp;&gt;&#x27;">&lt;script&gt;&amp;amp;</p>' in html


@pytest.mark.parametrize(
    ("mode", "doctype"),
    [(0, "<!DOCTYPE html>\n"), (1, "<!DOCTYPE html PUBLIC"), (2, "<!-- not expressed")],
)
def test_the_doctype_makes_the_mode(mode: int, doctype: str) -> None:
    tree = tree_of()
    tree.modes[1] = mode
    assert render(tree, {}, {}, lambda named, kind: "").startswith(doctype)


_HOSTILE_ATTRIBUTES = {
    "onclick": "alert(1)",
    "OnLoad": "alert(1)",
    "href": "java\tscript:alert(1)",
    "src": "https://evil.test/x.png",
    "srcset": "https://evil.test/x.png 2x",
    "srcdoc": "<script>alert(1)</script>",
    "action": "https://evil.test/",
    "formaction": "javascript:alert(1)",
    "poster": "https://evil.test/p.png",
    "background": "https://evil.test/b.png",
    "data": "data:text/html,<script>alert(1)</script>",
    "ping": "https://evil.test/",
    "autofocus": "",
    "target": "_top",
    "download": "x",
    "manifest": "https://evil.test/m",
    "http-equiv": "refresh",
    "content": "0;url=https://evil.test/",
    "style": "background:url(https://evil.test/s.png);--x:image-set('https://evil.test/i' 1x)",
    "usemap": "https://evil.test/#m",
    "cite": "https://evil.test/c",
    "longdesc": "https://evil.test/l",
    "/xlink/xlink:href": "https://evil.test/u.svg#a",
    "/xml/xml:base": "https://evil.test/",
    "fill": "url(https://evil.test/f.svg#g)",
    "filter": "url('https://evil.test/f.svg#g')",
    '"><script': "alert(1)",
    "x/onerror": "alert(1)",
}
_HOSTILE_ELEMENTS = (
    *("script", "iframe", "frame", "object", "embed", "applet", "meta", "base", "link", "noscript"),
    *(
        "template",
        "a",
        "area",
        "form",
        "button",
        "input",
        "img",
        "video",
        "audio",
        "source",
        "track",
    ),
    *("picture", "body", "html", "style", "portal", "fencedframe", "xmp", "plaintext", "noembed"),
    *("frameset", "image", "bgsound", "x-custom", "visitreel-frame", "/svg/script", "/svg/a"),
    *("/svg/animate", "/svg/set", "/svg/use", "/svg/image", "/svg/feImage", "/svg/foreignObject"),
    *(
        "/svg/style",
        "/math/maction",
        "/math/mi",
        "/x/script",
        "//script",
        "a><script>",
        "p onload=x",
    ),
)


@pytest.mark.parametrize("name", _HOSTILE_ELEMENTS)
def test_every_element_with_every_hostile_attribute_is_inert(name: str) -> None:
    html = html_of(
        NewNode(2, "element", name, _HOSTILE_ATTRIBUTES),
        text(3, "</style></script><script>alert(1)</script><img src=https://evil.test/t>"),
    )
    shown = re.sub(r"(?s)&lt;.*?&gt;|<style[^>]*>.*?</style>", "", html)
    assert "evil.test" not in shown
    for tag, attributes in _Parsed(html).found:
        assert tag not in {"script", "iframe", "frame", "object", "embed", "base", "link", "applet"}
        assert not [key for key in attributes if key.startswith("on")]
        if tag == "meta":
            continue
        for key, value in attributes.items():
            assert key not in {
                "action",
                "formaction",
                "srcdoc",
                "autofocus",
                "http-equiv",
                "target",
            }
            assert "script:" not in (value or "")
            assert "evil.test" not in (value or "")
        assert attributes.get("href") in (None, "#", "data:,")


def test_only_assets_are_asked_for() -> None:
    html = html_of(
        element(2, "img", src="https://x.test/a.png", srcset="https://x.test/b.png 2x"),
        element(2, "div", style="background: url('a b.png')"),
        element(2, "style"),
        text(5, "@import 'https://x.test/c.css'; p { background: URL(d.png), url(e.png) }"),
        element(2, "/svg/use", href="/sprite.svg#icon"),
        more=(
            ops.Asset(50, HASH, "image/png"),
            ops.Source(5, 50),
            ops.CssAsset(6, "a b.png", 50),
            ops.CssAsset(7, "d.png", 50),
            ops.CssAsset(7, "e.png", 51),
            ops.Source(9, 50),
        ),
    )
    url = f"/assets/{HASH.hex()}"
    assert f'<img src="{url}">' in html
    assert f"background: url(&quot;{url}&quot;)" in html
    assert f'url("{url}"), url("data:,")' in html
    assert f'href="{url}#icon"' in html
    assert "x.test" not in html
    assert "@import" not in html
    assert "img-src &#x27;self&#x27; data:;" in html


def test_inline_images_stay() -> None:
    html = html_of(
        element(2, "img", src="data:image/png;base64,AAAA"),
        element(2, "img", src="data:text/html,<script>"),
    )
    assert 'src="data:image/png;base64,AAAA"' in html
    assert 'src="data:,"' in html


def test_form_state_is_said_by_attributes() -> None:
    html = html_of(
        element(2, "input", value="old", type="text"),
        element(2, "input", type="checkbox", checked=""),
        element(2, "textarea"),
        text(5, "old"),
        element(2, "select"),
        element(7, "option", selected=""),
        element(7, "option"),
        more=(
            ops.FieldValue(5, "new"),
            ops.Checked(6, 2),
            ops.FieldValue(7, "\nlines"),
            ops.Selected(9, (1,)),
        ),
    )
    assert '<input value="new" type="text">' in html
    assert '<input type="checkbox">' in html
    assert "<textarea>\n\nlines</textarea>" in html
    assert '<select><option></option><option selected="">' in html
    assert "1 \u00d7 indeterminate checkbox" in html


def test_sheets_apply_in_order_with_their_edits() -> None:
    html = html_of(
        element(1, "style"),
        text(3, "a { color: red }"),
        NewNode(1, "element", "link", {"rel": "stylesheet", "href": "https://x.test/a.css"}),
        element(2, "style"),
        text(6, "off {}"),
        more=(
            ops.RuleInsert(5, (1,), "b { color: blue }"),
            ops.Sheet(7, "linked {}", "https://x.test/a.css"),
            ops.SheetState(7, 0, "print"),
            ops.SheetState(8, 1, ""),
            ops.Sheet(40, "adopted {}", ""),
            ops.Adopted(1, (40, 41)),
        ),
    )
    assert "<style>a{ color: red }\nb{ color: blue }</style>" in html
    assert '<style media="print">linked {}</style>' in html
    assert "off {}" not in html
    assert "<style>adopted {}</style></head>" in html


def test_shadow_roots_and_frames_are_declarative() -> None:
    html = html_of(
        element(2, "x-a"),
        NewNode(3, "shadow"),
        element(4, "slot"),
        text(3, "light"),
        element(2, "iframe", src="https://x.test/", width="200"),
        NewNode(7, "content", mode=0),
        element(8, "html"),
        element(9, "body", onload="x"),
        text(10, "inner"),
    )
    assert '<x-a><template shadowrootmode="open"><slot></slot></template>light</x-a>' in html
    assert "width:200px;height:150px" in html
    assert "<visitreel-html><visitreel-body>inner</visitreel-body></visitreel-html>" in html
    assert "1 \u00d7 frame" in html


def test_withheld_content_is_a_box_of_its_size() -> None:
    html = html_of(element(2, "video"), text(3, "secret"), more=(ops.Block(5, 320, 200, 3),))
    assert "width:320px;height:200px" in html
    assert "secret" not in html


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ((element(2, "table"), element(3, "div")), "div in table"),
        ((element(2, "table"), element(3, "tr")), "tr in table"),
        ((element(2, "table"), text(3, "x")), "text in table"),
        ((element(2, "a"), element(3, "b"), element(4, "a")), "a within a"),
        ((element(2, "form"), element(3, "form")), "form within form"),
        ((element(2, "p"), element(3, "span"), element(4, "div")), "div within p"),
        ((element(2, "li"), element(3, "li")), "li within li"),
        ((element(2, "br"), element(3, "b")), "b in br"),
        ((element(2, "/svg/svg"), element(3, "p")), "p in svg/svg"),
        ((element(2, "div"), element(3, "td")), "td in div"),
        ((element(2, "object"),), "object under another name"),
    ],
)
def test_what_text_can_not_express_is_said(body: tuple[NewNode, ...], note: str) -> None:
    comment = re.search(r"<!-- (.*?) -->", html_of(*body))
    assert comment
    assert note in comment[1]


def test_what_shows_nothing_keeps_its_place() -> None:
    html = html_of(
        element(2, "script"), element(2, "b", id="x"), NewNode(2, "element", "meta"), text(2, "t")
    )
    assert '<template></template><b id="x"></b><template></template>t' in html


def test_what_text_can_express_is_not_complained_about() -> None:
    html = html_of(
        element(2, "ul"),
        element(3, "li"),
        element(4, "ul"),
        element(5, "li"),
        element(2, "table"),
        element(7, "tbody"),
        element(8, "tr"),
        element(9, "td"),
        element(10, "p"),
        element(2, "p"),
        element(12, "a"),
        element(2, "/svg/svg"),
        element(14, "/svg/foreignObject"),
        element(15, "div"),
    )
    assert "not expressed in this text: nothing" in html


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a { color: red }", "a { color: red }"),
        ("a{b:url(x)}", 'a{b:url("data:,")}'),
        ("a{b:\\75 rl(x)}", 'a{b:url("data:,")}'),
        ("a{b:URL( 'x' )}", 'a{b:url("data:,")}'),
        ("a{b:image-set('x' 1x)}", 'a{b:image-set(url("data:,") 1x)}'),
        ("a{--u:'x';b:image-set(var(--u))}", 'a{--u:"x";b:url("data:,")}'),
        ("a{--u:url(x)}", 'a{--u:url("data:,")}'),
        ("@im\\port 'x';a{}", "a{}"),
        ("@media x{@import 'y';a{b:url(c)}}", '@media x{a{b:url("data:,")}}'),
        ("@import url(x) layer(a) supports(b:c) print;a{}", "a{}"),
        ("a::after{content:'</style>'}", "a::after{content:'<\\/style>'}"),
        ("a{b:url(#g)}", 'a{b:url("#g")}'),
        ("a{b:url(data:image/png;base64,AA)}", 'a{b:url("data:image/png;base64,AA")}'),
        ("a{b:url(data:text/html,x)}", 'a{b:url("data:,")}'),
        ("a{b:url(x", 'a{b:url("data:,")}'),
    ],
)
def test_css_asks_for_nothing(css: str, expected: str) -> None:
    assert safe_css(css, lambda token: "") == expected


def test_deeply_nested_css_is_dropped() -> None:
    assert safe_css("(" * 100_000 + "url(a)", lambda token: "") == ""
    assert edited("{" * 100_000, [("rule_delete", (0,))]) == ""


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("rule_insert", (0,), "z{}"), "z{}\na{b:c}\n@media x{d{e:f} g{h:i}}"),
        (("rule_insert", (2,), "z{}"), "a{b:c}\n@media x{d{e:f} g{h:i}}\nz{}"),
        (("rule_insert", (3,), "z{}"), "a{b:c}\n@media x{d{e:f} g{h:i}}"),
        (("rule_insert", (1, 1), "z{}"), "a{b:c}\n@media x{d{e:f}z{}g{h:i}}"),
        (("rule_delete", (0,)), "@media x{d{e:f} g{h:i}}"),
        (("rule_delete", (1, 0)), "a{b:c}\n@media x{g{h:i}}"),
        (("rule_delete", (7, 0)), "a{b:c}\n@media x{d{e:f} g{h:i}}"),
        (("rule_style", (1, 1), "k: l"), "a{b:c}\n@media x{d{e:f}g{k: l;}}"),
        (("rule_selector", (0,), "m"), "m{b:c}\n@media x{d{e:f} g{h:i}}"),
    ],
)
def test_rule_edits_change_the_sheet(edit: StyleEdit, expected: str) -> None:
    assert edited("@charset 'x'; a{b:c} @nonsense y; @media x{d{e:f} g{h:i}}", [edit]) == expected
