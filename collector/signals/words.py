"""Rules in plain words: in goes a checked rule as data, out comes a sentence for somebody who never
saw its YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from collector.signals.durations import span_ms, span_text
from collector.signals.rules import (
    BRANCHES,
    CLAUSES,
    DEFAULT_AFTER,
    DEFAULT_COOLDOWN,
    RAGE_CLICKS,
    Data,
)

UNIT_WORDS = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day"}
NUMBER_WORDS = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}
DAY_WORDS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
    "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
ALTERNATIVES = re.compile(r"(?:\(\?i\))?([\w/-]*)\(([\w/|-]+)\)([\w/-]*)")
"""The simplest of expressions: `(?i)/(pricing|plans)`."""
COMPARED = {
    "is": "is", "is_not": "is not", "at_least": "is at least", "above": "is above",
    "at_most": "is at most", "below": "is below", "contains": "contains", "glob": "is like",
    "re2": "matches",
}  # fmt: skip


def sentence_of(rule: Data) -> str:
    """When the rule fires."""
    cooldown_ms = span_ms(str(rule.get("cooldown", DEFAULT_COOLDOWN)))
    often = f" At most {_once(cooldown_ms)} per visitor." if cooldown_ms else ""
    return f"Fires when a visitor {condition_words(cast(Data, rule['when']))}.{often}"


def _once(span: int) -> str:
    words = span_words(span)
    return f"once {words}" if words.startswith("a") else f"once in {words}"


def condition_words(condition: Data) -> str:
    """What a visitor does, so that the condition holds: `opens the page “/pricing”`."""
    branch = next((name for name in BRANCHES if name in condition), None)
    if branch is not None:
        return _branch_words(condition, branch)
    name = next(name for name in CLAUSES if name in condition)
    words = CLAUSE_WORDS[name](cast(Data, condition[name]))
    times = cast(int, condition.get("times", 1))
    if times > 1:
        words += f" {NUMBER_WORDS.get(times, f'{times} times')}"
        words += _within(condition)
        words += " (each time another one)" if condition.get("distinct") else ""
    return words


def quiet_words(rule: Data) -> str:
    """When the rule is quiet; empty: never."""
    quiet = rule.get("quiet_hours") or []
    spans = cast(Sequence[Data], quiet if isinstance(quiet, list) else [quiet])
    return "; ".join(_quiet(span) for span in spans)


def span_words(span: int) -> str:
    """A span in ms as people say it: `30 seconds`, `a day`."""
    text = span_text(span)
    number, unit = text.rstrip("msdh"), text.lstrip("0123456789")
    word = UNIT_WORDS[unit]
    if number == "1":
        return f"an {word}" if unit == "h" else f"a {word}"
    return f"{number} {word}s"


# --- how conditions combine -----------------------------------------------------------------------


def _branch_words(condition: Data, branch: str) -> str:
    if branch == "score":
        return _score_words(condition)
    parts = [_part_words(part) for part in cast(Sequence[Data], condition[branch])]
    if len(parts) == 1:
        return condition_words(cast(Sequence[Data], condition[branch])[0]) + _within(condition)
    if branch == "any":
        return _listed(parts, "or")
    if branch == "all":
        return f"{_listed(parts, 'and')}{_within(condition)}, in any order"
    return f"{', then '.join(parts)}{_within(condition)}"


def _part_words(part: Data) -> str:
    """In brackets where it is more than one itself."""
    words = condition_words(part)
    return f"({words})" if any(name in part for name in BRANCHES) else words


def _score_words(condition: Data) -> str:
    score = cast(Data, condition["score"])
    parts = cast(Sequence[Data], score["of"])
    each = [f"{_number(part['weight'])} if the visitor {_part_words(part)}" for part in parts]
    reached = f"reaches {_number(score['at_least'])} points{_within(condition)}"
    return f"{reached}: {'; '.join(each)}"


def _within(condition: Data) -> str:
    if "within" not in condition:
        return ""
    return f" within {span_words(span_ms(str(condition['within'])))}"


def _quiet(span: Data) -> str:
    days = [DAY_WORDS[str(day)] for day in cast(Sequence[str], span.get("days", []))]
    on = f" on {_listed(days, 'and')}" if days and len(days) < len(DAY_WORDS) else ""
    return f"{span['from']} to {span['until']}{on} ({span['zone']})"


# --- clauses --------------------------------------------------------------------------------------


def _page(clause: Data) -> str:
    page = page_words(clause["path"]) if "path" in clause else "a page"
    named = {"url": "at the address", "host": "of the host", "title": "with the title"}
    tests = [f" {before} {pattern_words(clause[name])}" for name, before in named.items()
             if name in clause]  # fmt: skip
    stays = f" and stays {_span(clause, 'dwell')}" if "dwell" in clause else ""
    return f"opens {page}{' and'.join(tests)}{stays}"


def _click(clause: Data) -> str:
    label = pattern_words(clause["label"]) if "label" in clause else "a button or link"
    to = f" that leads to {pattern_words(clause['href'])}" if "href" in clause else ""
    return f"clicks {label}{to}{_on(clause)}"


def _scroll(clause: Data) -> str:
    return f"scrolls down to {clause['percent']} %{_on(clause, ' of ')}"


def _form(clause: Data) -> str:
    name = f"the form {pattern_words(clause['name'])}" if "name" in clause else "a form"
    stage = clause.get("stage", "sent")
    if stage == "started":
        return f"starts {name}{_on(clause)}"
    if stage == "sent":
        return f"sends {name}{_on(clause)}"
    if "after" in clause:
        return f"starts {name}{_on(clause)} and has not sent it {_span(clause, 'after')} later"
    return f"starts {name}{_on(clause)} and leaves without sending it"


def _copied(clause: Data) -> str:
    what = "a price" if clause.get("price") else "text"
    like = f" that reads {pattern_words(clause['text'])}" if "text" in clause else ""
    return f"copies {what}{like}{_on(clause)}"


def _rage(clause: Data) -> str:
    clicks = cast(int, clause.get("clicks", RAGE_CLICKS))
    label = pattern_words(clause["label"]) if "label" in clause else "the same place"
    within = span_words(span_ms(str(clause.get("within", DEFAULT_AFTER))))
    return f"clicks {clicks} times within {within} on {label}{_on(clause)}"


def _dead(clause: Data) -> str:
    label = pattern_words(clause["label"]) if "label" in clause else "something"
    after = span_words(span_ms(str(clause.get("after", DEFAULT_AFTER))))
    return f"clicks {label}{_on(clause)} and nothing happens for {after}"


def _source(clause: Data) -> str:
    words = []
    if "referrer" in clause:
        words.append(f"from {pattern_words(clause['referrer'])}")
    if "network" in clause:
        every = clause["network"] == "*"
        by = "an ad" if every else f"an ad of {pattern_words(clause['network'])}"
        words.append(f"by {by}")
    if "campaign" in clause:
        words.append(f"by a campaign whose {_where(clause['campaign'])}")
    if "direct" in clause:
        words.append("directly" if clause["direct"] else "by a link, an ad or a campaign")
    return f"comes {' and '.join(words)}"


def _track(clause: Data) -> str:
    where = f" whose {_where(clause['where'])}" if "where" in clause else ""
    return f"does {pattern_words(clause['name'])}{where}{_on(clause)}"


def _identify(clause: Data) -> str:
    as_whom = f" as {pattern_words(clause['person'])}" if "person" in clause else ""
    where = f", somebody whose {_where(clause['traits'])}" if "traits" in clause else ""
    return f"becomes known{as_whom}{where}"


def _returned(clause: Data) -> str:
    return f"comes back after {_span(clause, 'after', '')} or more"


def _left(clause: Data) -> str:
    return f"leaves and is not back {_span(clause, 'for', '')} later"


def _fact(clause: Data) -> str:
    where = f" whose {_where(clause['where'])}" if "where" in clause else ""
    return f"makes a fact of the kind {clause['kind']}{where}{_on(clause)}"


CLAUSE_WORDS: dict[str, Callable[[Data], str]] = {
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


# --- patterns and values --------------------------------------------------------------------------


def pattern_words(pattern: object) -> str:
    """What a text has to be: `“/pricing”`, `like “/p*”`, `containing “x”`."""
    if not isinstance(pattern, Mapping):
        text = str(pattern)
        return f"like “{text}”" if "*" in text or "?" in text else f"“{text}”"
    [(name, value)] = pattern.items()
    if name == "any_of":
        return _listed([pattern_words(one) for one in cast(Sequence[object], value)], "or")
    if name == "glob":
        return pattern_words(str(value))
    if name == "contains":
        return f"with “{value}” in it"
    return f"“{value}”" if name == "is" else _expression_words(str(value))


def _expression_words(expression: str) -> str:
    """The alternatives, where it is nothing but some; else the expression itself."""
    found = ALTERNATIVES.fullmatch(expression)
    if not found:
        return f"that matches “{expression}”"
    words = [f"“{found[1]}{one}{found[3]}”" for one in found[2].split("|")]
    return f"with {_listed(words, 'or')} in it"


def page_words(pattern: object) -> str:
    """A page by its path: `the page “/pricing”`, `a page like “/p*”`, `any page`."""
    if pattern in ("*", "/*"):
        return "any page"
    words = pattern_words(pattern)
    return f"the page {words}" if words.startswith("“") else f"a page {words}"


def comparison_words(comparison: object) -> str:
    """What a value has to be: `is at least 200`."""
    if not isinstance(comparison, Mapping):
        return f"is {_value(comparison)}"
    words = []
    for name, wanted in comparison.items():
        if name == "exists":
            words.append("is there" if wanted else "is not there")
        elif name == "any_of":
            words.append(f"is {_listed([_value(one) for one in wanted], 'or')}")
        else:
            words.append(f"{COMPARED[name]} {_value(wanted)}")
    return " and ".join(words)


def _where(where: object) -> str:
    return " and whose ".join(
        f"{name} {comparison_words(comparison)}" for name, comparison in cast(Data, where).items()
    )


def _value(value: object) -> str:
    if isinstance(value, str):
        return f"“{value}”"
    return _number(value) if not isinstance(value, bool | None) else json.dumps(value)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _on(clause: Data, before: str = " on ") -> str:
    return f"{before}{page_words(clause['page'])}" if "page" in clause else ""


def _span(clause: Data, name: str, before: str = "") -> str:
    return before + span_words(span_ms(str(clause[name])))


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
