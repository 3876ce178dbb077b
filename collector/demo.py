"""`visitreel demo`: in go two ports, out come a collector and, on another origin, a sample shop
that carries its tag."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.app import Collector, system_now_ms
from collector.bundled import bundled, sample
from collector.directory import locked_to_serve
from collector.importing import NotImported, import_file
from collector.server import listen, server_of, set_up_log
from collector.settings import Settings, make_data_directory
from collector.store.database import Database, open_writer
from collector.store.people import add_link, add_user
from collector.store.sites import Site, UnknownSite, add_site, set_origins, site_named

DATA = Path(".demo") / "visitreel-data"
SITE = "shop"
REP = "rep@demo.example"
HOST = "127.0.0.1"


def run_demo(port: int, shop_port: int, say: Callable[[str], None]) -> None:
    """Serves both until a signal. Raises `SettingsError` when it can't start."""
    set_up_log()
    settings = Settings(data=DATA, host=HOST, port=port, url=f"http://localhost:{port}")
    shop_url = f"http://localhost:{shop_port}"
    folder = bundled("shop")
    make_data_directory(settings.data)
    with (
        locked_to_serve(settings.data),
        listen(HOST, port) as listener,
        listen(HOST, shop_port) as shop_listener,
    ):
        site, link, visit = _prepare(settings, [shop_url, f"http://{HOST}:{shop_port}"])
        collector = Collector(settings)
        say(f"the shop:           {shop_url}/")
        say(f"the collector:      {settings.public_url}/")
        say(f"signed in (once):   {link}")
        if visit:
            say(f"a recorded visit:   {settings.public_url}/sessions/{visit}")
        shop = shop_app(folder, settings.public_url, site.key)
        asyncio.run(_serve_both(collector, listener, shop, shop_listener))


def _prepare(settings: Settings, origins: list[str]) -> tuple[Site, str, str]:
    """The site, a link that signs in, and the session of the sample visit, if nobody erased it."""
    db = open_writer(settings.database)
    try:
        with db.atomic():
            now_ms = system_now_ms()
            try:
                site = site_named(db, SITE)
                site = set_origins(db, SITE, sorted({*site.origins, *origins}))
            except UnknownSite:
                site = add_site(db, SITE, origins, dev=True, now_ms=now_ms)
            visit = _sample_visit(db, now_ms)
            token = add_link(db, add_user(db, REP, "admin", now_ms), now_ms)
    finally:
        db.conn.close()
    return site, f"{settings.public_url}/sign-in/{token}", visit


def _sample_visit(db: Database, now_ms: int) -> str:
    try:
        return import_file(db, sample(), SITE, now_ms).session_id
    except NotImported:
        return ""


async def _serve_both(
    collector: Collector, listener: socket.socket, shop: Starlette, shop_listener: socket.socket
) -> None:
    """One process, one loop, two servers; a signal ends both."""
    first, second = server_of(collector.app(), collector.hub.end), server_of(shop)
    loop = asyncio.get_running_loop()

    def end() -> None:
        first.should_exit = second.should_exit = True

    # Each server would take the signals for itself alone.
    with contextlib.ExitStack() as undo:
        for server in (first, second):
            server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
            undo.callback(loop.remove_signal_handler, number)
        await asyncio.gather(first.serve([listener]), second.serve([shop_listener]))


def shop_app(folder: Path, collector_url: str, key: str) -> Starlette:
    """The shop: its files, with collector and key put into their tags."""
    root = folder.resolve()

    def file(request: Request) -> Response:
        found = shop_file(root, request.path_params["path"])
        if found is None:
            return Response("no such page", 404, media_type="text/plain")
        data = found.read_bytes()
        if found.suffix == ".html":
            text = data.decode().replace("__COLLECTOR__", collector_url)
            data = text.replace("__SITE_KEY__", key).encode()
        media_type = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        return Response(data, headers={"cache-control": "no-cache"}, media_type=media_type)

    return Starlette(routes=[Route("/{path:path}", file)])


def shop_file(root: Path, path: str) -> Path | None:
    """The file behind a URL's path: as it stands, with `.html`, or the page whose routes are made
    in the client."""
    name = path.strip("/") or "index"
    if name.split("/")[0] == "app":
        name = "app"
    for candidate in (root / name, root / f"{name}.html"):
        try:
            found = candidate.resolve()
        except (OSError, ValueError):
            return None
        if found.is_file() and root in found.parents:
            return found
    return None
