"""A service as small as can be: what tests steer the simulated switch with."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ivr_fsm.simulator import PhoneBook, SimulatedSwitch
from ivr_fsm.simulator.phones import Script

from .recorded import Frame, parse_frame


def write_wav(path: Path, seconds: float) -> str:
    """Write *seconds* of silence to *path*, and return the path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(16000 * seconds)))
    return str(path)


class Client:
    """One event-socket connection as the service sees it; ``frames`` holds all that came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._news = asyncio.Condition()
        self._taken: set[int] = set()
        self.frames: list[Frame] = []
        self.closed = False
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                head = (await self._reader.readuntil(b"\n\n")).decode(errors="replace")
                length = int(dict(_pairs(head)).get("Content-Length", 0))
                body = (await self._reader.readexactly(length)).decode()
                async with self._news:
                    self.frames.append(parse_frame(asyncio.get_running_loop().time(), head, body))
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            async with self._news:
                self.closed = True
                self._news.notify_all()

    async def _take(self, **wanted: str) -> Frame:
        """Return the first frame not yet taken with the headers *wanted* (``_`` for ``-``)."""
        names = {name.replace("_", "-"): value for name, value in wanted.items()}
        async with asyncio.timeout(120), self._news:
            while True:
                for place, frame in enumerate(self.frames):
                    if place not in self._taken and names.items() <= frame.headers.items():
                        self._taken.add(place)
                        return frame
                assert not self.closed, f"closed before {wanted} came"
                await self._news.wait()

    def event_names(self, **wanted: str) -> list[str]:
        """Return the names of all events so far with the headers *wanted*."""
        names = {name.replace("_", "-"): value for name, value in wanted.items()}
        events = [f for f in self.frames if f.headers.get("Content-Type") == "text/event-plain"]
        return [f.headers["Event-Name"] for f in events if names.items() <= f.headers.items()]

    def post(self, text: str) -> None:
        """Send a command, and do not wait for its reply."""
        self._writer.write(f"{text}\n\n".encode())

    async def send(self, text: str) -> str:
        """Send a command, and return the ``Reply-Text`` of its reply."""
        self.post(text)
        return (await self._take(Content_Type="command/reply")).headers["Reply-Text"]

    async def api(self, command: str) -> str:
        """Send an api command, and return its answer."""
        self.post(f"api {command}")
        return (await self._take(Content_Type="api/response")).body

    async def execute(self, app: str, argument: str = "", uuid: str = "") -> str:
        """Have *app* run, on the channel of the connection by default."""
        return await self.send(
            f"sendmsg {uuid}".strip() + "\ncall-command: execute\nevent-lock: true"
            f"\nexecute-app-name: {app}\nexecute-app-arg: {argument}"
        )

    async def originate(self, number: str, uuid: str, **variables: str) -> str:
        """Originate a leg, and return the reply."""
        listed = "".join(f",{name}={value}" for name, value in variables.items())
        return await self.send(
            f"bgapi originate {{origination_uuid={uuid}{listed}}}sofia/gateway/trunk/{number} &park()"
            f"\nJob-UUID: job-{uuid}"
        )

    async def event(self, name: str, **wanted: str) -> Frame:
        """Wait for an event."""
        return await self._take(Event_Name=name, **wanted)

    async def gone(self) -> None:
        """Wait until the switch closes the connection."""
        async with asyncio.timeout(120), self._news:
            await self._news.wait_for(lambda: self.closed)

    def close(self) -> None:
        """Go away."""
        self._writer.transport.abort()
        self._reading.cancel()


def _pairs(head: str) -> list[list[str]]:
    return [line.split(": ", 1) for line in head.split("\n") if ": " in line]


class Stage:
    """A switch and *services* services on sockets of their own; *options* go to the switch."""

    def __init__(self, phones: Mapping[str, Script] | None = None, services: int = 1, **options: Any) -> None:
        self.phones = PhoneBook(phones)
        self._options = {"seed": 1, "epoch": 1_800_000_000.0, **options}
        self._arrivals: list[asyncio.Queue[Client]] = [asyncio.Queue() for _ in range(services)]
        self._clients: list[Client] = []

    async def __aenter__(self) -> Self:
        self._servers = [await self._serve(queue) for queue in self._arrivals]
        sockets = [("127.0.0.1", server.sockets[0].getsockname()[1]) for server in self._servers]
        self.switch = SimulatedSwitch(self.phones, sockets=sockets, **self._options)
        await self.switch.start()
        return self

    async def _serve(self, queue: asyncio.Queue[Client]) -> asyncio.Server:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            client = Client(reader, writer)
            self._clients.append(client)
            await queue.put(client)

        return await asyncio.start_server(accept, "127.0.0.1", 0)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.switch.stop()
        for client in self._clients:
            client.close()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)

    def shut(self, service: int) -> None:
        """Refuse further connections to *service*."""
        self._servers[service].close()

    async def arrival(self, service: int = 0) -> Client:
        """Wait for the next connection to *service*, bare."""
        async with asyncio.timeout(120):
            return await self._arrivals[service].get()

    async def session(self, service: int = 0) -> Client:
        """Wait for the next connection to *service*, and subscribe to all events of its channel."""
        client = await self.arrival(service)
        await client.send("connect")
        await client.send("linger 3")
        await client.send("event plain ALL")
        return client

    async def control(self) -> Client:
        """Return a client that is logged in on the control port."""
        client = await self.knock()
        assert await client.send("auth ClueCon") == "+OK accepted"
        return client

    async def knock(self) -> Client:
        """Return a client on the control port."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.switch.control_port))
        self._clients.append(client)
        await client._take(Content_Type="auth/request")
        return client
