"""A link and its far end; a server and the calls that it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import gevent.socket
import pytest

from ivr_fsm.esl.link import Link
from ivr_fsm.esl.outbound import OutboundServer
from ivr_fsm.esl.wire import Event

from .peer import Peer, Record

Connect = Callable[..., Awaitable[tuple[Record, Peer]]]


@pytest.fixture(autouse=True)
async def every_peer_is_closed() -> AsyncIterator[None]:
    yield
    await Peer.close_all()


@asynccontextmanager
async def _connection(start: bool = True, **options: Any) -> AsyncIterator[tuple[Record, Peer]]:
    with gevent.socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        peer = await Peer.connect(listener.getsockname()[1])
        sock, _ = listener.accept()
    record = Record(Link(sock, asyncio.get_running_loop(), **options))
    if start:
        record.link.start_event_handlers()
    try:
        yield record, peer
    finally:
        record.link.close("the test is over")
        await peer.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes links: `await connect(**options of Link)` gives a record of it and its far end."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> tuple[Record, Peer]:
            return await stack.enter_async_context(_connection(**options))

        yield make


@pytest.fixture
async def line(connect: Connect) -> tuple[Record, Peer]:
    return await connect()


class Desk:
    """A server, and the calls that came."""

    def __init__(self, **options: Any) -> None:
        self.calls: asyncio.Queue[tuple[Record, Event]] = asyncio.Queue()
        self.server = OutboundServer("127.0.0.1", 0, self._take, **options)

    def _take(self, link: Link, channel: Event) -> None:
        self.calls.put_nowait((Record(link), channel))

    async def call(self) -> tuple[Record, Peer]:
        """Bring a call as FreeSWITCH does, through the whole handshake."""
        peer = await Peer.connect(self.server.port)
        await peer.shake_hands()
        record, _ = await self.calls.get()
        return record, peer

    async def empty(self) -> None:
        """Wait until no connection is left."""
        while self.server.live:  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.fixture
async def open_desk() -> AsyncIterator[Callable[..., Desk]]:
    """Makes servers: `open_desk(**options of OutboundServer)`."""
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(Desk(**options))
        desks[-1].server.start()
        return desks[-1]

    yield make
    for desk in desks:
        desk.server.close()
        await desk.empty()
        # One more turn: on_closed of the links that ended just now.
        await asyncio.sleep(0)
