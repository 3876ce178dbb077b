"""Token buckets."""

from __future__ import annotations

from collector.limits import MAX_REMEMBERED, Buckets


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.wait_s("a", 0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.wait_s("b", 0) == 0
    assert buckets.wait_s("a", 0.5) == 0
    assert buckets.wait_s("a", 0.5) == 0.5


def test_a_cost_over_the_burst_takes_all_of_it() -> None:
    buckets = Buckets(rate=1, burst=5)
    assert buckets.wait_s("a", 0, cost=100) == 0
    assert buckets.wait_s("a", 0) == 1


def test_a_clock_that_goes_back_harms_nobody() -> None:
    buckets = Buckets(rate=1, burst=1)
    assert buckets.wait_s("a", 100) == 0
    assert buckets.wait_s("a", 50) == 1


def test_memory_is_bounded() -> None:
    buckets = Buckets(rate=1, burst=1)
    for number in range(MAX_REMEMBERED + 10):
        buckets.wait_s(str(number), 0)
    assert buckets.wait_s("0", 0) == 0
    assert buckets.wait_s(str(MAX_REMEMBERED), 0) == 1


def test_no_rate_is_no_limit() -> None:
    buckets = Buckets(rate=0, burst=0)
    assert not any(buckets.wait_s("a", 0) for _ in range(100))
