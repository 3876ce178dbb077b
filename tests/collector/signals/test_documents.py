from __future__ import annotations

from pathlib import Path
from random import Random

import jsonschema
import pytest

from collector.signals.documents import (
    BadRules,
    check_rule,
    read_condition,
    read_rules,
    schema,
    write_rules,
)
from collector.signals.durations import DAY_MS
from collector.signals.rules import Data, rule_of
from collector.signals.starter import STARTERS, starter_text
from tests.collector.signals.streams import random_rule

RULE = """\
version: 1
rules:
  - id: it
    window: 1h
    when:
      {condition}
"""


def refused(text: str, retention_ms: int | None = None) -> list[str]:
    with pytest.raises(BadRules) as caught:
        read_rules(text, retention_ms)
    return [str(wrong) for wrong in caught.value.wrong]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(schema()))


def test_rules_survive_export_and_import() -> None:
    random, rules = Random(3), list[Data]()
    while len(rules) < 60:
        data = random_rule(random, len(rules))
        data |= {"name": random.choice(["on", "12:30", "1e3", " x: #", "Ünï\n☃", "null", "-"])}
        data |= {"about": random.choice(["two\nlines\n", "'\"", "\\", "a" * 300])}
        try:
            rules.append(check_rule(data))
        except BadRules:
            continue
    text = write_rules(rules)
    assert read_rules(text) == rules
    assert write_rules(read_rules(text)) == text


@pytest.mark.parametrize("name", STARTERS)
def test_the_rules_of_a_starter_set_are_good_and_written_as_an_export_is(name: str) -> None:
    rules = read_rules(starter_text(name), 30 * DAY_MS)
    assert len(rules) >= 7
    assert write_rules(rules) == starter_text(name)
    for rule in rules:
        assert rule_of(rule).leaves


BAD_RULES = {
    "page: {path: /a, dwel: 30s}": (6, "rules.0.when.page.dwel: is not known: did you mean dwell?"),
    "page: {path: {re2: '(a)\\1'}}": (6, "rules.0.when.page.path: re2 can't run '(a)\\\\1': "),
    "page: {path: {re2: '(?=a)'}}": (6, "invalid perl operator: (?="),
    "track: {name: {any_of: [{re2: '('}]}}": (6, "missing )"),
    "track: {name: x, where: {price: {re2: '(?<=a)'}}}": (6, "rules.0.when.track.where.price: re2"),
    "fact: {kind: clik}": (6, 'there are no facts of kind "clik": did you mean click?'),
    "page: {path: /a, dwell: 2h}": (6, "rules.0.when.page.dwell: is longer than the window (1h)"),
    "page: {path: /a, dwell: soon}": (6, 'rules.0.when.page.dwell: "soon" is none: expected 90s'),
    "page: {}": (6, "rules.0.when.page: too little"),
    "pge: {path: /a}": (6, "rules.0.when.pge: is not known: did you mean page?"),
    "{page: {path: /a}, click: {}}": (5, "rules.0.when: expected exactly one of any, all, then"),
    "all: [{page: {path: 7}}]": (6, "rules.0.when.all.0.page.path: expected string or object"),
    "then: [{page: {path: /a}}]": (6, "rules.0.when.then: too little"),
    "{page: {path: /a}, times: 0}": (6, "rules.0.when.times: 0 is out of range"),
    "{page: {path: /a}, within: 2m}": (6, "rules.0.when.within: is for all, then, score"),
    "{page: {path: /a}, weight: 2}": (6, "rules.0.when.weight: is for the conditions of a score"),
    "{returned: {after: 1d}, times: 2}": (6, "rules.0.when.times: returned can't be counted"),
    "score: {at_least: 5, of: [{click: {}, weight: 2}]}": (
        6,
        "can't be reached: all weights are 2",
    ),
    "score: {at_least: 5, of: [{click: {}}]}": (6, "rules.0.when.score.of.0: weight is missing"),
    "form: {after: 10s}": (6, "rules.0.when.form.after: is for stage: left"),
    "&a {click: {}}": (6, "anchors and aliases are not taken"),
    "!!python/object:os.system {}": (6, "the tag python/object:os.system is not taken"),
}


@pytest.mark.parametrize("condition", BAD_RULES)
def test_a_bad_condition_is_refused_with_line_field_and_reason(condition: str) -> None:
    line, reason = BAD_RULES[condition]
    [wrong, *_] = refused(RULE.format(condition=condition))
    assert wrong.startswith(f"line {line}: ")
    assert reason in wrong


def test_other_bad_rules_are_refused_with_line_and_field() -> None:
    good = RULE.format(condition="click: {}")
    cases = {
        good.replace(
            "1h", "40d"
        ): "line 4: rules.0.window: a window of 40d is beyond the retention",
        good + "    quiet_hours: {zone: Mars/X, from: '1:00', until: '02:00'}\n": (
            'line 7: rules.0.quiet_hours.from: "1:00" is none'
        ),
        good + "    quiet_hours: {zone: Mars/X, from: '01:00', until: '02:00'}\n": (
            'line 7: rules.0.quiet_hours.zone: "Mars/X" is no IANA time zone'
        ),
        good + "    window: 2h\n": "line 7: window stands here twice",
        good + "  - id: it\n    when: {click: {}}\n": "line 7: rules.1.id: it names two rules",
        good + "  - {}\n": "line 7: rules.1: id is missing",
        "version: 2\nrules: []\n": "line 1: version: expected one of 1, not 2",
        "rules: [\n  a: b\n": "line 3: ",
        "": "line 1: expected object, not null",
        "a" * 300_000: "line 1: 300000 characters",
        "a: !x y": "line 1: the tag !x is not taken",
        "[" * 5_000: "line 1: ",
        "version: 1\nrules: 1" + "0" * 400: "line 2: 10000",
    }
    for text, reason in cases.items():
        assert refused(text, 30 * DAY_MS)[0].startswith(reason), text[-90:]


def test_one_rule_or_condition_is_checked_alone() -> None:
    assert read_condition("track: {name: purchase}") == {"track": {"name": "purchase"}}
    with pytest.raises(BadRules) as caught:
        check_rule({"id": "it", "when": {"page": {"path": {"re2": "("}}}})
    assert caught.value.wrong[0].field == "when.page.path"


def test_the_example_of_the_readme_is_a_rule() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("### Signals")[2].partition("    version: 1")[2]
    [rule] = read_rules("    version: 1" + example.partition("\n| ")[0])
    assert rule_of(rule).owner == "ana@example.com"
