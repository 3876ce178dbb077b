"""HTML text of a tree: in go the tree and what its assets may be had under, out comes a document
that is inert by construction. Elements and attributes come from lists (`replay/allowed.py`), every
URL from the recording's assets, CSS through `replay/css.py`.

Frames stand as `<visitreel-frame>` with the content document in a declarative shadow root, so that
styles stay apart on both sides; `html` and `body` in there are called `visitreel-html` and
`visitreel-body`. Plug-ins and withheld content stand as `<visitreel-block>` of their size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from replay import allowed
from replay.css import edited, resolve_url, safe_css
from replay.ops import ROOT_ID
from replay.tree import Tree
from replay.unsaid import unsaid

_DOCTYPES = {
    0: "<!DOCTYPE html>\n",
    1: '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n',
}
_RENAMED = {"html": "visitreel-html", "head": "visitreel-head", "body": "visitreel-body"}
_SIZE = re.compile(r"\d{1,5}%?")
_CSS_URL = re.compile(r"\\|url|image|src|element|cross-fade", re.I)
_NEWLINE_EATERS = frozenset(("pre", "textarea", "listing"))


@dataclass(slots=True)
class _Render:
    """What is looked up while the text is written."""

    tree: Tree
    assets: Mapping[int, tuple[bytes, str]]
    css_assets: Mapping[int, Mapping[str, int]]
    asset_url: Callable[[bytes, str], str]
    origins: set[str] = field(default_factory=set)
    chosen: set[int] = field(default_factory=set)
    decided: set[int] = field(default_factory=set)

    def asset(self, asset: int) -> tuple[str, str]:
        """URL and media type of an asset; empty when it can't be had."""
        if asset not in self.assets:
            return "", ""
        hash_, media_type = self.assets[asset]
        url = self.asset_url(hash_, media_type)
        parts = urlsplit(url)
        if parts.scheme not in ("", "http", "https", "data", "blob"):
            return "", ""
        self.origins.add(
            f"{parts.scheme}://{parts.netloc}" if parts.netloc and parts.scheme else ""
        )
        return url, media_type

    def resolver(self, owner: int) -> Callable[[str], str]:
        """What `url(token)` stands for in the CSS of a sheet or an element."""
        now = self.tree.css_assets.get(owner, {})
        ever = self.css_assets.get(owner, {})

        def resolve(token: str) -> str:
            asset = now.get(token, ever.get(token))
            return self.asset(asset)[0] if asset is not None else ""

        return resolve

    def sheet(self, sheet: int) -> str:
        """The `<style>` of a sheet, or nothing when it does not apply."""
        known = self.tree.sheets.get(sheet)
        owner = self.tree.attrs.get(sheet, {})
        disabled, media = (known.state if known else None) or (0, owner.get("media", ""))
        told = known.text if known else None
        css = self.tree.text_of(sheet) if told is None else told
        if disabled or (known is None and sheet not in self.tree.names):
            return ""
        text = safe_css(edited(css, known.edits if known else ()), self.resolver(sheet))
        attribute = f' media="{escape(media)}"' if media else ""
        return f"<style{attribute}>{text}</style>"

    def adopted(self, root: int) -> str:
        sheets = self.tree.adopted.get(root, ())
        return "".join(self.sheet(sheet) for sheet in sheets if sheet in self.tree.sheets)


def render(
    tree: Tree,
    assets: Mapping[int, tuple[bytes, str]],
    css_assets: Mapping[int, Mapping[str, int]],
    asset_url: Callable[[bytes, str], str],
) -> str:
    """The whole document. Its first comment says what the text could not express."""
    work = _Render(tree, assets, css_assets, asset_url)
    _choose_options(work)
    parts = list(_document(work))
    own = _head_of_ours(work.origins)
    body = "".join(part if part is not _OURS else own for part in parts)
    notes = unsaid(tree) if ROOT_ID in tree.parent else ["no document"]
    said = "; ".join(notes).replace("--", "- -").replace(">", " ")
    comment = f"<!-- not expressed in this text: {said or 'nothing'} -->\n"
    doctype = _DOCTYPES.get(tree.modes.get(ROOT_ID, 0), "")
    return f"{doctype}{comment}{body}\n"


_OURS = "<visitreel-head>"
"""Stands where the head of ours goes: what it must allow is known at the end only."""


def _head_of_ours(origins: set[str]) -> str:
    """The list of what may be loaded, in case something slipped through the rest."""
    sources = " ".join([*sorted(origin or "'self'" for origin in origins), "data:"])
    policy = (
        f"default-src 'none'; img-src {sources}; font-src {sources}; media-src {sources}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="referrer" content="no-referrer">'
    )


def _document(work: _Render) -> Iterator[str]:
    """Walks without recursion: what closes a node waits on the same stack as nodes do."""
    tree = work.tree
    root = tree.first.get(ROOT_ID, 0)
    has_head = any(tree.names.get(child) == "head" for child in tree.children(root))
    if tree.names.get(root) != "html" or not has_head:
        yield from ("<head>", _OURS, work.adopted(ROOT_ID), "</head>")
    waiting: list[int | str] = [root] if root else []
    inside_frame: set[int] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif item in tree.texts:
            parent = tree.names.get(tree.parent[item], "")
            yield _text(tree, item, parent)
        elif item in tree.names:
            yield from _element(work, item, waiting, inside_frame)


def _text(tree: Tree, node: int, parent: str) -> str:
    text = tree.texts[node]
    begins = parent in _NEWLINE_EATERS and not tree.prev.get(node, 0) and text.startswith("\n")
    return ("\n" if begins else "") + escape(text, quote=False).replace("\r", "&#13;")


def _element(
    work: _Render, node: int, waiting: list[int | str], inside_frame: set[int]
) -> Iterator[str]:
    """Yields the start tag, and puts what follows on the stack: the end tag, and above it what is
    within."""
    tree = work.tree
    written = tree.names[node]
    space, name = _split(written)
    if name in allowed.LEFT_OUT:
        yield work.sheet(node) if name == "link" and node in tree.sheets and not space else ""
        return
    if name == "style":
        sheet = work.sheet(node)
        if space:  # no raw text in there: its signs need escapes
            sheet = re.sub(
                r"(?s)>(.*)</style>\Z", lambda m: f">{escape(m[1], False)}</style>", sheet
            )
        yield sheet
        return
    tag = _tag(space, name, node in inside_frame)
    is_top = node == tree.first.get(ROOT_ID, 0)
    within: list[int | str] = []
    for child in tree.children(node):
        if node in inside_frame:
            inside_frame.add(child)
        within.append(child)
    if node in tree.blocks or name in allowed.PLACEHOLDERS:
        tag = tag if tag == "canvas" else "visitreel-block"
        within = []
    if node in tree.contents:
        tag = "visitreel-frame"
        within = _shadow(work, tree.contents[node], "frame", inside_frame)
    elif node in tree.shadows:
        within = _shadow(work, tree.shadows[node], "shadow", inside_frame) + within
    if name == "textarea" and node in tree.values:
        within = ["\n" + escape(tree.values[node], quote=False)]
    if name == "head" and is_top is False and tree.parent[node] == tree.first.get(ROOT_ID, 0):
        within = [_OURS, *within, work.adopted(ROOT_ID)]
    yield f"<{tag}{_attributes(work, node, space, name, tag)}>"
    if tag not in allowed.VOID:
        waiting.append(f"</{tag}>")
        waiting.extend(reversed(within))


def _shadow(work: _Render, root: int, kind: str, inside_frame: set[int]) -> list[int | str]:
    """A shadow root, or the document in a frame, as a declarative shadow root."""
    children = list(work.tree.children(root))
    if kind == "frame":
        inside_frame.update(children)
    start = '<template shadowrootmode="open">'
    return [start, *children, work.adopted(root), "</template>"]


def _split(written: str) -> tuple[str, str]:
    """Namespace (empty: HTML) and local name as they are written in a recording."""
    if not written.startswith("/"):
        return "", written
    space, _, name = written[1:].partition("/")
    return space or "none", name.rpartition(":")[2]


def _tag(space: str, name: str, is_in_frame: bool) -> str:
    if space == "svg":
        return name if name in allowed.SVG_ELEMENTS else "g"
    if space == "math":
        return name if name in allowed.MATH_ELEMENTS else "mrow"
    if is_in_frame and name in _RENAMED:
        return _RENAMED[name]
    if not space and (name in allowed.HTML_ELEMENTS or allowed.is_custom(name)):
        return name
    return "visitreel-element"


def _attributes(work: _Render, node: int, space: str, name: str, tag: str) -> str:
    found: dict[str, str] = {}
    for written, value in work.tree.attrs.get(node, {}).items():
        attribute_space, attribute = _split(written)
        if attribute_space in ("", "xml") and (
            allowed.is_attribute(attribute, bool(space))
            and (attribute_space != "xml" or attribute == "lang")
        ):
            found[attribute] = value
        elif attribute == "href" and attribute_space in ("", "xlink"):
            found |= _link(work, node, space, name, value)
    _rewrite_css(work, node, found, bool(space))
    _add_source(work, node, space, name, tag, found)
    _add_state(work, node, name, tag, found)
    return "".join(f' {key}="{escape(value)}"' for key, value in found.items())


def _rewrite_css(work: _Render, node: int, found: dict[str, str], is_foreign: bool) -> None:
    """Whatever is CSS and may hold a URL: style attributes, presentation attributes of SVG."""
    for attribute, value in found.items():
        if attribute == "style" or (is_foreign and _CSS_URL.search(value) and attribute != "class"):
            found[attribute] = safe_css(value, work.resolver(node))
        elif attribute == "usemap" and not value.startswith("#"):
            found[attribute] = ""
    for attribute in ("cite", "rel"):
        found.pop(attribute, None)


def _link(work: _Render, node: int, space: str, name: str, value: str) -> dict[str, str]:
    """Links look like links and lead nowhere. SVG refers to its own document, or to what the
    recording has."""
    if name in ("a", "area"):
        return {"href": "#"}
    if space != "svg":
        return {}
    if value.startswith("#"):
        return {"href": value}
    if name in ("image", "feImage", "use") and node not in work.tree.sources:
        url = resolve_url(value, lambda token: "")
        return {"href": url} if name != "use" else {}
    return {}


def _add_source(
    work: _Render, node: int, space: str, name: str, tag: str, found: dict[str, str]
) -> None:
    """What was shown, from the recording's assets."""
    url, media_type = work.asset(work.tree.sources.get(node, 0))
    if space == "svg" and name in ("image", "feImage", "use") and url:
        attributes = work.tree.attrs.get(node, {})
        original = attributes.get("href") or attributes.get("/xlink/xlink:href", "")
        found["href"] = url + (f"#{original.partition('#')[2]}" if name == "use" else "")
    elif tag in ("img", "input") and not space:
        inline = work.tree.attrs.get(node, {}).get("src", "")
        if url:
            found["src"] = url
        elif inline.startswith("data:") and node not in work.tree.sources:
            found["src"] = resolve_url(inline, lambda token: "")
    elif tag in ("video", "audio") and url:
        found["poster" if media_type.startswith("image/") else "src"] = url
        found["preload"] = "none"


def _add_state(work: _Render, node: int, name: str, tag: str, found: dict[str, str]) -> None:
    """State that text can say by attributes."""
    tree = work.tree
    if name == "input" and node in tree.values:
        found["value"] = tree.values[node]
    if name == "input" and node in tree.checked:
        found.pop("checked", None)
        if tree.checked[node] in (1, 3):
            found["checked"] = ""
    if name == "option" and node in work.decided:
        found.pop("selected", None)
        if node in work.chosen:
            found["selected"] = ""
    if tree.top_layer.get(node) == 2:
        found.pop("popover", None)
    if tag in ("visitreel-frame", "visitreel-block") or node in tree.blocks:
        found["style"] = _box(work, node, found)
    if node == _body(tree):
        found["inert"] = ""


def _box(work: _Render, node: int, found: dict[str, str]) -> str:
    """The size of a placeholder in front of the styles that it has."""
    block = work.tree.blocks.get(node)
    attributes = work.tree.attrs.get(node, {})
    sizes = [attributes.get("width", ""), attributes.get("height", "")]
    width, height = (
        size if size.endswith("%") else f"{size}px"
        for size in (
            size if _SIZE.fullmatch(size) else standard
            for size, standard in zip(sizes, ("300", "150"), strict=True)
        )
    )
    if block:
        width, height = f"{block[0]}px", f"{block[1]}px"
    own = f"display:inline-block;box-sizing:border-box;overflow:auto;width:{width};height:{height}"
    return f"{own};{found['style']}" if found.get("style") else own


def _body(tree: Tree) -> int:
    for child in tree.children(tree.first.get(ROOT_ID, 0)):
        if tree.names.get(child) == "body":
            return child
    return 0


def _choose_options(work: _Render) -> None:
    """The options of the selects whose choice is known."""
    tree = work.tree
    for select, indexes in tree.selected.items():
        options = [node for node in tree.below(select) if tree.names.get(node) == "option"]
        work.decided.update(options)
        work.chosen.update(options[index] for index in indexes if index < len(options))
