"""What all tests share: Hypothesis draws the same examples in every run, so a failure is seen
again."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "visitreel",
    deadline=None,  # a busy machine is no failure
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("visitreel")
