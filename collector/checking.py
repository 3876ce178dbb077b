"""The structure of committed batches: in go their ops as they came, out come contents, assets and
marks to store, and what was wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

from collector.store.contents import (
    content_row,
    is_known,
    keep_text,
    publish,
    use,
    want,
    wanted_by,
)
from collector.store.database import Database
from collector.store.histories import answer_clicks
from collector.store.intake import Intake
from collector.store.open_sessions import MAX_AHEAD_MS
from collector.store.recordings import Checked, StoredBatch, save_check
from replay import ops
from replay.errors import ReplayError
from replay.section import SectionOp
from replay.wire import content_hash, inflate, read_section, section_contents

MAX_PROBLEMS = 20
"""Problems of one batch that are kept in words."""
MAX_RAW_BYTES = 8 << 20
MAX_ASSETS = 10_000
CHANGE_STEP_MS = 100
UNSHOWN = (
    ops.Begin, ops.End, ops.Pointer, ops.Hover, ops.Press, ops.Touch, ops.Visibility, ops.Mark,
    ops.Asset, ops.CssAsset, ops.Environment, ops.Viewport,
)  # fmt: skip
"""Ops that are no answer of the page to a click."""


def check_batch(batch: StoredBatch, report: Callable[[BaseException], None]) -> Checked:
    """Reads all ops of a batch. Never raises: one bad batch must not keep the others waiting for
    ever. `report` hears of what should not have happened."""
    try:
        return _check(batch)
    except ReplayError as error:
        return _unreadable(batch, str(error))
    except Exception as error:
        report(error)
        return _unreadable(batch, f"the check failed: {type(error).__name__}")


def _check(batch: StoredBatch) -> Checked:
    raw = inflate(batch.ops or b"", batch.compression, MAX_RAW_BYTES)
    carried, named = section_contents(raw)
    section = read_section(raw, batch.t_ms, _stand_in)
    texts = _hashed(carried)
    missing = {f"content {hash_.hex()} can't be had" for hash_ in named}
    problems = [line for line in section.problems if line not in missing]
    timed = section.ops
    latest_ms = max(batch.t_ms, batch.latest_ms + MAX_AHEAD_MS)
    return Checked(
        batch=batch,
        until_ms=min(timed[-1][0], latest_ms) if timed else batch.t_ms,
        op_count=len(timed),
        raw_bytes=len(raw),
        has_document=any(isinstance(op, ops.Document) for _, op in timed),
        starts_document=bool(timed) and isinstance(timed[0][1], ops.Document),
        unreadable=False,
        carried=texts,
        named=tuple(dict.fromkeys(named)),
        public=_public(
            timed, {text: hash_ for (hash_, _), text in zip(texts, carried, strict=True)}
        ),
        assets=_assets(timed),
        css=tuple(
            (op.owner, op.token[:2_048], op.asset)
            for _, op in timed
            if isinstance(op, ops.CssAsset)
        ),
        visibility=tuple((t_ms, op.state) for t_ms, op in timed if isinstance(op, ops.Visibility)),
        problems=tuple((_op_index(line), line[:500]) for line in problems[:MAX_PROBLEMS]),
        changed_ms=_changed_ms(timed),
    )


def save_checks(db: Database, intake: Intake, found: list[Checked], now_ms: int) -> None:
    """Stores what was found, in the writer's transaction."""
    for checked in found:
        batch = checked.batch
        if not save_check(db, checked, now_ms):
            continue
        for hash_, text in checked.carried:
            row = keep_text(db, batch.site, hash_, text, now_ms)
            intake.got(use(db, batch.site, batch.session, row, hash_), hash_)
        for hash_ in (*checked.named, *(hash_ for _, hash_, _ in checked.assets)):
            known = content_row(db, batch.site, hash_)
            # A stranger's text can't be claimed by naming its hash.
            if known is not None and is_known(db, batch.site, batch.session, hash_):
                intake.got(use(db, batch.site, batch.session, known, hash_), hash_)
            else:
                want(db, batch.document, hash_)
        for hash_ in (*checked.public, *(hash_ for _, hash_, _ in checked.assets)):
            row = content_row(db, batch.site, hash_) or 0
            if row and is_known(db, batch.site, batch.session, hash_):
                publish(db, batch.site, batch.path, row, now_ms)
        answer_clicks(db, batch.session, batch.document, checked.changed_ms)
        intake.checked(batch.document, wanted_by(db, batch.document))


def _unreadable(batch: StoredBatch, reason: str) -> Checked:
    return Checked(
        batch=batch,
        until_ms=batch.t_ms,
        op_count=0,
        raw_bytes=0,
        has_document=False,
        starts_document=False,
        unreadable=True,
        carried=(),
        named=(),
        public=(),
        assets=(),
        css=(),
        visibility=(),
        problems=((-1, reason[:500]),),
    )


def _op_index(line: str) -> int:
    match = re.match(r"op ([0-9]{1,9})", line)
    return int(match[1]) if match else -1


def _stand_in(hash_: bytes) -> str:
    """Stands for a text that is named by hash: the check does not need it."""
    return f"visitreel-content:{hash_.hex()}"


def _hashed(carried: list[str]) -> tuple[tuple[bytes, bytes], ...]:
    texts = (text.encode("utf-8", "replace") for text in carried)
    return tuple((content_hash(data), data) for data in texts)


def _public(timed: list[tuple[int, SectionOp]], carried: dict[str, bytes]) -> tuple[bytes, ...]:
    """Linked style sheets: they have a base URL of their own, and anybody may fetch them from the
    site."""
    found: dict[bytes, None] = {}
    for _, op in timed:
        if isinstance(op, ops.Sheet) and op.base:
            hash_ = carried.get(op.text) or _named_by(op.text)
            if hash_:
                found[hash_] = None
    return tuple(found)


def _named_by(text: str) -> bytes | None:
    prefix, _, name = text.partition(":")
    if prefix != "visitreel-content" or len(name) != 32:
        return None
    try:
        return bytes.fromhex(name)
    except ValueError:
        return None


def _changed_ms(timed: list[tuple[int, SectionOp]]) -> tuple[int, ...]:
    """When the page changed, of every moment once; focus that goes nowhere is no change."""
    found: list[int] = []
    for t_ms, op in timed:
        if found and t_ms - found[-1] < CHANGE_STEP_MS:
            continue
        if not isinstance(op, UNSHOWN) and not (isinstance(op, ops.Focus) and not op.node):
            found.append(t_ms)
    return tuple(found)


def _assets(timed: list[tuple[int, SectionOp]]) -> tuple[tuple[int, bytes, str], ...]:
    found = {
        op.asset: (op.asset, op.hash, op.media_type[:100].lower())
        for _, op in timed
        if isinstance(op, ops.Asset)
    }
    return tuple(found.values())[:MAX_ASSETS]
