"""A session as a file: in comes its id, out goes what `visitreel export` writes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from collector.exporting import export_session
from collector.store.audit import add_line
from collector.web.context import context_of, for_viewers, session_of, signed_in
from collector.web.live_rule import check_live

CHUNK_BYTES = 1 << 18


@for_viewers
def reel(request: Request) -> Response:
    """`GET /api/sessions/{id}/export.reel`: a portable recording. Written to the disk first: a
    slow reader must not hold a moment of the database."""
    context = context_of(request)
    with ExitStack() as undo:
        file = undo.enter_context(tempfile.TemporaryFile(dir=context.settings.data))
        with context.readers.lend() as db:
            row = session_of(db, request)
            check_live(db, request, row)
            export_session(db, row, file.write, with_person=True)
        size = file.tell()
        file.seek(0)
        undo.pop_all()
    who, now_ms = signed_in(request).name, context.now_ms()
    context.writer.call(lambda db, _: add_line(db, now_ms, who, "export", session=row.session))
    headers = {
        "content-length": str(size),
        "content-disposition": f'attachment; filename="{row.session_id}.reel"',
        "cache-control": "no-store",
    }
    return StreamingResponse(_pieces(file), 200, headers, "application/octet-stream")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


ROUTES = [Route("/api/sessions/{session_id}/export.reel", reel)]
