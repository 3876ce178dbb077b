"""Browser push: in go a browser's subscription and a message, out goes an encrypted POST to the
browser's push service, signed with our own VAPID key (RFC 8030, 8291, 8292)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

TIMEOUT_S = 10.0
KEY_FILE = "push-key.pem"
GONE = frozenset({404, 410})
"""The browser has unsubscribed."""


class Gone(Exception):
    """The channel will never work again."""


class Push:
    """Sends with the key of a data directory, which is made at its first use."""

    def __init__(self, data: Path, contact: str) -> None:
        self._file = data / KEY_FILE
        self._contact = contact
        self._session = requests.Session()
        # A proxy would connect to wherever it is told.
        self._session.trust_env = False

    @cached_property
    def _key(self) -> Vapid:
        if not self._file.exists():
            key = Vapid()
            key.generate_keys()
            part = self._file.with_suffix(".part")
            part.unlink(missing_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key.private_pem())
                file.flush()
                os.fsync(file.fileno())
            part.rename(self._file)
        return Vapid.from_file(str(self._file))

    @property
    def public_key(self) -> str:
        """What a browser subscribes to, as `applicationServerKey`."""
        point = self._key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def send(self, subscription: str, message: Mapping[str, object], ttl_s: int) -> None:
        """Raises `Gone`, `WebPushException`, `requests.RequestException`."""
        try:
            webpush(
                json.loads(subscription),
                json.dumps(message),
                vapid_private_key=self._key,
                vapid_claims={"sub": self._contact},
                ttl=ttl_s,
                timeout=TIMEOUT_S,
                headers={"urgency": "high"},
                requests_session=self._session,
            )
        except WebPushException as error:
            if error.status_code in GONE:
                raise Gone("this browser has unsubscribed") from error
            raise
