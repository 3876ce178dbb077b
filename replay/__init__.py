"""Bytes in, frames out: turns recorded batches into the page as it looked at any moment. No HTTP,
no SQL, no clock."""

from replay.errors import NoFrame, ReplayError
from replay.frame import Frame
from replay.recording import Recording

__all__ = ["Frame", "NoFrame", "Recording", "ReplayError"]
