"""What alerts say: in goes what is known of a signal, out comes one line that a person understands.
Visitors' own words are quoted, cut and defused: no service makes a link, a name or a sign of
them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.address import plain_line
from collector.urls import path_of

MAX_QUOTED = 80
MAX_NAME = 100
MAX_DEEDS = 4
BREAK = "\u200b"
"""Nobody sees it, and what it stands in is no link, no name and no sign any more."""
NOTE = "Quoted words are the visitor's, unverified."

_LINKS = re.compile(r"(?<=[.@:])(?=[^\s.])|(?<=/)(?=/)|(?<=\])(?=\()|(?<=[<!#*_`~|])(?=\S)")
_STAGES = ("started", "left", "sent")
CLAUSE_WORDS = {
    "page": "page seen",
    "click": "click",
    "scroll": "scrolled",
    "form": "form",
    "copied": "text copied",
    "rage_clicks": "rage clicks",
    "dead_click": "dead click",
    "source": "came from",
    "track": "event",
    "identify": "known person",
    "returned": "came back",
    "left": "left",
    "fact": "fact",
}
"""Clauses of rules, by their key."""


def defused(text: str) -> str:
    """Words of a stranger that stay words wherever they are shown."""
    return _LINKS.sub(BREAK, text)


def quoted(text: str, limit: int = MAX_QUOTED) -> str:
    """A stranger's words in a message: one line, bounded, defused, in quotes."""
    line = " ".join(plain_line(text.replace("\n", " ").replace("\t", " "), limit + 1).split())
    line = line.replace("“", '"').replace("”", '"')
    cut = line[: limit - 1] + "…" if len(line) > limit else line
    return f"“{defused(cut)}”"


def named(text: str, limit: int = MAX_NAME) -> str:
    """Words of ours (a rule, a site) in one line."""
    return defused(plain_line(text, limit))


def deed(kind: str, fields: Mapping[str, object]) -> str:
    """What a visitor did, by one fact."""

    def word(name: str) -> str:
        value = fields.get(name)
        return value if isinstance(value, str) else ""

    match kind:
        case "page_view":
            return f"saw {quoted(path_of(word('url')) or word('title'))}"
        case "click":
            return f"clicked {quoted(word('label'))}" if word("label") else "clicked"
        case "scroll_depth":
            return f"scrolled to {_whole(fields, 'percent')} %"
        case "form":
            stage = _STAGES[min(max(_whole(fields, "stage"), 0), 2)]
            return f"{stage} the form {quoted(word('name'))}" if word("name") else f"{stage} a form"
        case "copy":
            return f"copied {quoted(word('text'))}" if word("text") else "copied text"
        case "track":
            return f"did {quoted(word('name'))}"
        case "identify":
            return f"said to be {quoted(word('person'))}"
        case "leave":
            return "left the page"
        case _:
            return kind.replace("_", " ")


def _whole(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else 0


def ago(span_ms: int) -> str:
    """`40 s`, `5 min`, `2 h`, `3 d`."""
    seconds = max(0, span_ms) // 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (90, "min")):
        if seconds >= size:
            return f"{seconds // (60 if unit == 'min' else size)} {unit}"
    return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class Subject:
    """A signal as messages tell it. `who`: the person, empty: nobody knows; `deeds`: what happened,
    in order, in words; `clauses`: which parts of the rule held, in words."""

    who: str
    visitor: str
    site: str
    rule: str
    deeds: Sequence[str]
    clauses: Sequence[str]

    @property
    def title(self) -> str:
        """Who, on which site."""
        return f"{self.name} on {named(self.site)}"

    @property
    def name(self) -> str:
        """As the list calls them; in quotes, where it is the visitor's word."""
        return quoted(self.who) if self.who else f"Visitor {plain_line(self.visitor, 6)}"

    def line(self, max_chars: int) -> str:
        """What they did, and why that is told now."""
        told = list(dict.fromkeys(self.deeds))
        more = f" and {len(told) - MAX_DEEDS} more" if len(told) > MAX_DEEDS else ""
        did = ", ".join(told[:MAX_DEEDS]) + more
        held = ", ".join(dict.fromkeys(self.clauses))
        why = f"Why now: {named(self.rule)} ({held})."
        rest = f" {why} {NOTE}"
        if len(rest) > max_chars // 2:
            rest = f" {named(self.rule)}. Unverified."
        room = max(20, max_chars - len(rest) - 1)
        return f"{did[: room - 1]}…{rest}" if len(did) > room else f"{did}.{rest}"


def left_line(subject: Subject, since_ms: int) -> str:
    """They are gone."""
    return f"Left {ago(since_ms)} ago. {named(subject.rule)}."


def digest_title(count: int) -> str:
    """Of many in one message."""
    return "1 more signal" if count == 1 else f"{count} more signals"


def digest_line(counts: Mapping[str, int], span_ms: int) -> str:
    """By rule, the most frequent first."""
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    told = ", ".join(f"{count} × {named(rule, 60)}" for rule, count in most[:5])
    more = f" and {len(most) - 5} other rules" if len(most) > 5 else ""
    return f"In the last {ago(span_ms)}: {told}{more}."
