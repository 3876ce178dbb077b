"""A recorder for tests: in come ops and facts, out go batches as the script sends them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx

from replay import ops
from replay.ops import Fact, NewNode
from replay.section import TimedOp
from replay.wire import GZIP, AssetUpload, Head, write_asset, write_batch, write_section

ORIGIN = "http://shop.test"


def client_id() -> str:
    """An id as the script makes it."""
    return secrets.token_urlsafe(16)


def page_view(
    url: str = "http://shop.test/a", referrer: str = "", title: str = "A"
) -> ops.PageView:
    """A document load."""
    return ops.PageView(url, title, referrer, 0, {})


def snapshot(t_ms: int = 0, text: str = "hello") -> list[TimedOp]:
    """The ops of a small page."""
    run = (
        NewNode(-1, "element", "html"),
        NewNode(0, "element", "body", {"class": "page"}),
        NewNode(1, "element", "p"),
        NewNode(2, "text", text=text),
    )
    return [
        (t_ms, ops.Document(0, 0)),
        (t_ms, ops.Begin()),
        (t_ms, ops.Put(1, 0, 2, run)),
        (t_ms, ops.Viewport(800, 600, 100, 100, 0, 0)),
        (t_ms, ops.End()),
    ]


TEXT_NODE = 5
"""The text of `snapshot`."""


@dataclass
class Tab:
    """One document load of one visitor. Batches count their numbers from 0."""

    key: str
    url: str = "http://shop.test/a"
    session_id: str = field(default_factory=client_id)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    visitor_id: str | None = field(default_factory=client_id)
    tab_id: str = field(default_factory=client_id)
    document_id: str = field(default_factory=client_id)
    seq: int = 0

    def head(
        self, t_ms: int = 0, facts: Sequence[tuple[int, Fact]] = (), **changes: object
    ) -> Head:
        """The head of the next batch."""
        head = Head(
            site_key=self.key,
            session_id=self.session_id,
            write_secret=self.secret,
            visitor_id=self.visitor_id,
            tab_id=self.tab_id,
            document_id=self.document_id,
            seq=self.seq,
            origin_ms=1_700_000_000_000,
            session_start_ms=1_700_000_000_000,
            t_ms=t_ms,
            url=self.url,
            consent=1 if self.visitor_id else 2,
            facts=tuple(facts),
            references=(),
            sdk_version="0.1.0",
            replay=1,
        )
        return replace(head, **changes)  # type: ignore[arg-type]

    def batch(
        self,
        timed: Sequence[TimedOp] = (),
        facts: Sequence[tuple[int, Fact]] = (),
        *,
        sent_t_ms: float | None = None,
        compression: int = GZIP,
        contents: Mapping[str, bytes] | None = None,
        **changes: object,
    ) -> bytes:
        """The next batch; its time is that of its first op or fact."""
        times = [*(t for t, _ in timed), *(t for t, _ in facts)]
        t_ms = min(times, default=0)
        named = contents or {}
        section = write_section(timed, t_ms, named.get) if timed else b""
        head = self.head(t_ms, facts, references=tuple(named.values()), **changes)
        self.seq += 1
        sent = max(times, default=0) if sent_t_ms is None else sent_t_ms
        return write_batch(head, section, sent, compression)

    def asset(self, data: bytes, media_type: str, hash_: bytes | None = None) -> bytes:
        """An asset's upload."""
        upload = AssetUpload(
            self.key, self.session_id, self.secret, hash_, media_type, "http://shop.test/i", 0, data
        )
        return write_asset(upload)


def post(
    client: httpx.Client, body: bytes, path: str = "/v1/batch", **headers: str
) -> httpx.Response:
    """As a page of the shop does it."""
    sent = {"origin": ORIGIN, "content-type": "text/plain", **headers}
    return client.post(
        path, content=body, headers={k.replace("_", "-"): v for k, v in sent.items()}
    )
