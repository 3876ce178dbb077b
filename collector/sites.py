"""Sites by key, in memory: ingest asks for one with every request. Reloaded when a command has
changed them."""

from __future__ import annotations

from collector.store.sites import Site


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
