"""A hostile recording runs nothing, asks nobody, leads nowhere and breaks nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from replay import ops
from tests.player.conftest import Play
from tests.player.recorded import Html, Recorded, Timed, opening, page_of

pytestmark = pytest.mark.e2e


class Listener:
    """Counts connections to a port of its own."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.count = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()


def hostile(far: str) -> tuple[Html, ...]:
    """Everything that loads, runs, navigates or takes focus."""
    run = "parent.hacked = top.hacked = hacked = 1"
    data = f"data:text/html,<script>{run}</script>"
    return (
        ("script", {"src": f"{far}/a.js"}, run),
        ("/svg/svg", {"onload": run}, ("/svg/script", {"href": f"{far}/b.js"}, run)),
        (
            "img",
            {"src": f"{far}/a.png", "srcset": f"{far}/b.png 2x", "onerror": run, "ONERROR": run},
        ),
        ("picture", {}, ("source", {"srcset": f"{far}/c.png"}), ("img", {"src": "x"})),
        (
            "video",
            {"src": f"{far}/v", "poster": f"{far}/p", "autoplay": ""},
            ("track", {"src": f"{far}/t"}),
        ),
        ("audio", {"src": f"{far}/v", "preload": "auto"}, ("source", {"src": f"{far}/s"})),
        (
            "iframe",
            {"src": f"{far}/f", "srcdoc": f"<script>{run}</script>", "sandbox": "allow-scripts"},
        ),
        ("iframe", {"src": "javascript:" + run}),
        ("object", {"data": f"{far}/o"}, ("embed", {"src": f"{far}/e"})),
        ("embed", {"src": data, "type": "text/html"}),
        ("link", {"rel": "stylesheet", "href": f"{far}/a.css"}),
        (
            "link",
            {"rel": "preload", "as": "image", "href": f"{far}/l.png", "imagesrcset": f"{far}/m 1x"},
        ),
        ("link", {"rel": "preconnect", "href": far}),
        ("meta", {"http-equiv": "refresh", "content": f"0;url={far}/meta"}),
        ("meta", {"http-equiv": "Content-Security-Policy", "content": "img-src 'none'"}),
        ("base", {"href": far, "target": "_top"}),
        ("a", {"id": "go", "href": f"{far}/a", "ping": f"{far}/ping", "target": "_top"}, "go"),
        ("a", {"href": "java\nscript:" + run, "target": "_blank"}, "run"),
        (
            "form",
            {"action": f"{far}/post", "id": "f"},
            ("button", {"formaction": far, "id": "send"}, "send"),
        ),
        ("input", {"type": "image", "src": f"{far}/i.png"}),
        ("input", {"autofocus": "", "id": "focus"}),
        ("body", {"background": f"{far}/bg", "onload": run}),
        ("table", {"background": f"{far}/t.png"}),
        ("style", {}, f"@import '{far}/i.css'; body{{background:url({far}/b.png)}}"),
        ("p", {"style": f"background:u\\72l({far}/c.png);cursor:url('{far}/d.cur'),auto"}, "text"),
        (
            "/svg/svg",
            {},
            ("/svg/image", {"href": f"{far}/e.png", "/xlink/xlink:href": f"{far}/g.png"}),
            ("/svg/use", {"href": f"{far}/h.svg#x"}),
            ("/svg/feImage", {"/xlink/xlink:href": f"{far}/i.png"}),
            ("/svg/rect", {"fill": f"url({far}/k.svg#x)", "filter": f"url({far}/l.svg#x)"}),
            (
                "/svg/a",
                {"href": "javascript:" + run},
                ("/svg/animate", {"attributeName": "href", "to": "javascript:" + run}),
            ),
            ("/svg/foreignObject", {}, ("iframe", {"srcdoc": f"<script>{run}</script>"})),
        ),
        ("template", {}, ("script", {}, run)),
        ("p", {"vr-s": "h", "data-part": "play", "id": "player"}, "looks internal"),
        (
            "p",
            {"/http%3A%2F%2Fwww.w3.org%2F2000%2Fxmlns%2F/xmlns:x": "y", "/xml/xml:base": far},
            "base",
        ),
    )


def test_nothing_runs_loads_navigates_or_takes_focus(play: Play) -> None:
    with listening() as far:
        page = opening(page_of(*hostile(far.url)))
        later: list[Timed] = [
            (
                100,
                ops.Sheet(
                    9000,
                    f"@font-face{{font-family:F;src:url({far.url}/f)}} *{{font-family:F}}",
                    far.url,
                ),
            ),
            (100, ops.Adopted(1, (9000,))),
            (100, ops.RuleInsert(9000, (0,), f"p{{background:url({far.url}/late.png)}}")),
            (200, ops.Attr(5, "src", f"{far.url}/late.js")),
            (200, ops.Attr(4, "onclick", "parent.hacked = 1")),
        ]
        recorded = Recorded(session="hostile-session-0001")
        recorded.load(page, later)
        player = play(recorded, 200, "&scale=1")
        context = player.page.context
        for selector in ("#go", "#send", "#focus"):
            box = player.ask(f"doc.querySelector('{selector}').getBoundingClientRect().toJSON()")
            player.page.mouse.click(box["x"] + 2, box["y"] + 2)
        player.settle()
        for key in ("Tab", "Enter", "Tab", "Enter", "Escape"):
            player.page.keyboard.press(key)
        player.ask("doc.querySelector('#go').click()")
        player.ask("doc.querySelector('#send').click()")
        player.seek(100)
        player.page.evaluate(
            "() => new Promise((done) => requestIdleCallback(done, { timeout: 500 }))"
        )
        assert far.count == 0
        assert player.page.evaluate("window.hacked") is None
        assert player.ask("doc.defaultView.hacked") is None
        assert "/sessions/hostile-session-0001" in player.page.url
        assert len(context.pages) == 1
        assert player.page.evaluate("document.activeElement.id") != "frame"
        assert player.ask("doc.activeElement.localName") == "body"
        markup = player.ask("doc.documentElement.outerHTML")
        # The far host stands in text and in our mirrors, and nowhere else.
        names = player.ask(
            "[...doc.querySelectorAll('*')].flatMap((one) => [...one.attributes]"
            ".filter(({ value }) => value.includes(argument) || /script:/i.test(value))"
            ".map(({ name }) => name))",
            far.url,
        )
        assert [name for name in names if not name.startswith("vr-")] == []
        assert "onload" not in markup
        assert "srcdoc" not in markup


def test_names_that_hide_the_documents_own_do_no_harm(play: Play) -> None:
    names = (
        "createElementNS",
        "fonts",
        "body",
        "adoptedStyleSheets",
        "defaultView",
        "images",
        "styleSheets",
    )
    fields = (
        "setAttribute",
        "attributes",
        "style",
        "insertBefore",
        "removeChild",
        "children",
        "firstChild",
        "parentNode",
        "shadowRoot",
    )
    body = (
        *(("img", {"name": name, "id": name}) for name in names),
        (
            "form",
            {"class": "x", "style": "color:red"},
            *(("input", {"name": name}) for name in fields),
        ),
        ("p", {}, "text"),
    )
    recorded = Recorded(session="clobbering-session-01")
    form = 5 + len(names)
    later: list[Timed] = [
        (100, ops.Attr(form, "class", "y")),
        (200, ops.Put(form, 0, 500, opening(("b", {}, "new"))[2][1].run)),  # type: ignore[union-attr]
        (300, ops.Remove(form + 1)),
        (400, ops.Hover(form)),
        (500, ops.Attr(form, "style", "color:blue")),
        (600, ops.Remove(form)),
    ]
    recorded.load(opening(page_of(*body)), later)
    player = play(recorded, 500)
    assert player.ask("doc.querySelector('form').outerHTML").startswith('<form class="y"')
    assert player.ask("doc.querySelector('form > b').textContent") == "new"
    assert player.style("form", "color") == "rgb(0, 0, 255)"
    player.seek(600)
    assert player.ask("doc.querySelector('form')") is None
    assert player.problems() == {"skipped": [], "damage": []}


def test_a_tree_as_deep_as_allowed_leaves_the_player_alive(play: Play) -> None:
    deep: Html = "bottom"
    for _ in range(4000):
        deep = ("div", {}, deep)
    recorded = Recorded(session="deep-session-000001")
    recorded.load(opening(page_of(deep)), [(100, ops.Pointer(1, 1))])
    player = play(recorded, 100)
    assert player.state in {"paused", "ended"}
    assert any("too deep" in line for line in player.problems()["skipped"])


def test_a_page_in_the_replay_can_not_leave_its_screen(play: Play) -> None:
    css = "body{position:fixed;inset:-500px;z-index:2147483647;background:red}"
    recorded = Recorded(session="login-session-000001")
    recorded.load(opening(page_of(("h1", {}, "Sign in"), head=[("style", {}, css)])))
    player = play(recorded, 0)
    on_top = player.page.evaluate(
        "() => { const box = document.querySelector('.rec').getBoundingClientRect();"
        " return document.elementFromPoint(box.x + 5, box.y + 5).closest('.rec') !== null }"
    )
    assert on_top
    assert player.page.inner_text(".rec") == "Recording"
