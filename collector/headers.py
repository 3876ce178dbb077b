"""Security headers: in goes what a response is, out come the headers that keep it harmless."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.requests import Request

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
INERT = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""For data that nobody should open as a document."""

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
    " frame-ancestors 'none'; frame-src {frames}"
)
_SHELL = (
    "default-src 'none'; script-src 'none'; connect-src 'none'; form-action 'none';"
    " base-uri 'none'; object-src 'none'; frame-src {document}; child-src {document};"
    " style-src-elem 'none';"
    " style-src-attr 'unsafe-inline'; img-src {assets} data:; font-src {assets} data:;"
    " media-src {assets} data:; frame-ancestors 'self'"
)


def page_policy(frames: str = "'none'") -> str:
    """The CSP of our own pages. `frames`: what they may frame."""
    return _PAGE.format(frames=frames)


def shell_policy(base: str) -> str:
    """The CSP of the document that a recording is drawn in: no script, no connection, no frame but
    itself, and files only from the asset path of its player (never 'self': a recorded image must
    not make a request to the API with the rep's cookies). `base`: the player page's address."""
    return _SHELL.format(document=f"{base}/shell", assets=f"{base}/assets/")


def own_origin(request: Request, public_url: str) -> str:
    """The origin that the browser knows us by: a policy with paths has to name it."""
    host = request.headers.get("host", "")
    public = urlsplit(public_url)
    if host == public.netloc or not _HOST.fullmatch(host):
        return f"{public.scheme}://{public.netloc}"
    return f"{request.url.scheme}://{host}"
