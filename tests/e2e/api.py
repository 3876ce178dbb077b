"""The collector's API as a program uses it. In come a token and ids, out comes JSON, typed as far
as the tests look."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx

from tests.e2e import plain_http

Json = dict[str, Any]


class Api:
    """A client with a token. A context manager."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = plain_http.client(base_url=url, headers=headers, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """The answer to a GET, whatever its status."""
        return self._client.get(path, params=query)

    def json(self, path: str, **query: str | int) -> Json:
        """The JSON of a GET that must succeed."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    def session(self, session_id: str) -> Json:
        """One session with its page views and all of its facts."""
        found = self.json(f"/api/sessions/{session_id}")
        while found["facts_next"] is not None:
            path = f"/api/sessions/{session_id}/facts"
            following = self.json(path, after=found["facts_next"])
            found["facts"] += following["facts"]
            found["facts_next"] = following["facts_next"]
        return found

    def timeline(self, session_id: str) -> Json:
        """The segment index of a session."""
        return self.json(f"/api/sessions/{session_id}/timeline")

    def frame(self, session_id: str, t_ms: int) -> httpx.Response:
        """The HTML of a frame, with its headers."""
        return self.get(f"/api/sessions/{session_id}/frame", t_ms=t_ms)
