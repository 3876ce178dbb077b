"""Kinds of channels: in goes what somebody typed, out comes an address that is checked as far as
that is possible without asking anybody."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

MAX_ADDRESS = 2_000
CHAT_CHARS = 500
SMS_CHARS = 140
"""Without the link."""

_EMAIL = re.compile(r"[^@\s<>\"'\\,;:/?#&%]{1,64}@[A-Za-z0-9.-]{1,190}")
_FORBIDDEN_KEY = re.compile(r"file|key|pgp|template|attach|path|redirect|cert|retry|wait", re.I)
"""Of an address' query: what names files of this machine, leads elsewhere or takes its time."""
_PUSH_KEY = re.compile(r"[A-Za-z0-9_=-]{8,200}")


class BadAddress(ValueError):
    """The address can't be used; the message is for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel. `schemes`: how its addresses begin in the notation of Apprise; empty: we
    send ourselves. `hosts`: whose https addresses Apprise reads as well. `follows`: it is also told
    that the visitor left. `example`: an address."""

    name: str
    title: str
    schemes: frozenset[str]
    hosts: tuple[str, ...]
    follows: bool
    max_chars: int
    example: str


def _kind(
    name: str,
    title: str,
    schemes: str = "",
    example: str = "",
    *,
    hosts: tuple[str, ...] = (),
    follows: bool = True,
    max_chars: int = CHAT_CHARS,
) -> Kind:
    return Kind(name, title, frozenset(schemes.split()), hosts, follows, max_chars, example)


SMS = "bulksms bulkvs burstsms clickatell clicksend d7sms messagebird msg91 nexmo plivo seven sinch"
SMS += " sns telnyx twilio voipms vonage smseagle smseagles httpsms 46elks freemobile"
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("push", "This browser", max_chars=300),
        _kind("webhook", "Webhook", example="https://crm.example/hooks/visitreel"),
        _kind("slack", "Slack", "slack", "https://hooks.slack.com/services/T…/B…/…",
              hosts=("hooks.slack.com",)),
        _kind("teams", "Microsoft Teams", "workflow workflows msteams power_automate",
              "https://….logic.azure.com/workflows/…",
              hosts=(".logic.azure.com", ".powerplatform.com", ".webhook.office.com")),
        _kind("email", "E-mail", "mailto mailtos", "ana@example.com", follows=False),
        _kind("telegram", "Telegram", "tgram", "tgram://BOT-TOKEN/CHAT-ID"),
        _kind("ntfy", "ntfy", "ntfy ntfys", "https://ntfy.sh/your-topic", hosts=("ntfy.sh",)),
        _kind("discord", "Discord", "discord", "https://discord.com/api/webhooks/…",
              hosts=("discord.com",)),
        _kind("sms", "SMS", SMS, "twilio://SID:TOKEN@+15550100/+15550123", follows=False,
              max_chars=SMS_CHARS),
        _kind("chat", "Another chat",
              "gchat mmost mmosts rocket rockets matrix matrixs zulip wxteams gotify gotifys pover"
              " pbul signal signals threema whatsapp", "mmosts://mattermost.example/TOKEN"),
    )
}  # fmt: skip


def checked_address(kind: Kind, address: str) -> str:
    """The address as it is kept. Raises `BadAddress`."""
    address = address.strip()
    if kind.name == "push":
        return _subscription(address[:MAX_ADDRESS])
    if not address or len(address) > MAX_ADDRESS or " " in address or not address.isprintable():
        raise BadAddress(f"an address for {kind.title} looks like {kind.example}")
    if kind.name == "email" and _EMAIL.fullmatch(address):
        return address
    bad_address = BadAddress(f"an address for {kind.title} looks like {kind.example}")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not kind.schemes and (parts.port == 0 or not host or parts.username):
            raise bad_address
    except ValueError:
        raise bad_address from None
    if not kind.schemes:
        if parts.scheme not in {"https", "http"}:
            raise bad_address
        return parts._replace(fragment="").geturl()
    if parts.scheme not in kind.schemes and not (
        parts.scheme == "https" and _is_of(host, kind.hosts)
    ):
        raise bad_address
    bad = next((key for key, _ in parse_qsl(parts.query) if _FORBIDDEN_KEY.search(key)), None)
    if bad is not None:
        raise BadAddress(f"{bad} can't be set in an address here")
    return address


def _is_of(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == one or (one.startswith(".") and host.endswith(one)) for one in hosts)


def _subscription(text: str) -> str:
    """What `PushManager.subscribe` gave, with nothing else in it."""
    try:
        given = json.loads(text)
        endpoint, keys = given["endpoint"], given["keys"]
        found = {name: keys[name] for name in ("p256dh", "auth")}
        is_good = urlsplit(endpoint).scheme in {"https", "http"} and all(
            isinstance(key, str) and _PUSH_KEY.fullmatch(key) for key in found.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        is_good = False
    if not is_good:
        raise BadAddress("this is no subscription of a browser")
    return json.dumps({"endpoint": endpoint, "keys": found})


def shown_address(kind: Kind, address: str) -> str:
    """What of an address may be shown: it often is a password."""
    if kind.name == "push":
        return urlsplit(json.loads(address)["endpoint"]).hostname or ""
    if kind.name == "email" and "://" not in address:
        return address
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}/…"


def mail_address(mail_server: str, address: str) -> str:
    """Where Apprise sends a mail: the collector's mail server with this recipient. `mail_server`:
    `mailtos://user:password@smtp.example`. Raises `BadAddress`."""
    if "://" in address:
        return address
    if not mail_server:
        raise BadAddress("no mail server is set: an admin can do that under Settings, Alerts")
    parts = urlsplit(mail_server)
    query = f"{parts.query}&" if parts.query else ""
    return parts._replace(query=f"{query}to={quote(address, safe='@')}").geturl()


def checked_mail_server(text: str) -> str:
    """Empty, or what `mail_address` takes. Raises `BadAddress`."""
    text = text.strip()
    if not text:
        return ""
    try:
        return checked_address(KINDS["email"], text if "://" in text else "")
    except BadAddress:
        example = "mailtos://user:password@smtp.example?from=visitreel@example.com"
        raise BadAddress(f"a mail server looks like {example}") from None
