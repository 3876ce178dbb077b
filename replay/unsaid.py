"""What HTML text can't say: in goes a tree, out come the places where a parser would build another
one than was recorded."""

from __future__ import annotations

from collections import Counter

from replay.allowed import HTML_ELEMENTS, LEFT_OUT, VOID, is_custom, words
from replay.tree import Tree

_NEVER_NESTED = frozenset(
    ("a", "button", "form", "nobr", "option", "select", "body", "head", "html")
)
_CLOSES_P = words(
    """
    address article aside blockquote center details dialog dir div dl fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li dd dt main menu nav ol p pre
    search section summary table ul
    """
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CHILDREN = {
    "table": frozenset(("caption", "colgroup", "thead", "tbody", "tfoot", "style")),
    "thead": frozenset(("tr", "style")),
    "tbody": frozenset(("tr", "style")),
    "tfoot": frozenset(("tr", "style")),
    "tr": frozenset(("td", "th", "style")),
    "colgroup": frozenset(("col",)),
    "html": frozenset(("head", "body", "frameset")),
    "head": frozenset(("title", "style", "link", "meta", "base", "script", "noscript", "template")),
}
_PARENTS = {
    **dict.fromkeys(("caption", "colgroup", "thead", "tbody", "tfoot"), frozenset(("table",))),
    "tr": frozenset(("thead", "tbody", "tfoot")),
    "td": frozenset(("tr",)),
    "th": frozenset(("tr",)),
    "col": frozenset(("colgroup",)),
}
_LISTS = {"li": ("ul", "ol", "menu", "dir"), "dd": ("dl",), "dt": ("dl",)}
_SCOPES = frozenset(
    ("caption", "html", "table", "td", "th", "marquee", "object", "template", "button")
)
_BREAK_OUT = words(
    """
    b big blockquote body br center code dd div dl dt em h1 h2 h3 h4 h5 h6 head hr i img li
    menu nobr ol p pre ruby s small span strong strike sub sup table tt u ul var
    """
)
_TEXT_ONLY = frozenset(("title", "textarea", "style"))
_INTEGRATION = frozenset(("/svg/foreignObject", "/svg/desc", "/svg/title"))
_NOTED_ONCE = 20


def unsaid(tree: Tree) -> list[str]:
    """One line a kind of place, `3 × div in table`. Empty: a parser builds the recorded tree (but
    for what is left out on purpose)."""
    found: Counter[str] = Counter()
    open_above: dict[int, frozenset[str]] = {}
    for node in tree.below(1):
        name = tree.names.get(node)
        parent = tree.parent[node]
        parent_name = tree.names.get(parent, "")
        if name is None:
            if node in tree.texts:
                _note_text(found, tree.texts[node], parent_name)
            continue
        above = open_above.get(parent, frozenset())
        if parent_name.startswith("/"):
            if name in _BREAK_OUT and parent_name not in _INTEGRATION:
                found[f"{name} in {parent_name[1:]}"] += 1
        elif not name.startswith("/"):
            _note_element(found, name, parent_name, above)
        open_above[node] = _opened(name, above)
    state = _note_state(tree)
    return state + [f"{count} \u00d7 {what}" for what, count in found.most_common(_NOTED_ONCE)]


def _opened(name: str, above: frozenset[str]) -> frozenset[str]:
    """The open elements that matter to what comes below."""
    if name in _SCOPES:
        return frozenset((name,)) | (above & {"form", "a"})
    if name in _NEVER_NESTED or name == "p" or name in _LISTS:
        return above | {name}
    if name in ("ul", "ol", "menu", "dir", "dl"):
        return above - {"li", "dd", "dt"}
    return above


def _note_text(found: Counter[str], text: str, parent: str) -> None:
    if parent in _CHILDREN and text.strip(" \t\n\f\r"):
        found[f"text in {parent}"] += 1


def _note_element(found: Counter[str], name: str, parent: str, above: frozenset[str]) -> None:
    misplaced = (
        parent in VOID
        or parent in _TEXT_ONLY
        or name not in _CHILDREN.get(parent, {name})
        or (bool(parent) and parent not in _PARENTS.get(name, {parent}))
        or (parent in _HEADINGS and name in _HEADINGS)
    )
    if misplaced:
        found[f"{name} in {parent}"] += 1
    elif name not in HTML_ELEMENTS and name not in LEFT_OUT and not is_custom(name):
        found[f"{name} under another name"] += 1
    elif name in above and (name in _NEVER_NESTED or name in _LISTS):
        found[f"{name} within {name}"] += 1
    elif "p" in above and name in _CLOSES_P:
        found[f"{name} within p"] += 1


def _note_state(tree: Tree) -> list[str]:
    """State that no attribute has."""
    mixed = sum(1 for state in tree.checked.values() if state >= 2)
    frames = len(tree.contents)
    notes = []
    if tree.scroll:
        notes.append(f"{len(tree.scroll)} \u00d7 scroll offset")
    if mixed:
        notes.append(f"{mixed} \u00d7 indeterminate checkbox")
    if tree.top_layer:
        notes.append(f"{len(tree.top_layer)} \u00d7 element in the top layer")
    if frames:
        notes.append(f"{frames} \u00d7 frame, its html and body under other names")
    return notes
