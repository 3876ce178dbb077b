"""A running collector: in go settings, out comes the ASGI application, with everything that it
needs started and stopped by its lifespan."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.alerts.outbox import note_signal
from collector.alerts.start import dispatcher_of
from collector.auth import Auth, is_foreign
from collector.background import Background
from collector.bundled import bundled
from collector.commands import Json, run_command
from collector.directory import start_control
from collector.headers import EVERYWHERE, INERT
from collector.here import Here
from collector.ingest import Ingest
from collector.live import Hub
from collector.metrics import Metrics
from collector.problems import Problem, problem_of
from collector.rule_commands import CHANGES_SIGNALS
from collector.settings import Settings, load_secret
from collector.sightings import Sightings
from collector.signalling import Signalling
from collector.sites import SiteDirectory
from collector.store.database import Readers, StoreError, open_writer
from collector.store.sites import all_sites
from collector.views import Views
from collector.web import (
    accounts,
    alert_settings,
    api,
    api_signals,
    audit,
    channels,
    export,
    first_alert,
    health,
    listing,
    live_list,
    live_rule,
    live_session,
    pages,
    people,
    replay_files,
    rules,
    script,
    shares,
    signals,
    sites,
)
from collector.web.context import Context, viewer_of
from collector.web.player_files import PlayerFiles
from collector.writer import Writer

HERE = Path(__file__).parent
SWITCH_S = 0.005
"""Python's default, set so that nothing else decides it: shorter ones gave more best and fewer
median acknowledgements a second."""

TEST_S = 20.0
"""How long a test of a channel may take: all that sends gives up sooner."""


def system_now_ms() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


class Collector:
    """The parts of one collector and their life. The data directory must be locked by the
    caller."""

    def __init__(self, settings: Settings, now_ms: Callable[[], int] = system_now_ms) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.sites = SiteDirectory()
        db = open_writer(settings.database)
        self.sites.replace(all_sites(db))
        self.readers = Readers(settings.database)
        self.writer = Writer(
            db,
            after_commit=self._committed,
            max_waiting=settings.limits.max_waiting,
        )
        self.hub = Hub(settings.pace)
        self.background = Background(
            self.writer, self.readers, settings.pace, self.hub, self.metrics, now_ms
        )
        self.signals = Signalling(
            self.writer, self.readers, self.metrics, now_ms, note_signal, self._await_facts
        )
        self._now_ms = now_ms
        self._player = PlayerFiles(bundled("player"), HERE / "web" / "static")
        sightings = Sightings(self.hub.tell)
        auth = Auth(load_secret(settings.data), https=settings.is_https, now_ms=now_ms)
        self.alerts = dispatcher_of(settings, self.writer, self.readers, auth, self.metrics, now_ms)
        self.context = Context(
            settings=settings,
            writer=self.writer,
            readers=self.readers,
            background=self.background,
            signals=self.signals,
            auth=auth,
            hub=self.hub,
            here=Here(self.readers, settings.pace.live_ms, now_ms),
            alerts=self.alerts,
            sites=self.sites,
            sightings=sightings,
            views=Views(self.writer),
            metrics=self.metrics,
            templates=_templates(self._player),
            now_ms=now_ms,
        )
        self._ingest = Ingest(
            settings,
            self.writer,
            self.readers,
            self.sites,
            self.hub,
            self.metrics,
            sightings,
            now_ms,
        )

    def app(self) -> ASGIApp:
        """The application: the recorder's endpoints in front of everything else."""
        web = self._web()
        ingest = self._ingest

        async def entry(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] in {"/v1/batch", "/v1/asset", "/v1/known"}:
                await ingest(scope, receive, send)
            else:
                await web(scope, receive, send)

        return entry

    def _web(self) -> ASGIApp:
        application = Starlette(
            routes=[
                *api.ROUTES,
                *api_signals.ROUTES,
                *replay_files.ROUTES,
                *export.ROUTES,
                *listing.ROUTES,
                *live_list.ROUTES,
                *live_rule.ROUTES,
                *live_session.ROUTES,
                *pages.ROUTES,
                *accounts.ROUTES,
                *shares.ROUTES,
                *sites.ROUTES,
                *channels.ROUTES,
                *alert_settings.ROUTES,
                *signals.ROUTES,
                *people.ROUTES,
                *first_alert.ROUTES,
                *rules.ROUTES,
                *audit.ROUTES,
                *health.ROUTES,
                *script.routes(),
                *self._player.routes,
                Mount("/static", _Files(HERE / "web" / "static")),
            ],
            middleware=[Middleware(_OwnPagesOnly, public_url=self.settings.public_url)],
            lifespan=self._lifespan,
            exception_handlers={
                Problem: _answer_problem,
                HTTPException: _answer_http,
                Exception: _answer_failure,
            },
        )
        application.state.context = self.context
        return _SecurityHeaders(application)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_S)
        self.hub.start()
        self.writer.start()
        self.background.start()
        self.signals.start()
        self.alerts.start()
        stop_control = await start_control(self.settings.data, self._run_command)
        try:
            yield
        finally:
            await stop_control()
            await asyncio.to_thread(self._stop)

    def _committed(self, values: list[object]) -> None:
        """In the writer's thread, after each commit."""
        self.background.notice(values)
        self.signals.notice(values)
        self.alerts.notice(values)
        self.hub.committed(values)

    def _await_facts(self, sites: frozenset[int]) -> None:
        """Rules of these sites wait for facts."""
        self._ingest.awaited_sites = sites

    def reload_sites(self) -> None:
        """A command may have changed them."""
        with self.readers.lend() as db:
            self.sites.replace(all_sites(db))

    def _stop(self) -> None:
        """The background first: it still writes. Then all that waits is written."""
        self.background.stop()
        self.signals.stop()
        self.alerts.stop()
        self.writer.stop()
        self.readers.close()

    async def _run_command(self, name: str, arguments: Json) -> Json:
        """A command from the command line, in the writer's thread like everything that writes."""
        if name == "where":
            return {"url": self.settings.public_url}

        def run() -> Json:
            done = self.writer.call(
                lambda db, intake: run_command(db, intake, name, arguments, self._now_ms())
            )
            if name == "erase":
                self.writer.truncate_log()
            if name == "channel_test":
                self.alerts.ring()
                done["error"] = self.alerts.result(int(str(done["alert"])), TEST_S)
            if name in CHANGES_SIGNALS:
                self.signals.reload()
            self.reload_sites()
            return done

        return await asyncio.to_thread(run)


class _Files(StaticFiles):
    """Static files that are asked for anew each time, and answered with 304."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "no-cache"
        return response


class _OwnPagesOnly:
    """The one place that keeps other sites' pages from changing anything with a person's cookie."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._app
        if scope["type"] == "http":
            request = Request(scope)
            if is_foreign(request, self._public_url):
                message = "this request comes from a page of another site"
                answer = _answer_problem(request, Problem("foreign_request", message))
        await answer(scope, receive, send)


class _SecurityHeaders:
    """Adds to each response what it does not say itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in EVERYWHERE.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in self._headers if name not in said),
                ]
                if b"content-security-policy" not in said:
                    message["headers"].append((b"content-security-policy", INERT.encode()))
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


def _templates(player: PlayerFiles) -> Jinja2Templates:
    templates = Jinja2Templates(directory=HERE / "web" / "templates")
    templates.env.autoescape = True
    templates.env.globals["player"] = player
    templates.env.filters["instant"] = _instant
    return templates


def _instant(at_ms: int) -> datetime:
    """Unix ms as a template writes it into `<time>`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _wants_page(request: Request) -> bool:
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith("/api/")


def _answer_problem(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    headers = {"cache-control": "no-store"}
    if problem.retry_after_s is not None:
        headers["retry-after"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    if _wants_page(request):
        if not hasattr(request.state, "viewer"):
            # Whoever is signed in sees the way on.
            with suppress(Problem, StoreError):
                viewer_of(request)
        answer = pages.page(request, "error.html", problem.status, problem=problem)
        answer.headers.update(headers)
        return answer
    return Response(problem.body(), problem.status, headers, media_type="application/json")


def _answer_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return _answer_problem(
            request, Problem("method_not_allowed", "this method is not possible here")
        )
    if status == 404:
        return _answer_problem(request, Problem("not_found", "nothing here has this address"))
    return _answer_problem(request, Problem("bad_request", "this request makes no sense"))


def _answer_failure(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status == 500:
        request.app.state.context.metrics.report(error)
    return _answer_problem(request, problem)
