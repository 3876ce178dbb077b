"""What leaves next for one channel: in goes what waits for it and what it got lately, out come the
rows to send, to hold for a digest, and to drop. No clock, no store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from collector.store.alerts import Alert
from collector.store.channels import Channel

HOUR_MS = 3_600_000
PARALLEL = 4
"""Messages to one channel at a time; one, while it fails."""
DIGEST_AFTER_MS = 60_000
"""What is held is told together so long after the first of it."""
FIRST_PAUSE_MS = 2_000
LONGEST_PAUSE_MS = HOUR_MS
MIN_AN_HOUR = 2
"""One message and one digest."""


@dataclass(slots=True)
class Plan:
    """`hold_after`: hold all that wait behind this row, too. `digest`: tell all that is held in one
    message now. `again_ms`: when time alone changes the plan, Unix ms."""

    send: list[Alert] = field(default_factory=list)
    hold: list[int] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)
    hold_after: int | None = None
    digest: bool = False
    again_ms: int | None = None


def plan_for(
    channel: Channel,
    waiting: Sequence[Alert],
    under_way: Collection[int],
    sent_ms: Sequence[int],
    held_since_ms: int | None,
    now_ms: int,
) -> Plan:
    """`waiting`: the oldest first; `under_way`: those of them that are being sent; `sent_ms`: when
    the messages of the last hour were. The last message of an hour is for a digest."""
    plan = Plan()
    if channel.off_at_ms is not None:
        return plan
    if channel.retry_at_ms is not None and channel.retry_at_ms > now_ms:
        plan.again_ms = channel.retry_at_ms
        return plan
    room = channel.max_an_hour - len(sent_ms) - len(under_way)
    free = (1 if channel.failures else PARALLEL) - len(under_way)
    has_digest = False
    for alert in sorted(waiting, key=lambda one: (one.kind != "test", one.alert)):
        is_old = alert.expires_at_ms <= now_ms
        has_digest = has_digest or alert.kind == "digest"
        if alert.alert in under_way:
            continue
        if alert.kind in {"test", "digest"}:
            needs = 1
        elif is_old or room < MIN_AN_HOUR:
            needs = None
        else:
            needs = MIN_AN_HOUR
        if needs is None or (is_old and alert.kind == "test"):
            (plan.hold if alert.kind == "signal" else plan.drop).append(alert.alert)
        elif room >= needs and free > 0:
            plan.send.append(alert)
            room, free = room - 1, free - 1
    if plan.hold and room < MIN_AN_HOUR:
        plan.hold_after = waiting[-1].alert
    if has_digest or held_since_ms is None:
        if has_digest and room < 1 and sent_ms and not under_way:
            plan.again_ms = sent_ms[0] + HOUR_MS
        return plan
    # What could not be sent in time is what a channel is tried with that fails.
    ready_ms = held_since_ms if channel.failures else held_since_ms + DIGEST_AFTER_MS
    if room < 1:
        plan.again_ms = max(ready_ms, sent_ms[0] + HOUR_MS) if sent_ms else None
    elif ready_ms > now_ms:
        plan.again_ms = ready_ms
    else:
        plan.digest = True
    return plan


def pause_ms(failures: int, chance: float, retry_after_s: int | None) -> int:
    """How long a channel is left alone after so many failures in a row. `chance`: 0 to 1, so that
    many do not come back at once."""
    longest = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << min(failures - 1, 20))
    own_ms = int(longest * (0.5 + chance / 2))
    return max(own_ms, min(LONGEST_PAUSE_MS, (retry_after_s or 0) * 1000))
