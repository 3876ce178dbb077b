"""`visitreel rule …` as it is used: files of rules go in, plain lines come out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli import visitreel
from collector.signals.documents import read_rules
from collector.signals.starter import STARTERS, starter_text
from collector.store.database import open_writer
from tests.collector.many_sessions import fill

RULES = """\
version: 1
rules:
  - id: cart
    window: 1h
    when:
      page:
        path: /cart
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory with visits of two sites, from just now."""
    directory = tmp_path / "data"
    directory.mkdir()
    db = open_writer(directory / "visitreel.db")
    fill(db, 1_000, 5)
    db.execute(
        "UPDATE session SET zero_at_ms = zero_at_ms - (SELECT max(zero_at_ms) FROM session)"
        " + unixepoch() * 1000 - 60000"
    )
    db.execute(
        "INSERT INTO fact (session, document, t_ms, kind, text, fields) SELECT session, session,"
        " 9000, 'track', '', json_object('name', 'purchase') FROM session WHERE session % 10 = 3"
    )
    db.conn.commit()
    db.conn.close()
    return directory


def say(data: Path, *words: str, text: str = "") -> str:
    done = CliRunner().invoke(
        visitreel, ["rule", *words], input=text, env={"VISITREEL_DATA": str(data)}
    )
    assert done.exit_code == 0, done.output
    return done.output


def refuse(data: Path, *words: str, text: str = "") -> str:
    """What is said of a command that can't be done."""
    done = CliRunner().invoke(
        visitreel, ["rule", *words], input=text, env={"VISITREEL_DATA": str(data)}
    )
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr


def test_rules_are_imported_listed_switched_exported_and_removed(data: Path) -> None:
    assert say(data, "import", "--site", "shop", "-", text=RULES) == "added: cart\n"
    assert say(data, "import", "--site", "shop", "-", text=RULES) == "unchanged: cart\n"
    changed = RULES.replace("1h", "2h")
    assert say(data, "import", "--site", "shop", "-", text=changed) == "changed: cart\n"
    assert say(data, "disable", "--site", "shop", "cart") == "cart: off\n"
    assert say(data, "list") == "off  shop  cart  cart\n"
    file = data / "rules.yaml"
    say(data, "export", "--site", "shop", str(file))
    assert file.read_text() == changed + "    enabled: false\n"
    say(data, "remove", "--site", "shop", "cart")
    say(data, "import", "--site", "shop", str(file))
    assert say(data, "export", "--site", "shop") == file.read_text()
    assert say(data, "enable", "--site", "shop", "cart") == "cart: on\n"


@pytest.mark.parametrize("name", STARTERS)
def test_a_starter_set_is_printed_and_taken_in(data: Path, name: str) -> None:
    assert say(data, "starter", name, "--print") == starter_text(name)
    say(data, "starter", name, "--site", "blog")
    assert say(data, "export", "--site", "blog") == starter_text(name)


def test_what_can_not_be_done_is_one_line_with_the_place(data: Path) -> None:
    file = data / "rules.yaml"
    file.write_text(RULES.replace("path:", "pth:"))
    bad = f"visitreel: {file}: line 7: rules.0.when.page.pth: is not known: did you mean path?\n"
    assert refuse(data, "check", str(file)) == bad
    assert refuse(data, "import", "--site", "shop", str(file)) == bad
    assert refuse(data, "backtest", "--site", "shop", str(file)) == bad
    assert "say which site with --site: " in refuse(data, "import", "-", text=RULES)
    assert "there is no rule 'nothing'" in refuse(data, "enable", "--site", "shop", "nothing")
    assert "No such file" in refuse(data, "check", str(data / "none.yaml"))
    file.write_bytes(b"\xff\xfe")
    assert "byte 0: no UTF-8" in refuse(data, "check", str(file))
    file.write_text(RULES)
    assert say(data, "check", str(file)) == f"{file}: 1 rules, all good\n"
    words = ("backtest", "--site", "shop", str(file), "--outcome", "track: {}")
    assert "--outcome: line 1: when.track: name is missing" in refuse(data, *words)


def test_a_backtest_says_how_often_for_whom_and_what_followed(data: Path) -> None:
    words = ("backtest", "--site", "shop", "-", "--outcome", "track: {name: purchase}")
    [found] = json.loads(say(data, *words, "--json", text=RULES))["backtests"]
    # /cart is the fourth page: two of five visitors come so far; one of ten buys, all at /cart.
    assert (found["visitors"], found["signalled"], found["converted"]) == (950, 400, 100)
    assert (found["followed"], found["precision"], found["recall"]) == (100, 0.25, 1.0)
    assert found["lift"] == pytest.approx(2.375)
    assert found["newest"][0]["clauses"] == ["when"]
    line, *newest = say(data, *words, text=RULES).splitlines()
    assert line == "cart: 400 signals, 400 of 950 visitors  precision 0.25  recall 1.00  lift 2.38"
    assert len(newest) == 5
    assert read_rules(RULES)
