"""A visit to every page of the shop: the live DOM, the Python frame and the player's document are
the same at every mark."""

from __future__ import annotations

import difflib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserContext, Page

from replay import ops
from replay.reconstruct import apply
from replay.section import SectionOp
from replay.tree import dump
from tests.e2e.api import Api
from tests.e2e.browser import (
    VIEWPORT_PX,
    differing_share,
    dump_player,
    dump_text,
    open_player,
    picture_of,
    visitor,
    wait_for_frame,
)
from tests.e2e.collector_process import Collector
from tests.e2e.conftest import Site
from tests.e2e.replayed import Replayed
from tests.e2e.shop_server import serve_shop
from tests.e2e.shop_visit import visit_everything
from tests.e2e.visit import Visit
from tests.e2e.waiting import wait_for
from tests.normal_form.dump import raw_of
from tests.normal_form.normal_form import normal_form
from tests.normal_form.raw import from_json

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CHECKPOINTS = 20
PICTURES = 8
MAX_DIFFERING_SHARE = 0.002
SEEKS = 50


@dataclass(frozen=True, slots=True)
class Recorded:
    """The visit, when the visitor and the shop are gone."""

    visit: Visit
    replayed: Replayed
    player_url: str

    def player_at(self, t_ms: int, more: str = "") -> str:
        return f"{self.player_url}?t={t_ms / 1000:.3f}{more}"


@pytest.fixture(scope="module")
def recorded(browser: Browser, collector: Collector, site: Site, api: Api) -> Recorded:
    with serve_shop(collector.url, site.key, port=site.port) as shop, visitor(browser) as page:
        visit = Visit(page, api)
        visit_everything(visit, shop)
    names = {point.name for point in visit.checkpoints}
    replayed = wait_for(
        "every mark is stored",
        lambda: found if (found := Replayed(api, visit.session_id)).marks.keys() >= names else None,
    )
    return Recorded(visit, replayed, f"{collector.url}/sessions/{visit.session_id}")


@pytest.fixture
def player(rep: BrowserContext) -> Iterator[Page]:
    page = rep.new_page()
    yield page
    page.close()


def difference(name: str, live: list[str], shown: list[str]) -> str:
    """Empty when they are equal."""
    lines = list(difflib.unified_diff(live, shown, "live", "replayed", n=2, lineterm=""))
    return "\n".join([f"at {name!r}:", *lines[:60]]) if lines else ""


def difference_of_dumps(name: str, one: str, other: str) -> str:
    """The same text has the same normal form, which takes much longer to make."""
    return "" if one == other else difference(name, form_of(one), form_of(other))


def test_the_visit_has_enough_marks_and_no_gap(recorded: Recorded) -> None:
    assert len(recorded.visit.checkpoints) >= CHECKPOINTS
    assert sum(point.picture is not None for point in recorded.visit.checkpoints) >= PICTURES
    assert recorded.replayed.timeline["gaps"] == []
    assert recorded.replayed.recording.tabs == (1,)
    paths = {view.url.rsplit("/", 1)[-1] for view in recorded.replayed.recording.page_views}
    assert paths >= {"", "product", "cart", "checkout", "article", "app", "glazes", "schedule"}


def test_the_python_frame_is_the_live_page_at_every_mark(recorded: Recorded) -> None:
    problems = []
    for point in recorded.visit.checkpoints:
        live = normal_form(point.live, mask=True)
        shown = normal_form(recorded.replayed.at_mark(point.name), mask=False)
        if found := difference(point.name, live, shown):
            problems += [found, recorded.replayed.near(point.name)]
    assert not problems, "\n".join(problems)


def test_the_player_shows_the_live_page_at_every_mark(recorded: Recorded, player: Page) -> None:
    open_player(player, recorded.player_at(0, "&scale=1"))
    problems = []
    for point in recorded.visit.checkpoints:
        seek(player, recorded.replayed.marks[point.name])
        live = normal_form(point.live, mask=True, player=True)
        problems.append(difference(point.name, live, form_of_player(player)))
    assert not any(problems), "\n".join(problems)


def test_the_player_looks_like_the_page(recorded: Recorded, player: Page) -> None:
    shares = {}
    for point in recorded.visit.checkpoints:
        if point.picture is None:
            continue
        open_player(player, recorded.player_at(recorded.replayed.marks[point.name], "&scale=1"))
        shown = picture_of(player, VIEWPORT_PX)
        shares[point.name] = differing_share(point.picture, shown)
        if shares[point.name] > MAX_DIFFERING_SHARE:
            keep_pictures(point.name, point.picture, shown)
    assert {name: share for name, share in shares.items() if share > MAX_DIFFERING_SHARE} == {}


def keep_pictures(name: str, live: Image.Image, shown: Image.Image) -> None:
    """Leaves both, and where they differ, for whoever looks into the failure."""
    folder = ROOT / "test-results"
    folder.mkdir(exist_ok=True)
    stem = name.replace(" ", "-").replace(",", "")
    live.save(folder / f"{stem}-live.png")
    shown.save(folder / f"{stem}-player.png")
    ImageChops.difference(live, shown).save(folder / f"{stem}-difference.png")


def form_of_player(player: Page) -> list[str]:
    return form_of(dump_text(player))


def form_of(dumped: str) -> list[str]:
    return normal_form(from_json(json.loads(dumped)), mask=False, player=True)


def seek(player: Page, t_ms: int) -> None:
    """Moves the scrub bar, as a rep does."""
    player.evaluate("t_ms => window.visitreelPlayer.seek(t_ms)", t_ms)
    wait_for_frame(player)


def test_seeking_in_any_order_is_the_same_as_arriving(recorded: Recorded, player: Page) -> None:
    dice = random.Random("seeks")
    low = recorded.replayed.recording.page_views[0].t_ms
    times = [dice.randint(low, recorded.replayed.recording.until_ms) for _ in range(SEEKS)]
    open_player(player, recorded.player_at(0))
    arrived: dict[int, str] = {}
    for t_ms in sorted(times):
        seek(player, t_ms)
        arrived[t_ms] = dump_text(player)
    for t_ms in times:
        seek(player, t_ms)
        assert difference_of_dumps(f"{t_ms} ms", arrived[t_ms], dump_text(player)) == ""
    for t_ms in times[:5]:
        open_player(player, recorded.player_at(t_ms))
        assert difference_of_dumps(f"{t_ms} ms, opened", arrived[t_ms], dump_text(player)) == ""


MUTATIONS: dict[str, str] = {
    "attribute": "document.querySelector('.brand').setAttribute('class', 'brand x')",
    "text": "document.querySelector('.brand').firstChild.data += '.'",
    "order": "document.querySelector('.menu').prepend(document.querySelector('.menu').lastChild)",
    "namespace": "const old = document.querySelector('.menu');"
    "old.append(document.createElementNS('http://www.w3.org/2000/svg', 'li'))",
    "checked box": "const box = document.querySelector('[name=stock]'); box.checked = !box.checked",
    "scroll": "document.querySelector('#firings').scrollTop += 3",
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_difference_in_the_player_is_seen(recorded: Recorded, player: Page, name: str) -> None:
    point = recorded.visit.checkpoints[0]
    open_player(player, recorded.player_at(recorded.replayed.marks[point.name], "&scale=1"))
    before = normal_form(dump_player(player), mask=False, player=True)
    player.evaluate(
        "code => { const { contentDocument } = document.getElementById('frame');"
        "(new Function('document', code))(contentDocument) }",
        MUTATIONS[name],
    )
    after = normal_form(dump_player(player), mask=False, player=True)
    assert before == normal_form(point.live, mask=True, player=True)
    assert after != before


def mutate(recorded: Recorded, name: str, op: SectionOp) -> tuple[list[str], list[str]]:
    """The normal form of a Python frame before and after one more op."""
    tree = recorded.replayed.frame(recorded.replayed.marks[name]).tree.copy()
    before = normal_form(raw_of(dump(tree)), mask=False)
    assert apply(tree, op) is None
    return before, normal_form(raw_of(dump(tree)), mask=False)


def test_one_difference_in_the_python_frame_is_seen(recorded: Recorded) -> None:
    name = recorded.visit.checkpoints[0].name
    tree = recorded.replayed.frame(recorded.replayed.marks[name]).tree
    box = next(node for node, attrs in tree.attrs.items() if attrs.get("name") == "stock")
    words = next(node for node, text in tree.texts.items() if text == "Kiln & Grain")
    menu = next(node for node, attrs in tree.attrs.items() if attrs.get("class") == "menu")
    last = list(tree.children(menu))[-2]
    new = max(tree.parent) + 1
    mutations: list[SectionOp] = [
        ops.Attr(menu, "class", "menu x"),
        ops.SetText(words, "Kiln and Grain"),
        ops.Move(last, menu, 0),
        ops.Put(menu, 0, new, (ops.NewNode(-1, "element", "/svg/li"),)),
        ops.Checked(box, 1),
        ops.Scroll(1, 0, 3),
    ]
    for op in mutations:
        before, after = mutate(recorded, name, op)
        assert before != after, op


def test_stepping_reaches_every_frame(recorded: Recorded, player: Page) -> None:
    recording = recorded.replayed.recording
    steps = recording.step_times(1)
    assert len(steps) > 100
    open_player(player, recorded.player_at(steps[0]))
    reached = [int(player.get_attribute("#player", "data-t-ms") or "nan")]
    for _ in steps[1:]:
        player.keyboard.press("Period")
        wait_for_frame(player)
        reached.append(int(player.get_attribute("#player", "data-t-ms") or "nan"))
    assert reached == steps
    for _ in range(20):
        player.keyboard.press("Comma")
        wait_for_frame(player)
    assert int(player.get_attribute("#player", "data-t-ms") or "nan") == steps[-21]


def test_no_secret_of_the_visitor_was_stored(recorded: Recorded, collector: Collector) -> None:
    del recorded
    secrets = (
        b"ana@example.com",
        b"4111",
        b"correct horse",
        b"998877",
        b"not-for-anyone",
        b"Ulica",
    )
    files = [path for path in collector.data.rglob("*") if path.is_file()]
    assert files
    stored = b"".join(path.read_bytes() for path in files)
    # Facts and URLs lie there in plain; ops are compressed and are looked for in the frames.
    assert [secret for secret in secrets[1:] if secret in stored] == []


def test_no_secret_of_the_visitor_is_in_any_frame(recorded: Recorded) -> None:
    recording = recorded.replayed.recording
    secrets = ("4111", "correct", "998877", "not-for-anyone", "Ulica", "Ana P", "SPRING", "for Ada")
    for t_ms in recording.step_times(1)[::5]:
        shown = repr(dump(recorded.replayed.frame(t_ms).tree))
        assert [secret for secret in secrets if secret in shown] == [], t_ms
