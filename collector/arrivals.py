"""From bytes to an `Arrival`: in goes the body of a POST, out comes what the writer stores, with
URLs scrubbed and texts made safe."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from collector.address import is_bot, plain_line, truncated
from collector.store.arrival import Arrival, ArrivedFact, ArrivedPageView, BadFact, Scalar
from collector.store.sites import Site
from collector.urls import path_of, query_keys_of, scrub_url
from replay import ops
from replay.fields import FIELDS, NAMES
from replay.wire import Batch

MAX_TITLE = 512
MAX_WORD = 512
MAX_MAP_KEYS = 64
MAX_AGENT = 512
NETWORKS = {
    "gclid": "google",
    "gbraid": "google",
    "wbraid": "google",
    "dclid": "google",
    "fbclid": "meta",
    "msclkid": "microsoft",
    "ttclid": "tiktok",
    "twclid": "x",
    "li_fat_id": "linkedin",
}
"""Who puts click ids into URLs, by the parameter."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a request came from and when its last byte did."""

    address: str
    user_agent: str
    received_at_ms: int


def secret_hash(secret: bytes) -> bytes:
    """What is stored of a session's write secret: 128 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret).digest()


def arrival_of(batch: Batch, site: Site, sender: Sender, wire_bytes: int) -> Arrival:
    """What the writer stores of a batch."""
    head = batch.head
    # Nothing was seen after it was sent: a fact that says so has a broken clock.
    latest = max(head.t_ms, math.ceil(batch.sent_t_ms))
    views: list[ArrivedPageView] = []
    facts: list[ArrivedFact] = []
    identify: ops.Identify | None = None
    for at_ms, fact in head.facts:
        t_ms = min(at_ms, latest)
        if isinstance(fact, ops.PageView):
            views.append(_page_view(t_ms, fact, site.query_keys))
            continue
        if isinstance(fact, ops.Identify):
            identify = fact
        facts.append(_fact(t_ms, fact, site.query_keys))
    return Arrival(
        site=site.site,
        client_session_id=head.session_id,
        secret_hash=secret_hash(head.write_secret),
        visitor_id=head.visitor_id,
        client_tab=head.tab_id,
        document_id=head.document_id,
        seq=head.seq,
        client_origin_ms=head.origin_ms,
        t_ms=head.t_ms,
        path=path_of(scrub_url(head.url, site.query_keys)),
        references=head.references,
        sdk_version=plain_line(head.sdk_version, 32),
        replay=None if head.replay is None else bool(head.replay),
        sent_t_ms=batch.sent_t_ms,
        compression=batch.compression,
        ops=batch.ops,
        digest=batch.digest,
        received_at_ms=sender.received_at_ms,
        address=sender.address,
        ip_net=truncated(sender.address),
        user_agent=plain_line(sender.user_agent, MAX_AGENT),
        is_bot=is_bot(sender.user_agent),
        wire_bytes=wire_bytes,
        page_views=tuple(views),
        facts=tuple(facts),
        bad_facts=tuple(BadFact(-1, reason, b"") for reason in head.problems),
        person=plain_line(identify.person, MAX_WORD) if identify else None,
        traits=json.dumps(plain_map(identify.traits)) if identify else None,
        leaves=any(isinstance(fact, ops.Leave) for _, fact in head.facts),
    )


def stored_fact(t_ms: int, fact: ops.Fact) -> ArrivedPageView | ArrivedFact:
    """A fact of a portable recording, as it is stored. Its URLs keep their query: whoever recorded
    them has decided on that."""
    if isinstance(fact, ops.PageView):
        keys = query_keys_of(fact.url) | query_keys_of(fact.referrer)
        return _page_view(t_ms, fact, keys)
    keys = query_keys_of(fact.href) if isinstance(fact, ops.Click) else frozenset()
    return _fact(t_ms, fact, keys)


def _page_view(t_ms: int, fact: ops.PageView, query_keys: frozenset[str]) -> ArrivedPageView:
    return ArrivedPageView(
        t_ms=t_ms,
        url=plain_line(scrub_url(fact.url, query_keys), 2_048),
        title=plain_line(fact.title, MAX_TITLE),
        referrer=plain_line(scrub_url(fact.referrer, query_keys), 2_048),
        route=int(fact.route != 0),
        campaign=_campaign(fact.campaign),
    )


def _campaign(found: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The parameter of a click id becomes the network's name."""
    campaign = plain_map(found)
    if "click_id" in campaign:
        parameter = str(campaign["click_id"])
        campaign["click_id"] = NETWORKS.get(parameter, parameter)
    return campaign


def _fact(t_ms: int, fact: ops.Fact, query_keys: frozenset[str]) -> ArrivedFact:
    fields: dict[str, object] = {}
    for name, _ in FIELDS[fact.CODE]:
        value = getattr(fact, name)
        if name == "href":
            fields[name] = scrub_url(value, query_keys)
        elif isinstance(value, str):
            fields[name] = plain_line(value, MAX_WORD)
        elif isinstance(value, int):
            fields[name] = value
        else:
            fields[name] = plain_map(value)
    return ArrivedFact(t_ms, NAMES[fact.CODE], " ".join(_words(fields)), fields)


def plain_map(values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """A map of a fact as it is stored: some keys, short values of one line."""
    return {
        plain_line(key, 128): plain_line(value, MAX_WORD) if isinstance(value, str) else value
        for key, value in list(values.items())[:MAX_MAP_KEYS]
    }


def _words(fields: Mapping[str, object]) -> list[str]:
    """The strings of a fact, for the search."""
    found: list[str] = []
    for value in fields.values():
        if isinstance(value, str):
            if value:
                found.append(value)
        elif isinstance(value, dict):
            found.extend(str(item) for item in value.values() if isinstance(item, str))
    return found
