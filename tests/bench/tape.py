"""A real visit, kept as the batches that the script posted, to be sent again under new ids and at
new times. In comes a browser's visit or a file, out come request bodies."""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgpack
from playwright.sync_api import Browser

from replay.ops import PageView
from tests.bench.recorders import Recorder
from tests.bench.sink import running_sink
from tests.bench.visits import Visit, serve_site
from tests.bench.wire import check, play

_FRONT = ">2sBBdII"
_FRONT_BYTES = struct.calcsize(_FRONT)
BATCH, ASSET = "/v1/batch", "/v1/asset"
PAUSE_MS = 1_000
"""Between two rounds of a visit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A recorded batch. `at_ms`: when it was posted, since the visit began; `facts`: how many facts
    ride in it, `views`: how many of them are page views."""

    head: Mapping[str, Any]
    second: bytes
    compression: int
    at_ms: int
    facts: int
    views: int


@dataclass(frozen=True, slots=True)
class Tape:
    """A visit. `origins`: document → Unix ms of its time origin; `assets`: heads and bodies."""

    pieces: tuple[Piece, ...]
    assets: tuple[Piece, ...]
    origins: Mapping[str, int]

    @property
    def began_ms(self) -> int:
        """Unix ms."""
        return min(self.origins.values())

    @property
    def long_ms(self) -> int:
        """From the first document's time origin to the last batch."""
        return max(piece.at_ms for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Body:
    """A request to make. `due_ms`: since the visit's begin; `ops`: how many sections of ops it has,
    1 or 0."""

    path: str
    data: bytes
    session_id: str
    due_ms: int
    facts: int
    views: int
    ops: int


def recorded(browser: Browser, visit: Visit, recorder: Recorder) -> list[tuple[str, bytes]]:
    """Plays a visit; paths and bodies of what the recorder posts."""
    with running_sink(recorder.scripts) as sink, serve_site(sink.url) as site:
        play(browser, sink, site, recorder, visit)
        check(sink, recorder, visit)
        return [(one.path, one.body) for one in sink.posted]


def save(file: Path, posted: list[tuple[str, bytes]]) -> None:
    """Keeps what `recorded` returned."""
    lines = [[path, base64.b64encode(body).decode()] for path, body in posted]
    file.write_text(json.dumps(lines), encoding="utf-8")


def load(file: Path) -> Tape:
    """The visit in a file that `save` wrote."""
    posted = json.loads(file.read_text(encoding="utf-8"))
    return tape_of([(path, base64.b64decode(body)) for path, body in posted])


def tape_of(posted: list[tuple[str, bytes]]) -> Tape:
    """The visit that made these requests."""
    opened = [(path, *_opened(body)) for path, body in posted if path in {BATCH, ASSET}]
    origins = {head["d"]: head["o"] for path, head, *_ in opened if "o" in head}
    began = min(origins.values())
    pieces, assets = [], []
    seen = set()
    for path, head, sent_t_ms, compression, second in opened:
        if path == ASSET:
            assets.append(Piece(head, second, compression, 0, 0, 0))
            continue
        # What a page sent while it was left, the next page sends again: the same bytes.
        if (head["d"], head["n"]) in seen:
            continue
        seen.add((head["d"], head["n"]))
        at_ms = int(origins[head["d"]] - began + sent_t_ms)
        views = sum(fact[0] == PageView.CODE for fact in head["f"])
        pieces.append(Piece(head, second, compression, at_ms, len(head["f"]) - views, views))
    return Tape(tuple(pieces), tuple(assets), origins)


def _opened(body: bytes) -> tuple[dict[str, Any], float, int, bytes]:
    _, _, compression, sent_t_ms, head_bytes, _ = struct.unpack_from(_FRONT, body)
    split = _FRONT_BYTES + head_bytes
    head = msgpack.unpackb(body[_FRONT_BYTES:split], strict_map_key=False)
    return head, sent_t_ms, compression, body[split:]


def _closed(head: Mapping[str, Any], piece: Piece, sent_t_ms: float) -> bytes:
    packed: bytes = msgpack.packb(head)
    front = struct.pack(
        _FRONT, b"VR", 1, piece.compression, max(0.0, sent_t_ms), len(packed), len(piece.second)
    )
    return front + packed + piece.second


def visitor(
    tape: Tape,
    site_key: str,
    chosen: random.Random,
    began_ms: int,
    *,
    rounds: int = 1,
    round_ms: int = 0,
    with_assets: bool = False,
) -> Iterator[Body]:
    """The tape as another visitor's, who came at `began_ms` (Unix) and does it all `rounds` times,
    `round_ms` apart (0: as long as it takes), each time in new documents of the same session.
    Assets need to come once a site."""
    apart_ms = round_ms or tape.long_ms + PAUSE_MS
    session, secret, tab, person = _id(chosen), chosen.randbytes(16), _id(chosen), _id(chosen)
    for turn in range(rounds):
        shift_ms = began_ms - tape.began_ms + turn * apart_ms
        documents = {old: _id(chosen) for old in tape.origins}
        for piece in tape.pieces:
            old = piece.head["d"]
            changed = {
                "k": site_key, "s": session, "w": secret, "v": person, "b": tab,
                "d": documents[old], "o": tape.origins[old] + shift_ms, "z": began_ms,
            }  # fmt: skip
            head = {key: changed.get(key, value) for key, value in piece.head.items()}
            sent_t_ms = piece.at_ms - (tape.origins[old] - tape.began_ms)
            due_ms = turn * apart_ms + piece.at_ms
            data = _closed(head, piece, sent_t_ms)
            has_ops = int(bool(piece.second))
            yield Body(BATCH, data, session, due_ms, piece.facts, piece.views, has_ops)
            if with_assets and turn == 0 and piece is tape.pieces[0]:
                yield from _assets(tape, site_key, session, secret)


def _assets(tape: Tape, site_key: str, session: str, secret: bytes) -> Iterator[Body]:
    for asset in tape.assets:
        head = {**asset.head, "k": site_key, "s": session, "w": secret}
        yield Body(ASSET, _closed(head, asset, 0), session, 0, 0, 0, 0)


def sent_late(body: Body, now_ms: int, began_ms: int) -> Body:
    """The batch as if it had waited in the browser's outbox until now."""
    head, sent_t_ms, compression, second = _opened(body.data)
    waited_ms = now_ms - (began_ms + body.due_ms)
    piece = Piece(head, second, compression, 0, 0, 0)
    data = _closed(head, piece, sent_t_ms + max(0, waited_ms))
    return replace(body, data=data, due_ms=0)


def _id(chosen: random.Random) -> str:
    return base64.urlsafe_b64encode(chosen.randbytes(16)).decode().rstrip("=")
