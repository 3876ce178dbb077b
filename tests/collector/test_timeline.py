"""What a timeline tells besides its segments."""

from __future__ import annotations

from replay import ops
from tests.collector.conftest import Running
from tests.collector.sender import TEXT_NODE, post, snapshot


def test_the_timeline_tells_when_nothing_came(running: Running) -> None:
    tab = running.tab()
    for t_ms in (1_000, 4_000, 20_000, 26_000):
        opening = snapshot() if t_ms == 1_000 else []
        timed = [*opening, (t_ms, ops.SetText(TEXT_NODE, str(t_ms)))]
        assert post(running.client, tab.batch(timed)).is_success
    running.settle()
    timeline = running.api.get(f"/api/sessions/{tab.session_id}/timeline").json()
    assert timeline["idle"] == [
        {"t_ms": 4_000, "until_ms": 20_000},
        {"t_ms": 20_000, "until_ms": 26_000},
    ]
