"""Recordings that no recorder makes: whoever has the site's key can send one. In come ops, out go
batches by ordinary requests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from replay import ops
from replay.encode import write_section
from replay.ops import Fact, NewNode
from replay.section import SectionOp
from replay.wire import Head, write_batch
from tests.e2e.conftest import Site
from tests.e2e.plain_http import CLIENT
from tests.normal_form.raw import HTML, Raw

_PREFIXES = {
    "http://www.w3.org/2000/svg": "svg",
    "http://www.w3.org/1998/Math/MathML": "math",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://www.w3.org/2000/xmlns/": "xmlns",
}


@dataclass(slots=True)
class Forger:
    """One document load of one session, sent batch by batch."""

    collector_url: str
    site: Site
    session_id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    document_id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    write_secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    seq: int = 0
    started_ms: int = field(default_factory=lambda: int(time.time() * 1000))

    def head(self, t_ms: int, facts: Iterable[Fact]) -> Head:
        """The head of the next batch."""
        return Head(
            site_key=self.site.key,
            session_id=self.session_id,
            write_secret=self.write_secret,
            visitor_id=None,
            tab_id=self.document_id,
            document_id=self.document_id,
            seq=self.seq,
            origin_ms=self.started_ms,
            session_start_ms=self.started_ms,
            t_ms=t_ms,
            url=f"http://127.0.0.1:{self.site.port}/forged",
            consent=1,
            facts=tuple((t_ms, fact) for fact in facts),
            references=(),
            sdk_version="0.1.0",
            replay=1,
        )

    def body(self, played: Iterable[SectionOp], t_ms: int = 0, facts: Iterable[Fact] = ()) -> bytes:
        """A request's body with these ops, all at one time."""
        timed = [(t_ms, op) for op in played]
        section = write_section(timed, t_ms) if timed else b""
        return write_batch(self.head(t_ms, facts), section, float(t_ms))

    def send(
        self, played: Iterable[SectionOp], t_ms: int = 0, facts: Iterable[Fact] = ()
    ) -> httpx.Response:
        """Posts the next batch as a page of the site would."""
        answer = post_batch(self.collector_url, self.site, self.body(played, t_ms, facts))
        self.seq += 1
        return answer


def post_batch(collector_url: str, site: Site, body: bytes) -> httpx.Response:
    """One POST with the site's origin."""
    headers = {"Origin": f"http://127.0.0.1:{site.port}", "Content-Type": "text/plain"}
    return CLIENT.post(f"{collector_url}/v1/batch", content=body, headers=headers, timeout=30)


def document_of(raw: Raw) -> list[SectionOp]:
    """A whole document as ops, with all that a recorder leaves out: scripts, handlers, every
    attribute."""
    run = tuple(_nodes(raw, -1, []))
    return [
        ops.Document(raw.mode, 0),
        ops.Begin(),
        ops.Viewport(1280, 720, 100, 100, 0, 0),
        ops.Put(1, 0, 2, run),
        ops.End(),
    ]


def _nodes(raw: Raw, parent: int, made: list[None]) -> Iterator[NewNode]:
    for child in raw.children:
        if child.kind == "text":
            made.append(None)
            yield NewNode(parent, "text", text=child.data)
        elif child.kind == "element":
            attributes = {_written(*name): value for name, value in child.attributes.items()}
            yield NewNode(parent, "element", _written(child.namespace, child.name), attributes)
            yield from _inside(child, made)


def _inside(element: Raw, made: list[None]) -> Iterator[NewNode]:
    made.append(None)
    place = len(made) - 1
    for part, node in (
        (element.shadow, NewNode(place, "shadow")),
        (element.content, NewNode(place, "content")),
    ):
        if part is not None:
            made.append(None)
            yield node._replace(mode=part.mode)
            yield from _nodes(part, len(made) - 1, made)
    if element.content is None:
        yield from _nodes(element, place, made)


def _written(namespace: str, name: str) -> str:
    if namespace in {"", HTML}:
        return name
    return f"/{_PREFIXES.get(namespace, quote(namespace, safe=''))}/{name}"
