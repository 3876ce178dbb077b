"""What the evaluator reads: facts of visitors, in the order of time; and what a signal points to:
moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from replay.fields import FACTS, NAMES

CHANGE = "change"
"""Not a fact of the visitor's: the page changed what it shows. Only dead clicks ask for it."""
COPY = "copy"
RANKS = {"page_view": 0, CHANGE: 2}
"""Of what happened in one ms page views come first, and changes of the page last."""
KINDS: frozenset[str] = frozenset(NAMES[code] for code in FACTS)
"""The kinds that a recorder sends."""

Order = tuple[int, int, int]
"""Time in Unix ms, the rank of the kind, then the number of the row."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact as a signal names it: `t_ms` in the session `session` is where a link opens."""

    fact: str
    kind: str
    session: int
    t_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored fact. `id`: `p` and its row for a page view, `f` and its row for any other;
    `session` and `document` are rows, `fields` those of the op in `replay/ops.py`."""

    id: str
    kind: str
    at_ms: int
    session: int
    t_ms: int
    document: int
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def order(self) -> Order:
        """Facts of a visitor are evaluated in this order."""
        return self.at_ms, RANKS.get(self.kind, 1), int(self.id[1:])

    @property
    def moment(self) -> Moment:
        """What remains of it in memory."""
        return Moment(self.id, self.kind, self.session, self.t_ms, self.at_ms)

    def word(self, name: str) -> str:
        """A field that is text; empty where it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A field that is a whole number; 0 where it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, int) else 0

    def mapping(self, name: str) -> Mapping[str, object]:
        """A field that is a map; empty where it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, Mapping) else {}
