"""Recordings for tests: batches of one or several document loads, made from ops and facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from replay import Recording, ops
from replay.encode import write_section
from replay.ops import Fact, NewNode
from replay.section import SectionOp
from replay.wire import Head, write_batch

ORIGIN_MS = 1_700_000_000_000


def element(parent: int, name: str, **attributes: str) -> NewNode:
    attrs = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return NewNode(parent, "element", name, attrs or None)


def text(parent: int, data: str) -> NewNode:
    return NewNode(parent, "text", text=data)


def snapshot(t_ms: int, *body: NewNode, reason: int = 0) -> list[tuple[int, SectionOp]]:
    """html 2, head 3, body 4, and `body` from id 5 on (parent 2: the body)."""
    run = (element(-1, "html"), element(0, "head"), element(0, "body"), *body)
    several: list[SectionOp] = [
        ops.Document(0, reason),
        ops.Begin(),
        ops.Put(1, 0, 2, run),
        ops.End(),
    ]
    return [(t_ms, op) for op in several]


@dataclass(slots=True)
class Load:
    """A document load. Times of ops are ms since its own origin."""

    document: str = "document-000000001"
    tab: str = "tab-00000000000001"
    origin_ms: int = ORIGIN_MS
    bodies: list[bytes] = field(default_factory=list)

    def batch(
        self,
        timed: Sequence[tuple[int, SectionOp]],
        facts: Sequence[tuple[int, Fact]] = (),
        seq: int | None = None,
        named: dict[str, bytes] | None = None,
    ) -> bytes:
        """The next batch, or the one with this number."""
        t_ms = min([t_ms for t_ms, _ in timed] + [t_ms for t_ms, _ in facts], default=0)
        head = Head(
            site_key="site",
            session_id="session-00000000001",
            write_secret=bytes(16),
            visitor_id=None,
            tab_id=self.tab,
            document_id=self.document,
            seq=len(self.bodies) if seq is None else seq,
            origin_ms=self.origin_ms,
            session_start_ms=self.origin_ms,
            t_ms=t_ms,
            url="/",
            consent=2,
            facts=tuple(facts),
            references=(),
            sdk_version="0.1.0",
            replay=1,
        )
        section = write_section(timed, t_ms, (named or {}).get) if timed else b""
        last = max([t_ms for t_ms, _ in timed] + [t_ms], default=0)
        self.bodies.append(write_batch(head, section, last + 100))
        return self.bodies[-1]


def page_view(url: str, title: str = "") -> ops.PageView:
    return ops.PageView(url, title, "", 0, {})


def recording_of(*loads: Load) -> Recording:
    return Recording.from_batches([body for load in loads for body in load.bodies])
