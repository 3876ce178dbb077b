"""What a visitor watches with: in goes a user agent, out come the class of the device, the browser
and the system, in the words of the list. The regular expressions are those of uap-core."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, get_args

import ua_parser

DeviceClass = Literal["desktop", "phone", "tablet", "other", "bot"]
DEVICE_CLASSES: tuple[DeviceClass, ...] = get_args(DeviceClass)

MAX_WORD = 40
_DESKTOPS = ("Windows", "Mac OS X", "Linux", "Chrome OS", "Ubuntu", "Fedora", "Debian", "FreeBSD")
_SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
_VARIANT = re.compile(r"\b(Mobile|WebView|iOS|UI/WKWebView)\b")
_NO_PHONE = re.compile(r"\bTV\b|SMART-TV|BRAVIA|PlayStation|Xbox|Nintendo|Quest", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Device:
    """`browser` and `system` are empty where the user agent doesn't say."""

    device: DeviceClass
    browser: str
    system: str


@cache
def _parser() -> ua_parser.Parser:
    """With plain regular expressions: those of re2, which it would rather take, want four times the
    memory."""
    return ua_parser.Parser(ua_parser.BasicResolver(ua_parser.load_builtins()))


@lru_cache(maxsize=2_048)
def device_of(user_agent: str, *, bot: bool) -> Device:
    """What sent this user agent. Takes about a millisecond where it is new: never ask where a
    batch waits for its answer."""
    found = _parser().parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    is_bot = bot or (found.device is not None and found.device.family == "Spider")
    return Device(
        "bot" if is_bot else _class(user_agent, system),
        " ".join(_VARIANT.sub("", browser).split())[:MAX_WORD],
        _SYSTEMS.get(system, system)[:MAX_WORD],
    )


def _class(user_agent: str, system: str) -> DeviceClass:
    """Phones say "Mobi" (https://developer.mozilla.org/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent);
    Android without it is a tablet, or a screen that is neither."""
    if _NO_PHONE.search(user_agent):
        return "other"
    if "iPad" in user_agent or "Tablet" in user_agent:
        return "tablet"
    if "Mobi" in user_agent:
        return "phone"
    if system == "Android":
        return "tablet"
    return "desktop" if system.startswith(_DESKTOPS) else "other"
