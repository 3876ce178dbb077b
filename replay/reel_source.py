"""A portable recording as the source of a `Recording`: in goes a path, out come the entries and
bytes that a recording asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from replay import ops
from replay.errors import BadReel, ReplayError
from replay.reel import read_body
from replay.reel_parts import ReelTable
from replay.reel_read import Reel, content_of, facts_of, read_reel
from replay.source import AssetTable
from replay.timeline import DocumentEntry, Index, PageViewEntry, VisibilityEntry

MAX_TEXT_BYTES = 8 << 20

Value = TypeVar("Value")


class ReelSource:
    """Holds what a file says of itself; its ops and texts are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            self.reel = read_reel(file)
            if self.reel.is_empty:
                raise BadReel(f"{path.name}: nothing of it can be read")
            self._page_views = _page_views(file, self.reel)
        self._segments = {found.entry.segment: found for found in self.reel.segments}

    def index(self) -> Index:
        """All entries."""
        documents = self.reel.documents.values()
        return Index(
            [DocumentEntry(d.document, d.tab, d.t_ms, d.until_ms) for d in documents],
            [found.entry for found in self.reel.segments],
            self._page_views,
            [
                VisibilityEntry(t_ms, document.tab, state)
                for document in documents
                for t_ms, state in self._table(document.document).visibility
            ],
            [gap for gaps in self.reel.gaps.values() for gap in gaps],
        )

    def segment(self, segment: int) -> bytes:
        """The raw section of a segment. Raises ReplayError."""
        part = self._segments[segment].part
        return self._read(lambda file: read_body(file, part))

    def content(self, hash_: bytes) -> str | None:
        """The text with this hash."""
        part = self.reel.texts.get(hash_)
        if part is None:
            return None
        try:
            data = self._read(lambda file: content_of(file, hash_, part, MAX_TEXT_BYTES))
        except ReplayError:
            return None
        return data.decode("utf-8", "replace")

    def assets(self, document: int) -> AssetTable:
        """The assets of a document load."""
        table = self._table(document)
        css: dict[int, dict[str, int]] = {}
        for owner, token, asset in table.css:
            css.setdefault(owner, {})[token] = asset
        return AssetTable({asset: (hash_, kind) for asset, hash_, kind in table.assets}, css)

    def _table(self, document: int) -> ReelTable:
        return self.reel.tables.get(document, ReelTable())

    def _read(self, read: Callable[[BinaryIO], Value]) -> Value:
        with self._path.open("rb") as file:
            return read(file)


def _page_views(file: BinaryIO, reel: Reel) -> list[PageViewEntry]:
    found = []
    for facts in reel.facts:
        try:
            timed, problems = facts_of(file, facts)
        except ReplayError as error:
            reel.problems.append(f"facts at byte {facts.part.offset}: {error.message}")
            continue
        reel.problems += [f"document {facts.document}: {problem}" for problem in problems]
        tab = reel.documents[facts.document].tab
        found += [
            PageViewEntry(t_ms, tab, facts.document, fact.url, fact.title)
            for t_ms, fact in timed
            if isinstance(fact, ops.PageView)
        ]
    return sorted(found, key=lambda view: view.t_ms)
