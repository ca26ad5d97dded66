"""The dialplan of a caller leg: ``set ivr_attempt=1``, then one ``socket`` line per service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ivr_fsm.simulator.connection import Connection
from ivr_fsm.simulator.execute import Execute
from ivr_fsm.simulator.observed import Call

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel

Address = tuple[str, int]
"""Host and port of a service."""


class Dialplan:
    """Walks *call* through the ``socket`` lines: a refused one leads to the next at once, a lost one when
    nothing plays any more; after the last one the caller is hung up.
    """

    def __init__(self, channel: Channel, call: Call, sockets: Sequence[Address]) -> None:
        self._switch = channel.switch
        self._channel = channel
        self._call = call
        self._sockets = sockets
        self._lines: Iterator[Address] = iter(())

    def enter(self) -> None:
        """Begin at the first line."""
        self._lines = iter(self._sockets)
        self._channel.variables["ivr_attempt"] = "1"
        self._channel.complete(Execute("set", "ivr_attempt=1", self._switch.new_uuid()))
        self.go_on()

    def go_on(self) -> None:
        """Run the next lines."""
        self._switch.spawn(self._run(self._lines))

    async def _run(self, lines: Iterator[Address]) -> None:
        service = next(lines, None)
        if service is not None:
            await connect(self._channel, service, self.go_on, self._connected)
        elif self._channel.alive:
            self._call.fell_through = True
            self._channel.hangup()

    def _connected(self) -> None:
        self._call.connections += 1


async def connect(
    channel: Channel,
    service: Address,
    refused: Callable[[], object],
    connected: Callable[[], object] = lambda: None,
) -> None:
    """Run the ``socket`` application of *channel*, until the connection to *service* is over.

    Args:
        channel: what connects.
        service: where to.
        refused: called when nobody listens there.
        connected: called when somebody does.
    """
    switch, (host, port) = channel.switch, service
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        await asyncio.sleep(switch.latency.refused)
        refused()
        return
    if not channel.alive:
        writer.transport.abort()
        return
    connection = Connection(switch, reader, writer, channel)
    connected()
    channel.enter_socket(connection, f"{host}:{port}")
    await connection.serve()
