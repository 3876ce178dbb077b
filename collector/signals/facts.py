"""What the evaluator reads: facts of visitors, in the order of time; and what a signal points to:
moments."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

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


class Moment(NamedTuple):
    """A fact as a signal names it: `t_ms` in the session `session` is where a link opens. `fact`:
    `p` and its row for a page view, `f` and its row for any other."""

    fact: str
    kind: str
    session: int
    t_ms: int
    at_ms: int

    @property
    def row(self) -> int:
        """Its row in its table."""
        return int(self.fact[1:])


class Fact(NamedTuple):
    """One stored fact. `row`: in the table of page views, or in that of other facts; `session` and
    `document` are rows; `fields` are those of the op in `replay/ops.py`. (A named tuple: hundreds
    of thousands are made for a backtest, and a dataclass takes three times as long.)"""

    kind: str
    row: int
    at_ms: int
    session: int
    t_ms: int
    document: int
    fields: Mapping[str, object] = MappingProxyType({})

    @property
    def id(self) -> str:
        """Names it among all facts."""
        return f"{'p' if self.kind == 'page_view' else 'f'}{self.row}"

    @property
    def order(self) -> Order:
        """Facts of a visitor are evaluated in this order."""
        return self.at_ms, RANKS.get(self.kind, 1), self.row

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
