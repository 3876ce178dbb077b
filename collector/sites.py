"""Sites by key, in memory: ingest asks for one with every request. Reloaded when a command has
changed them. And the tag of each."""

from __future__ import annotations

from collections.abc import Iterable

from collector.store.sites import Site


def tag_of(url: str, key: str, query_keys: Iterable[str] = (), *, has_notice: bool = False) -> str:
    """The tag to paste. `url`: of the collector; `has_notice`: visitors are told of being watched
    live, or asked."""
    keys = " ".join(sorted(query_keys))
    more = f' data-query="{keys}"' if keys else ""
    tag = f'<script async src="{url}/sdk.js" data-site="{key}"{more}></script>'
    return f'{tag}\n<script async src="{url}/live.js?site={key}"></script>' if has_notice else tag


class SiteDirectory:
    """Holds the sites that may be posted to."""

    def __init__(self) -> None:
        self._by_key: dict[str, Site] = {}

    def replace(self, sites: list[Site]) -> None:
        """These are all sites now."""
        self._by_key = {site.key: site for site in sites if not site.disabled}

    def by_key(self, key: str) -> Site | None:
        """The site of a key; None for unknown and disabled ones alike."""
        return self._by_key.get(key)
