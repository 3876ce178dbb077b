"""Rules, compiled: in goes a rule as data that `documents.py` has checked, out comes what the
evaluator runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import cast

from collector.signals import clauses
from collector.signals.clause import MAX_OPEN, Clause, all_kinds, campaign_of, host_of
from collector.signals.durations import SECOND_MS, span_ms
from collector.signals.facts import Fact
from collector.signals.patterns import TextTest, text_test, where_test
from collector.signals.quiet import QuietHours, quiet_hours_of
from collector.signals.tree import AllOf, AnyOf, Leaf, Node, Score, Then, leaves_of, most_moments

Data = Mapping[str, object]
"""A rule or a part of it as YAML or JSON has it."""

DEFAULT_WINDOW = "1d"
DEFAULT_COOLDOWN = "1d"
DEFAULT_AFTER = "1s"
RAGE_CLICKS = 3
BRANCHES = ("any", "all", "then", "score")
CLAUSES = (
    "page", "click", "scroll", "form", "copied", "rage_clicks", "dead_click", "source", "track",
    "identify", "returned", "left", "fact",
)  # fmt: skip
"""Every condition has exactly one key out of these two."""
STAGES = {"started": clauses.STARTED, "left": clauses.LEFT, "sent": clauses.SENT}


@dataclass(frozen=True)
class Rule:
    """A rule that can be run. `since_ms`: what was complete before does not fire."""

    id: str
    name: str
    owner: str | None
    when: Node
    window_ms: int
    cooldown_ms: int
    quiet: tuple[QuietHours, ...]
    fires_on_backfill: bool
    since_ms: int | None = None

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Its clauses."""
        return tuple(leaves_of(self.when))

    @cached_property
    def kinds(self) -> frozenset[str] | None:
        """The kinds of facts it has to see; None: all."""
        return all_kinds(leaf.clause for leaf in self.leaves)

    @property
    def history_ms(self) -> int:
        """How far back a fact may lie and still count. A minute more than windows say: what is
        told apart within seconds is told apart there."""
        return self.window_ms + max(leaf.clause.span_ms for leaf in self.leaves) + 60 * SECOND_MS

    @property
    def most_moments(self) -> int:
        """What it remembers of one visitor at most: `README.md`, "Signals"."""
        waits = len(self.leaves) * MAX_OPEN
        return most_moments(self.when) + waits * max(x.clause.most_facts for x in self.leaves)


def rule_of(data: Data, since_ms: int | None = None) -> Rule:
    """A checked rule, ready to run."""
    window_ms = span_ms(str(data.get("window", DEFAULT_WINDOW)))
    owner = data.get("owner")
    return Rule(
        id=str(data["id"]),
        name=str(data.get("name", data["id"])),
        owner=str(owner) if owner is not None else None,
        when=condition_of(cast(Data, data["when"]), "when", window_ms),
        window_ms=window_ms,
        cooldown_ms=span_ms(str(data.get("cooldown", DEFAULT_COOLDOWN))),
        quiet=quiet_hours_of(data.get("quiet_hours")),
        fires_on_backfill=bool(data.get("fire_on_backfill", False)),
        since_ms=since_ms,
    )


def outcome_of(data: Data) -> Rule:
    """A condition alone, as a rule that fires whenever it holds: what a backtest measures
    against."""
    plain = {"id": "outcome", "when": data, "cooldown": "0s", "fire_on_backfill": True}
    return rule_of({**plain, "window": "30d"})


def condition_of(data: Data, path: str, window_ms: int) -> Node:
    """A condition with all below it; nodes are numbered in the order of their writing."""
    return _node(data, path, window_ms, count())


def _node(data: Data, path: str, window_ms: int, numbers: Iterator[int]) -> Node:
    number = next(numbers)
    within_ms = span_ms(str(data["within"])) if "within" in data else window_ms
    branch = next((name for name in BRANCHES if name in data), None)
    if branch is None:
        name = next(name for name in CLAUSES if name in data)
        times = cast(int, data.get("times", 1))
        clause = MAKE[name](cast(Data, data[name]))
        return Leaf(number, path, clause, times, within_ms, bool(data.get("distinct")))
    below = data[branch] if branch != "score" else cast(Data, data["score"])["of"]
    parts = cast(Sequence[Data], below)
    where = f"{path}.{branch}" if branch != "score" else f"{path}.score.of"
    children = tuple(
        _node(part, f"{where}.{place}", window_ms, numbers) for place, part in enumerate(parts)
    )
    if branch == "any":
        return AnyOf(number, children)
    if branch == "all":
        return AllOf(number, children, within_ms)
    if branch == "then":
        return Then(number, children, within_ms)
    weights = tuple(float(cast(float, part["weight"])) for part in parts)
    at_least = float(cast(float, cast(Data, data["score"])["at_least"]))
    return Score(number, children, weights, at_least, within_ms)


# --- the clauses ----------------------------------------------------------------------------------


def _test(data: Data, name: str) -> TextTest | None:
    return text_test(data[name]) if name in data else None


def _span(data: Data, name: str, default: str = "0s") -> int:
    return span_ms(str(data.get(name, default)))


def _whole(data: Data, name: str, default: int) -> int:
    return cast(int, data.get(name, default))


def _page(data: Data) -> Clause:
    names = ("url", "path", "host", "title")
    tests = tuple((name, text_test(data[name])) for name in names if name in data)
    return clauses.Viewed(tests, _span(data, "dwell"))


def _words(data: Data, *names: str) -> Callable[[Fact], bool]:
    """Patterns on fields of a fact that are text."""
    tests = [(name, text_test(data[name])) for name in names if name in data]
    return lambda fact: all(test(fact.word(name)) for name, test in tests)


def _click(data: Data) -> Clause:
    test = _words(data, "label", "href")
    return clauses.Stated("click", test, lambda fact: fact.word("label"), _test(data, "page"))


def _scroll(data: Data) -> Clause:
    percent = _whole(data, "percent", 0)
    return clauses.Stated(
        "scroll_depth",
        lambda fact: fact.number("percent") >= percent,
        lambda fact: str(fact.document),
        _test(data, "page"),
    )


def _form(data: Data) -> Clause:
    name, on = _test(data, "name"), _test(data, "page")
    stage = STAGES[str(data.get("stage", "sent"))]
    if stage == clauses.LEFT:
        return clauses.LeftForm(name, _span(data, "after"), on)

    def test(fact: Fact) -> bool:
        return fact.number("stage") == stage and (name is None or name(fact.word("name")))

    return clauses.Stated("form", test, lambda fact: fact.word("name"), on)


def _copied(data: Data) -> Clause:
    return clauses.Copied(_test(data, "text"), bool(data.get("price")), _test(data, "page"))


def _rage(data: Data) -> Clause:
    clicks, within_ms = _whole(data, "clicks", RAGE_CLICKS), _span(data, "within", DEFAULT_AFTER)
    return clauses.Rage(clicks, within_ms, _test(data, "label"), _test(data, "page"))


def _dead(data: Data) -> Clause:
    after_ms = _span(data, "after", DEFAULT_AFTER)
    return clauses.Dead(after_ms, _test(data, "label"), _test(data, "page"))


def _source(data: Data) -> Clause:
    referrer, network = _test(data, "referrer"), _test(data, "network")
    campaign = where_test(cast(Data, data.get("campaign", {})))
    direct = data.get("direct")

    def test(fact: Fact) -> bool:
        found, host = campaign_of(fact), host_of(fact.word("referrer"))
        if fact.number("route") or (host and host == host_of(fact.word("url"))):
            return False
        return (
            (referrer is None or (bool(host) and referrer(host)))
            and (network is None or network(str(found.get("click_id", ""))))
            and campaign(found)
            and (direct is None or (not host and not found) is direct)
        )

    return clauses.Stated("page_view", test, lambda fact: host_of(fact.word("referrer")))


def _track(data: Data) -> Clause:
    named, where = _words(data, "name"), where_test(cast(Data, data.get("where", {})))
    return clauses.Stated(
        "track",
        lambda fact: named(fact) and where(fact.mapping("properties")),
        lambda fact: fact.word("name"),
        _test(data, "page"),
    )


def _identify(data: Data) -> Clause:
    person, where = _words(data, "person"), where_test(cast(Data, data.get("traits", {})))
    return clauses.Stated(
        "identify",
        lambda fact: person(fact) and where(fact.mapping("traits")),
        lambda fact: fact.word("person"),
    )


def _returned(data: Data) -> Clause:
    return clauses.Returned(_span(data, "after"))


def _left(data: Data) -> Clause:
    return clauses.Gone(_span(data, "for"))


def _fact(data: Data) -> Clause:
    where = where_test(cast(Data, data.get("where", {})))
    return clauses.Stated(
        str(data["kind"]),
        lambda fact: where(fact.fields),
        lambda fact: "",
        _test(data, "page"),
    )


MAKE: dict[str, Callable[[Data], Clause]] = {
    "page": _page,
    "click": _click,
    "scroll": _scroll,
    "form": _form,
    "copied": _copied,
    "rage_clicks": _rage,
    "dead_click": _dead,
    "source": _source,
    "track": _track,
    "identify": _identify,
    "returned": _returned,
    "left": _left,
    "fact": _fact,
}
