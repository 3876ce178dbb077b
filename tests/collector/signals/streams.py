"""Random facts of random visitors, and rules of every kind over them: the same for a seed."""

from __future__ import annotations

from random import Random

from collector.signals.durations import DAY_MS, MINUTE_MS, SECOND_MS
from collector.signals.facts import CHANGE, Fact

START_MS = 1_790_000_000_000
PATHS = ("/", "/pricing", "/cart", "/docs/a", "/docs/b")
STEPS_MS = (0, 40, 300, 700, 2 * SECOND_MS, 15 * SECOND_MS, 40 * SECOND_MS, 5 * MINUTE_MS)
LONG_MS = (45 * MINUTE_MS, 5 * 3600 * SECOND_MS, DAY_MS, 3 * DAY_MS)

Stream = list[tuple[int, Fact]]
"""Facts with their visitors, in the order of time."""


def random_fields(random: Random, kind: str) -> dict[str, object]:
    """What a fact of a kind says."""
    if kind == "page_view":
        campaign = random.choice([{}, {"source": "ads"}, {"click_id": "google"}])
        return {
            "url": f"https://shop.example{random.choice(PATHS)}",
            "title": "",
            "referrer": random.choice(["", "https://www.google.com", "https://shop.example/x"]),
            "route": random.randrange(2),
            "campaign": campaign,
        }
    if kind == "click":
        node, label = random.randrange(3), random.choice(["Buy", "Menu"])
        return {"node": node, "x": 5, "y": 5, "label": label, "href": ""}
    if kind == "form":
        return {"node": 7, "stage": random.randrange(3), "name": "order", "fields": 1}
    if kind == "track":
        price = random.choice([5, 50, "120", None])
        return {"name": random.choice(["add", "buy", "copy"]), "properties": {"price": price}}
    if kind == "scroll_depth":
        return {"percent": random.randrange(10, 101)}
    if kind == "identify":
        return {"person": "ana@example.com", "traits": {"plan": random.choice(["free", "pro"])}}
    return {"reason": 0} if kind == "leave" else {}


KINDS = (
    "page_view", "page_view", "page_view", "click", "click", "click", "form", "form", "track",
    "track", "scroll_depth", "identify", "leave", CHANGE,
)  # fmt: skip


def random_stream(random: Random, length: int = 40, visitors: int = 3) -> Stream:
    """Facts of some visitors, who come back after hours and days; several in one ms at times."""
    at_ms, stream = START_MS, Stream()
    sessions = [visitor * 100 for visitor in range(visitors)]
    for row in range(1, length + 1):
        far = random.random() < 0.06
        at_ms += random.choice(LONG_MS if far else STEPS_MS)
        visitor = random.randrange(visitors)
        sessions[visitor] += far
        kind = random.choice(KINDS)
        fact = Fact(
            kind=kind,
            row=row,
            at_ms=at_ms,
            session=sessions[visitor],
            t_ms=at_ms - START_MS,
            document=sessions[visitor] * 10 + random.randrange(2),
            fields=random_fields(random, kind),
        )
        stream.append((visitor, fact))
    return sorted(stream, key=lambda one: one[1].order)


def random_clause(random: Random) -> dict[str, object]:
    """A clause of a random kind."""
    page = {"page": random.choice(["/pricing", "/docs/*"])} if random.random() < 0.3 else {}
    clauses: list[dict[str, object]] = [
        {"page": {"path": random.choice(["*", "/pricing", "/docs/*"])}},
        {"page": {"path": random.choice(PATHS), "dwell": random.choice(["10s", "1m"])}},
        {"click": {"label": "Buy", **page}},
        {"scroll": {"percent": 40, **page}},
        {"form": {"stage": random.choice(["started", "sent", "left"]), **page}},
        {"form": {"stage": "left", "after": "30s", **page}},
        {"copied": {}},
        {"rage_clicks": {"clicks": 2, **page}},
        {"dead_click": {}},
        {"source": {"network": "google"}},
        {"source": {"referrer": "*.com"}},
        {"track": {"name": "add", "where": {"price": {"at_least": 50}}, **page}},
        {"track": {"name": {"re2": "^(add|buy)$"}}},
        {"identify": {"traits": {"plan": "pro"}}},
        {"returned": {"after": random.choice(["1h", "1d"])}},
        {"left": {"for": "20s"}},
        {"fact": {"kind": "click", "where": {"node": {"above": 0}}}},
    ]
    clause = random.choice(clauses)
    if not {"returned", "left"} & clause.keys() and random.random() < 0.3:
        clause |= {"times": random.randrange(2, 4)}
        if random.random() < 0.4:
            clause |= {"distinct": True}
    return clause


def random_condition(random: Random, depth: int = 2) -> dict[str, object]:
    """Clauses and what combines them."""
    if depth == 0 or random.random() < 0.25:
        return random_clause(random)
    parts = [random_condition(random, depth - 1) for _ in range(random.randrange(2, 4))]
    name = random.choice(["any", "all", "then", "score"])
    if name == "score":
        weighted = [{**part, "weight": random.randrange(2, 4)} for part in parts]
        return {"score": {"at_least": 3, "of": weighted}}
    return {name: parts}


def random_rule(random: Random, number: int = 0) -> dict[str, object]:
    """A rule; short cooldowns, so that it fires again."""
    rule: dict[str, object] = {
        "id": f"rule-{number}",
        "window": random.choice(["2m", "1h", "2d"]),
        "cooldown": random.choice(["0s", "30s", "10m", "1d"]),
        "when": random_condition(random),
    }
    if random.random() < 0.2:
        span = {"zone": "Europe/Berlin", "from": "22:00", "until": "06:00"}
        rule["quiet_hours"] = span
    return rule
