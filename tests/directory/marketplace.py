"""A marketplace on a real socket: the stub, and what can be wrong with one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import chain, repeat
from typing import Any

from aiohttp import web

from ivr_fsm.app import EXAMPLES
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.stub import Handler, Stub

TOKEN = "s3cret-of-the-marketplace"

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


def slow(seconds: float) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.json_response({"kind": "unknown"})

    return fault


def answers(status: int = 200, text: str = "", headers: Mapping[str, str] | None = None) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers=headers)

    return fault


def says(answer: Any) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return web.json_response(answer)

    return fault


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection is cut instead of an answer."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def cut_short(request: web.Request) -> web.StreamResponse:
    """The connection is cut in the middle of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"kind": "unk')
    assert request.transport
    request.transport.close()
    return response


async def huge(request: web.Request) -> web.StreamResponse:
    """An answer that does not end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 10_000)


class Marketplace:
    """A stub whose requests can be answered by faults instead."""

    def __init__(self) -> None:
        self.stub = Stub(FileDirectory(EXAMPLES / "directory.toml"), TOKEN)
        self.asked: Counter[str] = Counter()
        self.keys: list[str] = []
        """The key of each record that came, taken or not."""
        self.seen: list[str] = []
        """The phones that were asked about."""
        self._faults: dict[str, Iterator[Fault | None]] = {}
        self.address = ""
        self._runner: web.AppRunner | None = None
        self._port = 0

    def fail(self, path: str, *faults: Fault | None, then: Fault | None = None) -> None:
        """Answer the next requests to *path* by *faults* (None: rightly), and those after them by *then*."""
        self._faults[path] = chain(faults, repeat(then))

    def heal(self) -> None:
        self._faults.clear()

    async def start(self) -> None:
        app = self.stub.app()

        @web.middleware
        async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked[request.path] += 1
            self.seen += request.query.getall("phone", [])
            self.keys += request.headers.getall("Idempotency-Key", [])
            fault = next(self._faults.get(request.path, repeat(None)), None)
            return await (fault or handler)(request)

        app.middlewares.insert(0, faulty)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Nobody listens any more; `start` brings it back at the same address."""
        assert self._runner
        await self._runner.cleanup()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[HttpDirectory]:
        directory = HttpDirectory(self.address, TOKEN)
        yield directory
        await directory.close()


@asynccontextmanager
async def marketplace() -> AsyncIterator[Marketplace]:
    served = Marketplace()
    await served.start()
    yield served
    await served.stop()
