"""How much one sender may send: in go keys and times, out comes how long to wait."""

from __future__ import annotations

from collections import OrderedDict

MAX_REMEMBERED = 50_000


class Buckets:
    """A token bucket for each key. Forgets the keys that were used longest ago: theirs are full
    again."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now_s: float, cost: float = 1.0) -> float:
        """Takes `cost` tokens and returns 0, or takes none and returns after how many seconds they
        will be there."""
        if self._rate <= 0:
            return 0.0
        level, at = self._levels.get(key, (self._burst, now_s))
        level = min(self._burst, level + max(0.0, now_s - at) * self._rate)
        cost = min(cost, self._burst)
        waits = level < cost
        self._levels[key] = (level if waits else level - cost, now_s)
        self._levels.move_to_end(key)
        if len(self._levels) > MAX_REMEMBERED:
            self._levels.popitem(last=False)
        return (cost - level) / self._rate if waits else 0.0
