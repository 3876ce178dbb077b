"""Rules as forms: the way there and back, and where what is wrong is shown."""

from __future__ import annotations

import pytest

from collector.signals.documents import BadRules, check_rule, read_rules, schema
from collector.signals.edits import edited, settled
from collector.signals.fields import BRANCH_WORDS, KIND_WORDS, PARTS
from collector.signals.form import fields_of, read_form
from collector.signals.rows import Fields
from collector.signals.rules import BRANCHES, CLAUSES, Data
from collector.signals.starter import STARTERS, starter_text
from collector.signals.values import pattern_of, pattern_text, scalar_of, scalar_text
from collector.signals.words import CLAUSE_WORDS, quiet_words, sentence_of

ALL_OF_IT = """
version: 1
rules:
  - id: all-of-it
    name: All of it
    about: What a rule can say.
    enabled: false
    owner: ana@example.com
    window: 12h
    cooldown: 0s
    quiet_hours:
      - {zone: Europe/Berlin, from: "22:00", until: "07:00", days: [sat, sun]}
      - {zone: Asia/Tokyo, from: "00:00", until: "23:59"}
    fire_on_backfill: true
    when:
      score:
        at_least: 2.5
        of:
          - any:
              - page: {path: /pricing*, title: {contains: Price}, host: {is: "x"}, dwell: 500ms}
              - page: {url: {re2: "^https:"}}
              - then:
                  - click: {label: Buy, href: "*/cart", page: /p/*}
                  - dead_click: {after: 2s, label: {any_of: [Buy, "a, b"]}}
                within: 10m
            weight: 1
          - track:
              name: {any_of: [{contains: cart}, add]}
              where:
                price: {at_least: 100, below: 500}
                sku: "007"
                size: 42
                gift: true
                note: {exists: false}
                tags: {any_of: [a, 1, "b, c"]}
                colour: {is_not: red}
                text: {glob: "a*"}
              page: /shop
            times: 3
            within: 2h
            distinct: true
            weight: 0.5
          - form: {name: contact, stage: left, after: 90s, page: {contains: contact}}
            weight: 1
          - form: {}
            weight: 1
          - scroll: {percent: 75}
            weight: 1
          - copied: {price: true, text: "*€*"}
            weight: 1
          - rage_clicks: {clicks: 4, within: 2s, label: Send}
            times: 2
            within: 1h
            weight: 1
          - source: {referrer: "*.google.*", network: google, campaign: {source: news}}
            weight: 1
          - source: {direct: false}
            weight: 1
          - identify: {person: "*@example.com", traits: {plan: pro}}
            weight: 1
          - all:
              - returned: {after: 3d}
              - left: {for: 1m}
            weight: 1
          - fact: {kind: context, where: {width: {above: 1000}}}
            weight: 1
    outcome:
      any:
        - page: {path: /thanks}
        - track: {name: purchase}
"""
EVERY_RULE = [
    *read_rules(ALL_OF_IT),
    *(rule for name in STARTERS for rule in read_rules(starter_text(name))),
]


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: str(rule["id"]))
def test_a_rule_comes_through_the_form_as_it_was(rule: Data) -> None:
    read = read_form(fields_of(rule))
    assert read.wrong == {}
    assert read.data == rule
    assert check_rule(read.data) == rule


def test_every_kind_of_condition_has_fields_and_words() -> None:
    assert set(PARTS) == set(KIND_WORDS) == set(CLAUSE_WORDS) == set(CLAUSES)
    assert set(BRANCH_WORDS) == set(BRANCHES)
    conditions: dict[str, dict[str, object]] = schema()["$defs"]["condition"]["properties"]  # type: ignore[index]
    for kind, parts in PARTS.items():
        assert {part.name for part in parts} == set(conditions[kind]["properties"])  # type: ignore[call-overload]


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: str(rule["id"]))
def test_every_rule_has_a_sentence(rule: Data) -> None:
    words = sentence_of(rule)
    assert words.startswith("Fires when a visitor ")
    assert words.endswith(".")
    assert not set("{}[]") & set(words)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"page": {"path": "/pricing", "dwell": "30s"}},
         "opens the page “/pricing” and stays 30 seconds"),
        ({"page": {"path": "*"}, "times": 4, "within": "15m", "distinct": True},
         "opens any page four times within 15 minutes (each time another one)"),
        ({"page": {"path": {"re2": "(?i)/(pricing|plans)"}}},
         "opens a page with “/pricing” or “/plans” in it"),
        ({"form": {"stage": "left", "name": "contact"}},
         "starts the form “contact” and leaves without sending it"),
        ({"copied": {"price": True}}, "copies a price"),
        ({"then": [{"track": {"name": "add_to_cart"}}, {"left": {"for": "30s"}}], "within": "1h"},
         "does “add_to_cart”, then leaves and is not back 30 seconds later within an hour"),
        ({"all": [{"track": {"name": "x", "where": {"price": {"at_least": 200}}}},
                  {"any": [{"rage_clicks": {}}, {"returned": {"after": "3d"}}]}]},
         "does “x” whose price is at least 200 and (clicks 3 times within a second on the same"
         " place or comes back after 3 days or more), in any order"),
        ({"score": {"at_least": 5, "of": [{"identify": {}, "weight": 5}]}},
         "reaches 5 points: 5 if the visitor becomes known"),
    ],
)  # fmt: skip
def test_sentences_are_those_of_people(when: dict[str, object], words: str) -> None:
    rule = check_rule({"id": "x", "when": when, "cooldown": "2d"})
    expected = f"Fires when a visitor {words}. At most once in 2 days per visitor."
    assert sentence_of(rule) == expected
    assert sentence_of({**rule, "cooldown": "0s"}) == f"Fires when a visitor {words}."


def test_quiet_hours_have_words() -> None:
    rule = EVERY_RULE[0]
    assert quiet_words(rule) == (
        "22:00 to 07:00 on Saturday and Sunday (Europe/Berlin); 00:00 to 23:59 (Asia/Tokyo)"
    )
    assert quiet_words({}) == ""


@pytest.mark.parametrize(
    ("changes", "name", "reason"),
    [
        ({"w.0:percent": "many"}, "w.0:percent", "expected integer"),
        ({"w.0:percent": "101"}, "w.0:percent", "out of range"),
        ({"w.0:percent": ""}, "w.0:percent", "percent is missing"),
        ({"w.0:page": "(", "w.0:page.op": "re2"}, "w.0:page", "re2 can't run"),
        ({"w.0:times": "0"}, "w.0:times", "out of range"),
        ({"w.0:within.n": "5", "w.0:within.unit": "m"}, "w.0:within.n", "times of 2 or more"),
        ({"w:kind": "then"}, "w:kind", "at least 2 expected"),
        ({"w.1:kind": "track", "w.1:where.0.value": "5"}, "w.1:where.0.key", "which one"),
        ({"w.1:kind": "track"}, "w.1:name", "name is missing"),
        ({"w.1:kind": "page"}, "w.1:path", "say which page"),
        ({"w.1:kind": "left", "w.1:for.n": "soon"}, "w.1:for.n", "90s, 5m"),
        ({"w:kind": "score", "w:at_least": "3", "w.0:weight": "1"}, "w:at_least", "can't be"),
        ({"w:kind": "score", "w:at_least": "3"}, "w.0:weight", "weight is missing"),
        ({"window.n": "500", "window.unit": "d"}, "window.n", "beyond the retention"),
        ({"quiet.0.zone": "Mars/Base", "quiet.0.from": "22:00", "quiet.0.until": "07:00"},
         "quiet.0.zone", "no IANA time zone"),
        ({"quiet.3.zone": "UTC", "quiet.3.from": "25:00", "quiet.3.until": "07:00"},
         "quiet.3.from", "25:00"),
        ({"o:kind": "page", "o:dwell.n": "2", "o:dwell.unit": "x"}, "o:dwell.n", "2x"),
        ({"w.1:kind": "track", "w.1:name": "x", "w.1:where.0.key": "a.b", "w.1:where.0.op": "re2",
          "w.1:where.0.value": "("}, "w.1:where.0.value", "re2 can't run"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_shown_at_its_field(
    changes: dict[str, str], name: str, reason: str
) -> None:
    plain = {"id": "x", "name": "X", "enabled": "1", "backfill": "1", "w:kind": "all",
             "w.0:kind": "scroll", "w.0:percent": "50"}  # fmt: skip
    read = read_form(plain | changes)
    wrong = read.place([])
    if not wrong:
        with pytest.raises(BadRules) as error:
            check_rule(read.data)
        wrong = read.place(error.value.wrong)
    assert name in wrong, wrong
    assert any(reason in one for one in wrong[name]), wrong


def test_rows_come_go_and_move() -> None:
    fields: Fields = {"w:kind": "all", "w.0:kind": "page", "w.0:path": "/a"}
    fields, focus = edited(fields, "add:w")
    assert (fields["w.1:kind"], focus) == ("page", "w.1:kind")
    fields["w.1:kind"] = "any"
    fields, _ = edited(fields, "kind:w.1")
    assert fields["w.1.0:kind"] == "page"
    fields, focus = edited(fields, "up:w.1")
    assert (fields["w.0:kind"], fields["w.1:path"], focus) == ("any", "/a", "down:w.0")
    fields, _ = edited(fields, "add-where:w.1:where")
    fields, focus = edited(fields | {"w.1:where.0.key": "a"}, "add-where:w.1:where")
    assert focus == "w.1:where.1.key"
    fields, _ = edited(fields | {"w.1:where.1.key": "b"}, "remove-where:w.1:where.0")
    assert fields["w.1:where.0.key"] == "b"
    fields, focus = edited(fields, "remove:w.0")
    assert (fields["w.0:path"], focus) == ("/a", "add:w")
    fields, focus = edited(fields, "add-quiet")
    assert focus == "quiet.0.zone"
    fields, _ = edited(fields | {"quiet.4.zone": "UTC"}, "remove-quiet:0")
    assert fields["quiet.0.zone"] == "UTC"
    assert settled(fields | {"w.0:was": "page", "w.0:kind": "scroll"}).keys() >= {"w.0:kind"}
    assert "w.0:path" not in settled(fields | {"w.0:was": "page", "w.0:kind": "scroll"})
    for nonsense in ("add:w.9.9", "up:w", "remove:x", "remove:w.7", "add-where:w.0", "?", ""):
        assert edited(fields, nonsense)[0] == fields


@pytest.mark.parametrize(
    ("text", "value"),
    [("20", 20), ("1.5", 1.5), ("-3", -3), ("true", True), ("null", None), ('"20"', "20"),
     ("007", "007"), ("A1", "A1"), ('"a', '"a'), ('"true"', "true")],
)  # fmt: skip
def test_typed_values_are_what_they_look_like(text: str, value: object) -> None:
    assert scalar_of(text) == value
    assert scalar_of(scalar_text(value)) == value


def test_patterns_in_patterns_are_kept() -> None:
    nested = {"any_of": ["a", {"contains": "b"}]}
    assert pattern_of(*pattern_text(nested)) == nested
    assert pattern_text(nested)[0] == "json"
    assert pattern_of("json", "{") == "{"
