"""How long `frame_at` takes: synthetic pages go in, milliseconds come out. Every call reads the
recording anew, as the collector does for a link that is opened."""

from __future__ import annotations

import random
import statistics
import time

from replay import Recording
from replay.head import Head
from replay.ops import Attr, Begin, Document, End, NewNode, PageView, Put, SetText, TreeOp
from replay.wire import GZIP, write_batch, write_section

CALLS = 31
MUTATION_MS = 10


def _page(nodes: int) -> list[tuple[int, TreeOp]]:
    run = [NewNode(-1, "element", "html"), NewNode(0, "element", "body", {"class": "page"})]
    while len(run) < nodes:
        item = len(run)
        attrs = {"class": f"item c{item % 7}", "data-id": str(item)}
        run.append(NewNode(1, "element", "li", attrs))
        run.append(NewNode(item, "element", "a", {"href": f"/item/{item}"}))
        run.append(NewNode(item + 1, "text", text=f"Item number {item} for sale"))
    return [(0, Document(0, 0)), (0, Begin()), (0, Put(1, 0, 2, tuple(run))), (0, End())]


def recording_of(nodes: int, mutations: int) -> bytes:
    """One batch: a page, then `mutations` of its texts and attributes."""
    chosen = random.Random(1)
    timed = _page(nodes)
    items = (nodes - 2) // 3
    for count in range(mutations):
        link = 5 + 3 * chosen.randrange(items)
        change: TreeOp = (
            SetText(link, f"sold {count}") if count % 2 else Attr(link - 1, "class", f"n{count}")
        )
        timed.append((MUTATION_MS * (count + 1), change))
    head = Head(
        site_key="benchbenchbenchbench00", session_id="s" * 22, write_secret=bytes(16),
        visitor_id=None, tab_id="t" * 22, document_id="d" * 22, seq=0, origin_ms=0,
        session_start_ms=0, t_ms=0, url="https://shop.example/", consent=2,
        facts=((0, PageView("https://shop.example/", "Bench", "", 0, {})),), references=(),
        sdk_version="0", replay=1,
    )  # fmt: skip
    return write_batch(head, write_section(timed, 0), 0.0, GZIP)


def frame_ms(nodes: int, mutations: int) -> float:
    """The median of `frame_at` at random moments, each with a recording that was not read yet."""
    body = recording_of(nodes, mutations)
    chosen = random.Random(2)
    taken = []
    for _ in range(CALLS):
        recording = Recording.from_batches([body])
        t_ms = chosen.randrange(mutations * MUTATION_MS + 1)
        start = time.perf_counter()
        frame = recording.frame_at(t_ms)
        taken.append((time.perf_counter() - start) * 1000)
        if not frame.tree.texts:
            raise AssertionError("an empty frame was measured")
    return statistics.median(taken)
