"""The vocabulary: one frozen dataclass an op. In come nothing, out go the codes, fields and units
that every other part is printed from.

Codes are never reused, fields are only appended. `replay/vocabulary.py` prints `sdk_js/src/ops.ts`,
`replay/player/ops.js` and the tables of `replay/FORMAT.md` from this file. What each op does to the
tree is in `replay/tree.py` and pinned by `tests/vectors/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar, Literal, NamedTuple

FORMAT_VERSION = 1
"""Travels in every batch and recording. A reader refuses any other number."""

ROOT_ID = 1
"""The id of the top document's node in every document load."""


class Kind(Enum):
    """How a field travels (`replay/FORMAT.md`, "Fields")."""

    ID = "id"  # number column, zigzag varint of the difference to the previous ID of the section
    UINT = "uint"  # number column, varint
    SINT = "sint"  # number column, zigzag varint
    IDS = "ids"  # a UINT count, then that many IDs
    UINTS = "uints"  # a UINT count, then that many UINTs
    NAME = "name"  # next string of the names column
    VALUE = "value"  # next string of the values column
    TEXT = "text"  # next string of the text column
    HASH = "hash"  # next 16 bytes of the hash column
    RUN = "run"  # tokens of the structure column with their names, values and texts
    WORD = "word"  # facts only: a string in the head
    NUMBER = "number"  # facts only: an integer in the head
    MAP = "map"  # facts only: a map of strings to null, bool, number or string


Id = Annotated[int, Kind.ID]
UInt = Annotated[int, Kind.UINT]
SInt = Annotated[int, Kind.SINT]
Ids = Annotated[tuple[int, ...], Kind.IDS]
UInts = Annotated[tuple[int, ...], Kind.UINTS]
Name = Annotated[str, Kind.NAME]
Value = Annotated[str, Kind.VALUE]
Text = Annotated[str, Kind.TEXT]
Hash = Annotated[bytes, Kind.HASH]
Word = Annotated[str, Kind.WORD]
Number = Annotated[int, Kind.NUMBER]
Scalar = str | int | float | bool | None
Map = Annotated[Mapping[str, Scalar], Kind.MAP]

NodeKind = Literal["element", "text", "shadow", "content"]
"""`shadow`: an open shadow root of its parent element. `content`: the document inside its parent
frame element."""


class NewNode(NamedTuple):
    """One node of a run (a named tuple: thousands are made for a frame, and a dataclass costs four
    times as much). `parent` is the index of its parent in the same run, or -1 for a child of the
    run's parent.

    element: `name` (`div`, `/svg/path`), `attrs` by name. text: `text`. content: `mode` as in
    `Document`. Ids: `first_id` + index."""

    parent: int
    kind: NodeKind
    name: str = ""
    attrs: Mapping[str, str] | None = None
    text: str = ""
    mode: int = 0


Run = Annotated[tuple[NewNode, ...], Kind.RUN]


# --- document and tree ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """All that was known is forgotten; node `ROOT_ID` is a new empty document. `mode`: 0 no quirks,
    1 limited quirks, 2 quirks. `reason`: 0 load, 1 resync after a gap, 2 the document was replaced
    by its page, 3 keyframe made by the collector."""

    CODE: ClassVar[int] = 1
    mode: UInt
    reason: UInt


@dataclass(frozen=True, slots=True)
class Begin:
    """From here to the matching `End` no frame is shown: the state in between is half of something.
    Pairs nest."""

    CODE: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class End:
    """The matching `Begin` is complete; the state after this op may be shown."""

    CODE: ClassVar[int] = 3


@dataclass(frozen=True, slots=True)
class Put:
    """New nodes under `parent`, behind its child `prev` (0: as its first child). The i-th node of
    the run gets id `first_id` + i."""

    CODE: ClassVar[int] = 4
    parent: Id
    prev: Id
    first_id: Id
    run: Run


@dataclass(frozen=True, slots=True)
class Move:
    """A known node (in the tree, or taken out of it) goes with its subtree under `parent`, behind
    `prev` (0: first)."""

    CODE: ClassVar[int] = 5
    node: Id
    parent: Id
    prev: Id


@dataclass(frozen=True, slots=True)
class Take:
    """A known node leaves the tree but keeps its id and subtree: a `Move` of the same `t_ms` puts
    it back."""

    CODE: ClassVar[int] = 6
    node: Id


@dataclass(frozen=True, slots=True)
class Remove:
    """A node and all that is below it are forgotten. A node that is already forgotten: nothing
    happens, this is no damage."""

    CODE: ClassVar[int] = 7
    node: Id


@dataclass(frozen=True, slots=True)
class SetText:
    """A text node's data."""

    CODE: ClassVar[int] = 8
    node: Id
    text: Text


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute is set. `name` is written as in a run (`/xlink/xlink:href` when it has a
    namespace)."""

    CODE: ClassVar[int] = 9
    node: Id
    name: Name
    value: Value


@dataclass(frozen=True, slots=True)
class AttrRemove:
    """An attribute is removed."""

    CODE: ClassVar[int] = 10
    node: Id
    name: Name


# --- state that has no attribute ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value property of an input, a textarea or an editing host, masked unless the page
    unmasked it."""

    CODE: ClassVar[int] = 11
    node: Id
    value: Value


@dataclass(frozen=True, slots=True)
class Checked:
    """A checkbox or radio button. `state`: 0 off, 1 on, 2 indeterminate and off, 3 indeterminate
    and on."""

    CODE: ClassVar[int] = 12
    node: Id
    state: UInt


@dataclass(frozen=True, slots=True)
class Selected:
    """The chosen options of a select, as ascending indexes into its `options`. Empty: none."""

    CODE: ClassVar[int] = 13
    node: Id
    indexes: UInts


@dataclass(frozen=True, slots=True)
class TopLayer:
    """An element enters or leaves the top layer. `layer`: 0 none, 1 modal dialog, 2 popover, 3
    fullscreen."""

    CODE: ClassVar[int] = 14
    node: Id
    layer: UInt


@dataclass(frozen=True, slots=True)
class Scroll:
    """Scroll offset in CSS px of an element, or of the window of a document when `node` is a
    document. x is ≤ 0 in RTL boxes."""

    CODE: ClassVar[int] = 15
    node: Id
    x: SInt
    y: SInt


@dataclass(frozen=True, slots=True)
class Viewport:
    """Layout viewport of the tab in CSS px (`innerWidth` × `innerHeight`), device pixel ratio in
    percent, pinch zoom in percent with the offset of the visual viewport in CSS px."""

    CODE: ClassVar[int] = 16
    width_px: UInt
    height_px: UInt
    dpr_percent: UInt
    zoom_percent: UInt
    zoom_x: SInt
    zoom_y: SInt


@dataclass(frozen=True, slots=True)
class Environment:
    """Media features of the visitor as bits: 1 dark, 2 reduced motion, 4 coarse pointer, 8 no
    hover, 16 forced colours, 32 more contrast."""

    CODE: ClassVar[int] = 17
    features: UInt


@dataclass(frozen=True, slots=True)
class Block:
    """An element whose content is withheld or can't be had: a placeholder of this size in CSS px.
    `reason`: 0 private, 1 a frame of another origin, 2 canvas, 3 plug-in content."""

    CODE: ClassVar[int] = 18
    node: Id
    width_px: UInt
    height_px: UInt
    reason: UInt


# --- style sheets ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text of a style sheet; earlier rule edits of it are void. `sheet` is the id of the `link`
    or `style` element that owns it, or a new id for a constructed sheet. `base`: the URL that its
    `url()` are relative to (empty: the document's). A `style` element without this op has the text
    of its children; any later change of these makes this op void."""

    CODE: ClassVar[int] = 19
    sheet: Id
    text: Text
    base: Value


@dataclass(frozen=True, slots=True)
class RuleInsert:
    """A rule is inserted. `path`: indexes from the sheet through nested rules; the last is the
    index to insert at."""

    CODE: ClassVar[int] = 20
    sheet: Id
    path: UInts
    text: Text


@dataclass(frozen=True, slots=True)
class RuleDelete:
    """The rule at `path` is deleted."""

    CODE: ClassVar[int] = 21
    sheet: Id
    path: UInts


@dataclass(frozen=True, slots=True)
class RuleStyle:
    """The declarations of the rule at `path` are replaced by `text`."""

    CODE: ClassVar[int] = 22
    sheet: Id
    path: UInts
    text: Text


@dataclass(frozen=True, slots=True)
class RuleSelector:
    """The selector of the rule at `path` is replaced by `text`."""

    CODE: ClassVar[int] = 23
    sheet: Id
    path: UInts
    text: Text


@dataclass(frozen=True, slots=True)
class SheetState:
    """`disabled`: 1 the sheet does not apply. `media`: its media list (empty: all)."""

    CODE: ClassVar[int] = 24
    sheet: Id
    disabled: UInt
    media: Value


@dataclass(frozen=True, slots=True)
class Adopted:
    """The adopted style sheets of a document or shadow root, in order."""

    CODE: ClassVar[int] = 25
    root: Id
    sheets: Ids


# --- assets: these hold for the whole document load, whatever their time --------------------------


@dataclass(frozen=True, slots=True)
class Asset:
    """What an asset id stands for: SHA-256 of the bytes, cut to 128 bits, and their media type.
    `asset` comes from the node counter."""

    CODE: ClassVar[int] = 26
    asset: Id
    hash: Hash
    media_type: Value


@dataclass(frozen=True, slots=True)
class Source:
    """What an element shows (`currentSrc`, poster, sprite). `asset` 0: nothing. Until an `Asset`
    names it: a sized placeholder."""

    CODE: ClassVar[int] = 27
    node: Id
    asset: Id


@dataclass(frozen=True, slots=True)
class CssAsset:
    """In the text of `owner` (a sheet, or an element with a style attribute) `url(token)` stands
    for this asset. `token` is the text between the brackets without quotes, escapes resolved."""

    CODE: ClassVar[int] = 28
    owner: Id
    token: Value
    asset: Id


# --- the visitor ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer is at x, y (CSS px in the tab's layout viewport)."""

    CODE: ClassVar[int] = 32
    x: SInt
    y: SInt


@dataclass(frozen=True, slots=True)
class Hover:
    """The innermost element under the pointer. 0: none."""

    CODE: ClassVar[int] = 33
    node: Id


@dataclass(frozen=True, slots=True)
class Press:
    """A button or finger goes down on `node`, or up (`node` 0). `kind`: 0 mouse, 1 touch, 2 pen.
    `button` as in the DOM."""

    CODE: ClassVar[int] = 34
    node: Id
    x: SInt
    y: SInt
    kind: UInt
    button: UInt


@dataclass(frozen=True, slots=True)
class Touch:
    """Finger `finger` of a touch. `phase`: 0 start, 1 move, 2 end."""

    CODE: ClassVar[int] = 35
    finger: UInt
    x: SInt
    y: SInt
    phase: UInt


@dataclass(frozen=True, slots=True)
class Focus:
    """The element with focus (0: none). `visible`: 1 where `:focus-visible` matches."""

    CODE: ClassVar[int] = 36
    node: Id
    visible: UInt


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection, from anchor to focus: offsets count characters in text, children (as recorded)
    elsewhere. `anchor` 0: none."""

    CODE: ClassVar[int] = 37
    anchor: Id
    anchor_offset: UInt
    focus: Id
    focus_offset: UInt


@dataclass(frozen=True, slots=True)
class Visibility:
    """`state`: 0 hidden, 1 visible, 2 visible and the window has focus."""

    CODE: ClassVar[int] = 38
    state: UInt


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment. Written by tests, changes nothing."""

    CODE: ClassVar[int] = 63
    name: Value


# --- facts: they ride in the head of a batch and can be searched without replay -------------------


@dataclass(frozen=True, slots=True)
class PageView:
    """A document load (`route` 0) or a client-side route (`route` 1). `url`, `referrer` scrubbed;
    `campaign`: utm_* without the prefix, and `click_id` with the name of the parameter in which
    the click id of an ad network was present (never the id)."""

    CODE: ClassVar[int] = 64
    url: Word
    title: Word
    referrer: Word
    route: Number
    campaign: Map


@dataclass(frozen=True, slots=True)
class Click:
    """A click at x, y (CSS px in the layout viewport) on `node` (0: replay off). `label`: the
    control's text, `href`: where it leads, scrubbed."""

    CODE: ClassVar[int] = 65
    node: Number
    x: Number
    y: Number
    label: Word
    href: Word


@dataclass(frozen=True, slots=True)
class ScrollDepth:
    """The page was seen down to `percent` (0 to 100) of its height; sent when it grows by 10 or
    more."""

    CODE: ClassVar[int] = 66
    percent: Number


@dataclass(frozen=True, slots=True)
class Form:
    """`stage`: 0 started (first input), 1 left without sending, 2 sent. `name`: the form's name or
    id. `fields`: how many were used."""

    CODE: ClassVar[int] = 67
    node: Number
    stage: Number
    name: Word
    fields: Number


@dataclass(frozen=True, slots=True)
class Identify:
    """The site says who the visitor is."""

    CODE: ClassVar[int] = 68
    person: Word
    traits: Map


@dataclass(frozen=True, slots=True)
class Track:
    """A custom fact of the site."""

    CODE: ClassVar[int] = 69
    name: Word
    properties: Map


@dataclass(frozen=True, slots=True)
class Context:
    """Once a document load. `device`: desktop, tablet or phone. Screen in CSS px."""

    CODE: ClassVar[int] = 70
    language: Word
    time_zone: Word
    device: Word
    screen_width: Number
    screen_height: Number


@dataclass(frozen=True, slots=True)
class Leave:
    """The document went away (pagehide), or recording was stopped. `reason`: 0 pagehide, 1 stop, 2
    the recorder gave up."""

    CODE: ClassVar[int] = 71
    reason: Number


TreeOp = (
    Document
    | Begin
    | End
    | Put
    | Move
    | Take
    | Remove
    | SetText
    | Attr
    | AttrRemove
    | FieldValue
    | Checked
    | Selected
    | TopLayer
    | Scroll
    | Viewport
    | Environment
    | Block
    | Sheet
    | RuleInsert
    | RuleDelete
    | RuleStyle
    | RuleSelector
    | SheetState
    | Adopted
    | Asset
    | Source
    | CssAsset
    | Pointer
    | Hover
    | Press
    | Touch
    | Focus
    | Selection
    | Visibility
    | Mark
)
Fact = PageView | Click | ScrollDepth | Form | Identify | Track | Context | Leave
Op = TreeOp | Fact
