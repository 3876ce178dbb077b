"""The recording that the demo brings: it plays, and the sample shop still makes such a visit."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from collector.bundled import sample
from collector.exporting import export_file
from replay import Recording, ops
from replay.reel_read import facts_of, read_reel
from tests.collector.conftest import Running, running_collector
from tests.e2e.browser import visitor
from tests.e2e.make_sample import SITE, record
from tests.e2e.shop_server import serve_shop

MAX_BYTES = 300_000
MIN_MS = 30_000


def kinds_of(file: Path) -> list[str]:
    """What facts a file holds, each kind once; custom ones by name."""
    with file.open("rb") as opened:
        reel = read_reel(opened)
        facts = [fact for part in reel.facts for _, fact in facts_of(opened, part)[0]]
    named = {f"{type(fact).__name__} {fact.name}" for fact in facts if isinstance(fact, ops.Track)}
    return sorted(named | {type(fact).__name__ for fact in facts})


def pages_of(recording: Recording) -> list[str]:
    """The path of each page view. Titles that scripts set may come before or after it."""
    return [view.url.split("/", 3)[3] for view in recording.page_views]


def test_the_sample_plays_from_end_to_end() -> None:
    file = sample()
    assert file.stat().st_size <= MAX_BYTES
    recording = Recording.open(file)
    assert recording.problems == ()
    assert recording.gaps == ()
    assert recording.until_ms >= MIN_MS
    times = recording.step_times(1)
    assert len(times) > 60
    for t_ms in times[::20]:
        frame = recording.frame_at(t_ms)
        assert frame.damage == ()
        assert "Kiln" in frame.text()
    assert "Checkout" in recording.frame_at(recording.until_ms).text()


def test_the_shop_still_makes_the_sample(browser: Browser, tmp_path: Path) -> None:
    with running_collector(tmp_path / "data") as running:
        file = _recorded(running, browser, tmp_path / "again.reel")
    again = Recording.open(file)
    assert again.problems == ()
    assert again.gaps == ()
    assert pages_of(again) == pages_of(Recording.open(sample()))
    assert kinds_of(file) == kinds_of(sample())


def _recorded(running: Running, browser: Browser, file: Path) -> Path:
    origin = "http://127.0.0.1"
    key = running.add_site(SITE, origin)
    with serve_shop(running.url, key) as shop, visitor(browser) as page:
        running.run("site_origin_add", name=SITE, origin=shop.url)
        session = record(running, page, shop.url, tempo=0)
    export_file(running.collector.settings.database, session, file, with_person=True)
    return file
