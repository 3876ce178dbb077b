"""The vectors as they are meant: ops for every rule of the vocabulary, the wire and the tree.
`make.py` prints them."""

from __future__ import annotations

from replay import ops
from replay.columns import Columns, varint, write_columns
from replay.encode import write_section
from replay.ops import NewNode
from replay.section import SectionOp, TimedOp, UnknownOp
from tests.vectors.make import DamagedSection, Vector

BIG = "/* big */ " + "a{color:red}" * 200
"""Longer than 2,048 units: travels as a content."""

DOCUMENT = ops.Document(0, 0)


def element(parent: int, name: str, **attributes: str) -> NewNode:
    """`class_` stands for class, `a_b` for a-b."""
    attrs = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return NewNode(parent, "element", name, attrs or None)


def text(parent: int, data: str) -> NewNode:
    return NewNode(parent, "text", text=data)


def page(*body: NewNode) -> list[SectionOp]:
    """A document: html 2, head 3, body 4; `body` follows from id 5 (parent 2: the body)."""
    run = (element(-1, "html"), element(0, "head"), element(0, "body"), *body)
    return [DOCUMENT, ops.Put(1, 0, 2, run)]


def at(t_ms: int, *several: SectionOp) -> list[TimedOp]:
    return [(t_ms, op) for op in several]


def vector(name: str, *several: SectionOp) -> Vector:
    return Vector(name, at(0, *several))


_PARAGRAPHS = page(
    element(2, "p", id="a"),  # 5
    text(3, "one"),  # 6
    element(2, "p", id="b"),  # 7
    text(5, "two"),  # 8
    element(2, "p", id="c"),  # 9
    text(7, "three"),  # 10
)

_STRUCTURE = [
    vector("an empty section"),
    vector("a document alone", DOCUMENT),
    Vector(
        "times count from the base and from op to op",
        [(-500, DOCUMENT), (-500, ops.Begin()), (0, ops.Visibility(1)), (90_000, ops.End())],
        base_t_ms=-700,
    ),
    vector("a small page", *_PARAGRAPHS),
    vector(
        "shapes are told once and classes are part of them",
        *page(
            element(2, "a", class_="x", href="/1"),
            element(2, "a", class_="x", href="/2"),
            element(2, "a", class_="y", href="/3"),
            element(2, "a", href="/4", class_="x"),
            element(2, "a", class_=""),
            element(2, "b", class_="x y\n z"),
            element(2, "b"),
            element(2, "b", title=""),
        ),
    ),
    vector(
        "shapes hold for all runs of a section",
        *page(element(2, "p", class_="x")),
        ops.Put(4, 5, 20, (element(-1, "p", class_="x"), element(0, "b"))),
        ops.Put(20, 21, 22, (element(-1, "b"), text(-1, "t"), element(-1, "p", class_="x"))),
    ),
    vector(
        "names outside of html",
        *page(
            element(2, "/svg/svg", viewBox="0 0 1 1"),
            NewNode(3, "element", "/svg/use", {"/xlink/xlink:href": "#a", "/xml/xml:lang": "de"}),
            NewNode(3, "element", "/svg/foreignObject", {"/xmlns/xmlns:xlink": "x"}),
            element(2, "/math/mi"),
            element(2, "/urn%3Aa%2Fb/p:x"),
            element(2, "//none"),
            NewNode(2, "element", "p", {"/urn%3Ac/q:y": "z", "@click": "", "[x]": "1"}),
        ),
        ops.Attr(6, "/xlink/xlink:href", "#b"),
        ops.AttrRemove(6, "/xml/xml:lang"),
        ops.Attr(11, "v-on:a.b", "c"),
    ),
    vector(
        "shadow roots and frames",
        *page(
            element(2, "x-a"),  # 5
            NewNode(3, "shadow"),  # 6
            element(4, "slot"),  # 7
            text(3, "light"),  # 8
            element(2, "iframe"),  # 9
            NewNode(7, "content", mode=2),  # 10
            element(8, "html"),  # 11
            element(2, "div"),  # 12
        ),
        ops.Put(12, 0, 20, (NewNode(-1, "shadow"), element(0, "p"), element(-1, "b"))),
        ops.Put(11, 0, 23, (element(-1, "body"),)),
        ops.Put(6, 7, 24, (element(-1, "i"),)),
        ops.Scroll(10, 0, 30),
    ),
    vector(
        "a frame that navigates",
        *page(element(2, "iframe"), NewNode(3, "content")),
        ops.Put(6, 0, 7, (element(-1, "html"), text(0, "old"))),
        ops.Remove(6),
        ops.Put(5, 0, 9, (NewNode(-1, "content", mode=1), element(0, "html"))),
    ),
    vector("an empty run", *page(), ops.Put(4, 0, 5, ())),
    vector(
        "a second document forgets all",
        *_PARAGRAPHS,
        ops.Viewport(9, 9, 100, 100, 0, 0),
        ops.Visibility(2),
        ops.Pointer(1, 2),
        ops.Document(2, 1),
    ),
]

_MUTATIONS = [
    vector(
        "put in front, between and behind",
        *_PARAGRAPHS,
        ops.Put(4, 0, 100, (element(-1, "i"), element(-1, "b"))),
        ops.Put(4, 5, 102, (text(-1, "between"),)),
        ops.Put(4, 9, 103, (element(-1, "u"),)),
    ),
    vector(
        "move within, out of and into",
        *_PARAGRAPHS,
        ops.Move(9, 4, 0),
        ops.Move(5, 4, 7),
        ops.Move(8, 5, 6),
        ops.Move(5, 4, 9),
        ops.Move(9, 4, 0),
    ),
    vector(
        "take keeps a subtree and move puts it back",
        *_PARAGRAPHS,
        ops.FieldValue(5, "kept"),
        ops.Take(5),
        ops.Take(7),
        ops.Take(7),
        ops.SetText(6, "changed outside"),
        ops.Move(7, 5, 6),
        ops.Move(5, 4, 9),
        ops.Take(10),
    ),
    vector(
        "remove forgets all below",
        *_PARAGRAPHS,
        ops.FieldValue(5, "v"),
        ops.Hover(5),
        ops.Press(5, 1, 2, 0, 0),
        ops.Focus(5, 1),
        ops.Selection(6, 0, 10, 2),
        ops.Scroll(5, 0, 9),
        ops.Take(9),
        ops.Remove(5),
        ops.Remove(9),
        ops.Put(4, 0, 5, (element(-1, "em"),)),
    ),
    vector(
        "text and attributes",
        *_PARAGRAPHS,
        ops.SetText(6, ""),
        ops.SetText(8, "2"),
        ops.Attr(5, "id", "z"),
        ops.Attr(5, "class", "c"),
        ops.AttrRemove(7, "id"),
        ops.AttrRemove(7, "none"),
    ),
    vector(
        "the root element is replaced",
        *_PARAGRAPHS,
        ops.Remove(2),
        ops.Put(1, 0, 50, (element(-1, "html"), element(0, "body"))),
    ),
]

_STRINGS = [
    vector(
        "strings that look like escapes",
        *page(text(2, "\x01"), element(2, "p", title="\x011")),
        ops.Attr(6, "data-x", "\x01\x01"),
        ops.SetText(5, "\x01\x01rest"),
    ),
    vector(
        "signs that can't travel become replacement characters",
        *page(text(2, "a\ufffdb"), element(2, "p", title="\ufffd")),
    ),
    vector(
        "text of every plane",
        *page(text(2, "\u00e9 \u4e2d\u6587 \u05d0\u200f \U0001f600 \u202e")),
        ops.Attr(4, "title", "\r\n\t\"'<&>"),
    ),
    vector(
        "equal big texts travel once",
        *page(element(2, "style"), text(3, BIG), element(2, "style"), text(5, BIG)),
        ops.Attr(4, "style", BIG),
        ops.Sheet(5, BIG + " ", ""),
    ),
    Vector(
        "big texts are named by hash",
        at(
            0,
            *page(element(2, "style"), text(3, BIG)),
            ops.Sheet(9, BIG + "b", "https://x.test/a.css"),
            ops.Attr(4, "style", BIG),
        ),
        named=(BIG,),
    ),
    vector("a big class makes a big shape", *page(element(2, "p", class_="c " * 1500))),
    vector(
        "2047 units stay in place and 2048 do not",
        *page(
            text(2, "a" * 2047),
            text(2, "b" * 2048),
            text(2, "\U0001f600" * 1024),
            text(2, "\U0001f600" * 1023 + "c"),
            text(2, "\x01" * 2048),
        ),
    ),
]

_STATE = [
    vector(
        "form state",
        *page(element(2, "input"), element(2, "select"), element(2, "dialog"), element(2, "div")),
        ops.FieldValue(5, "\u2022\u2022\u2022\u2022\u2022"),
        ops.Checked(5, 3),
        ops.Selected(6, (1, 3)),
        ops.Selected(6, (0,)),
        ops.TopLayer(7, 1),
        ops.TopLayer(8, 2),
        ops.TopLayer(7, 1),
        ops.TopLayer(5, 3),
        ops.TopLayer(8, 0),
        ops.Block(8, 300, 150, 2),
    ),
    vector(
        "scroll of window and elements",
        *_PARAGRAPHS,
        ops.Scroll(1, 0, 400),
        ops.Scroll(5, -20, 7),
        ops.Scroll(1, 3, 2**40),
    ),
    vector(
        "viewport and environment",
        DOCUMENT,
        ops.Viewport(1280, 720, 150, 200, 10, -20),
        ops.Environment(21),
    ),
    vector(
        "the visitor",
        *_PARAGRAPHS,
        ops.Pointer(-4, 30),
        ops.Hover(5),
        ops.Press(5, 4, 30, 1, 0),
        ops.Touch(0, 1, 2, 0),
        ops.Touch(1, 5, 6, 0),
        ops.Touch(0, 3, 4, 1),
        ops.Touch(1, 5, 6, 2),
        ops.Focus(7, 1),
        ops.Selection(6, 1, 8, 2),
        ops.Visibility(0),
    ),
    vector(
        "the visitor lets go",
        *_PARAGRAPHS,
        ops.Hover(5),
        ops.Press(5, 4, 30, 0, 2),
        ops.Focus(7, 0),
        ops.Selection(6, 1, 8, 2),
        ops.Hover(0),
        ops.Press(0, 4, 31, 0, 2),
        ops.Focus(0, 0),
        ops.Selection(0, 0, 0, 0),
        ops.Visibility(2),
        ops.Mark("done"),
    ),
    vector(
        "style sheets and their edits",
        *page(
            element(2, "style"),
            text(3, "a{}"),
            element(2, "link", rel="stylesheet"),
            element(2, "/svg/style"),
        ),
        ops.RuleInsert(5, (1,), "b{}"),
        ops.Sheet(7, "c{}", "https://x.test/c.css"),
        ops.RuleStyle(7, (0,), "color: red"),
        ops.RuleSelector(7, (0, 2, 1), "d"),
        ops.RuleDelete(7, (300,)),
        ops.SheetState(7, 1, "print"),
        ops.SheetState(8, 0, ""),
        ops.Sheet(30, "e{}", ""),
        ops.RuleInsert(30, (0,), "f{}"),
        ops.Sheet(30, "g{}", ""),
        ops.Adopted(1, (30, 31)),
    ),
    vector(
        "a style element starts anew when its children change",
        *page(
            element(2, "style"),
            text(3, "a{}"),
            element(2, "style"),
            text(5, "b{}"),
            element(2, "style"),
            text(7, "c{}"),
            element(2, "style"),
        ),
        ops.Sheet(5, "s{}", ""),
        ops.SheetState(5, 1, "x"),
        ops.RuleInsert(7, (0,), "x{}"),
        ops.Sheet(9, "t{}", ""),
        ops.Sheet(11, "u{}", ""),
        ops.SetText(6, "A{}"),
        ops.Remove(8),
        ops.Move(10, 11, 0),
        ops.Sheet(5, "v{}", ""),
        ops.Put(11, 0, 12, (text(-1, "d{}"),)),
    ),
    vector(
        "adopted sheets of a shadow root",
        *page(element(2, "x-a"), NewNode(3, "shadow")),
        ops.Sheet(7, "a{}", ""),
        ops.Adopted(6, (7,)),
        ops.Adopted(1, (7, 7)),
        ops.Adopted(6, ()),
    ),
    vector(
        "assets",
        *page(element(2, "img"), element(2, "p", style="x"), element(2, "style")),
        ops.Asset(20, bytes(range(16)), "image/png"),
        ops.Source(5, 20),
        ops.CssAsset(6, "a b.png", 20),
        ops.Sheet(7, "p{}", ""),
        ops.CssAsset(7, "z.woff2", 21),
        ops.CssAsset(7, "a.woff2", 22),
        ops.Source(4, 21),
        ops.Source(4, 0),
        ops.Asset(21, b"\xff" * 16, "font/woff2"),
    ),
    vector(
        "begin and end change nothing",
        ops.Begin(),
        *page(),
        ops.Begin(),
        ops.End(),
        ops.End(),
        ops.End(),
    ),
]

_BAD = [
    vector(
        "nothing is known before a document",
        ops.Put(1, 0, 2, (element(-1, "html"),)),
        ops.Attr(1, "a", "b"),
        ops.Scroll(1, 0, 0),
        ops.Viewport(1, 2, 100, 100, 0, 0),
    ),
    vector(
        "ops that name unknown nodes",
        *_PARAGRAPHS,
        ops.Put(99, 0, 100, (element(-1, "i"),)),
        ops.Put(4, 99, 100, (element(-1, "i"),)),
        ops.Move(99, 4, 0),
        ops.Move(5, 99, 0),
        ops.Take(99),
        ops.Remove(99),
        ops.SetText(99, ""),
        ops.Attr(99, "a", ""),
        ops.AttrRemove(99, "a"),
        ops.FieldValue(99, ""),
        ops.Checked(99, 1),
        ops.Selected(99, ()),
        ops.TopLayer(99, 1),
        ops.Scroll(99, 0, 0),
        ops.Block(99, 1, 1, 0),
        ops.RuleInsert(99, (0,), "a{}"),
        ops.RuleDelete(99, (0,)),
        ops.RuleStyle(99, (0,), ""),
        ops.RuleSelector(99, (0,), ""),
        ops.SheetState(99, 0, ""),
        ops.Adopted(99, ()),
        ops.Source(99, 1),
        ops.CssAsset(99, "a", 1),
        ops.Hover(99),
        ops.Press(99, 0, 0, 0, 0),
        ops.Focus(99, 0),
        ops.Selection(99, 0, 5, 0),
        ops.Selection(5, 0, 99, 0),
        ops.Remove(-5),
    ),
    vector(
        "ops on nodes of the wrong kind",
        *page(
            text(2, "t"),
            element(2, "x-a"),
            NewNode(4, "shadow"),
            element(2, "iframe"),
            NewNode(6, "content"),
            element(2, "p"),
        ),
        ops.Put(5, 0, 100, (element(-1, "i"),)),
        ops.Put(4, 7, 100, (element(-1, "i"),)),
        ops.Put(7, 0, 100, (NewNode(-1, "shadow"),)),
        ops.Put(6, 0, 100, (NewNode(-1, "shadow"),)),
        ops.Put(8, 0, 100, (NewNode(-1, "content"),)),
        ops.Put(10, 0, 100, (NewNode(-1, "content"), element(0, "html"), NewNode(-1, "content"))),
        ops.Put(1, 2, 100, (element(-1, "html"),)),
        ops.Put(1, 0, 100, (text(-1, "t"),)),
        ops.Put(9, 0, 100, (text(-1, "t"),)),
        ops.Put(
            10, 0, 100, (text(-1, "t"), NewNode(-1, "shadow"), text(1, "u"), NewNode(-1, "shadow"))
        ),
        ops.Move(7, 4, 0),
        ops.Move(9, 4, 0),
        ops.Move(1, 4, 0),
        ops.Move(5, 1, 0),
        ops.Move(10, 1, 0),
        ops.Move(10, 5, 0),
        ops.Move(5, 9, 0),
        ops.Take(7),
        ops.Take(1),
        ops.Remove(1),
        ops.SetText(4, ""),
        ops.Attr(5, "a", ""),
        ops.Attr(7, "a", ""),
        ops.FieldValue(5, ""),
        ops.Scroll(7, 0, 0),
        ops.Scroll(5, 0, 0),
        ops.Sheet(4, "a{}", ""),
        ops.Sheet(0, "a{}", ""),
        ops.RuleInsert(4, (0,), "a{}"),
        ops.SheetState(5, 0, ""),
        ops.Adopted(4, ()),
        ops.CssAsset(5, "a", 1),
        ops.Hover(5),
        ops.Focus(1, 0),
    ),
    vector(
        "structures that can't be",
        *_PARAGRAPHS,
        ops.Move(4, 4, 0),
        ops.Move(4, 5, 0),
        ops.Move(2, 10, 0),
        ops.Move(2, 9, 0),
        ops.Move(5, 4, 5),
        ops.Move(5, 4, 6),
        ops.Put(4, 6, 100, (element(-1, "i"),)),
        ops.Put(4, 0, 10, (element(-1, "i"),)),
        ops.Put(4, 0, 9, (element(-1, "i"), element(-1, "i"))),
        ops.Put(4, 0, 1, (element(-1, "i"),)),
        ops.Put(4, 0, 0, (element(-1, "i"),)),
        ops.Put(4, 0, -7, (element(-1, "i"),)),
        ops.Take(5),
        ops.Move(7, 5, 6),
        ops.Move(5, 7, 0),
        ops.Move(5, 7, 8),
        ops.Put(4, 5, 100, (element(-1, "i"),)),
    ),
    vector(
        "values out of range",
        *page(element(2, "input"), element(2, "style")),
        ops.Checked(5, 4),
        ops.TopLayer(5, 4),
        ops.Block(5, 1, 1, 4),
        ops.SheetState(6, 2, ""),
        ops.RuleInsert(6, (), "a{}"),
        ops.Touch(0, 0, 0, 3),
        ops.Attr(5, "", "x"),
        ops.Attr(5, "a b", "x"),
        ops.AttrRemove(5, "a\tb"),
        *(ops.Touch(finger, 1, 1, 0) for finger in range(33)),
    ),
    vector(
        "at most 512 attributes",
        *page(element(2, "p", **{f"a{n}": "" for n in range(511)})),
        ops.Attr(5, "b", "1"),
        ops.Attr(5, "c", "2"),
        ops.Attr(5, "b", "3"),
    ),
]


def _chain(depth: int) -> tuple[NewNode, ...]:
    return tuple(element(index - 1, "b") for index in range(depth))


_LIMITS = [
    Vector(
        "at most 4096 deep",
        at(
            0,
            *page(),
            ops.Put(4, 0, 100, _chain(4094)),
            ops.Put(4193, 0, 5000, (element(-1, "i"),)),
            ops.Put(4, 0, 5001, (element(-1, "i"), element(0, "i"))),
            ops.Move(100, 5001, 0),
            ops.Move(101, 5001, 0),
            ops.Move(101, 5002, 0),
        ),
    ),
]

_UNKNOWN = [
    vector(
        "an unknown op that announces itself is kept and skipped",
        *_PARAGRAPHS,
        UnknownOp(
            50,
            "iusIUnvthr",
            (
                5,
                7,
                -8,
                (6, 9),
                (1, 2),
                "n",
                "v",
                "t",
                bytes(16),
                (element(-1, "p", id="a"), text(0, "in")),
            ),
        ),
        UnknownOp(200, "", ()),
        ops.SetText(6, "behind"),
    ),
]

VECTORS: list[Vector] = [*_STRUCTURE, *_MUTATIONS, *_STRINGS, *_STATE, *_BAD, *_LIMITS, *_UNKNOWN]


def _raw(
    numbers: bytes = b"", **columns: bytes | str | list[str | bytes] | dict[int, str]
) -> bytes:
    """A section from columns that an encoder would not write."""
    return write_columns(Columns(numbers=numbers, **columns))  # type: ignore[arg-type]


_SECTION = write_section(at(5, *_PARAGRAPHS, ops.Hover(5)), 0)
_ROOT_RUN = bytes((2, 0, 4))  # parent 1, prev 0, first_id 2 as differences: +1, -1, +2
_PUT = bytes((2, 1, 4))

DAMAGED: list[DamagedSection] = [
    DamagedSection(
        "an unknown code ends a section",
        _raw(bytes((0, 0, 0, 1)), codes=b"\x01\x27\x10", times=b"\0\0\0"),
    ),
    DamagedSection(
        "numbers end within an op", _raw(bytes((0, 0, 10)), codes=b"\x01\x22", times=b"\0\0")
    ),
    DamagedSection("times end", _raw(bytes((0, 0, 0, 0)), codes=b"\x01\x01", times=b"\x05")),
    DamagedSection("numbers are left over", _raw(bytes((0, 0, 0)), codes=b"\x01", times=b"\0")),
    DamagedSection("text is left over", _raw(bytes((0, 0)), codes=b"\x01", times=b"\0", text="x")),
    DamagedSection(
        "an empty string too many is left over",
        _raw(bytes((0, 0)), codes=b"\x01", times=b"\0", values="\0"),
    ),
    DamagedSection("bytes are left over", _SECTION + b"\0"),
    DamagedSection(
        "elements behind the tenth are ignored", b"\x9b" + _SECTION[1:] + b"\x80" + b"\xc0"
    ),
    DamagedSection(
        "an escape names no content",
        _raw(
            bytes((2, 8)),
            codes=b"\x3f\x3f\x21\x20",
            times=b"\0\0\0\0",
            values="\x013\0\x01x",
            contents=["a"],
        )
        + b"",
    ),
    DamagedSection(
        "a content can't be had",
        _raw(
            codes=b"\x3f\x3f", times=b"\0\0", values="\x010\0\x011", contents=[b"\x07" * 16, "here"]
        ),
    ),
    DamagedSection(
        "a content that was announced",
        _raw(codes=b"\x3f", times=b"\0", values="\x010", contents=[b"\x07" * 16]),
        contents={("07" * 16): "known"},
    ),
    DamagedSection(
        "a reserved token",
        _raw(_PUT, codes=b"\x3f\x04", times=b"\0\0", values="m", structure=b"\x05\x00"),
    ),
    DamagedSection(
        "a shape that was never told",
        _raw(_PUT, codes=b"\x04", times=b"\0", structure=b"\x0a\x00", names="p"),
    ),
    DamagedSection(
        "a shape with a repeated name",
        _raw(
            _PUT, codes=b"\x04", times=b"\0", structure=b"\x08\x00", names="p a a", values="1\0002"
        ),
    ),
    DamagedSection(
        "a shape with an empty name",
        _raw(
            _PUT, codes=b"\x04", times=b"\0", structure=b"\x08\x00", names="p  a", values="1\0002"
        ),
    ),
    DamagedSection(
        "a shape may be named like its attribute",
        _raw(
            _PUT, codes=b"\x04", times=b"\0", structure=b"\x08\x00", names="cite cite", values="1"
        ),
    ),
    DamagedSection(
        "an open run",
        _raw(_PUT, codes=b"\x04", times=b"\0", structure=b"\x09\x08\x00", names="p\0b"),
    ),
    DamagedSection(
        "values end within a run",
        _raw(
            _PUT,
            codes=b"\x04",
            times=b"\0",
            structure=b"\x08\x00",
            names="p a b c",
            values="1\0002",
        ),
    ),
    DamagedSection(
        "513 attributes",
        _raw(
            _PUT,
            codes=b"\x04\x3f",
            times=b"\0\0",
            structure=b"\x08\x00",
            names="p " + " ".join(f"a{n}" for n in range(513)),
            values="\0".join(["v"] * 513 + ["mark"]),
        ),
    ),
    DamagedSection(
        "a varint of nine bytes",
        _raw(b"\0\0" + b"\x80" * 8 + b"\x01", codes=b"\x01\x21", times=b"\0\0"),
    ),
    DamagedSection(
        "a varint over the largest integer",
        _raw(b"\0\0" + b"\x80" * 7 + b"\x10", codes=b"\x01\x11", times=b"\0\0"),
    ),
    DamagedSection("the largest varint", _raw(varint(2**53 - 1), codes=b"\x11", times=b"\0")),
    DamagedSection("a varint with idle bytes", _raw(b"\x85\x80\x00", codes=b"\x11", times=b"\0")),
    DamagedSection(
        "an id out of range", _raw(varint(2**53 - 2) * 3, codes=b"\x21\x21\x21", times=b"\0\0\0")
    ),
    DamagedSection(
        "more ids than numbers",
        _raw(varint(2) + varint(2**40) + b"\x02", codes=b"\x19", times=b"\0"),
    ),
    DamagedSection(
        "fields that were appended are dropped",
        _raw(bytes((10, 3, 4, 12, 5, 6)), codes=b"\x21\x21", times=b"\0\0", announced={33: "iuu"}),
    ),
    DamagedSection(
        "an announcement that disagrees",
        _raw(bytes((10, 3)), codes=b"\x3f\x21", times=b"\0\0", values="m", announced={33: "u"}),
    ),
    DamagedSection(
        "an announcement of unknown kinds",
        _raw(codes=b"\x3f\x32", times=b"\0\0", values="m", announced={50: "Z"}),
    ),
]
