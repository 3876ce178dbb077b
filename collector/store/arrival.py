"""What ingest hands to the writer, and what the writer answers: plain values, checked and already
scrubbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ArrivedPageView:
    """A page view; `t_ms` since the document's time origin."""

    t_ms: int
    url: str
    title: str
    referrer: str
    route: int
    campaign: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class ArrivedFact:
    """Any other fact. `text`: what a search should find; `fields`: the op's own."""

    t_ms: int
    kind: str
    text: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BadFact:
    """A fact that could not be read, to be quarantined."""

    op_index: int
    reason: str
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """One batch. `address` is used for the daily hash and forgotten; only `ip_net` (truncated) is
    stored. A later batch of a document leaves out what holds for all of it ("" or None)."""

    site: int
    client_session_id: str
    secret_hash: bytes
    visitor_id: str | None
    client_tab: str
    document_id: str
    seq: int
    client_origin_ms: int | None
    t_ms: int
    path: str
    references: tuple[bytes, ...]
    sdk_version: str
    replay: bool | None
    sent_t_ms: float
    compression: int
    ops: bytes
    digest: bytes
    received_at_ms: int
    address: str
    ip_net: str
    user_agent: str
    is_bot: bool
    wire_bytes: int
    page_views: tuple[ArrivedPageView, ...] = ()
    facts: tuple[ArrivedFact, ...] = ()
    bad_facts: tuple[BadFact, ...] = ()
    person: str | None = None
    traits: str | None = None
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class ArrivedAsset:
    """The bytes of an asset, for a session whose secret fits (or that is new)."""

    site: int
    client_session_id: str
    secret_hash: bytes
    hash: bytes
    media_type: str
    data: bytes
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class Taken:
    """It will be durable at the commit. `has_ops`: there are new ops to check. `have`: keys of
    batches that the client may have sent before and got no answer to."""

    session_id: str
    has_ops: bool
    need: tuple[bytes, ...] = ()
    snapshot: bool = False
    have: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not be stored. `code` is mapped to a status in one place
    (`collector/problems.py`)."""

    code: str
    message: str
    retry_after_s: int | None = None
