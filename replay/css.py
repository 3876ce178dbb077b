"""Style sheets for HTML text: in go CSS, its rule edits and what its `url()` stand for, out comes
CSS that asks for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tinycss2
from tinycss2 import ast

from replay.tree import StyleEdit

Resolve = Callable[[str], str]
"""What a token of `url(token)` stands for: a URL, or "" for nothing."""

NOTHING = "data:,"
"""A URL that asks nobody."""

_HARMLESS = re.compile(
    r"data:(image/(png|jpeg|gif|webp|avif|bmp|x-icon|svg\+xml)|font/[a-z0-9-]+)[;,]", re.I
)
_SUSPECT = re.compile(
    r"\\|url|@\s*(import|namespace|charset)|image|src\s*\(|cross-fade|element", re.I
)
_STRING_URLS = frozenset(("image-set", "-webkit-image-set", "image", "src", "cross-fade", "url"))
_CONSTANT = _STRING_URLS | {
    *("type", "rgb", "rgba", "hsl", "hsla", "calc", "linear-gradient", "radial-gradient"),
    *("conic-gradient", "repeating-linear-gradient", "repeating-radial-gradient"),
}
"""Functions that may stand within those: they give no string."""

_STATEMENTS = frozenset(("import", "charset", "namespace"))
_RULES = frozenset(
    (
        *("import", "media", "supports", "font-face", "keyframes", "-webkit-keyframes", "page"),
        *("layer", "container", "property", "counter-style", "namespace", "font-feature-values"),
        *("font-palette-values", "scope", "starting-style", "position-try", "view-transition"),
    )
)
"""At-rules that browsers keep among their rules: the indexes of edits count them."""


def resolve_url(url: str, resolve: Resolve) -> str:
    """What may stand in the place of a URL: a fragment and small inline data as they are, else what
    the recording has for it."""
    stripped = url.strip()
    if stripped.startswith("#") or _HARMLESS.match(stripped):
        return stripped
    return resolve(url) or NOTHING


def safe_css(css: str, resolve: Resolve) -> str:
    """The same CSS with every URL resolved, without `@import` and `@charset`. Fit for a `<style>`
    element and a style attribute."""
    if _SUSPECT.search(css):
        try:
            nodes = tinycss2.parse_component_value_list(css)
            css = tinycss2.serialize(_safe_nodes(nodes, resolve))
        except RecursionError:  # brackets nested by the hundred: no page needs them
            return ""
    return css.replace("</", "<\\/").replace("<!--", "<\\!--")


def _safe_nodes(nodes: Sequence[ast.Node], resolve: Resolve) -> list[ast.Node]:
    safe: list[ast.Node] = []
    statement = ""  # the at-rule in whose prelude we are, when it matters
    for node in nodes:
        if isinstance(node, ast.AtKeywordToken) and node.lower_value in _STATEMENTS:
            statement = node.lower_value
        is_semicolon = isinstance(node, ast.LiteralToken) and node.value == ";"
        if statement == "namespace":
            safe.append(_as_string(node))
        elif not statement:
            safe.append(_safe_node(node, resolve))
        if is_semicolon or isinstance(node, ast.CurlyBracketsBlock):
            statement = ""
    return safe


def _as_string(node: ast.Node) -> ast.Node:
    """A namespace is a name and never asked for; as a string it does not even look like it."""
    if isinstance(node, ast.URLToken):
        return _token(f'"{_escaped(node.value)}"')
    if isinstance(node, ast.FunctionBlock):
        return _token('""')
    return node


def _safe_node(node: ast.Node, resolve: Resolve) -> ast.Node:
    if isinstance(node, ast.URLToken):
        return _url(resolve_url(node.value, resolve))
    if isinstance(node, ast.FunctionBlock):
        if node.lower_name in _STRING_URLS:
            return _safe_image(node, resolve)
        node.arguments = _safe_nodes(node.arguments, resolve)
    elif isinstance(node, (ast.ParenthesesBlock, ast.SquareBracketsBlock, ast.CurlyBracketsBlock)):
        node.content = _safe_nodes(node.content, resolve)
    return node


def _safe_image(node: ast.FunctionBlock, resolve: Resolve) -> ast.Node:
    """A function in which a string is a URL. What it takes from elsewhere (`var()`) could be one
    too: then it is nothing."""
    if node.lower_name == "url":
        strings = [part.value for part in node.arguments if isinstance(part, ast.StringToken)]
        return _url(resolve_url(strings[0], resolve) if strings else NOTHING)
    arguments: list[ast.Node] = []
    for part in node.arguments:
        if isinstance(part, ast.StringToken):
            arguments.append(_url(resolve_url(part.value, resolve)))
        elif isinstance(part, ast.FunctionBlock) and part.lower_name not in _CONSTANT:
            return _url(NOTHING)
        else:
            arguments.append(_safe_node(part, resolve))
    node.arguments = arguments
    return node


def _url(url: str) -> ast.Node:
    return _token(f'url("{_escaped(url)}")')


def _escaped(text: str) -> str:
    return re.sub(r'["\\\n\r\f<]', lambda sign: f"\\{ord(sign[0]):x} ", text)


def _token(css: str) -> ast.Node:
    return tinycss2.parse_one_component_value(css)


@dataclass(slots=True)
class _Rule:
    """A rule while it is edited. `body`: its block as text, None for a statement; `rules`: the
    rules in it once somebody asked."""

    head: str
    body: str | None
    rules: list[_Rule] | None = None

    def children(self) -> list[_Rule]:
        if self.rules is None:
            declarations, self.rules = _split(self.body or "")
            self.body = declarations
        return self.rules

    def text(self) -> str:
        if self.body is None:
            return self.head + ";"
        return f"{self.head}{{{self.body}{''.join(rule.text() for rule in self.rules or ())}}}"


def edited(css: str, edits: Sequence[StyleEdit]) -> str:
    """The text of a sheet after its edits. One that does not fit (no such rule, no rule at all) is
    skipped."""
    if not edits:
        return css
    try:
        return _edited(css, edits)
    except RecursionError:
        return ""


def _edited(css: str, edits: Sequence[StyleEdit]) -> str:
    sheet = _Rule("", css)
    sheet.body, sheet.rules = "", _rules(tinycss2.parse_stylesheet(css, True, True))
    for edit in edits:
        _apply(sheet, edit)
    return "\n".join(rule.text() for rule in sheet.children())


def _apply(sheet: _Rule, edit: StyleEdit) -> None:
    rules = sheet.children()
    *above, index = edit[1]
    for place in above:
        if place >= len(rules):
            return
        rules = rules[place].children()
    if edit[0] == "rule_insert":
        inserted = _rules([tinycss2.parse_one_rule(edit[2], skip_comments=True)])
        if index <= len(rules):
            rules[index:index] = inserted
        return
    if index >= len(rules):
        return
    rule = rules[index]
    if edit[0] == "rule_delete":
        del rules[index]
    elif edit[0] == "rule_style" and rule.body is not None:
        rule.children()
        rule.body = edit[2].rstrip() + ";" if edit[2].strip() else ""
    elif edit[0] == "rule_selector":
        rule.head = edit[2]


def _rules(nodes: Sequence[ast.Node]) -> list[_Rule]:
    found = []
    for node in nodes:
        if isinstance(node, ast.QualifiedRule):
            head = tinycss2.serialize(node.prelude).strip()
            found.append(_Rule(head, tinycss2.serialize(node.content)))
        elif isinstance(node, ast.AtRule) and node.lower_at_keyword in _RULES:
            head = f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}".strip()
            body = None if node.content is None else tinycss2.serialize(node.content)
            found.append(_Rule(head, body))
    return found


def _split(body: str) -> tuple[str, list[_Rule]]:
    """A block as its declarations and the rules that are nested in it."""
    nodes = tinycss2.parse_blocks_contents(body, skip_comments=True, skip_whitespace=True)
    declarations = [node for node in nodes if isinstance(node, ast.Declaration)]
    text = "".join(f"{tinycss2.serialize([node])};" for node in declarations)
    return text, _rules(nodes)
