"""Media types: which assets are kept, and which may be shown. An allow-list: what is not in it
could run."""

from __future__ import annotations

SHOWN_TYPES = frozenset(
    (
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/apng"),
        *("image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon"),
        *("font/woff2", "font/woff", "font/ttf", "font/otf", "font/collection", "font/sfnt"),
        *("application/font-woff", "application/font-woff2", "application/x-font-woff"),
        *("application/x-font-ttf", "application/x-font-otf", "application/vnd.ms-fontobject"),
    )
)
"""Images and fonts."""

KEPT_TYPES = SHOWN_TYPES | {"text/css"}
"""Style sheets are kept as texts, which a recording names by hash."""
