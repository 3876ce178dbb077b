"""The clauses of rules: each takes the facts of one visitor in order and says when it holds, and by
which facts. A clause names only facts without which it would not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from collector.signals.clause import (
    Clause,
    Hit,
    Open,
    Seen,
    Waiting,
    host_of,
    open_one,
    path_of,
    place_of,
)
from collector.signals.facts import CHANGE, COPY, Fact
from collector.signals.patterns import TextTest, searching

NEAR_PX = 24
"""Clicks so near to each other have one target, where the recorder names no node."""
CHANGES_COME_MS = 7_000
"""A recorder sends what changed every 5 s; then it is checked."""
STARTED, LEFT, SENT = 0, 1, 2
PRICE = (
    r"(?i)(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY))\s?\d[\d.,' ]*"
    r"|\d[\d.,']*\s?(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|kr|zł|Kč)\b)"
)
"""An amount of money, with its sign or code before or behind it."""


@dataclass(frozen=True)
class Viewed(Clause):
    """A page of this address or title was opened, and not left for `dwell_ms`."""

    kinds = frozenset({"page_view", "leave"})
    tests: tuple[tuple[str, TextTest], ...]
    dwell_ms: int = 0

    @property
    def span_ms(self) -> int:  # type: ignore[override]
        """How long it takes."""
        return self.dwell_ms

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """A page view, or where it must last, its beginning or end."""
        open_.pop(fact.document, None)
        if fact.kind == "leave":
            return None
        parts = address_of(fact)
        if not all(test(parts[name]) for name, test in self.tests):
            return None
        if not self.dwell_ms:
            return Hit(fact.at_ms, (fact.moment,), parts["path"])
        due_ms = fact.at_ms + self.dwell_ms
        open_one(open_, fact.document, Waiting((fact.moment,), due_ms, parts["path"]))
        return None


def address_of(fact: Fact) -> dict[str, str]:
    """The parts of a page view that patterns are tried on."""
    url = fact.word("url")
    return {"url": url, "path": path_of(url), "host": host_of(url), "title": fact.word("title")}


@dataclass(frozen=True)
class Stated(Clause):
    """A fact of one kind, that passes a test, on some page. Most clauses are of this form."""

    kind: str
    test: Callable[[Fact], bool]
    value: Callable[[Fact], str]
    on: TextTest | None = None

    @property
    def kinds(self) -> frozenset[str]:  # type: ignore[override]
        """That kind, and page views where the page counts."""
        return frozenset({self.kind} | ({"page_view"} if self.on else set()))

    @property
    def most_facts(self) -> int:  # type: ignore[override]
        """The fact and its page."""
        return 2 if self.on else 1

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """A fact of the kind that passes."""
        if fact.kind != self.kind or not self.test(fact):
            return None
        place = place_of(fact, seen, self.on)
        return place.hit(fact.at_ms, (fact.moment,), self.value(fact)) if place else None


@dataclass(frozen=True)
class Copied(Clause):
    """Text was copied: a fact of the recorder's, or `track("copy", {text})` by the site."""

    kinds = frozenset({COPY, "track", "page_view"})
    most_facts = 2
    text: TextTest | None
    price: bool
    on: TextTest | None

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """A copy of such a text."""
        if fact.kind == COPY:
            text = fact.word("text")
        elif fact.kind == "track" and fact.word("name") == COPY:
            text = str(fact.mapping("properties").get("text", ""))
        else:
            return None
        if (self.text and not self.text(text)) or (self.price and not price_test()(text)):
            return None
        place = place_of(fact, seen, self.on)
        return place.hit(fact.at_ms, (fact.moment,), text) if place else None


@cache
def price_test() -> TextTest:
    """Is an amount of money in a text?"""
    return searching(PRICE)


@dataclass(frozen=True)
class LeftForm(Clause):
    """A form was started and then left; or with `after_ms`, started and not sent for so long."""

    kinds = frozenset({"form", "page_view"})
    most_facts = 3
    name: TextTest | None
    after_ms: int
    on: TextTest | None

    @property
    def span_ms(self) -> int:  # type: ignore[override]
        """How long it takes."""
        return self.after_ms

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """A form that was started is left."""
        if fact.kind != "form":
            return None
        key = fact.document, fact.number("node"), fact.word("name")
        stage = fact.number("stage")
        if stage == STARTED:
            self._start(fact, seen, open_, key)
            return None
        if stage == LEFT and self.after_ms:
            return None
        started = open_.pop(key, None)
        if stage != LEFT or started is None:
            return None
        moments = (*started.moments, fact.moment)
        return Hit(fact.at_ms, moments, started.value, started.document)

    def _start(self, fact: Fact, seen: Seen, open_: Open, key: object) -> None:
        name = fact.word("name")
        place = place_of(fact, seen, self.on)
        if place and (self.name is None or self.name(name)):
            due_ms = fact.at_ms + self.after_ms if self.after_ms else None
            open_one(open_, key, place.waiting((fact.moment,), due_ms, name))


@dataclass(frozen=True)
class Rage(Clause):
    """Several clicks on one target within a moment."""

    kinds = frozenset({"click", "page_view"})
    clicks: int
    within_ms: int
    label: TextTest | None
    on: TextTest | None

    @property
    def most_facts(self) -> int:  # type: ignore[override]
        """The clicks and their page."""
        return self.clicks + 1

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """The click that makes it enough."""
        if fact.kind != "click" or (self.label and not self.label(fact.word("label"))):
            return None
        place = place_of(fact, seen, self.on)
        if place is None:
            return None
        key = fact.document, target_of(fact)
        before = open_.get(key)
        since_ms = fact.at_ms - self.within_ms
        recent = [one for one in (before.moments if before else ()) if one.at_ms >= since_ms]
        recent = [*recent, fact.moment][-self.clicks :]
        if len(recent) < self.clicks:
            open_one(open_, key, Waiting(tuple(recent), None))
            return None
        open_.pop(key, None)
        return place.hit(fact.at_ms, tuple(recent), fact.word("label"))


def target_of(fact: Fact) -> object:
    """What was clicked: the node, or where the recorder names none, label and place."""
    node = fact.number("node")
    if node:
        return node
    place = fact.number("x") // NEAR_PX, fact.number("y") // NEAR_PX
    return fact.word("label"), place


@dataclass(frozen=True)
class Dead(Clause):
    """A click that led nowhere: within `after_ms` neither did the page change, nor any other fact
    follow in it. Only where the recorder sees what changes, and only when it must have told."""

    kinds = frozenset(
        {"click", "page_view", "form", "track", "identify", "leave", "scroll_depth", COPY, CHANGE}
    )
    most_facts = 2
    after_ms: int
    label: TextTest | None
    on: TextTest | None

    @property
    def span_ms(self) -> int:  # type: ignore[override]
        """How long it takes."""
        return self.after_ms + CHANGES_COME_MS

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """Nothing at once: a click opens, what follows in its document closes."""
        if fact.kind != "click":
            self._close(fact, open_)
            return None
        if not fact.number("node") or (self.label and not self.label(fact.word("label"))):
            return None
        place = place_of(fact, seen, self.on)
        if place and stays(fact, seen):
            waiting = place.waiting((fact.moment,), fact.at_ms + self.span_ms, fact.word("label"))
            open_one(open_, (fact.document, fact.id), waiting)
        return None

    def _close(self, fact: Fact, open_: Open) -> None:
        for key, waiting in list(open_.items()):
            passed_ms = fact.at_ms - waiting.moments[-1].at_ms
            is_here = isinstance(key, tuple) and key[0] == fact.document
            if is_here and 0 <= passed_ms <= self.after_ms:
                del open_[key]


def stays(fact: Fact, seen: Seen) -> bool:
    """Does a click not lead to another page? A link that only names its own page stays."""
    href = fact.word("href")
    page = seen.pages.get(fact.document)
    return not href or (page is not None and href.partition("#")[0] == page.url.partition("#")[0])


@dataclass(frozen=True)
class Returned(Clause):
    """The visitor came back after at least `after_ms` without a fact."""

    kinds = None
    most_facts = 2
    looks_back = True
    after_ms: int

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """The first fact after a long time."""
        if fact.kind == CHANGE or seen.last is None:
            return None
        if fact.at_ms - seen.last.at_ms < self.after_ms:
            return None
        # Windows begin with the return: what was before may be long ago.
        return Hit(fact.at_ms, (seen.last.moment, fact.moment), start_ms=fact.at_ms)


@dataclass(frozen=True)
class Gone(Clause):
    """The visitor left, and nothing more came for `for_ms`."""

    kinds = None
    for_ms: int

    @property
    def span_ms(self) -> int:  # type: ignore[override]
        """How long it takes."""
        return self.for_ms

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """Nothing at once: a leave opens, any other fact closes."""
        if fact.kind == CHANGE:
            return None
        open_.clear()
        if fact.kind == "leave":
            open_[0] = Waiting((fact.moment,), fact.at_ms + self.for_ms)
        return None
