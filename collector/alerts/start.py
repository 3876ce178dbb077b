"""The alerts of one collector: in go its parts, out comes what sends."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from collector.alerts.dispatch import Dispatcher
from collector.alerts.messages import Writing
from collector.auth import Auth
from collector.metrics import Metrics
from collector.settings import Settings
from collector.store.database import Readers
from collector.writer import Writer


def dispatcher_of(
    settings: Settings,
    writer: Writer,
    readers: Readers,
    auth: Auth,
    metrics: Metrics,
    now_ms: Callable[[], int],
) -> Dispatcher:
    """Not started yet."""

    def writing(at_ms: int, mail_server: str) -> Writing:
        return Writing(settings.public_url, auth.share_token, at_ms, mail_server)

    host = urlsplit(settings.public_url).hostname
    begin = {
        "data": str(settings.data.absolute()),
        "allowed": [str(network) for network in settings.allow_private],
        # Push services want to know whom to ask.
        "contact": settings.public_url if settings.is_https else f"mailto:alerts@{host}",
    }
    live_ms = settings.pace.live_ms
    return Dispatcher(writer, readers, begin, writing, now_ms, live_ms, metrics.report)
