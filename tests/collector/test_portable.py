"""Portable recordings: what is exported plays the same as a file and where it is imported."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from collector.commands import BadArgument
from collector.exporting import export_file, export_session
from collector.frames import open_recording
from collector.importing import NotImported, import_file
from collector.settings import Pace, SettingsError
from collector.store.database import StoreError, integrity_problems, open_writer
from collector.store.sessions import SessionRow, session_by_id
from replay import Recording, ops
from replay.encode import content_hash
from replay.errors import NoFrame
from replay.ops import Fact
from replay.reel import ReelWriter, read_body, scan
from replay.reel_parts import (
    ASSET,
    SEGMENT,
    ReelDocument,
    ReelSession,
    ReelTable,
    write_asset,
    write_document,
    write_facts,
    write_segment,
    write_session,
)
from replay.timeline import SegmentEntry
from replay.tree import dump
from tests.collector.conftest import Running, running_collector
from tests.collector.sender import TEXT_NODE, Tab, page_view, post, snapshot
from tests.collector.test_cli import Shell
from tests.collector.test_sealing import busy_batches

HALF_AN_HOUR_MS = 31 * 60 * 1000
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
BIG = "p{color:red}" * 300
Seen = list[tuple[object, ...]]


def row_of(running: Running, session_id: str) -> SessionRow:
    with running.collector.readers.lend() as db:
        row = session_by_id(db, session_id)
    assert row is not None
    return row


def stored(running: Running, session_id: str) -> Recording:
    row = row_of(running, session_id)
    return open_recording(running.collector.readers, row, running.clock.now_ms())


def seen(recording: Recording) -> Seen:
    """Every frame and the moments between them, by hash."""
    times = {t_ms for tab in recording.tabs for t_ms in recording.frame_times(tab)}
    moments = sorted(
        times | {t_ms + 1 for t_ms in times} | {gap.until_ms for gap in recording.gaps}
    )
    found: Seen = []
    for tab in (None, *recording.tabs):
        for t_ms in moments:
            try:
                frame = recording.frame_at(t_ms, tab)
            except NoFrame:
                found.append((t_ms, tab))
                continue
            html = frame.html(lambda hash_, kind: f"/assets/{hash_.hex()}")
            digest = hashlib.sha256(f"{html}{dump(frame.tree)}".encode()).hexdigest()
            told = (frame.url, frame.tab, frame.t_ms, frame.viewport, frame.scroll, frame.pointer)
            found.append((t_ms, tab, *told, frame.stale, digest))
    return found


def record_visit(running: Running) -> Tab:
    """Two tabs, a lost batch, a big text, an asset, facts of several kinds. Returns the first."""
    one = running.tab()
    for seq, body in enumerate(busy_batches(one, 12)):
        if seq != 6:
            assert post(running.client, body).status_code == 200
    timed = [
        *snapshot(1500, "again"),
        (1500, ops.Sheet(50, BIG, "http://shop.test/style.css")),
        (1500, ops.Asset(60, content_hash(PICTURE), "image/png")),
        (1501, ops.CssAsset(50, "a.png", 60)),
        (1502, ops.Visibility(2)),
        (1510, ops.Source(3, 60)),
    ]
    identify = ops.Identify("ana@example.com", {"name": "Ana"})
    track = ops.Track("cart", {"sku": "A1", "price": 20.5})
    facts: list[tuple[int, Fact]] = [(1600, identify), (1700, track)]
    assert post(running.client, one.batch(timed, facts)).status_code == 200
    assert post(running.client, one.asset(PICTURE, "image/png"), "/v1/asset").status_code == 200
    same = {"session_id": one.session_id, "secret": one.secret, "visitor_id": one.visitor_id}
    two = Tab(one.key, **same)  # type: ignore[arg-type]
    views = [(0, page_view("http://shop.test/b?utm_source=x", title="B")), (90, page_view("/c"))]
    click = ops.Click(3, 10, 20, "Buy", "http://shop.test/c")
    post(running.client, two.batch([*snapshot(10, "second"), (80, ops.Visibility(0))], views))
    post(running.client, two.batch([(700, ops.SetText(TEXT_NODE, "end"))], [(650, click)]))
    running.settle()
    return one


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Where the visits are recorded."""
    pace = Pace(seal_ops=20, seal_bytes=1 << 20, sweep_s=3600)
    with running_collector(tmp_path_factory.mktemp("origin") / "data", pace=pace) as running:
        yield running


@pytest.fixture(scope="module")
def visit(origin: Running) -> Tab:
    tab = record_visit(origin)
    origin.clock.ahead_ms += HALF_AN_HOUR_MS
    origin.sweep()
    return tab


@pytest.fixture(scope="module")
def reel(origin: Running, visit: Tab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("reels") / "visit.reel"
    data = origin.collector.settings.database
    assert export_file(data, visit.session_id, file, with_person=True) == file.stat().st_size
    return file


def take_in(running: Running, file: Path, site: str = "") -> dict[str, object]:
    return running.run("import", file=str(file), site=site)


def test_a_file_plays_as_the_collector_does(origin: Running, visit: Tab, reel: Path) -> None:
    recording = Recording.open(reel)
    expected = stored(origin, visit.session_id)
    assert recording.problems == ()
    assert recording.tabs == expected.tabs == (1, 2)
    assert recording.page_views == expected.page_views
    assert recording.gaps == expected.gaps
    assert len(recording.gaps) == 1
    frames = seen(recording)
    assert len(frames) > 50
    assert frames == seen(expected)


def test_a_visit_that_goes_on_can_be_exported_too(origin: Running, tmp_path: Path) -> None:
    tab = record_visit(origin)
    file = tmp_path / "live.reel"
    export_file(origin.collector.settings.database, tab.session_id, file, with_person=True)
    assert seen(Recording.open(file)) == seen(stored(origin, tab.session_id))


def test_an_imported_visit_is_listed_and_plays_the_same(
    origin: Running, visit: Tab, reel: Path, running: Running
) -> None:
    done = take_in(running, reel)
    assert done == {
        "session": visit.session_id,
        "site": "Imported",
        "is_new": True,
        "problems": [],
    }
    running.settle()
    assert seen(stored(running, visit.session_id)) == seen(stored(origin, visit.session_id))
    paths = [f"/api/sessions/{visit.session_id}", f"/api/sessions/{visit.session_id}/timeline"]
    for path in paths:
        here, there = (side.api.get(path).json() for side in (running, origin))
        for found in (here, there):
            found.pop("site", None)
            found.pop("cursor", None)  # rows are numbered anew
            for segment in found.get("segments", ()):
                segment.pop("segment")
        assert here == there
    listed = running.api.get("/api/sessions?q=ana@example").json()["sessions"]
    assert [found["id"] for found in listed] == [visit.session_id]
    asset = f"/sessions/{visit.session_id}/assets/{content_hash(PICTURE).hex()}"
    assert running.api.get(asset).content == PICTURE


def test_packing_changes_nothing_of_an_imported_visit(reel: Path, running: Running) -> None:
    session = str(take_in(running, reel)["session"])
    before = seen(stored(running, session))
    running.clock.ahead_ms += HALF_AN_HOUR_MS
    running.sweep()
    assert seen(stored(running, session)) == before
    assert running.rows("SELECT packed FROM session") == [(1,)]


def test_a_file_imported_twice_is_one_session(reel: Path, running: Running) -> None:
    assert take_in(running, reel)["is_new"]
    assert not take_in(running, reel)["is_new"]
    assert running.rows("SELECT count(*) FROM session") == [(1,)]


def test_it_goes_to_the_site_that_is_named_or_has_the_name(reel: Path, running: Running) -> None:
    running.add_site("shop")
    running.add_site("other")
    assert take_in(running, reel)["site"] == "shop"
    with pytest.raises(StoreError, match="no site named"):
        take_in(running, reel, "nowhere")


def test_nobody_can_add_to_an_imported_visit(visit: Tab, reel: Path, running: Running) -> None:
    running.add_site("shop")
    take_in(running, reel)
    late = Tab(running.keys["shop"], session_id=visit.session_id, secret=visit.secret)
    assert post(running.client, late.batch(snapshot())).status_code in {403, 409}


def test_texts_of_an_imported_visit_are_not_told_to_visitors(reel: Path, running: Running) -> None:
    running.add_site("shop")
    take_in(running, reel)
    assert running.rows("SELECT sum(public) FROM content") == [(0,)]


def test_erasure_takes_an_imported_visit_and_keeps_it_out(
    visit: Tab, reel: Path, running: Running
) -> None:
    take_in(running, reel)
    assert running.run("erase", visitor=visit.visitor_id)["sessions"] == 1
    for table in ("session", "document", "batch", "segment", "content", "page_view", "fact"):
        assert running.rows(f"SELECT 1 FROM {table}") == [], table  # noqa: S608 - constant names
    with pytest.raises(NotImported, match="erased"):
        take_in(running, reel)


def test_without_the_person_nothing_names_them(
    origin: Running, visit: Tab, tmp_path: Path, running: Running
) -> None:
    file = tmp_path / "nobody.reel"
    export_file(origin.collector.settings.database, visit.session_id, file, with_person=False)
    session = str(take_in(running, file)["session"])
    told = running.api.get(f"/api/sessions/{session}").json()
    assert (told["person"], told["visitor_id"]) == (None, session)
    kinds = [fact["kind"] for fact in told["facts"]]
    assert "identify" not in kinds
    assert "track" in kinds
    assert running.rows("SELECT count(*) FROM fact WHERE text LIKE '%ana@%'") == [(0,)]


def test_no_secret_leaves_with_a_file(origin: Running, visit: Tab, reel: Path) -> None:
    with origin.collector.readers.lend() as db:
        written = io.BytesIO()
        export_session(db, row_of(origin, visit.session_id), written.write, with_person=True)
    plain = b"".join(_bodies(written))
    for secret in (visit.key.encode(), visit.secret, b"127.0.0", b"user_agent", b"python-httpx"):
        assert secret not in plain
    assert b"ana@example.com" in plain


def _bodies(file: io.BytesIO) -> Iterator[bytes]:
    for part in scan(file).parts:
        yield part.head + read_body(file, part)


def test_what_is_readable_of_a_damaged_file_is_imported_and_the_rest_named(
    reel: Path, tmp_path: Path, running: Running
) -> None:
    data = bytearray(reel.read_bytes())
    parts = scan(io.BytesIO(data)).parts
    segments = [part for part in parts if part.kind == SEGMENT]
    for part in (segments[1], next(part for part in parts if part.kind == ASSET)):
        data[part.body_at + 3] ^= 0xFF
    file = tmp_path / "damaged.reel"
    file.write_bytes(data)
    done = take_in(running, file)
    problems = done["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 2
    assert any("segment 2 is damaged" in line for line in problems)
    assert any("image/png" in line for line in problems)
    session = str(done["session"])
    assert seen(stored(running, session)) == seen(Recording.open(file))
    told = running.api.get(f"/api/sessions/{session}").json()
    assert told["fidelity"] == "gaps"
    assert len(told["gaps"]) == 2


def test_a_file_of_which_nothing_can_be_read_is_refused(
    reel: Path, tmp_path: Path, running: Running
) -> None:
    file = tmp_path / "bad.reel"
    for data in (b"", b"GIF89a" * 100, reel.read_bytes()[:200], reel.read_bytes()[:12]):
        file.write_bytes(data)
        with pytest.raises((NotImported, BadArgument)):
            take_in(running, file)
    assert running.rows("SELECT count(*) FROM session") == [(0,)]
    with pytest.raises(NotImported, match="is a folder"):
        take_in(running, tmp_path)
    with pytest.raises(NotImported, match="no such file"):
        take_in(running, tmp_path / "another.reel")


def forged(file: Path, session: ReelSession, facts: list[tuple[int, Fact]]) -> Path:
    """A file that nobody damaged, and nobody should believe."""
    with file.open("wb") as out:
        writer = ReelWriter(out.write)
        write_session(writer, session)
        table = ReelTable(
            assets=[(1, bytes(16), "text/html"), (2, content_hash(b"<script>"), "text/html")],
            css=[(2**52, "x" * 5_000, -1)],
            visibility=[(-5, 2), (-5, 1)],
            gaps=[(900, 100), (50, 60), (0, 2**34)],
        )
        document = ReelDocument(7, 99, -5, 5, sdk_version="\x1b[31m", problems=("\x1b]0;x\n",))
        write_document(writer, document, table)
        write_facts(writer, 7, 99, facts)
        write_facts(writer, 8, 1, facts)
        write_asset(writer, content_hash(b"<script>"), "text/html", b"<script>")
        for place, raw in enumerate((b"", b"\x99no section", bytes(1 << 20))):
            write_segment(
                writer, SegmentEntry(0, 7, 10, 5 + 10 * place, True, False), 9, place, raw
            )
        writer.close()
    return file


def test_nothing_of_a_forged_file_is_believed(tmp_path: Path, running: Running) -> None:
    ids = ("session-00000000001", "<script>alert(1)</script>", 1_700_000_000_000)
    session = ReelSession(*ids, "visitor-00000000001", False, "\x1b[2J<b>", {"k\n": "\x1b"})
    url = "javascript:alert(1)"
    view = ops.PageView(url, "<b>\x1b[2J", "https://u:p@x/?a=1", 7, {"source": "\x00"})
    facts: list[tuple[int, Fact]] = [(-5, view), (-5, ops.Click(1, 2, 3, "\x1b[2J", url))]
    file = forged(tmp_path / "forged.reel", session, facts)
    done = take_in(running, file)
    told = running.api.get(f"/api/sessions/{done['session']}").json()
    assert told["site"] == "Imported"
    assert {view["url"] for view in told["page_views"]} == {"javascript:"}
    assert {fact["href"] for fact in told["facts"]} == {"javascript:"}
    assert "\\u001b" not in json.dumps(told)
    asset = f"/sessions/{done['session']}/assets/{content_hash(b'<script>').hex()}"
    assert running.api.get(asset).status_code == 404
    timeline = running.api.get(f"/api/sessions/{done['session']}/timeline").json()
    for segment in timeline["segments"]:
        path = f"/api/sessions/{done['session']}/segments/{segment['segment']}"
        assert running.api.get(path).status_code in {200, 404}
    assert running.api.get("/", headers={"accept": "text/html"}).status_code in {200, 303}
    running.clock.ahead_ms += HALF_AN_HOUR_MS
    running.sweep()
    assert running.rows("SELECT packed FROM session") == [(1,)]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_damaged_an_import_takes_the_rest_or_refuses(
    reel: Path, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    data = bytearray(reel.read_bytes())
    for _ in range(random.choice((1, 3, 40))):
        at = random.randrange(12, len(data))
        if random.random() < 0.3:
            del data[at : at + random.randrange(1, 500)]
        else:
            data[at] ^= random.randrange(1, 256)
    file = tmp_path / "damaged.reel"
    file.write_bytes(data)
    db = open_writer(tmp_path / "visitreel.db")
    with contextlib.suppress(NotImported), db.atomic():
        done = import_file(db, file, "", 1_800_000_000_000)
        assert done.is_new
        assert done.problems
    assert integrity_problems(db) == []
    db.conn.close()


def test_the_api_gives_the_same_file(origin: Running, visit: Tab, reel: Path) -> None:
    answer = origin.api.get(f"/api/sessions/{visit.session_id}/export.reel")
    assert answer.status_code == 200
    assert answer.content == reel.read_bytes()
    assert "attachment" in answer.headers["content-disposition"]
    missing = origin.api.get("/api/sessions/xxxxxxxxxxxxxxxxxxxx/export.reel")
    assert missing.status_code == 404
    path = f"/api/sessions/{visit.session_id}/export.reel"
    assert origin.client.get(path).status_code == 401


def test_files_go_out_and_come_in_at_the_command_line(
    visit: Tab, reel: Path, tmp_path: Path
) -> None:
    one = Shell(tmp_path / "one")
    one.start()
    try:
        said = one.run("import", str(reel))
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout == f"imported {visit.session_id} on site Imported\n"
        assert "no site named" in one.refuse("import", str(reel), "--site", "nowhere")
        again = tmp_path / "again.reel"
        one.say("export", visit.session_id, str(again), "--without-person")
        assert again.stat().st_mode & 0o777 == 0o600
        assert len(Recording.open(again).page_views) == len(Recording.open(reel).page_views)
        assert ".reel" in one.refuse("export", visit.session_id, str(tmp_path / "visit.mp4"))
        assert "no .reel file" in one.refuse("import", str(one.data / "secret"))
        frame = one.say("frame", visit.session_id, "--at", "0.5")
        one.say("backup", str(tmp_path / "copy.db"))
    finally:
        one.stop()
    two = Shell(tmp_path / "two")
    two.data.mkdir(mode=0o700)
    (tmp_path / "copy.db").rename(two.data / "visitreel.db")
    assert two.say("frame", visit.session_id, "--at", "0.5") == frame
    assert "1 sessions" in two.say("erase", str(visit.visitor_id))
    assert "erased" in two.refuse("import", str(reel))


def test_what_can_not_be_exported_is_said_in_one_line(
    origin: Running, visit: Tab, reel: Path, tmp_path: Path
) -> None:
    data = origin.collector.settings.database
    for session, file, line in (
        (visit.session_id, reel, "exists already"),
        (visit.session_id, tmp_path / "visit.html", "unknown ending"),
        (visit.session_id, tmp_path / "no" / "visit.reel", "No such file"),
        ("x" * 20, tmp_path / "visit.reel", "no session"),
    ):
        with pytest.raises(SettingsError, match=line):
            export_file(data, session, file, with_person=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_off_loses_pictures_before_pages(
    reel: Path, tmp_path: Path, running: Running
) -> None:
    whole = reel.read_bytes()
    asset = next(part for part in scan(io.BytesIO(whole)).parts if part.kind == ASSET)
    file = tmp_path / "cut.reel"
    file.write_bytes(whole[: asset.body_at + 1])
    session = str(take_in(running, file)["session"])
    complete, cut = Recording.open(reel), stored(running, session)
    assert cut.until_ms == complete.until_ms
    for tab in complete.tabs:
        assert cut.step_times(tab) == complete.step_times(tab)


def test_a_damaged_file_is_named_line_by_line(
    visit: Tab, reel: Path, tmp_path: Path, running: Running
) -> None:
    file = tmp_path / "cut.reel"
    whole = reel.read_bytes()
    last = [part for part in scan(io.BytesIO(whole)).parts if part.kind == SEGMENT][-2:]
    file.write_bytes(whole[: last[0].body_at + 1])
    shell = Shell(running.collector.settings.data)
    said = shell.run("import", str(file))
    assert said.returncode == 0
    assert visit.session_id in said.stdout
    lines = said.stderr.splitlines()
    assert all(line.startswith("visitreel: not imported: ") for line in lines)
    assert [line for line in lines if "is missing" in line or "is damaged" in line]
    assert any("end of the file" in line for line in lines)
    file.write_bytes(whole[:300])
    assert "nothing" in shell.refuse("import", str(file))
