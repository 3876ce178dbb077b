"""The masking rules, written a second time and from the privacy defaults alone. In comes a live
node, out goes what may be recorded."""

from __future__ import annotations

import re
from enum import IntEnum
from urllib.parse import urlsplit, urlunsplit

from tests.normal_form.raw import Raw

MASK = "\u2022" * 5


class Rule(IntEnum):
    """What holds at a node: the nearest marked ancestor decides."""

    PLAIN = 0  # text shows, what is typed does not
    OPEN = 1  # what is typed shows too
    EDITED = 2  # the text is typed text
    HIDDEN = 3  # no text shows
    BLOCKED = 4  # nothing shows


BLOCK_MARKS = (
    ".rr-block", ".ph-no-capture", ".sentry-block", ".fs-exclude", ".nr-block",
    "[data-sentry-block]", "[data-openreplay-hidden]", "[data-dd-privacy=hidden]",
    "[data-visitreel=block]",
)  # fmt: skip
MASK_MARKS = (
    ".rr-mask", ".rr-ignore", ".ph-mask", ".sentry-mask", ".sentry-ignore", ".fs-mask", ".nr-mask",
    "[data-sentry-mask]", "[data-clarity-mask]", "[data-openreplay-obscured]",
    "[data-openreplay-masked]", "[data-hj-suppress]", "[data-cs-mask]", "[data-dd-privacy=mask]",
    "[data-visitreel=mask]",
)  # fmt: skip
TEXT_TYPES = {"text", "search", "tel", "url", "email", "password"}
CHOICE_TYPES = {"checkbox", "radio"}
BUTTON_TYPES = {"submit", "reset", "button", "image"}
KNOWN_TYPES = (
    TEXT_TYPES
    | CHOICE_TYPES
    | BUTTON_TYPES
    | {"hidden", "file", "number", "range", "color", "date", "time", "month", "week"}
    | {"datetime-local"}
)
_NEVER = re.compile(
    r"passw|passcode|pwd|\botp\b|one-?time|cvc|cvv|csc\b|cc-|card.?(num|no\b|code|exp)|credit|iban"
    r"|\bssn\b|secret|token|csrf|\bpin\b",
    re.IGNORECASE,
)
URL_ATTRIBUTES = {
    "href", "src", "action", "formaction", "poster", "background", "cite", "longdesc", "data",
    "xlink:href",
}  # fmt: skip
_WORDS = re.compile(r"title|placeholder|alt|label|data-.*|aria-(label|description|placeholder"
                    r"|valuetext|valuenow|roledescription)")  # fmt: skip


def _is_marked(node: Raw, mark: str) -> bool:
    if mark[0] == ".":
        return mark[1:] in node.attribute("class").split()
    name, _, value = mark[1:-1].partition("=")
    return ("", name) in node.attributes and (not value or node.attribute(name) == value)


def rule_at(node: Raw, inherited: Rule) -> Rule:
    """The rule at an element, from its parent's."""
    if not any(
        name.startswith(("class", "data-", "contente", "role")) for _, name in node.attributes
    ):
        return inherited
    if inherited == Rule.BLOCKED or any(_is_marked(node, mark) for mark in BLOCK_MARKS):
        return Rule.BLOCKED
    if any(_is_marked(node, mark) for mark in MASK_MARKS):
        return Rule.HIDDEN
    if node.attribute("data-visitreel") == "unmask":
        return Rule.OPEN
    edited = node.attributes.get(("", "contenteditable"), "false") != "false"
    if (edited or node.attribute("role") == "textbox") and inherited == Rule.PLAIN:
        return Rule.EDITED
    return inherited


def type_of(node: Raw) -> str:
    """An input's type as the browser has it."""
    kind = node.attribute("type").lower()
    return kind if kind in KNOWN_TYPES else "text"


def is_text_field(node: Raw) -> bool:
    return node.name == "textarea" or (node.name == "input" and type_of(node) in TEXT_TYPES)


def is_never_shown(node: Raw) -> bool:
    """Passwords, codes, cards: masked whatever the page says."""
    if node.name == "input" and type_of(node) in {"password", "hidden", "file"}:
        return True
    names = (node.attribute(name) for name in ("name", "id", "autocomplete"))
    return any(map(_NEVER.search, names)) or "security" in node.attribute("style")


def is_shown(node: Raw, rule: Rule) -> bool:
    """May what the visitor typed or chose be recorded?"""
    return rule == Rule.OPEN and not is_never_shown(node)


def mask_text(text: str, rule: Rule) -> str:
    """White space alone is layout, not content."""
    return MASK if rule >= Rule.EDITED and text.strip(" \t\n\r\f\v\u00a0\ufeff") else text


def mask_value(node: Raw, value: str, rule: Rule) -> str | None:
    """A field's value; None: none is recorded."""
    if is_shown(node, rule):
        return value
    if is_text_field(node):
        return MASK if value else ""
    return mask_text(value, rule) if type_of(node) in BUTTON_TYPES | CHOICE_TYPES else None


def mask_attribute(node: Raw, name: str, value: str, rule: Rule) -> str | None:
    """An attribute's value; None: the attribute is not recorded."""
    is_input = node.name == "input"
    if is_input and name != "type" and type_of(node) in {"hidden", "file"}:
        return None
    if is_input and name == "value":
        return mask_value(node, value, rule)
    if name in {"checked", "selected"} and rule >= Rule.EDITED:
        return None
    if name in URL_ATTRIBUTES:
        return scrub(value)
    if name == "data-visitreel":
        return value
    if node.name == "option" and name == "value":
        return mask_text(value, rule)
    if _WORDS.fullmatch(name):
        is_typed = is_text_field(node) or (
            is_input and type_of(node) not in BUTTON_TYPES | CHOICE_TYPES
        )
        if is_typed and name != "placeholder" and value and not is_shown(node, rule):
            return MASK
        return mask_text(value, rule)
    return value


def scrub(url: str) -> str:
    """Path, campaign keys and a plain fragment stay; of other schemes only the scheme."""
    if url.startswith(("data:", "blob:", "about:")):
        return url
    parts = urlsplit(url)
    if parts.scheme and parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    kept = "&".join(pair for pair in parts.query.split("&") if pair.startswith("utm_"))
    fragment = "" if re.search(r"[=?&@]|%(3d|3f|26|40)", parts.fragment, re.I) else parts.fragment
    return urlunsplit((parts.scheme, parts.netloc.split("@")[-1], parts.path, kept, fragment))
