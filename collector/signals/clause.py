"""What clauses have in common: what is known of a visitor as facts come, what a clause waits for,
and what it says when it holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from collector.signals.facts import CHANGE, Fact, Moment
from collector.signals.patterns import TextTest

MAX_OPEN = 32
"""Document loads, started forms and clicks of one visitor that are looked after at a time; the
oldest is given up."""


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


class Clause(ABC):
    """Base of all. `kinds`: the facts that it has to see, None for all; `hits` says what a fact
    completes, `due` what time does."""

    kinds: ClassVar[frozenset[str] | None] = frozenset()
    most_facts = 1
    """How many facts one hit names at most."""
    span_ms = 0
    """How long a hit takes at most, where time is part of it."""
    looks_back = False
    """Does it ask for the last fact before all windows?"""

    @abstractmethod
    def hits(self, fact: Fact, seen: Seen, open_: Open) -> Hit | None:
        """What this fact completes; may change what is open. `seen` is as before the fact."""

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
