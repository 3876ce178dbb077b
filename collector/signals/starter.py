"""The rules that the program brings, for a beginning: in goes the name of a set, out comes its
YAML."""

from __future__ import annotations

from importlib.resources import files

STARTERS = ("shop", "b2b")


def starter_text(name: str) -> str:
    """One of `STARTERS`, as YAML. Raises KeyError."""
    if name not in STARTERS:
        raise KeyError(name)
    path = files("collector.signals").joinpath("sets", f"{name}.yaml")
    return path.read_text(encoding="utf-8")
