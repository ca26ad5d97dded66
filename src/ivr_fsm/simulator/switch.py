"""The switch: calls come in, services are connected to, clients connect; phones ring."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Self

from ivr_fsm.simulator.bus import Bus, Event
from ivr_fsm.simulator.channel import Channel
from ivr_fsm.simulator.connection import Connection
from ivr_fsm.simulator.dialplan import Address, Dialplan, connect
from ivr_fsm.simulator.faults import Faults, Wire, wire
from ivr_fsm.simulator.observed import Call
from ivr_fsm.simulator.phones import PhoneBook
from ivr_fsm.simulator.script import Moment, Step, parse_steps
from ivr_fsm.simulator.timing import Clock, Latency, Later, Timers

_log = logging.getLogger(__name__)


class SimulatedSwitch:
    """A FreeSWITCH double on the real event-socket protocol.

    Args:
        phones: who can be called; nobody by default.
        sockets: host and port of each ``socket`` line of the dialplan, in order.
        control_port: port on 127.0.0.1 where clients connect as to mod_event_socket; 0 picks a free one,
            None opens none.
        password: what clients must log in with.
        gateways: names of the gateways that exist.
        faults: what goes wrong on the connections to services.
        latency: how long the switch takes for things.
        epoch: seconds since 1970 when the switch starts, see ``Clock``.
        seed: makes the switch give the same UUIDs in every run.

    Attributes:
        channels: the live channels by UUID; empty when no leg is left.
        refused: what the switch was asked for and does not do; a test's last line asserts that it is empty.
    """

    def __init__(
        self,
        phones: PhoneBook | None = None,
        *,
        sockets: Sequence[Address] = (),
        control_port: int | None = None,
        password: str = "ClueCon",  # noqa: S107 - FreeSWITCH's well-known default, on loopback
        gateways: Collection[str] = ("trunk",),
        faults: Faults | None = None,
        latency: Latency | None = None,
        epoch: float | None = None,
        seed: int | None = None,
    ) -> None:
        self.phones = phones or PhoneBook()
        self.sockets = sockets
        self.password = password
        self.gateways = gateways
        self.faults = faults
        self.latency = latency or Latency()
        self.bus = Bus()
        self.channels: dict[str, Channel] = {}
        self.connections: list[Connection] = []
        self.refused: list[str] = []
        self._control_port = control_port
        self._epoch = epoch
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._sequence = 0
        self._services = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Set the clock going, and listen for clients if there is a control port.

        Raises:
            OSError: the port is taken.
        """
        self._loop = asyncio.get_running_loop()
        self.clock = Clock(self._loop, self._epoch)
        self.later: Later = Timers(self._loop).later
        self._core_uuid = self.new_uuid()
        if self._control_port is not None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._control_port)

    async def stop(self) -> None:
        """Hang up every channel, cut every connection, and wait until all is gone."""
        for channel in list(self.channels.values()):
            channel.hangup("SYSTEM_SHUTDOWN")
            channel.finish()
        if self._server:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()
        await asyncio.gather(*self._tasks)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    @property
    def control_port(self) -> int:
        """The port where clients connect.

        Raises:
            RuntimeError: there is none.
        """
        if self._server is None:
            raise RuntimeError("the switch was made without a control port, or is not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def call(self, from_: str, to: str, script: str | Sequence[Step] = (), name: str = "") -> Call:
        """Let a call come in from the trunk, and return what its caller goes through.

        Args:
            from_: the caller's number, as the trunk tells it.
            to: the number that is called.
            script: what the caller does: steps, or their text (``parse_steps``).
            name: the caller's display name; the number by default.

        Raises:
            ScriptError: the text cannot be read.
        """
        call = Call(self.new_uuid(), from_, to, self.clock.now())
        channel = Channel(self, call, inbound=True, steps=parse_steps(script), caller_name=name)
        channel.on_end = call.end
        channel.dialplan = Dialplan(channel, call, self.sockets)
        channel.person.reached(Moment.START)
        channel.dialplan.enter()
        return call

    def connect(self, channel: Channel, service: Address) -> None:
        """Run the ``socket`` application of an originated leg, which has nothing else to go on with."""
        self.spawn(connect(channel, service, channel.hangup))

    def cut(self, call: Call) -> None:
        """Cut every connection that was made for *call*, as a network or a dying service does."""
        channel = self.channels.get(call.uuid)
        for connection in list(channel.connections) if channel else ():
            connection.abort()

    # For the parts of the switch

    def emit(self, name: str, headers: Mapping[str, str], body: str = "") -> None:
        """Publish an event to all who listen."""
        self._sequence += 1
        head = {
            "Event-Name": name,
            "Core-UUID": self._core_uuid,
            "FreeSWITCH-Hostname": "simulator",
            "Event-Date-Timestamp": str(int(self.clock.epoch() * 1_000_000)),
            "Event-Sequence": str(self._sequence),
        }
        self.bus.publish(Event({**head, **headers}, body))

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run *work* as a task of the switch."""
        self._track(self._loop.create_task(work))

    def new_uuid(self) -> str:
        """Return a new UUID."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def wire(self, writer: asyncio.StreamWriter) -> Wire:
        """Return the sending half of a new connection to a service."""
        self._services += 1
        return wire(writer, self.faults, self._services, self.later)

    def refuse(self, what: str) -> str:
        """Note that the switch was asked for *what*, which it does not do, and return the error to answer."""
        _log.error("the simulated switch refuses: %s", what)
        self.refused.append(what)
        return f"-ERR not simulated: {what}\n"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._track(asyncio.current_task())
        await Connection(self, reader, writer).serve()

    def _track(self, task: asyncio.Task[None] | None) -> None:
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
