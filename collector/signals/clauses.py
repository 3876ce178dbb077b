"""The clauses of rules: each takes the facts of one visitor in order and says when it holds, and by
which facts. A clause names only facts without which it would not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar
from urllib.parse import urlsplit

from collector.signals.facts import CHANGE, COPY, Fact, Moment
from collector.signals.patterns import TextTest, searching

MAX_OPEN = 32
"""Document loads, started forms and clicks of one visitor that are looked after at a time; the
oldest is given up."""
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


@dataclass(slots=True)
class Page:
    """The page view that a document shows."""

    moment: Moment
    path: str
    url: str


@dataclass(slots=True)
class Seen:
    """What is known of a visitor as each fact comes: bounded by `MAX_OPEN`. `looks_back`: some
    clause asks for the last fact."""

    looks_back: bool = False
    pages: dict[int, Page] = field(default_factory=dict)
    last: Fact | None = None

    def note(self, fact: Fact) -> None:
        """This fact was evaluated."""
        if fact.kind == "page_view":
            url = fact.word("url")
            keep(self.pages, fact.document, Page(fact.moment, path_of(url), url))
        if self.looks_back and fact.kind != CHANGE:
            self.last = fact


@dataclass(slots=True)
class Hit:
    """A clause held at `at_ms`, by these facts. `value`: what `distinct` tells apart; `document`,
    where the first of the facts is the page view on which the others came about."""

    at_ms: int
    moments: tuple[Moment, ...]
    value: str = ""
    document: int | None = None
    start_ms: int | None = None

    @property
    def since_ms(self) -> int:
        """When it began, for windows: its earliest fact, unless it says otherwise."""
        if self.start_ms is not None:
            return self.start_ms
        return min(moment.at_ms for moment in self.moments)


Open = dict[object, "Waiting"]
"""What a clause waits for, by whatever tells them apart."""


@dataclass(slots=True)
class Waiting:
    """Something that began, and when it becomes a hit by the passing of time (None: never)."""

    moments: tuple[Moment, ...]
    due_ms: int | None
    value: str = ""
    document: int | None = None


def keep(kept: dict[int, Page], key: int, page: Page) -> None:
    """The newest stay."""
    kept.pop(key, None)
    kept[key] = page
    if len(kept) > MAX_OPEN:
        del kept[next(iter(kept))]


def path_of(url: str) -> str:
    """The path of a URL, without a slash at its end."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return path.rstrip("/") or "/"


def host_of(url: str) -> str:
    """The host of a URL, without `www.`; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


class Clause:
    """Base of all. `kinds`: the facts that it has to see, None for all; `start` opens what waits,
    `hit` is what a fact completes, `due` what time does."""

    kinds: ClassVar[frozenset[str] | None] = frozenset()
    most_facts = 1
    """How many facts one hit names at most."""
    span_ms = 0
    """How long a hit takes at most, where time is part of it."""
    looks_back = False
    """Does it ask for the last fact before all windows?"""

    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """What this fact completes; may change what is open. `seen` is as before the fact."""
        raise NotImplementedError

    def due(self, waiting: Waiting) -> Hit:
        """What was open became true by time alone."""
        due_ms = waiting.due_ms if waiting.due_ms is not None else waiting.moments[-1].at_ms
        return Hit(due_ms, waiting.moments, waiting.value, waiting.document)


def open_one(open_: Open, key: object, waiting: Waiting) -> None:
    """Something begins; the oldest gives way where too much is open."""
    open_.pop(key, None)
    open_[key] = waiting
    if len(open_) > MAX_OPEN:
        del open_[next(iter(open_))]


@dataclass(frozen=True, slots=True)
class Place:
    """The page view on which a fact came about, as evidence; none where the clause does not
    ask."""

    page: tuple[Moment, ...] = ()
    document: int | None = None

    def hit(self, at_ms: int, moments: tuple[Moment, ...], value: str) -> Hit:
        """It held here."""
        return Hit(at_ms, (*self.page, *moments), value, self.document)

    def waiting(self, moments: tuple[Moment, ...], due_ms: int | None, value: str) -> Waiting:
        """It began here."""
        return Waiting((*self.page, *moments), due_ms, value, self.document)


ANYWHERE = Place()


def place_of(fact: Fact, seen: Seen, on: TextTest | None) -> Place | None:
    """Where a fact came about. None: not on such a page."""
    if on is None:
        return ANYWHERE
    page = seen.pages.get(fact.document)
    return Place((page.moment,), fact.document) if page is not None and on(page.path) else None


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


def all_kinds(clauses: Iterable[Clause]) -> frozenset[str] | None:
    """The facts that these clauses have to see; None: all."""
    found: set[str] = set()
    for clause in clauses:
        if clause.kinds is None:
            return None
        found |= clause.kinds
    return frozenset(found)


def campaign_of(fact: Fact) -> Mapping[str, object]:
    """Whence a page view came: utm_* without the prefix, and the network of a click id."""
    return fact.mapping("campaign")
