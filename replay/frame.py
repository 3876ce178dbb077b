"""A frame: the state of one tab at one moment. In comes a tree, out come inert HTML and plain
text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from replay.html import render
from replay.ops import Viewport
from replay.text import read_text
from replay.tree import Tree

AssetUrl = Callable[[bytes, str], str]
"""The URL under which an asset may be had, from its hash and media type. An empty string:
nowhere."""


def no_assets(hash_: bytes, media_type: str) -> str:
    """Frames show placeholders where assets would be."""
    return ""


@dataclass(frozen=True, slots=True)
class Frame:
    """`viewport`: of zero size while it is unknown. `pointer`: CSS px in it, None before it first
    moved. `stale`: batches are missing here, or the recording had ended. `damage`: bad ops since
    the document was last told whole."""

    url: str
    tab: int
    t_ms: int
    viewport: Viewport
    scroll: tuple[int, int]
    pointer: tuple[int, int] | None
    stale: bool
    damage: tuple[str, ...]
    tree: Tree = field(repr=False)
    assets: Mapping[int, tuple[bytes, str]] = field(default_factory=dict, repr=False)
    css_assets: Mapping[int, Mapping[str, int]] = field(default_factory=dict, repr=False)

    def html(self, asset_url: AssetUrl = no_assets) -> str:
        """A whole HTML document that runs nothing, asks nothing of any server but `asset_url`, and
        leads nowhere."""
        return render(self.tree, self.assets, self.css_assets, asset_url)

    def text(self) -> str:
        """What can be read of it, one line a block."""
        return read_text(self.tree)
