"""Is a site recorded? In goes a site, out come the last visit that came from it, or in plain words
what is wrong when none does."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from collector.settings import Settings
from collector.sightings import Refusal, Sightings
from collector.sites import tag_of
from collector.store.database import Database
from collector.store.sessions import SessionRow, newest_of_site
from collector.store.sites import Site
from collector.urls import LOCAL_HOSTS, BadOrigin, checked_origin, origin_allowed
from collector.web.context import asking_of, context_of

MAX_FINDINGS = 4
JUST_MS = 60_000
WORDS = {
    "origin_not_allowed": "this origin is not allowed",
    "unknown_site": "the site is disabled",
    "too_many_requests": "too many at once",
    "too_large": "too large",
    "bad_batch": "they could not be read",
    "bad_hash": "a file was not what it said",
    "wrong_media_type": "of a kind that is not taken",
    "conflict": "two batches with one number",
    "erased": "this visitor was erased",
    "foreign_session": "a session of somebody else",
    "unavailable": "the collector could not keep up",
    "disk_full": "the collector's disk is full",
    "too_many_assets": "too many images and fonts",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What keeps visits away, in words. `allow`: an origin whose being allowed would cure it."""

    text: str
    allow: str = ""


@dataclass(frozen=True, slots=True)
class SiteState:
    """A site as people are told. `newest`: its last visit. `ago_s`: since its last batch."""

    site: Site
    tag: str
    newest: SessionRow | None
    ago_s: int
    findings: tuple[Finding, ...]

    @property
    def is_fresh(self) -> bool:
        """Did something come within the last minute?"""
        return self.newest is not None and self.ago_s * 1000 < JUST_MS


def state_of(request: Request, db: Database, site: Site) -> SiteState:
    """What is known of a site now."""
    context, now_ms = context_of(request), asking_of(request).now_ms
    newest = newest_of_site(db, site.site)
    since_ms = newest.last_received_at_ms if newest else 0
    return SiteState(
        site=site,
        tag=tag_of(
            context.settings.public_url, site.key, site.query_keys, has_notice=site.live != "open"
        ),
        newest=newest,
        ago_s=max(0, now_ms - since_ms) // 1000,
        findings=findings_of(site, context.settings, context.sightings, since_ms),
    )


def refusal_words(refusal: Refusal) -> str:
    """Why batches were refused."""
    return WORDS.get(refusal.code, refusal.code.replace("_", " "))


def findings_of(
    site: Site, settings: Settings, sightings: Sightings, since_ms: int
) -> tuple[Finding, ...]:
    """What keeps a site's visits away, the likeliest first. `since_ms`: when its last batch came;
    what is older is over."""
    if site.disabled:
        return (Finding("The site is disabled: nothing that its pages send is kept."),)
    refused = [
        _refused(site, refusal)
        for refusal in sightings.refusals(site.key)
        if refusal.last_at_ms > since_ms
    ]
    found = [*refused, *_wrong_keys(site, sightings, since_ms)]
    if not since_ms:
        found += [*_addresses(site, settings), *_silent(site, sightings)]
    return tuple(found[:MAX_FINDINGS])


def _refused(site: Site, refusal: Refusal) -> Finding:
    origin = refusal.origin or "a program"
    if refusal.code == "origin_not_allowed":
        return Finding(
            f"Pages of {origin} carry this tag, but visits are taken only from the origins of"
            f" {site.name}. If these pages are yours, allow their origin.",
            _allowable(refusal.origin),
        )
    return Finding(f"What {origin} sends is refused: {refusal_words(refusal)}.")


def _wrong_keys(site: Site, sightings: Sightings, since_ms: int) -> list[Finding]:
    return [
        Finding(
            f"Pages of {stranger.origin} carry a tag with another key ({stranger.key[:40]}), which"
            " no site here has: copy the tag again."
        )
        for stranger in sightings.strangers()
        if stranger.last_at_ms > since_ms
        and stranger.key != site.key
        and stranger.origin
        and origin_allowed(stranger.origin, site.origins, dev=False)
    ]


def _addresses(site: Site, settings: Settings) -> list[Finding]:
    """Where browsers can't reach what the tag names."""
    ours = urlsplit(settings.public_url)
    outside = [origin for origin in site.origins if not _is_local(origin)]
    if outside and _is_local(settings.public_url):
        return [
            Finding(
                f"The tag names {settings.public_url}, which only this machine can reach: start the"
                " collector with --url and its public address."
            )
        ]
    if ours.scheme == "http" and any(origin.startswith("https:") for origin in outside):
        return [
            Finding(
                f"Your pages are on https, the collector is on {settings.public_url}: browsers"
                " block that. Put it behind https, and start it with --url https://…"
            )
        ]
    return []


def _silent(site: Site, sightings: Sightings) -> list[Finding]:
    """The script runs, but sends nothing."""
    loads = sightings.loads()
    loaded = [origin for origin in loads if origin_allowed(origin, site.origins, dev=site.dev)]
    if not loaded:
        return []
    return [
        Finding(
            f"A page of {loaded[-1]} loaded the script, but sends nothing. Does its tag carry this"
            " site's key, or wait for consent (data-consent, Do Not Track, Global Privacy Control)?"
            " With data-debug in the tag the browser's console says why."
        )
    ]


def _allowable(origin: str) -> str:
    try:
        return checked_origin(origin) if "*" not in origin else ""
    except BadOrigin:
        return ""


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return (f"[{host}]" if ":" in host else host) in LOCAL_HOSTS
