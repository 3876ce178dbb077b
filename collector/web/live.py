"""Streams of server-sent events: in come wake-ups of the hub and what to say then, out goes
`text/event-stream`, with beats while nothing happens. Whoever does not read is hung up on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from collector.live import Hub, Topic
from collector.problems import Problem
from collector.store.database import StoreError
from collector.web.context import context_of, viewer_of

BEAT_S = 15.0
"""Whoever hears nothing for longer knows that the connection is gone."""
PATIENCE_S = 60.0
RETRY_MS = (500, 3_000)
"""After a restart not everybody comes back in the same moment."""
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
BEAT = b"event: beat\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a look found. `events`: to be sent; `within_s`: look again by then, whatever happens;
    `is_over`: this was the last."""

    events: bytes = b""
    within_s: float = BEAT_S
    is_over: bool = False


Look = Callable[[], Said]
"""Reads what is new, in a thread. Raises `Problem` when this must not be seen any more."""


def event(name: str, data: object, id_: str = "") -> bytes:
    """An event as it goes over the wire."""
    front = f"id: {id_}\nevent: {name}\ndata: " if id_ else f"event: {name}\ndata: "
    # JSON of orjson has no line breaks.
    return front.encode() + orjson.dumps(data) + b"\n\n"


class EventStream(StreamingResponse):
    """A stream of events; its life is that of the connection, or of the collector."""

    def __init__(
        self,
        hub: Hub,
        topics: tuple[Topic, ...],
        look: Look,
        *,
        gap_s: float,
        watched: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`gap_s`: time between two looks, at least; `watched`: the session whose recorder shall
        send more often as long as this lasts."""
        super().__init__(
            _events(hub, topics, look, gap_s, watched), headers=HEADERS,
            media_type="text/event-stream",
        )  # fmt: skip
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(self._patience_s):
                await send(message)

        try:
            await super().__call__(scope, receive, patiently)
        except* TimeoutError:
            # Nothing can be said there any more: the server closes the connection.
            pass


async def _events(
    hub: Hub, topics: tuple[Topic, ...], look: Look, gap_s: float, watched: str | None
) -> AsyncIterator[bytes]:
    with hub.listen(*topics) as listener, hub.watching(watched):
        yield f"retry: {random.randint(*RETRY_MS)}\n\n".encode()  # noqa: S311 - no secret
        beat_at = time.monotonic() + BEAT_S
        while not listener.is_over:
            said = await run_in_threadpool(look)
            if said.events or time.monotonic() >= beat_at:
                yield said.events or BEAT
                beat_at = time.monotonic() + BEAT_S
            if said.is_over:
                return
            await listener.rest(gap_s)
            await listener.news(min(said.within_s, max(0.0, beat_at - time.monotonic())))


def rechecked(request: Request, look: Look, allow: Callable[[], object]) -> Look:
    """The same look for as long as whoever looks still may: `allow` raises a `Problem` when not,
    and is asked at every beat."""
    asked_at = time.monotonic()

    def checked() -> Said:
        nonlocal asked_at
        try:
            if time.monotonic() - asked_at >= BEAT_S:
                allow()
                asked_at = time.monotonic()
            return look()
        except Problem:
            return Said(is_over=True)
        except StoreError as error:
            context_of(request).metrics.report(error)
            return Said()

    return checked


def still_signed_in(request: Request) -> Callable[[], None]:
    """Raises a `Problem` once whoever asked is signed out."""

    def ask() -> None:
        if viewer_of(request) is None:
            raise Problem("unauthenticated", "signed out")

    return ask
