"""Refusals: in go codes and errors, out come statuses and JSON bodies. The one place where an error
becomes an HTTP status."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from collector.store.database import StorageBroken, StorageBusy, StorageFull, StoreError
from collector.store.visitors import UnknownVisitor
from collector.writer import QueueFull
from replay.errors import ReplayError, TooLarge

STATUSES = {
    "bad_request": 400,
    "bad_batch": 400,
    "bad_hash": 400,
    "unauthenticated": 401,
    "unknown_site": 403,
    "origin_not_allowed": 403,
    "foreign_session": 403,
    "foreign_request": 403,
    "forbidden": 403,
    "not_watchable": 403,
    "not_found": 404,
    "no_frame": 404,
    "method_not_allowed": 405,
    "body_too_slow": 408,
    "conflict": 409,
    "erased": 410,
    "share_ended": 410,
    "too_large": 413,
    "wrong_media_type": 415,
    "too_many_requests": 429,
    "internal": 500,
    "unavailable": 503,
    "unknown_document": 409,
    "unknown_session": 503,
    "disk_full": 507,
    "too_many_assets": 507,
}


class Problem(Exception):
    """A refusal as the outside sees it."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retry_after_s: int | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s
        self.details = dict(details or {})

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUSES[self.code]

    def body(self) -> bytes:
        """`{"error": {"code", "message"}}`."""
        error = {"code": self.code, "message": self.message, **self.details}
        return orjson.dumps({"error": error})


def problem_of(error: Exception) -> Problem:
    """What the outside hears of an error: never a trace."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, TooLarge):
        return Problem("too_large", str(error))
    if isinstance(error, ReplayError):
        return Problem("bad_batch", str(error))
    if isinstance(error, StorageFull):
        return Problem("disk_full", "no room on the collector's disk", retry_after_s=60)
    if isinstance(error, QueueFull | StorageBusy):
        return Problem("unavailable", "too much to write: try again", retry_after_s=2)
    if isinstance(error, StorageBroken):
        return Problem("unavailable", "the collector can't store anything now", retry_after_s=60)
    if isinstance(error, UnknownVisitor):
        return Problem("not_found", str(error))
    if isinstance(error, StoreError):
        return Problem("internal", "the store failed")
    return Problem("internal", "the collector failed")
