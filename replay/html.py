"""HTML text of a tree: in go the tree and what its assets may be had under, out comes a document
that is inert by construction. Elements and attributes come from lists (`replay/allowed.py`), every
URL from the recording's assets, CSS through `replay/css.py`.

Frames stand as `<visitreel-frame>` with the content document in a declarative shadow root, so that
styles stay apart on both sides; `html` and `body` in there are called `visitreel-html` and
`visitreel-body`. Plug-ins and withheld content stand as `<visitreel-block>` of their size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape

from replay import allowed
from replay.attributes import Materials, attributes_of, choose_options, split_name
from replay.ops import ROOT_ID
from replay.tree import Tree
from replay.unsaid import unsaid

_DOCTYPES = {
    0: "<!DOCTYPE html>\n",
    1: '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n',
}
_RENAMED = {"html": "visitreel-html", "head": "visitreel-head", "body": "visitreel-body"}
_SHADOW = '<template shadowrootmode="open">'
_NEWLINE_EATERS = frozenset(("pre", "textarea", "listing"))


def render(
    tree: Tree,
    assets: Mapping[int, tuple[bytes, str]],
    css_assets: Mapping[int, Mapping[str, int]],
    asset_url: Callable[[bytes, str], str],
) -> str:
    """The whole document. Its first comment says what the text could not express."""
    work = Materials(tree, assets, css_assets, asset_url)
    choose_options(work)
    parts = list(_document(work))
    own = _head_of_ours(work.origins)
    body = "".join(part if part is not _OURS else own for part in parts)
    notes = unsaid(tree) if ROOT_ID in tree.parent else ["no document"]
    said = "; ".join(notes).replace("--", "- -").replace(">", " ")
    comment = f"<!-- not expressed in this text: {said or 'nothing'} -->\n"
    doctype = _DOCTYPES.get(tree.modes.get(ROOT_ID, 0), "")
    return f"{doctype}{comment}{body}"


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


def _document(work: Materials) -> Iterator[str]:
    """Walks without recursion: what closes a node waits on the same stack as nodes do."""
    tree = work.tree
    root = tree.first.get(ROOT_ID, 0)
    has_head = any(tree.names.get(child) == "head" for child in tree.children(root))
    if tree.names.get(root) != "html" or not has_head:
        yield from ("<head>", _OURS, work.adopted(ROOT_ID), "</head>")
    waiting: list[int | str] = [root] if root else []
    framed: set[int] = set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif item in tree.texts:
            yield _text(tree, item)
        elif item in tree.names:
            yield from _element(work, item, waiting, framed)


def _text(tree: Tree, node: int) -> str:
    text = tree.texts[node]
    parent = tree.names.get(tree.parent[node], "")
    # The parser drops a newline at the very front of these.
    begins = parent in _NEWLINE_EATERS and not tree.prev.get(node, 0) and text.startswith("\n")
    return ("\n" if begins else "") + escape(text, quote=False).replace("\r", "&#13;")


def _element(
    work: Materials, node: int, waiting: list[int | str], framed: set[int]
) -> Iterator[str]:
    """Yields the start tag, and puts what follows on the stack: the end tag, and above it what is
    within. `framed`: elements of documents in frames that may be named like those of the page."""
    space, name = split_name(work.tree.names[node])
    if name in allowed.LEFT_OUT:
        yield _stand_in(work, node, space, name)
        return
    tag = _tag(work.tree, node, space, name, node in framed)
    yield f"<{tag}{attributes_of(work, node, space, name, tag)}>"
    if tag not in allowed.VOID or space:
        waiting.append(f"</{tag}>")
        waiting.extend(reversed(_within(work, node, space, name, framed)))


def _stand_in(work: Materials, node: int, space: str, name: str) -> str:
    """For what shows nothing: something that shows nothing either, so that selectors which count
    siblings count right. A linked sheet stands as a `style` element."""
    if space:
        return "<metadata></metadata>" if space == "svg" else ""
    if name == "link" and node in work.tree.sheets:
        return work.style(node)
    return "<template></template>"


def _within(work: Materials, node: int, space: str, name: str, framed: set[int]) -> list[int | str]:
    """What stands between the tags of an element."""
    tree = work.tree
    children: list[int | str] = list(tree.children(node))
    if name == "style":
        css = work.sheet(node)[0]
        return [escape(css, quote=False) if space else css]  # raw text in HTML alone
    if node in tree.contents:
        inner = list(tree.children(tree.contents[node]))
        framed.update(inner)
        return [_SHADOW, *inner, work.adopted(tree.contents[node]), "</template>"]
    if node in tree.blocks or name in allowed.PLACEHOLDERS:
        return []
    if node in tree.shadows:
        root = tree.shadows[node]
        return [_SHADOW, *tree.children(root), work.adopted(root), "</template>", *children]
    if name == "textarea" and node in tree.values:
        return ["\n" + escape(tree.values[node], quote=False)]
    if name == "head" and tree.parent[tree.parent[node]] == ROOT_ID:
        return [_OURS, *children, work.adopted(ROOT_ID)]
    if node in framed:
        framed.update(tree.children(node))
    return children


def _tag(tree: Tree, node: int, space: str, name: str, is_framed: bool) -> str:
    if node in tree.contents:
        return "visitreel-frame"
    if name in allowed.PLACEHOLDERS or (node in tree.blocks and name != "canvas"):
        return "visitreel-block"
    if space == "svg":
        return name if name in allowed.SVG_ELEMENTS else "g"
    if space == "math":
        return name if name in allowed.MATH_ELEMENTS else "mrow"
    if is_framed and name in _RENAMED:
        return _RENAMED[name]
    if not space and (name in allowed.HTML_ELEMENTS or allowed.is_custom(name)):
        return name
    return "visitreel-element"
