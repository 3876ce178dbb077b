from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from math import inf
from random import Random

import pytest

from collector.signals.backtest import fired
from collector.signals.documents import BadRules, check_rule
from collector.signals.evaluator import (
    Cause,
    Evaluator,
    LateFact,
    Signal,
)
from collector.signals.facts import CHANGE, Fact
from collector.signals.proof import clause_holds, holds
from collector.signals.rules import Rule, rule_of
from tests.collector.signals.streams import START_MS, Stream, random_rule, random_stream

SEEDS = range(1_000)


def rule(when: dict[str, object], **more: object) -> Rule:
    return rule_of(check_rule({"id": "it", "when": when} | more))


def fact(kind: str, at_s: float = 0, **fields: object) -> Fact:
    """A fact so many seconds after the start; ids count up with time."""
    at_ms = START_MS + round(at_s * 1000)
    document = fields.pop("document", 1)
    assert isinstance(document, int)
    t_ms = at_ms - START_MS
    return Fact(kind, t_ms + 1, at_ms, 5, t_ms, document, fields)


def view(at_s: float, path: str, **fields: object) -> Fact:
    return fact("page_view", at_s, url=f"https://x.example{path}", **fields)


def click(at_s: float, node: int = 3, **fields: object) -> Fact:
    return fact("click", at_s, node=node, **fields)


def form(at_s: float, stage: int) -> Fact:
    return fact("form", at_s, node=4, stage=stage, name="order")


def track(at_s: float, name: str, **properties: object) -> Fact:
    return fact("track", at_s, name=name, properties=properties)


def times_of(found: Rule, *facts: Fact) -> list[float]:
    """When it fires, in seconds."""
    return [(one.at_ms - START_MS) / 1000 for one in fired(found, 1, facts, inf)]


def keys(signals: Sequence[Signal]) -> list[tuple[int, str, Cause, tuple[object, ...]]]:
    return [(one.visitor, one.rule, one.cause, one.fired) for one in signals]


# --- live and backtest ----------------------------------------------------------------------------


@cache
def pool() -> list[Rule]:
    """Random rules that are taken; of the rest some clause takes longer than its window."""
    random, found = Random(1), list[Rule]()
    while len(found) < 300:
        with suppress(BadRules):
            found.append(rule_of(check_rule(random_rule(random, len(found)))))
    return found


def random_rules(random: Random) -> list[Rule]:
    """Some rules."""
    return random.sample(pool(), 3)


def looking_back(rules: Sequence[Rule], stream: Stream) -> list[tuple[object, ...]]:
    """What a backtest finds, rule by rule and visitor by visitor."""
    visitors = sorted({visitor for visitor, _ in stream})
    found: list[Signal] = []
    for one in rules:
        for visitor in visitors:
            facts = [fact for whose, fact in stream if whose == visitor]
            found += fired(one, visitor, facts, stream[-1][1].at_ms + 10**9)
    return sorted(keys(found))


def live(rules: Sequence[Rule], stream: Stream, random: Random) -> list[tuple[object, ...]]:
    """What one finds that gets the facts in batches, lets time pass in between, forgets visitors
    and is restarted at random, knowing the facts of late and what it has fired."""
    evaluator, found = Evaluator(rules, max_visitors=2), list[Signal]()
    place = 0
    while place < len(stream):
        if random.random() < 0.3:
            evaluator = Evaluator(rules, max_visitors=2)
        batch = stream[place : place + random.randrange(1, 8)]
        for visitor, new in batch:
            if not evaluator.knows(visitor):
                found += recovered(evaluator, visitor, stream[:place], found)
            found += evaluator.feed(visitor, new)
            place += 1
        last_ms = batch[-1][1].at_ms
        next_ms = stream[place][1].at_ms if place < len(stream) else last_ms
        found += evaluator.advance(last_ms + random.random() * (next_ms - last_ms - 1))
    if len(evaluator) < len({visitor for visitor, _ in stream}):
        evaluator = Evaluator(rules)
        for visitor in sorted({visitor for visitor, _ in stream}):
            found += recovered(evaluator, visitor, stream, found)
    return sorted(keys([*found, *evaluator.advance(stream[-1][1].at_ms + 10**9)]))


def recovered(
    evaluator: Evaluator, visitor: int, past: Stream, found: Sequence[Signal]
) -> list[Signal]:
    """What the store would hand out: the facts of late, and the one before them."""
    facts = [fact for whose, fact in past if whose == visitor]
    since_ms = facts[-1].at_ms - evaluator.history_ms if facts else 0
    recent = [fact for fact in facts if fact.at_ms >= since_ms]
    before = [fact for fact in facts if fact.at_ms < since_ms and fact.kind != CHANGE]
    last = {one.rule: one.cause for one in found if one.visitor == visitor}
    seed = before[-1] if before and evaluator.looks_back else None
    return evaluator.recover(visitor, recent, last, before=seed)


@pytest.mark.parametrize("seeds", [SEEDS[start : start + 250] for start in range(0, 1_000, 250)])
def test_live_and_backtest_fire_identically_whatever_is_restarted(seeds: range) -> None:
    amount = 0
    for seed in seeds:
        random = Random(seed)
        rules, stream = random_rules(random), random_stream(random)
        expected = looking_back(rules, stream)
        assert live(rules, stream, random) == expected, seed
        amount += len(expected)
    assert amount > 500


# --- evidence -------------------------------------------------------------------------------------


def test_a_signal_holds_by_the_facts_that_it_names_and_by_none_less() -> None:
    checked = 0
    for seed in range(400):
        random = Random(seed)
        rules, stream = random_rules(random), random_stream(random)
        by_id = {fact.id: fact for _, fact in stream}
        for one in rules:
            for visitor in range(3):
                facts = [fact for whose, fact in stream if whose == visitor]
                for signal in fired(one, visitor, facts, inf):
                    checked += prove(one, signal, by_id)
    assert checked > 1_500


def prove(one: Rule, signal: Signal, by_id: dict[str, Fact]) -> int:
    """All facts of a signal are needed, and enough."""
    evidence = {x.clause: [by_id[m.fact] for m in x.moments] for x in signal.fired}
    assert holds(one, evidence), (one, signal)
    for clause, facts in evidence.items():
        assert clause_holds(one, clause, facts)
        for missing in facts:
            rest = [fact for fact in facts if fact is not missing]
            assert not clause_holds(one, clause, rest), (clause, missing, facts)
            assert not holds(one, {**evidence, clause: rest}), (clause, missing, facts)
    return sum(map(len, evidence.values()))


# --- the clauses ----------------------------------------------------------------------------------


def test_a_page_counts_when_it_is_not_left_for_long_enough() -> None:
    found = rule({"page": {"path": "/pricing", "dwell": "30s"}})
    assert times_of(found, view(0, "/pricing")) == [30]
    assert times_of(found, view(0, "/pricing/"), fact("leave", 29)) == []
    assert times_of(found, view(0, "/pricing"), view(12, "/")) == []
    assert times_of(found, view(0, "/pricing"), view(12, "/", document=2)) == [30]


def test_a_form_is_left_when_it_was_started_and_not_sent() -> None:
    left, idle = rule({"form": {"stage": "left"}}), rule({"form": {"stage": "left", "after": "1m"}})
    assert times_of(left, form(0, 0), form(9, 1)) == [9]
    assert times_of(left, form(0, 0), form(5, 2), form(9, 1)) == []
    assert times_of(left, form(9, 1)) == []
    assert times_of(idle, form(0, 0)) == [60]
    assert times_of(idle, form(0, 0), form(59, 2)) == []


def test_copied_text_is_a_fact_of_the_recorder_or_of_the_site() -> None:
    priced = rule({"copied": {"price": True}})
    for text, is_price in [("€ 1.299,00", 1), ("1,299.00 USD", 1), ("call 1299", 0), ("zł", 0)]:
        assert len(times_of(priced, fact("copy", 1, text=text))) == is_price, text
        assert len(times_of(priced, track(1, "copy", text=text))) == is_price, text


def test_clicks_in_a_rage_are_on_one_target_within_a_moment() -> None:
    rage = rule({"rage_clicks": {}}, cooldown="0s")
    assert times_of(rage, click(0), click(0.3), click(0.9)) == [0.9]
    assert times_of(rage, click(0), click(0.3), click(1.2)) == []
    assert times_of(rage, click(0), click(0.3, node=8), click(0.9)) == []
    assert times_of(rage, *(click(place / 10) for place in range(7))) == [0.2, 0.5]


def test_a_dead_click_is_one_after_which_nothing_happens() -> None:
    dead = rule({"dead_click": {}}, cooldown="0s")
    assert times_of(dead, click(0)) == [8]
    assert times_of(dead, click(0), click(2), click(4), fact(CHANGE, 4.9)) == [8, 10]
    assert times_of(dead, click(0), fact(CHANGE, 0.2)) == []
    assert times_of(dead, click(0), fact(CHANGE, 1.2), track(3, "x")) == [8]
    assert times_of(dead, click(0), fact(CHANGE, 0.2, document=2)) == [8]
    assert times_of(dead, view(0, "/a"), click(1, href="https://x.example/b")) == []
    assert times_of(dead, view(0, "/a"), click(1, href="https://x.example/a#")) == [9]
    assert times_of(dead, click(0, node=0)) == []


def test_that_the_page_changed_may_be_told_late() -> None:
    evaluator = Evaluator([rule({"dead_click": {}})])
    for new in (click(0), track(5, "x"), fact(CHANGE, 0.4)):
        assert evaluator.feed(1, new) == []
    assert evaluator.advance(inf) == []


def test_the_source_of_a_visit_is_its_referrer_campaign_or_network() -> None:
    paid = rule({"source": {"network": "google", "campaign": {"medium": "cpc"}}})
    campaign = {"medium": "cpc", "click_id": "google"}
    assert times_of(paid, view(0, "/", campaign=campaign))
    assert not times_of(paid, view(0, "/", campaign={"medium": "cpc"}))
    search = rule({"source": {"referrer": {"any_of": ["*.google.*", "google.*"]}}})
    assert times_of(search, view(0, "/", referrer="https://www.google.de/"))
    assert not times_of(search, view(0, "/", referrer="https://x.example/google.de"))
    direct = rule({"source": {"direct": True}})
    assert times_of(direct, view(0, "/", referrer=""))
    assert not times_of(direct, view(0, "/", referrer="https://a.example"))


def test_properties_of_facts_of_the_site_are_compared() -> None:
    def found(comparison: object, price: object) -> bool:
        is_so = rule({"track": {"name": "add_*", "where": {"price": comparison}}})
        return bool(times_of(is_so, track(0, "add_to_cart", price=price)))

    is_so: list[tuple[object, object]] = [
        ({"at_least": 100}, 100), ({"at_least": 100}, "100.50"), ({"above": 1, "below": 3}, 2),
        ("A1", "A1"), ({"is_not": "A1"}, "B"), ({"any_of": ["a", 2]}, 2),
        ({"re2": "^A[0-9]+$"}, "A12"), ({"exists": True}, None),
    ]  # fmt: skip
    is_not_so: list[tuple[object, object]] = [
        ({"at_least": 100}, 99.9), ({"at_least": 100}, "many"), ({"above": 1, "below": 3}, 3),
        (True, 1), ({"is_not": 1}, 1), ({"any_of": ["a", 2]}, "b"), ({"exists": False}, 1),
    ]  # fmt: skip
    assert [one for one in is_so if not found(*one)] == []
    assert [one for one in is_not_so if found(*one)] == []
    missing = rule({"track": {"name": "x", "where": {"price": {"exists": False}}}})
    assert times_of(missing, track(0, "x"))


def test_a_visitor_returns_after_days_and_has_left_after_seconds() -> None:
    back, gone = rule({"returned": {"after": "3d"}}), rule({"left": {"for": "40s"}})
    assert times_of(back, view(0, "/"), view(3 * 86_400, "/")) == [3 * 86_400]
    assert times_of(back, view(0, "/"), view(3 * 86_400 - 1, "/")) == []
    assert times_of(gone, view(0, "/"), fact("leave", 5)) == [45]
    assert times_of(gone, view(0, "/"), fact("leave", 5), view(44, "/", document=2)) == []


def test_branches_combine_clauses_within_their_time() -> None:
    a, b = {"page": {"path": "/a"}}, {"page": {"path": "/b"}}
    assert times_of(rule({"all": [a, b]}), view(0, "/b"), view(9, "/a")) == [9]
    assert times_of(rule({"then": [a, b]}), view(0, "/b"), view(9, "/a")) == []
    assert times_of(rule({"then": [a, b], "within": "8s"}), view(0, "/a"), view(9, "/b")) == []
    assert times_of(rule({"then": [a, a]}), view(0, "/a")) == []
    assert times_of(rule({"any": [a, b]}), view(5, "/b")) == [5]
    score = rule({"score": {"at_least": 3, "of": [{**a, "weight": 2}, {**b, "weight": 1}]}})
    assert times_of(score, view(0, "/a"), view(3, "/a"), view(4, "/b")) == [4]
    often = rule({**a, "times": 2, "within": "10s"}, cooldown="0s")
    assert times_of(often, *(view(at_s, "/a") for at_s in (0, 11, 20))) == [20]
    several = rule({"page": {"path": "*"}, "times": 2, "distinct": True})
    assert times_of(several, view(0, "/a"), view(1, "/a"), view(2, "/b")) == [2]


def test_a_clause_may_ask_on_which_page_it_came_about() -> None:
    found = rule({"click": {"label": "Buy", "page": "/pricing"}})
    [signal] = fired(found, 1, [view(0, "/pricing"), click(4, label="Buy")], inf)
    assert [moment.fact for moment in signal.fired[0].moments] == ["p1", "f4001"]
    assert (signal.session, signal.t_ms) == (5, 4_000)
    assert times_of(found, view(0, "/pricing"), view(2, "/"), click(4, label="Buy")) == []


# --- when it may fire -----------------------------------------------------------------------------


def test_a_rule_fires_once_in_its_cooldown() -> None:
    found = rule({"page": {"path": "/a"}}, cooldown="1m")
    assert times_of(found, *(view(at_s, "/a") for at_s in (0, 59, 60, 70, 121))) == [0, 60, 121]


def test_a_rule_keeps_quiet_by_the_clock_on_the_wall() -> None:
    # 2026-10-25: Berlin goes back from 3:00 to 2:00, so 2:30 comes twice.
    night = {"zone": "Europe/Berlin", "from": "22:00", "until": "03:00", "days": ["sat"]}
    found = rule({"page": {"path": "/a"}}, quiet_hours=night, cooldown="0s").quiet[0]
    sunday_ms = 1_792_879_200_000  # 2026-10-25 00:00 in Berlin
    hour_ms = 3_600_000
    assert [found.holds(sunday_ms + hours * hour_ms) for hours in (-3, -2, 0, 2, 3, 4)] == [
        False, True, True, True, True, False,
    ]  # fmt: skip
    assert not found.holds(sunday_ms + 22 * hour_ms + hour_ms)


def test_what_is_old_when_it_comes_does_not_fire_unless_the_rule_says_so() -> None:
    for more, amount in [({}, 0), ({"fire_on_backfill": True}, 1)]:
        evaluator = Evaluator([rule({"page": {"path": "/a"}}, **more)])
        assert len(evaluator.feed(1, view(0, "/a"), fresh_ms=START_MS + 1)) == amount


def test_what_was_complete_before_the_rule_was_there_does_not_fire() -> None:
    data = check_rule({"id": "it", "when": {"page": {"path": "/a"}, "times": 2}})
    evaluator = Evaluator([rule_of(data, since_ms=START_MS + 1_000)])
    assert [len(evaluator.feed(1, view(at_s, "/a"))) for at_s in (0, 0.9, 1.1)] == [0, 0, 1]


def test_a_fact_that_comes_late_takes_its_place_when_the_visitor_is_recovered() -> None:
    a, b = view(0, "/a"), view(5, "/b")
    evaluator = Evaluator([rule({"then": [{"page": {"path": "/a"}}, {"page": {"path": "/b"}}]})])
    assert evaluator.feed(1, b) == []
    with pytest.raises(LateFact):
        evaluator.feed(1, a)
    [signal] = evaluator.recover(1, [a, b], {})
    assert evaluator.recover(1, [a, b], {"it": signal.cause}) == []


# --- bounds ---------------------------------------------------------------------------------------


def size(evaluator: Evaluator) -> int:
    """All moments that are remembered, wherever."""
    seen: set[int] = set()

    def count(value: object) -> int:
        if id(value) in seen:
            return 0
        seen.add(id(value))
        if type(value).__name__ == "Moment":
            return 1
        if isinstance(value, dict):
            return sum(map(count, value.values()))
        if isinstance(value, list | tuple):
            return sum(map(count, value))
        slots = getattr(type(value), "__slots__", ())
        return sum(count(getattr(value, name)) for name in slots)

    return sum(count(known) for known in evaluator._visitors.values())


def test_memory_of_a_visitor_is_bounded_whatever_comes() -> None:
    parts: list[dict[str, object]] = [
        {"rage_clicks": {"clicks": 5}},
        {"click": {"label": "*"}, "times": 20, "distinct": True},
        {"form": {"stage": "left", "after": "1h"}},
        {
            "page": {
                "path": "/*",
                "dwell": "1h",
            }
        },
        {"dead_click": {"page": "/*", "after": "10s"}},
    ]
    whens: list[dict[str, object]] = [
        {"all": [*parts, {"page": {"path": "never"}}]},
        {"then": [*parts, {"page": {"path": "never"}}]},
        {"score": {"at_least": 9, "of": [{**part, "weight": 1} for part in parts] * 2}},
    ]
    evaluator = Evaluator([rule(when, id=f"it-{place}") for place, when in enumerate(whens)])
    sizes = []
    for place in range(1_200):
        at_s, document = place / 7, place % 500
        for new in (
            view(at_s, f"/{place}", document=document),
            click(at_s + 0.01, node=place % 90 + 1, label=str(place), document=document),
            fact("form", at_s + 0.02, node=place, stage=0, document=document),
        ):
            evaluator.feed(1, new)
        sizes.append(size(evaluator) if place % 100 == 99 else 0)
    assert 100 < max(sizes) <= evaluator.most_moments
    assert len(evaluator._due) < 10


def test_only_so_many_visitors_are_remembered() -> None:
    evaluator = Evaluator([rule({"page": {"path": "/a", "dwell": "1h"}})], max_visitors=50)
    for visitor in range(1_000):
        evaluator.feed(visitor, view(visitor, "/a"))
    assert len(evaluator) == 50
    assert evaluator.knows(999)
    assert not evaluator.knows(949)
