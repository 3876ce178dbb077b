"""Finds what is not Python: the built script, the sample shop and the player, in a checkout and in
an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Part = Literal["sdk", "shop", "player"]

_HERE = Path(__file__).resolve().parent
_CHECKOUT: dict[Part, tuple[str, ...]] = {"sdk": ("sdk_js", "dist"), "shop": ("examples", "shop")}


class NotBundled(Exception):
    """This part is neither beside the package nor in it."""


def bundled(part: Part) -> Path:
    """The folder of a part. Raises `NotBundled`."""
    if part == "player":
        import replay

        folder = Path(str(replay.__file__)).resolve().parent / "player"
        candidates = [folder]
    else:
        candidates = [_HERE.parent.joinpath(*_CHECKOUT[part]), _HERE / "bundled" / part]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise NotBundled(f"the {part} is missing: looked in {', '.join(map(str, candidates))}")


def sample() -> Path:
    """The recorded visit that the demo brings. Raises `NotBundled`."""
    file = _HERE / "sample.reel"
    if not file.is_file():
        raise NotBundled(f"the sample visit is missing: looked for {file}")
    return file
