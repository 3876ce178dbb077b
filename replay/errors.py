"""What can be wrong with bytes or ops: every error that leaves this package is a `ReplayError` with
its evidence."""

from __future__ import annotations


class ReplayError(Exception):
    """Bad input. `offset`: byte in what was read; `op_index`: position of the op; `field`: name of
    the field. None where unknown."""

    def __init__(
        self,
        message: str,
        *,
        offset: int | None = None,
        op_index: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.op_index = op_index
        self.field = field


class BadFrame(ReplayError):
    """The 20 bytes in front of a batch, or its lengths, are wrong."""


class UnknownVersion(ReplayError):
    """The format version is not ours."""


class BadHead(ReplayError):
    """The head is no map of the right fields. `field` names the one that is wrong."""


class BadCompression(ReplayError):
    """Compressed bytes are truncated, damaged, or followed by something."""


class TooLarge(ReplayError):
    """More bytes than the caller allows."""


class BadReel(ReplayError):
    """A file is no portable recording, or a part of one can't be read. `offset`: where it lies."""


class BadSection(ReplayError):
    """The ops section is no section at all: nothing in it can be read."""


class Damaged(ReplayError):
    """A section can't be read any further. Stays inside this package: readers list it as a
    problem."""


class BadOp(ReplayError):
    """An op that does not fit the tree. Stays inside this package: it is listed as damage and
    skipped."""


class NoFrame(ReplayError):
    """Nothing can be shown at that moment: before the first snapshot, or there is no such tab."""


def shown(value: object, limit: int = 60) -> str:
    """A value as it may stand in a message: quoted, escaped, short."""
    text = ascii(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
