"""Recordings over HTTP: ``GET /recordings/<id of the call>.wav``, whole or in ranges.

The files are read in a thread of their own: a disk that is slow, or hangs, holds up no call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from aiohttp import web

from ivr_fsm.journal.recordings import of_call
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.web.access import Access
from ivr_fsm.web.people import Right

AT_ONCE = 20
"""How many recordings are served at the same time."""

STALLED = 30.0
"""Seconds in which whoever listens has to take the next piece."""

PIECE = 256 * 1024
"""Bytes that are read and sent at once: 8 s of a conversation."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording that is being served."""

    descriptor: int
    size: int
    written: datetime
    tag: str

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from *begin* to *end*, or the first of them."""
        return os.pread(self.descriptor, min(PIECE, end - begin), begin)


class Recordings:
    """The routes of the recordings in one folder."""

    def __init__(self, folder: Path | None, access: Access, url: str, lasts: timedelta) -> None:
        """Serve nothing yet.

        Args:
            folder: where the recordings are; None: nothing is recorded.
            access: who may listen.
            url: where the web server is reached from outside; empty: that is not known.
            lasts: how long links can be used.
        """
        self._folder = folder
        self._access = access
        self._url = url.rstrip("/")
        self._lasts = lasts
        self._thread = OneThread("recordings-web")
        self._serving = 0

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve."""
        return [web.get("/recordings/{name}", self._get)]

    def link(self, call_id: str) -> str | None:
        """Return a link to the recording of a call, whether there is one or not; None: none can be given."""
        if self._folder is None or not self._url:
            return None
        return self._url + self._access.signed(f"/recordings/{call_id}.wav", self._lasts)

    def close(self) -> None:
        """Read nothing any more."""
        self._thread.shutdown()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        listener = self._access.require_or_link(request, Right.LISTEN)
        if self._serving >= AT_ONCE:
            raise web.HTTPServiceUnavailable(text="too many listen at once\n", headers={"Retry-After": "5"})
        self._serving += 1
        try:
            async with self._opened(request.match_info["name"]) as opened:
                return await self._send(request, opened, listener)
        finally:
            self._serving -= 1

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[Opened]:
        loop = asyncio.get_running_loop()
        opened = await loop.run_in_executor(self._thread, _open, self._folder, name)
        if opened is None:
            raise web.HTTPNotFound(text="there is no such recording, or it was removed\n")
        try:
            yield opened
        finally:
            self._thread.submit(os.close, opened.descriptor)

    async def _send(self, request: web.Request, opened: Opened, listener: str) -> web.StreamResponse:
        begin, end, part = _range(request, opened)
        response = web.StreamResponse(status=206 if part else 200)
        response.content_type = "audio/wav"
        response.content_length = end - begin
        response.last_modified = opened.written
        response.headers["ETag"] = opened.tag
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["Content-Disposition"] = f'inline; filename="{request.match_info["name"]}"'
        if part:
            response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{opened.size}"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        log.info(
            "recording served",
            recording=request.match_info["name"],
            to=listener,
            address=self._access.address(request),
            first=begin,
            bytes=end - begin,
        )
        if not await self._write(response, opened, begin, end) and request.transport is not None:
            # Nobody must take what was sent for the whole.
            request.transport.abort()
        return response

    async def _write(self, response: web.StreamResponse, opened: Opened, begin: int, end: int) -> bool:
        """Send what is wanted; false: the listener has gone or stopped reading, or the file is shorter."""
        loop = asyncio.get_running_loop()
        while begin < end and (piece := await loop.run_in_executor(self._thread, opened.read, begin, end)):
            try:
                async with asyncio.timeout(STALLED):
                    await response.write(piece)
            except (TimeoutError, ConnectionError):
                # A browser that seeks leaves what it had asked for before.
                return False
            begin += len(piece)
        return begin == end


def _open(folder: Path | None, name: str) -> Opened | None:
    """Open the recording of that *name*; in the thread."""
    file = of_call(folder, name.removesuffix(".wav"))
    if file is None or file.name != name:
        return None
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    stat = os.fstat(descriptor)
    written = datetime.fromtimestamp(stat.st_mtime, UTC)
    return Opened(descriptor, stat.st_size, written, f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"')


def _range(request: web.Request, opened: Opened) -> tuple[int, int, bool]:
    """Return the bytes that are wanted, from and to, and whether that is a part.

    Raises:
        web.HTTPRequestRangeNotSatisfiable: there are no such bytes.
    """
    whole = (0, opened.size, False)
    if "Range" not in request.headers or request.headers.get("If-Range", opened.tag) != opened.tag:
        return whole
    try:
        begin, end, _ = request.http_range.indices(opened.size)
    except ValueError:
        # Not understood (several ranges, another unit): a server may send everything instead.
        return whole
    if begin >= end:
        size = {"Content-Range": f"bytes */{opened.size}"}
        raise web.HTTPRequestRangeNotSatisfiable(headers=size, text="there are no such bytes\n")
    return begin, end, True
