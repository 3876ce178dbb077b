"""The settings of rules, as the browsers of admins and reps meet them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from collector.signals.documents import read_rules
from collector.signals.form import fields_of
from collector.signals.starter import STARTERS, starter_text
from collector.store.rules import rules_of
from collector.trials import Progress
from replay import ops
from tests.collector.conftest import Running
from tests.collector.sender import Tab, page_view, post, snapshot
from tests.collector.test_pages import sign_in
from tests.collector.test_sites import text_of

PRICING = {
    "name": "Reads the prices", "enabled": "1", "backfill": "1", "window.n": "1",
    "window.unit": "h", "w:kind": "all", "w.0:kind": "page", "w.0:path": "/pricing*",
    "w.0:dwell.n": "30", "do": "save",
}  # fmt: skip


@pytest.fixture
def boss(running: Running) -> Iterator[httpx.Client]:
    with sign_in(running, "boss@example.com", "admin") as browser:
        yield browser


@pytest.fixture
def base(running: Running) -> str:
    """Where the rules of a site are changed."""
    return f"/settings/rules/{running.add_site('shop')}"


def stored(running: Running) -> list[dict[str, object]]:
    found = running.read(lambda db: [rule.document for rule in rules_of(db)])
    assert isinstance(found, list)
    return found


def fields_on(page: str) -> dict[str, str]:
    """The fields of a form as a browser would send them."""
    found: dict[str, str] = {}
    form = page[page.index('<form class="rule-form"') :]
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select [^>]*name="([^"]*)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        first = re.search(r'value="([^"]*)"', options)
        assert first
        found[name] = (chosen or first)[1]
    for name, text in re.findall(
        r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S
    ):
        found[name] = unescape(text)
    return found


def test_a_starter_rule_is_used_switched_and_deleted(
    running: Running, boss: httpx.Client, base: str
) -> None:
    page = boss.get("/settings/rules").text
    assert page.count("Use this rule") == sum(
        len(read_rules(starter_text(name))) for name in STARTERS
    )
    assert boss.post(f"{base}/use", data={"rule": "shop-copied-price"}).status_code == 303
    shown = text_of(boss.get("/settings/rules"))
    assert "Copied a price Fires when a visitor copies a price. At most once a day" in shown
    assert "In use" in shown
    rule = f"{base}/rule/shop-copied-price"
    for do, enabled in (("disable", False), ("enable", True)):
        assert boss.post(rule, data={"do": do}).status_code == 303
        assert stored(running)[0].get("enabled", True) is enabled
    assert boss.post(rule, data={"do": "remove"}).status_code == 303
    assert stored(running) == []
    whats = [row[0] for row in running.rows("SELECT what FROM audit ORDER BY audit")]
    assert whats[-4:] == ["rules_import", "rule_disable", "rule_enable", "rule_remove"]
    assert "switched a rule off: Copied a price" in text_of(boss.get("/settings/audit"))
    assert boss.post(f"{base}/use", data={"rule": "unknown"}).status_code == 400
    assert boss.post(rule, data={"do": "explode"}).status_code == 400


def test_a_form_saves_what_its_yaml_says(running: Running, boss: httpx.Client, base: str) -> None:
    assert boss.post(f"{base}/new", data=PRICING).status_code == 303
    [rule] = stored(running)
    assert rule == {
        "id": "reads-the-prices", "name": "Reads the prices", "window": "1h",
        "when": {"page": {"path": "/pricing*", "dwell": "30s"}},
    }  # fmt: skip
    edit = f"{base}/edit/reads-the-prices"
    # As YAML and back, and saved from either: nothing is lost, nothing changes.
    text = fields_on(boss.get(f"{edit}?as=yaml").text)["yaml"]
    assert read_rules(text) == [rule]
    assert read_rules(boss.get(f"{base}/export").text) == [rule]
    as_form = boss.post(edit, data={"yaml": text, "do": "form"})
    assert as_form.status_code == 200
    fields = fields_on(as_form.text)
    as_yaml = boss.post(edit, data={**fields, "do": "yaml"})
    assert read_rules(fields_on(as_yaml.text)["yaml"]) == [rule]
    for saved in (fields, fields_on(boss.get(edit).text), {"yaml": text, "version": "1"}):
        assert boss.post(edit, data={**saved, "do": "save"}).status_code == 303
        assert stored(running) == [rule]
    fields["w.0:dwell.n"] = "45"
    assert boss.post(edit, data={**fields, "do": "save"}).status_code == 303
    assert stored(running)[0]["when"] == {"page": {"path": "/pricing*", "dwell": "45s"}}
    # Somebody who opened it before that is told, and nothing is replaced unasked.
    late = boss.post(edit, data={**fields, "w.0:dwell.n": "9", "do": "save"})
    assert late.status_code == 409
    assert "Somebody has changed this rule" in late.text
    assert boss.post(edit, data={**fields_on(late.text), "do": "save"}).status_code == 303
    assert stored(running)[0]["when"] == {"page": {"path": "/pricing*", "dwell": "9s"}}
    # A second of the same name is another rule.
    assert boss.post(f"{base}/new", data=PRICING).status_code == 303
    assert [rule["id"] for rule in stored(running)] == ["reads-the-prices", "reads-the-prices-2"]
    whats = [row[0] for row in running.rows("SELECT what FROM audit WHERE what GLOB 'rule_*'")]
    assert whats == ["rule_add", "rule_change", "rule_change", "rule_add"]


@pytest.mark.parametrize("name", STARTERS)
def test_the_form_of_every_starter_rule_says_the_same_rule(
    running: Running, boss: httpx.Client, base: str, name: str
) -> None:
    text = starter_text(name)
    assert boss.post(f"{base}/import", data={"yaml": text}).status_code == 303
    for rule in stored(running):
        page = boss.get(f"{base}/edit/{rule['id']}").text
        sent = {key: value for key, value in fields_on(page).items() if value}
        expected = {key: one for key, one in fields_of(rule).items() if key != "id"}
        assert {key: sent.get(key, "") for key in expected} == expected
        assert boss.post(f"{base}/edit/{rule['id']}", data={**sent, "do": "save"}).is_redirect
    assert stored(running) == read_rules(text)


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    running: Running, boss: httpx.Client, base: str
) -> None:
    wrong = {**PRICING, "name": "", "w.0:path": "(<b>", "w.0:path.op": "re2", "window.n": "soon"}
    answer = boss.post(f"{base}/new", data=wrong)
    assert answer.status_code == 400
    fields = fields_on(answer.text)
    assert (fields["w.0:path"], fields["window.n"]) == ("(<b>", "soon")
    assert 'aria-invalid="true" aria-describedby="error:window.n"' in answer.text
    assert 'id="error:window.n"' in answer.text
    assert "give it a name" in answer.text
    assert "<b>" not in answer.text.replace("<b>Never", "")
    wrong["window.n"] = "1"
    answer = boss.post(f"{base}/new", data=wrong)
    assert 'id="error:w.0:path">re2 can' in answer.text
    assert stored(running) == []


def test_yaml_that_is_no_rule_is_refused_with_its_line(
    running: Running, boss: httpx.Client, base: str
) -> None:
    text = "version: 1\nrules:\n  - id: a\n    when:\n      page: {path: /a, dwel: 5s}\n"
    for answer in (
        boss.post(f"{base}/new", data={"yaml": text, "do": "save"}),
        boss.post(f"{base}/import", data={"yaml": text}),
    ):
        assert answer.status_code == 400
        said = " ".join(re.sub(r"<[^>]*>", " ", unescape(answer.text)).split())
        assert re.search(r"(?i)line 5\W+rules.0.when.page.dwel\W+is not known: did you mean", said)
        assert "dwel: 5s" in answer.text
    boss.post(f"{base}/import", data={"yaml": text.replace("dwel", "dwell")})
    good = "version: 1\nrules:\n  - id: {}\n    when: {{page: {{path: /a}}}}\n"
    for url, text, words in (
        (f"{base}/new", good.format("a"), "there is a rule a already"),
        (f"{base}/edit/a", good.format("b"), "a keeps its id"),
        (f"{base}/new", "version: 1\nrules: []\n", "there are 0"),
    ):
        answer = boss.post(url, data={"yaml": text, "do": "save", "version": "1"})
        assert answer.status_code == 400
        assert words in answer.text
    assert len(stored(running)) == 1


def test_the_buttons_of_the_form_work_with_and_without_the_script(
    boss: httpx.Client, base: str
) -> None:
    page = boss.post(f"{base}/new", data={**PRICING, "do": "add:w"})
    assert page.status_code == 200
    assert fields_on(page.text)["w.1:kind"] == "page"
    part = boss.post(f"{base}/form", data={**PRICING, "do": "add:w"})
    assert 'name="w.1:kind"' in part.text
    assert "<html" not in part.text
    words = boss.post(f"{base}/words", data=PRICING).json()
    assert words["words"].startswith("Fires when a visitor opens a page like “/pricing*” and stays")
    assert boss.post(f"{base}/words", data={"name": "x"}).json()["is_good"] is False


def test_reps_switch_their_own_rules_and_change_nothing_else(
    running: Running, boss: httpx.Client, base: str
) -> None:
    for owner in ("rep@example.com", "other@example.com"):
        named = {**PRICING, "name": owner.partition("@")[0], "owner": owner}
        assert boss.post(f"{base}/new", data=named).is_redirect
    with sign_in(running, "rep@example.com", "rep") as rep:
        page = rep.get("/settings/rules").text
        assert page.count('role="switch"') == 1
        assert "Use this rule" not in page
        assert "/edit/" not in page
        assert rep.get(f"{base}/export").status_code == 200
        assert rep.post(f"{base}/rule/rep", data={"do": "disable"}).status_code == 303
        assert [rule.get("enabled", True) for rule in stored(running)] == [False, True]
        for path, data in (
            ("rule/other", {"do": "disable"}), ("rule/rep", {"do": "remove"}), ("new", PRICING),
            ("edit/rep", PRICING), ("use", {"rule": "shop-rage"}), ("import", {"yaml": ""}),
            ("form", PRICING), ("words", PRICING), ("try", PRICING),
        ):  # fmt: skip
            assert rep.post(f"{base}/{path}", data=data).status_code == 403, path
        for path in ("new", "edit/rep"):
            assert rep.get(f"{base}/{path}").status_code == 403
    assert running.client.get("/settings/rules").status_code == 303
    assert running.client.post(f"{base}/new", data=PRICING).status_code == 303
    assert len(stored(running)) == 2


def test_rules_of_another_site_and_requests_of_another_page_get_nothing(
    running: Running, boss: httpx.Client, base: str
) -> None:
    other = f"/settings/rules/{running.add_site('other', 'https://other.example')}"
    assert boss.post(f"{base}/new", data={**PRICING, "name": "Hers alone"}).is_redirect
    unknown = boss.get(f"{other}/edit/nothing")
    foreign = boss.get(f"{other}/edit/hers-alone")
    assert unknown.status_code == foreign.status_code == 404
    assert unknown.text == foreign.text
    for do in ("disable", "remove"):
        assert boss.post(f"{other}/rule/hers-alone", data={"do": do}).status_code == 404
    assert boss.post(f"{other}/edit/hers-alone", data=PRICING).status_code == 404
    for path in ("new", "export", "edit/x"):
        assert boss.get(f"/settings/rules/0123456789/{path}").status_code == 404
    assert boss.get("/settings/rules?site=0123456789").status_code == 404
    evil = {"origin": "https://evil.test"}
    for path, data in (("new", PRICING), ("rule/hers-alone", {"do": "remove"})):
        assert boss.post(f"{base}/{path}", data=data, headers=evil).status_code == 403
    assert len(stored(running)) == 1
    assert "Hers alone" not in boss.get(f"/settings/rules?site={other[16:]}").text


def test_a_trial_says_how_often_for_whom_and_what_came_of_it(
    running: Running, boss: httpx.Client, base: str
) -> None:
    key = running.keys["shop"]
    for number in range(6):
        facts: list[tuple[int, ops.Fact]] = [(0, page_view())]
        if number < 4:
            facts.append((2_000, page_view("http://shop.test/pricing")))
        if number < 2:
            facts.append((5_000, ops.Track("purchase", {})))
        tab = Tab(key)
        browser = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
        assert post(running.client, tab.batch(snapshot(), facts), **browser).is_success
    bot = Tab(key).batch(snapshot(), [(0, page_view("http://shop.test/pricing"))])
    assert post(running.client, bot).is_success
    running.settle()
    asked = {
        **PRICING, "w.0:path": "/pricing", "w.0:dwell.n": "", "o:kind": "track",
        "o:name": "purchase", "days": "7", "do": "try",
    }  # fmt: skip
    answer = boss.post(f"{base}/try", data=asked)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    html = json.loads(answer.text.splitlines()[-1])["html"]
    said = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    assert "4 times in the last 7 days, for 4 of 6 visitors" in said
    assert "Precision 50 % 2 of 4 for whom it fired: the visitor does “purchase”" in said
    assert "Lift 1.5 × as likely as for any visitor (2 of 6)" in said
    assert "Found 100 %" in said
    links = re.findall(r'href="(/sessions/[^"]+\?t=2\.000)"', html)
    assert len(set(links)) == 4
    assert boss.get(links[0]).status_code == 200
    # The same without the page's script.
    page = boss.post(f"{base}/new", data=asked)
    assert page.status_code == 200
    assert "Precision" in page.text
    assert fields_on(page.text)["o:name"] == "purchase"
    wrong = boss.post(f"{base}/try", data={**asked, "w.0:path": ""})
    assert wrong.status_code == 400
    assert stored(running) == []


def test_the_way_to_the_first_alert_says_what_is_missing(
    running: Running, boss: httpx.Client
) -> None:
    assert "Your first alert 0 of 6 steps done" in text_of(boss.get("/"))
    assert "First a site" in text_of(boss.get("/settings/rules"))
    key = running.add_site("shop")
    assert "1 of 6 steps done" in text_of(boss.get("/"))
    assert post(running.client, Tab(key).batch(snapshot(), [(0, page_view())])).is_success
    running.settle()
    shown = text_of(boss.get("/settings/rules"))
    assert "1 of 6 steps done" in shown
    assert "Only bots have come so far" in shown
    browser = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    body = Tab(key).batch(snapshot(), [(0, page_view())])
    assert post(running.client, body, **browser).is_success
    running.settle()
    assert "Next: switch on a rule" in text_of(boss.get("/"))
    base = f"/settings/rules/{key}"
    assert boss.post(f"{base}/use", data={"rule": "shop-rage"}).is_redirect
    assert stored(running)[0]["owner"] == "boss@example.com"
    shown = text_of(boss.get("/settings/rules"))
    assert "3 of 6 steps done" in shown
    assert "Tells nobody: there is no channel yet" in shown
    # A channel of somebody else's is none for this rule; a shared one is.
    address = "https://receiver.example/"
    running.run("user_add", email="rep@example.com", role="rep")
    running.run("channel_add", kind="webhook", address=address, owner="rep@example.com")
    assert "3 of 6 steps done" in text_of(boss.get("/settings/rules"))
    running.run("channel_add", kind="webhook", address=address, name="Everybody")
    shown = text_of(boss.get("/settings/rules"))
    assert "4 of 6 steps done" in shown
    assert "Tells Everybody of boss@example.com" in shown
    with sign_in(running, "rep@example.com", "rep") as rep:
        assert "4 of 6 steps done" in text_of(rep.get("/settings/rules"))
        assert "Be told of the visits that matter" not in text_of(rep.get("/"))
    assert "Next: send a test" in text_of(boss.get("/"))
    assert boss.post("/settings/rules/later").status_code == 303
    assert "Next: send a test" not in text_of(boss.get("/"))


def test_whoever_leaves_a_trial_leaves_the_next_one_its_turn(
    running: Running, boss: httpx.Client, base: str
) -> None:
    trials = running.collector.context.trials
    with (
        trials.turn(Progress()),
        boss.stream("POST", f"{base}/try", data=PRICING) as answer,
    ):
        assert json.loads(next(answer.iter_lines()))["waits"] is True
    assert "html" in boss.post(f"{base}/try", data=PRICING).text
    with trials.turn(Progress()):
        pass
