"""What a recording asks of whoever keeps it: an index, and bytes by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from replay.timeline import Index


@dataclass(frozen=True, slots=True)
class AssetTable:
    """What holds for a document load whatever its time: asset id → (hash, media type), and owner →
    token → asset id."""

    assets: Mapping[int, tuple[bytes, str]] = field(default_factory=dict)
    css: Mapping[int, Mapping[str, int]] = field(default_factory=dict)


class Source(Protocol):
    """Where a recording comes from. `content` may be slow: it is asked once a segment that is
    read."""

    def index(self) -> Index:
        """All entries, as they are now."""

    def segment(self, segment: int) -> bytes:
        """The raw section of a segment."""

    def content(self, hash_: bytes) -> str | None:
        """The text with this hash, None when it is not there."""

    def assets(self, document: int) -> AssetTable:
        """The assets of a document load."""
