"""What a form asks for each kind of condition: a table, in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from collector.signals.facts import COPY, KINDS

PartKind = Literal["pattern", "span", "number", "choice", "flag", "where"]
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that may be said of a condition. `name`: its key in the data; `unit`: of a span
    unless another is chosen."""

    name: str
    label: str
    kind: PartKind = "pattern"
    hint: str = ""
    choices: Choices = ()
    unit: str = "s"


def key_of(kind: str, part: Part) -> str:
    """Its name in a row, where some names mean something else already."""
    return f"{kind}.{part.name}" if part.name in {"kind", "within"} else part.name


PAGE = Part("page", "On a page whose path", hint="/checkout*")
LABEL = Part("label", "What is clicked", hint="Buy now")
PARTS: dict[str, tuple[Part, ...]] = {
    "page": (
        Part("path", "Path", hint="/pricing*"),
        Part("dwell", "And stays for", "span"),
        Part("title", "Title", hint="*Sale*"),
        Part("host", "Host", hint="shop.example.com"),
        Part("url", "Whole address", hint="https://shop.example.com/*"),
    ),
    "track": (
        Part("name", "Event", hint="add_to_cart"),
        Part("where", "Property", "where"),
        PAGE,
    ),
    "form": (
        Part(
            "stage",
            "Was",
            "choice",
            choices=(("sent", "sent"), ("started", "started"), ("left", "started, not sent")),
        ),
        Part("after", "Not sent for", "span", hint="Empty: when the visitor leaves the form"),
        Part("name", "Name of the form", hint="contact"),
        PAGE,
    ),
    "click": (
        LABEL,
        Part("href", "Leads to", hint="*/signup*"),
        PAGE,
    ),
    "scroll": (Part("percent", "Down to percent", "number", hint="1 to 100"), PAGE),
    "copied": (
        Part("price", "With an amount of money in it", "flag"),
        Part("text", "Text", hint="*@example.com"),
        PAGE,
    ),
    "rage_clicks": (
        Part("clicks", "Clicks on one place", "number", hint="3"),
        Part("within", "Within", "span", hint="Empty: a second"),
        LABEL,
        PAGE,
    ),
    "dead_click": (
        Part("after", "Nothing happens for", "span", hint="Empty: a second"),
        LABEL,
        PAGE,
    ),
    "source": (
        Part("referrer", "From the host", hint="*.google.*"),
        Part("network", "By an ad of", hint="google"),
        Part("campaign", "Campaign", "where", hint="utm_ without the prefix: source, medium, …"),
        Part(
            "direct",
            "Directly",
            "choice",
            choices=(("", "either"), ("yes", "yes: from nowhere known"), ("no", "no")),
        ),
    ),
    "identify": (
        Part("person", "Person", hint="*@example.com"),
        Part("traits", "Trait", "where"),
    ),
    "returned": (Part("after", "After at least", "span", unit="d"),),
    "left": (Part("for", "Not back for", "span"),),
    "fact": (
        Part(
            "kind",
            "Kind",
            "choice",
            choices=tuple((kind, kind) for kind in sorted(KINDS | {COPY})),
        ),
        Part("where", "Field", "where"),
        PAGE,
    ),
}
"""By the key of a clause."""
KIND_WORDS = {
    "page": "Opens a page",
    "track": "Does something (an event)",
    "form": "Form started, left or sent",
    "click": "Clicks",
    "scroll": "Scrolls down",
    "copied": "Copies text or a price",
    "rage_clicks": "Clicks in a rage",
    "dead_click": "Clicks where nothing happens",
    "source": "Comes from somewhere",
    "identify": "Becomes known",
    "returned": "Comes back after days",
    "left": "Leaves, and is not back",
    "fact": "Any other fact",
}
BRANCH_WORDS = {
    "all": "all of these, in any order",
    "any": "one of these",
    "then": "these in this order",
    "score": "points of these",
}
UNITS = (("s", "seconds"), ("m", "minutes"), ("h", "hours"), ("d", "days"), ("ms", "ms"))
PATTERN_OPS = (
    ("glob", "is like *"),
    ("contains", "contains"),
    ("is", "is exactly"),
    ("any_of", "is one of a, b"),
    ("re2", "matches re2"),
)
JSON_OP = ("json", "is (JSON)")
"""Only where a pattern can't be said otherwise: patterns in patterns."""
VALUE_OPS = (
    ("is", "is"),
    ("at_least", "is at least"),
    ("above", "is above"),
    ("at_most", "is at most"),
    ("below", "is below"),
    ("is_not", "is not"),
    ("any_of", "is one of a, b"),
    ("contains", "contains"),
    ("glob", "is like *"),
    ("re2", "matches re2"),
    ("exists", "is there"),
    ("missing", "is not there"),
)
DAYS = (
    ("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"),
    ("sat", "Sat"), ("sun", "Sun"),
)  # fmt: skip
