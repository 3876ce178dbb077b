"""A reader of event streams: in comes an address, out come events, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `id` is empty where none was sent."""

    name: str
    data: Any
    id: str


class Stream:
    """A stream that is open. Beats are left out."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> Event:
        """The next event. Raises `httpx.ReadTimeout` where none comes, StopIteration at the end."""
        while True:
            fields = self._fields()
            if fields.get("event", "beat") != "beat":
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))

    def until(self, name: str) -> Event:
        """The next event of this name."""
        while (event := self.next()).name != name:
            pass
        return event

    def rest(self) -> list[Event]:
        """All that comes until the other side ends it."""
        found = []
        try:
            while True:
                found.append(self.next())
        except StopIteration:
            return found

    def _fields(self) -> Mapping[str, str]:
        fields: dict[str, str] = {}
        while line := next(self._lines):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields


@contextmanager
def events(client: httpx.Client, path: str, **headers: str) -> Iterator[Stream]:
    """Opens a stream."""
    timeout = httpx.Timeout(WITHIN_S)
    with client.stream("GET", path, headers=headers, timeout=timeout) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)
