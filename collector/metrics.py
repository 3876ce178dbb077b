"""Counters for Prometheus: in come events of the collector, out goes its text form. The registry is
our own."""

from __future__ import annotations

import logging

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)

log = logging.getLogger("visitreel")

MEDIA_TYPE = CONTENT_TYPE_LATEST
"""Of the text form."""


class Metrics:
    """All counters of one collector."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "visitreel_ingest_answers", "Answers to the recorder", ["path", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._children: dict[tuple[str, int], Counter] = {}
        self.commits = Gauge("visitreel_commits", "Transactions written", registry=self.registry)
        self.checked = Counter(
            "visitreel_batches_checked",
            "Batches whose structure was checked",
            registry=self.registry,
        )
        self.problems = Counter(
            "visitreel_problems", "Bad ops and facts put aside", registry=self.registry
        )
        self.segments = Counter("visitreel_segments", "Segments sealed", registry=self.registry)
        self.signals = Counter("visitreel_signals", "Signals fired", registry=self.registry)
        self.waiting = Gauge(
            "visitreel_writes_waiting", "Jobs that wait to be written", registry=self.registry
        )
        self.healthy = Gauge("visitreel_healthy", "1: batches are stored", registry=self.registry)

    def answered(self, path: str, status: int) -> None:
        """An answer left."""
        counter = self._children.get((path, status))
        if counter is None:
            counter = self._children[path, status] = self._answers.labels(path, str(status))
        counter.inc()

    def report(self, error: BaseException) -> None:
        """Something failed that should not: the log gets the trace, the outside does not."""
        log.error("unexpected %s", type(error).__name__, exc_info=error)

    def text(self) -> bytes:
        """What a scrape gets."""
        return generate_latest(self.registry)
