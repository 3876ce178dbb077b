"""Trials of rules: one at a time, with progress, and over when nobody waits or they take long."""

from __future__ import annotations

import threading

import pytest

from collector import trials
from collector.trials import Progress, TrialEnded, Trials


def test_what_is_looked_at_is_counted_and_ends_with_whoever_waits() -> None:
    progress = Progress(of=3)
    seen = progress.watched(iter("abc"))
    assert [next(seen), next(seen)] == ["a", "b"]
    assert progress.done == 1
    progress.end()
    with pytest.raises(TrialEnded):
        next(seen)


def test_what_takes_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MAX_S", -1.0)
    progress = Progress()
    assert list(progress.watched(iter("abc"))) == []
    assert progress.is_cut


def test_trials_take_turns_and_who_leaves_gives_up_theirs() -> None:
    turns, first, second = Trials(), Progress(), Progress()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(TrialEnded), turns.turn(second):
            pass
        ended.set()

    with turns.turn(first):
        assert not first.waits
        thread = threading.Thread(target=wait)
        thread.start()
        second.end()
        assert ended.wait(10)
    thread.join()
    assert second.waits
    third = Progress()
    with turns.turn(third):
        assert not third.waits
