"""Tells open pages what moves: server-sent events, from one look into the journal a second for all."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from ivr_fsm.web.inspector import made
from ivr_fsm.web.inspector.clerk import Busy, Clerk
from ivr_fsm.web.inspector.live import Tick
from ivr_fsm.web.inspector.look import Look

EVERY = 1.0
"""Seconds between two looks, as long as a page is open."""

FAILURES = 5
"""After so many looks in a row that failed, open pages are let go: they say that they do not move."""

MOST = 300
"""So many pages may be open."""

BEHIND = 20
"""A page that has not taken so many events is not read any more: it is let go, and comes back if it can."""

ALIVE = 15.0
"""Seconds after which something is sent in any case: both sides notice that the other is gone."""

LONGEST = 600.0
"""Seconds after which a stream ends: the page opens another if its reader may still see it."""

OVER = "over"
"""The id of the last event of a call: who comes back with it needs no stream."""

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Open:
    """A page that is open: the list, or the call of that *key*."""

    look: Look
    key: int | None
    events: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BEHIND))
    length: int | None = None
    greeted: bool = False


class Stream:
    """Serves the events of pages."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._open: set[_Open] = set()
        self._task: asyncio.Task[None] | None = None
        self._failed = 0
        """How many looks in a row have failed."""

    async def serve(self, request: web.Request, look: Look, key: int | None) -> web.StreamResponse:
        """Send events to the page of the list, or of the call of that *key*, as long as it is open."""
        if request.headers.get("Last-Event-ID") == OVER:
            return web.Response(status=204)
        if len(self._open) >= MOST:
            raise web.HTTPServiceUnavailable(text="too many pages are open\n", headers={"Retry-After": "30"})
        page = _Open(look.of_rows, key)
        if self._failed >= FAILURES:
            await self._try(page.look)
        self._open.add(page)
        self._look_on()
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        try:
            await response.prepare(request)
            await response.write(_event("clock", str(round(time.time() * 1000))))
            await self._send(request, response, page)
        finally:
            self._open.discard(page)
        return response

    async def close(self) -> None:
        """Let go of every page."""
        self._let_go()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _send(self, request: web.Request, response: web.StreamResponse, page: _Open) -> None:
        until = asyncio.get_running_loop().time() + LONGEST
        with suppress(ConnectionError):
            while asyncio.get_running_loop().time() < until:
                try:
                    async with asyncio.timeout(ALIVE):
                        event = await page.events.get()
                except TimeoutError:
                    event = b": alive\n\n"
                if event is None:
                    return
                try:
                    async with asyncio.timeout(ALIVE):
                        await response.write(event)
                except TimeoutError:
                    # Nobody reads: without this the connection would stay open until what was sent is read.
                    if request.transport is not None:
                        request.transport.abort()
                    return

    async def _try(self, look: Look) -> None:
        """Look into the journal once.

        Raises:
            web.HTTPServiceUnavailable: it cannot be read.
        """
        try:
            await self._clerk.ask(made.tick, (look,))
        except Exception:
            text = "the journal cannot be read\n"
            raise web.HTTPServiceUnavailable(text=text, headers={"Retry-After": "5"}) from None
        self._failed = 0

    def _fail(self, error: Exception) -> None:
        self._failed += 1
        if self._failed < FAILURES:
            return
        if self._failed == FAILURES:
            log.warning("open pages not told", why=str(error), effect="they say so")
            if not isinstance(error, Busy):
                # A file that was put back in the journal's place is another one: it is opened anew.
                self._clerk.close()
        self._let_go()

    def _let_go(self) -> None:
        for page in self._open:
            with suppress(asyncio.QueueFull):
                page.events.put_nowait(None)

    def _look_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="inspector-stream")

    async def _run(self) -> None:
        while self._open:
            looks = tuple({page.look for page in self._open})
            try:
                ticks = await self._clerk.ask(made.tick, looks)
                self._failed = 0
            except Exception as error:
                ticks = {}
                self._fail(error)
            for page in tuple(self._open):
                if tick := ticks.get(page.look):
                    self._tell(page, tick)
            await asyncio.sleep(EVERY)

    def _tell(self, page: _Open, tick: Tick) -> None:
        try:
            if page.key is None:
                news = tick.news if page.greeted else tick.whole
                page.greeted = True
                if news:
                    page.events.put_nowait(_event("rows", news))
            else:
                self._tell_of_call(page, tick.lengths.get(page.key))
        except asyncio.QueueFull:
            self._open.discard(page)
            page.events.get_nowait()
            page.events.put_nowait(None)

    def _tell_of_call(self, page: _Open, length: int | None) -> None:
        if length is None:
            page.events.put_nowait(_event(OVER, "", OVER))
            page.events.put_nowait(None)
            self._open.discard(page)
        elif length != page.length:
            # The first time, too: the page may be older than that.
            page.length = length
            page.events.put_nowait(_event("moved", str(length)))


def _event(name: str, data: str, event_id: str = "") -> bytes:
    said = f"id: {event_id}\n" if event_id else ""
    return f"{said}event: {name}\ndata: {data}\n\n".encode()
