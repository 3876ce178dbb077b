"""Recordings made by hand. In come timed ops, out come the answers that a collector would give
for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.store.timelines import IDLE_MS
from replay import ops
from replay.encode import content_hash, write_section
from replay.ops import NewNode, TreeOp

Timed = tuple[int, TreeOp]
Html = str | tuple[Any, ...]
"""A text, or `("div", {attributes}, child, …)`; in an element also `("#shadow", child, …)` and
`("#content", mode, child, …)`."""


def run_of(*tops: Html) -> tuple[NewNode, ...]:
    """Nodes written as nested tuples, as one run."""
    nodes: list[NewNode] = []
    waiting: list[tuple[Html, int]] = [(top, -1) for top in reversed(tops)]
    while waiting:
        html, parent = waiting.pop()
        here = len(nodes)
        below: Sequence[Html] = ()
        if isinstance(html, str):
            nodes.append(NewNode(parent, "text", text=html))
        elif html[0] == "#shadow":
            nodes.append(NewNode(parent, "shadow"))
            below = html[1:]
        elif html[0] == "#content":
            nodes.append(NewNode(parent, "content", mode=html[1]))
            below = html[2:]
        else:
            nodes.append(NewNode(parent, "element", html[0], html[1] or None))
            below = html[2:]
        waiting += [(child, here) for child in reversed(below)]
    return tuple(nodes)


def page_of(*body: Html, head: Sequence[Html] = (), attrs: dict[str, str] | None = None) -> Html:
    """A document element around a body."""
    return ("html", attrs or {}, ("head", {}, *head), ("body", {}, *body))


def opening(page: Html, t_ms: int = 0, size: tuple[int, int] = (800, 600)) -> list[Timed]:
    """A whole document at one moment: ids count from 2 in preorder."""
    width, height = size
    made: list[TreeOp] = [
        ops.Document(0, 0),
        ops.Begin(),
        ops.Put(1, 0, 2, run_of(page)),
        ops.Viewport(width, height, 100, 100, 0, 0),
        ops.End(),
    ]
    return [(t_ms, op) for op in made]


@dataclass(slots=True)
class Recorded:
    """One session. Segments are numbered from 1, documents from 1."""

    session: str = "recorded-session-0001"
    live: bool = False
    documents: list[dict[str, Any]] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)
    page_views: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    visibility: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    sections: dict[int, bytes] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    assets: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def load(
        self, *parts: Iterable[Timed], tab: int = 1, gap_before: Sequence[int] = (), url: str = ""
    ) -> int:
        """A document load of some segments; returns its number."""
        number = len(self.documents) + 1
        everything = [list(part) for part in parts]
        times = [t_ms for part in everything for t_ms, _ in part]
        for place, part in enumerate(everything):
            self._add(number, part, place in gap_before)
        url = url or f"http://shop.example/page-{number}"
        low, high = min(times), max(times)
        self.documents.append(
            {
                "document": number,
                "tab": tab,
                "t_ms": low,
                "until_ms": high,
                "url": url,
                "assets": {},
            }
        )
        self.page_views.append(
            {"t_ms": low, "tab": tab, "document": number, "url": url, "title": f"Page {number}"}
        )
        return number

    def _add(self, document: int, part: list[Timed], gap_before: bool) -> None:
        number = len(self.segments) + 1
        base = part[0][0]
        self.sections[number] = write_section(part, base)
        self.segments.append(
            {
                "segment": number,
                "document": document,
                "t_ms": base,
                "until_ms": part[-1][0],
                "keyframe": isinstance(part[0][1], ops.Document),
                "bytes": len(self.sections[number]),
                "contents": [],
                "gap_before": gap_before,
            }
        )

    def go_on(self, document: int, part: list[Timed]) -> None:
        """One more segment of a document: what a live session does."""
        self._add(document, part, False)
        self.documents[document - 1]["until_ms"] = part[-1][0]

    def asset(self, media_type: str, data: bytes) -> bytes:
        """Keeps a file; returns its hash."""
        named = content_hash(data)
        self.assets[named.hex()] = (media_type, data)
        return named

    @property
    def cursor(self) -> str:
        """Names all segments, in order."""
        return "-".join(str(one["segment"]) for one in self.segments)

    def growth(self, since: str) -> dict[str, Any] | None:
        """What a stream says of what has come since a cursor; None: it did not just go on."""
        numbers = since.split("-")
        if self.cursor.split("-")[: len(numbers)] != numbers:
            return None
        everything = self.timeline()
        new = self.segments[len(numbers) :]
        nothing: dict[str, Any] = {"page_views": [], "facts": [], "visibility": [], "idle": []}
        changed = {one["document"] for one in new}
        documents = [one for one in self.documents if one["document"] in changed]
        kept = {name: everything[name] for name in ("t_ms", "until_ms", "live")}
        return {**kept, **nothing, "documents": documents, "segments": new}

    def timeline(self) -> dict[str, Any]:
        """What `/api/sessions/{id}/timeline` answers."""
        return {
            "session": self.session,
            "zero_at_ms": 1_700_000_000_000,
            "t_ms": min((entry["t_ms"] for entry in self.documents), default=0),
            "until_ms": max((entry["until_ms"] for entry in self.documents), default=0),
            "live": self.live,
            "cursor": self.cursor,
            "tabs": sorted({entry["tab"] for entry in self.documents}),
            "documents": self.documents,
            "segments": self.segments,
            "page_views": self.page_views,
            "facts": self.facts,
            "visibility": self.visibility,
            "gaps": self.gaps,
            "idle": self._idle(),
        }

    def _idle(self) -> list[dict[str, int]]:
        """As the collector tells it: segments are batches here."""
        spans = sorted((one["t_ms"], one["until_ms"]) for one in self.segments)
        idle = []
        busy_until_ms = spans[0][1] if spans else 0
        for t_ms, until_ms in spans:
            if t_ms - busy_until_ms >= IDLE_MS:
                idle.append({"t_ms": busy_until_ms, "until_ms": t_ms})
            busy_until_ms = max(busy_until_ms, until_ms)
        return idle
