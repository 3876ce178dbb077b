"""Attributes and style sheets of HTML text: in go an element and what it has, out comes what may
stand in its start tag. Every URL is the recording's own, or gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from replay import allowed
from replay.css import edited, resolve_url, safe_css
from replay.ops import ROOT_ID
from replay.tree import Tree

_SIZE = re.compile(r"\d{1,5}%?")
_CSS_URL = re.compile(r"\\|url|image|src|element|cross-fade", re.I)


@dataclass(slots=True)
class Materials:
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

    def sheet(self, sheet: int) -> tuple[str, str]:
        """CSS and media list of a sheet. No CSS when it does not apply."""
        known = self.tree.sheets.get(sheet)
        attributes = self.tree.attrs.get(sheet, {})
        disabled, media = (known.state if known else None) or (0, attributes.get("media", ""))
        if disabled or (known is None and sheet not in self.tree.names):
            return "", media
        told = known.text if known else None
        css = self.tree.text_of(sheet) if told is None else told
        css = edited(css, known.edits if known else ())
        return safe_css(css, self.resolver(sheet)), media

    def style(self, sheet: int) -> str:
        """A sheet that no `style` element owns as one."""
        css, media = self.sheet(sheet)
        return f"<style{_written({'media': media} if media else {})}>{css}</style>"

    def adopted(self, root: int) -> str:
        sheets = self.tree.adopted.get(root, ())
        return "".join(self.style(sheet) for sheet in sheets if sheet in self.tree.sheets)


def split_name(written: str) -> tuple[str, str]:
    """Namespace (empty: HTML) and local name as they are written in a recording."""
    if not written.startswith("/"):
        return "", written
    space, _, name = written[1:].partition("/")
    return space or "none", name.rpartition(":")[2]


def attributes_of(work: Materials, node: int, space: str, name: str, tag: str) -> str:
    found: dict[str, str] = {}
    for written, value in work.tree.attrs.get(node, {}).items():
        attribute_space, attribute = split_name(written)
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
    return _written(found)


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _rewrite_css(work: Materials, node: int, found: dict[str, str], is_foreign: bool) -> None:
    """Whatever is CSS and may hold a URL: style attributes, presentation attributes of SVG."""
    for attribute, value in found.items():
        if attribute == "style" or (is_foreign and _CSS_URL.search(value) and attribute != "class"):
            found[attribute] = safe_css(value, work.resolver(node))
        elif attribute == "usemap" and not value.startswith("#"):
            found[attribute] = ""
    for attribute in ("cite", "rel"):
        found.pop(attribute, None)


def _link(work: Materials, node: int, space: str, name: str, value: str) -> dict[str, str]:
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
    work: Materials, node: int, space: str, name: str, tag: str, found: dict[str, str]
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


def _add_state(work: Materials, node: int, name: str, tag: str, found: dict[str, str]) -> None:
    """State that text can say by attributes."""
    tree = work.tree
    if name == "style":
        found.pop("media", None)
        if media := work.sheet(node)[1]:
            found["media"] = media
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
    if node == body_of(tree):
        found["inert"] = ""


def _box(work: Materials, node: int, found: dict[str, str]) -> str:
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


def body_of(tree: Tree) -> int:
    for child in tree.children(tree.first.get(ROOT_ID, 0)):
        if tree.names.get(child) == "body":
            return child
    return 0


def choose_options(work: Materials) -> None:
    """The options of the selects whose choice is known."""
    tree = work.tree
    for select, indexes in tree.selected.items():
        options = [node for node in tree.below(select) if tree.names.get(node) == "option"]
        work.decided.update(options)
        work.chosen.update(options[index] for index in indexes if index < len(options))
