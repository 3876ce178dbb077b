"""Services that people read anyway: in goes the address of a channel as Apprise writes it and plain
text, out comes whether the service took it. Apprise escapes plain text for each service."""

from __future__ import annotations

import logging
import re
import threading
from functools import lru_cache

import apprise

from collector.alerts.kinds import Kind

APP = "visitreel"

_SIGNS = re.compile(r"([!-/:-@\[-`{-~])")


class NotTaken(Exception):
    """The service did not take it, with what it said."""


class _LastWords(logging.Handler):
    """What Apprise logged last in each thread: it tells its caller only whether it worked."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of_thread = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self._of_thread.text = record.getMessage()

    def take(self) -> str:
        """The last words, once."""
        text = str(getattr(self._of_thread, "text", ""))
        self._of_thread.text = ""
        return text


class Services:
    """Sends by Apprise. For several threads."""

    def __init__(self) -> None:
        self._last_words = _LastWords()
        log = logging.getLogger("apprise")
        log.handlers[:] = [self._last_words]
        log.propagate = False
        # No plug-ins of strangers, no files of ours, no pictures of others, no redirects.
        self._asset = apprise.AppriseAsset(
            app_id=APP,
            app_desc=APP,
            app_url="",
            image_url_mask="",
            image_url_logo="",
            html_notify_map={},
            plugin_paths=[],
            allow_templates=False,
            http_redirects=False,
            # Each request has a time limit of its own; with one for all, another thread sends.
            service_timeout=0,
            pgp_autogen=False,
            pem_autogen=False,
            async_mode=False,
        )
        self._channel = lru_cache(maxsize=64)(self._make)

    def check(self, kind: Kind, address: str) -> None:
        """Is this an address of the kind? Raises `NotTaken`."""
        found = self._channel(address)
        schemes = {str(one) for one in _schemes(found)}
        if not schemes & kind.schemes:
            raise NotTaken(f"this is no address for {kind.title}")

    def send(self, kind: Kind, address: str, title: str, text: str, url: str) -> None:
        """Raises `NotTaken`."""
        self.check(kind, address)
        self._last_words.take()
        channel = self._channel(address)
        sender = apprise.Apprise(asset=self._asset)
        sender.add(channel)
        body, notation = f"{text}\n{url}", apprise.NotifyFormat.TEXT
        if kind.name == "teams":
            # As plain text its address would be escaped, too, and lead nowhere.
            body, notation = f"{_markdown(text)}\n\n[{url}]({url})", apprise.NotifyFormat.MARKDOWN
        if not sender.notify(body=body, title=title, body_format=notation):
            raise NotTaken(self._last_words.take() or "the service did not take it")

    def _make(self, address: str) -> apprise.NotifyBase:
        self._last_words.take()
        found = apprise.Apprise.instantiate(address, asset=self._asset)
        if not isinstance(found, apprise.NotifyBase):
            raise NotTaken("this is no address that can be used: check it for typing errors")
        return found


def _markdown(text: str) -> str:
    """Plain text in Markdown (CommonMark 2.4: each sign may be escaped)."""
    return _SIGNS.sub(r"\\\1", text)


def _schemes(channel: apprise.NotifyBase) -> list[str]:
    found: list[str] = []
    both: list[object] = [channel.protocol, channel.secure_protocol]
    for one in both:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, tuple | list | frozenset | set):
            found += map(str, one)
    return found
