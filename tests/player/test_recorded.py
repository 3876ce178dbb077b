"""Recorded visits, as the script recorded them in Chromium: seeking, playing and stepping lead to
the same document, by hash, and that is the one that Python makes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from collector.frames import open_recording
from collector.importing import Imported, import_file
from collector.store.sessions import session_by_id
from replay.recording import Recording
from replay.tree import dump
from tests.bench import tape
from tests.bench.load import Site, long_session, pour
from tests.collector.conftest import Running, running_collector
from tests.e2e.browser import sign_in
from tests.normal_form.dump import raw_of
from tests.normal_form.normal_form import normal_form
from tests.player.player_page import PlayerPage

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

FOLDER = Path(__file__).parent / "recordings"
"""Made by `make recordings`."""
NAMES = sorted(file.stem for file in FOLDER.glob("*.reel"))
TWO_HOURS = "two hours"
TWO_HOURS_S = 7200
ROUND_MS = 600_000
HALF_AN_HOUR_MS = 31 * 60 * 1000
SEEKS, AGAIN, COMPARED, STEPS = 10, 6, 2, 8
"""Moments of a visit: sought, sought again in another order, compared with Python, stepped to."""
PLAYED_MS = 20_000
ORIGIN = "http://shop.example"
# In the page itself: a short visit would be over before an answer had come and gone.
_PAUSE_LATER = """before => new Promise(done => {
  const look = () => {
    const { tMs } = document.getElementById('player').dataset
    if (Number(tMs) <= before) return requestAnimationFrame(look)
    done(document.querySelector('[data-part=play]').click())
  }
  look()
})"""


@dataclass(frozen=True, slots=True)
class Visits:
    """A collector that holds the visits, and a rep who may watch them."""

    running: Running
    rep: BrowserContext
    ids: dict[str, str]

    def recording(self, name: str) -> Recording:
        """The visit as Python reads it."""
        readers = self.running.collector.readers
        with readers.lend() as db:
            row = session_by_id(db, self.ids[name])
        assert row is not None
        return open_recording(readers, row, self.running.clock.now_ms())


@pytest.fixture(scope="module")
def visits(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    with running_collector(tmp_path_factory.mktemp("recorded") / "data") as running:
        site = Site(running.add_site("shop", ORIGIN), ORIGIN)
        ids = {name: taken_in(running, FOLDER / f"{name}.reel") for name in NAMES}
        ids[TWO_HOURS] = two_hours(running, site)
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        token = running.run("user_add", email="rep@example.com", role="rep")["token"]
        sign_in(context, f"{running.url}/sign-in/{token}?next=/")
        yield Visits(running, context, ids)
        context.close()


def taken_in(running: Running, file: Path) -> str:
    """Imports a visit; returns its session."""
    now_ms = running.clock.now_ms()
    done: Imported = running.collector.writer.call(
        lambda db, _: import_file(db, file, "shop", now_ms)
    )
    assert done.problems == ()
    return done.session_id


def two_hours(running: Running, site: Site) -> str:
    """One session of two hours from the load generator, stored and packed."""
    recorded = tape.load(FOLDER / "shop.tape")
    bodies = long_session(recorded, site, TWO_HOURS_S, seed=1, round_ms=ROUND_MS)
    # A thread of its own: the browser's loop runs in this one.
    with ThreadPoolExecutor(1) as thread:
        book = thread.submit(lambda: asyncio.run(pour(running.url, site, bodies))).result()
    assert book.refused == []
    running.clock.ahead_ms += HALF_AN_HOUR_MS
    running.sweep()
    (session_id,) = book.sessions
    return session_id


def opened(visits: Visits, name: str, t_ms: int) -> PlayerPage:
    """The player of a visit at a moment."""
    page = visits.rep.new_page()
    page.goto(f"{visits.running.url}/sessions/{visits.ids[name]}?t={t_ms / 1000}")
    player = PlayerPage(page)
    player.settle()
    return player


def hash_at(player: PlayerPage, t_ms: int) -> str:
    player.seek(t_ms)
    assert player.t_ms == t_ms
    return player.hash()


def form_in_python(recording: Recording, t_ms: int) -> list[str]:
    """The document at a moment in normal form; a choice that nobody made is the first, as in a
    browser."""
    dumped: dict[str, Any] = dump(recording.frame_at(t_ms).tree)
    chosen = dumped.setdefault("selected", {})
    for entry in dumped["nodes"]:
        if entry[3:4] == ["select"]:
            chosen.setdefault(str(entry[0]), [0])
    return normal_form(raw_of(dumped), mask=False)


def test_there_are_ten_recorded_visits_one_of_two_hours(visits: Visits) -> None:
    assert len(visits.ids) == 10
    recording = visits.recording(TWO_HOURS)
    begin_ms = recording.page_views[0].t_ms
    assert recording.until_ms - begin_ms > 0.9 * TWO_HOURS_S * 1000
    assert recording.gaps == ()


@pytest.mark.parametrize("name", [*NAMES, TWO_HOURS])
def test_seek_play_and_step_make_the_same_document(visits: Visits, name: str) -> None:
    dice = random.Random(name)
    recording = visits.recording(name)
    player = opened(visits, name, 0)
    times: list[int] = player.page.evaluate("visitreelPlayer.frameTimes(true)")
    check_seeks(player, recording, times, dice)
    check_steps(player, times, dice)
    check_playing(player, times, recording.until_ms)
    assert player.problems() == {"skipped": [], "damage": []}
    player.page.close()


def check_seeks(
    player: PlayerPage, recording: Recording, times: list[int], dice: random.Random
) -> None:
    """In order, in disorder, and as Python makes it."""
    chosen = sorted(dice.sample(times, SEEKS))
    arrived = {t_ms: hash_at(player, t_ms) for t_ms in chosen}
    for place, t_ms in enumerate(dice.sample(chosen, AGAIN)):
        assert hash_at(player, t_ms) == arrived[t_ms], t_ms
        if place < COMPARED:
            assert player.form() == form_in_python(recording, t_ms), t_ms


def check_steps(player: PlayerPage, times: list[int], dice: random.Random) -> None:
    """Every frame of a stretch, on and back."""
    first = dice.randrange(len(times) - STEPS)
    hash_at(player, times[first])
    stepped = {}
    for t_ms in times[first + 1 : first + STEPS]:
        player.step(1, True)
        assert player.t_ms == t_ms
        stepped[t_ms] = player.hash()
    player.step(-(STEPS // 2), True)
    assert player.hash() == stepped[player.t_ms]
    for t_ms, by_step in stepped.items():
        assert hash_at(player, t_ms) == by_step, t_ms


def check_playing(player: PlayerPage, times: list[int], until_ms: int) -> None:
    """Stopped somewhere, and to the end; of a long visit its last stretch."""
    speed = player.page.locator("[data-part=speed]")
    speed.select_option("0.5")
    player.seek(max(times[0], until_ms - PLAYED_MS))
    for _ in range(2):
        before = player.t_ms
        player.page.keyboard.press("k")
        player.page.evaluate(_PAUSE_LATER, before)
        player.wait_for("paused")
        stopped, played = player.t_ms, player.hash()
        hash_at(player, times[0])
        assert hash_at(player, stopped) == played, stopped
    speed.select_option("16")
    player.page.keyboard.press("k")
    player.wait_for("ended")
    played = player.hash()
    hash_at(player, times[0])
    assert hash_at(player, until_ms) == played
