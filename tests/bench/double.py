"""The switch's part: it connects to the server under test, obeys it, and takes the time."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from time import perf_counter
from typing import Self

from tests.bench.tape import Names, Tape

SHOP = "74951110001"
"""The phone that answers."""

_LEG = re.compile(rb"origination_uuid=([0-9a-f-]{36})")
_JOB = re.compile(rb"(?:\nJob-UUID: | uuid:)(\S+)")
_TOKEN = re.compile(rb"\nEvent-UUID: (\S+)")

_REPLY = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
_API = b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n"


class Call(asyncio.Protocol):
    """One call that comes in, and all that the switch does for it.

    Args:
        tape: what the switch says.
        whole: play the call to its end without waiting for anybody; otherwise it stays in the first prompt,
            for `press` and `chat`.

    Attributes:
        greeted: set when the first prompt has begun.
        finished: whether a whole call came to its end.
        over: set when the server has let the connection go.
        connect_after: seconds from the connection to ``connect``.
        stopped_after: seconds from the digit to ``uuid_break``.
    """

    def __init__(self, tape: Tape, *, whole: bool = False) -> None:
        self._tape = tape
        self._whole = whole
        self._names = Names(str(uuid.uuid4()))
        self._replaced = tape.replaced(self._names)
        self._buffer = b""
        self._subscribed: list[bytes] = []
        self._playing: list[str] = []
        self._chats = 0
        self._pressed = 0.0
        self.finished = False
        self.greeted = asyncio.Event()
        self.over = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.connect_after: asyncio.Future[float] = loop.create_future()
        self.stopped_after: asyncio.Future[float] = loop.create_future()

    # What a measurement does

    def press(self) -> None:
        """Press 1, and take the time until the prompt is stopped."""
        frame = self._tape.sections["digit"][0].frame(self._replaced)
        self._pressed = perf_counter()
        self._transport.write(frame)

    def chat(self) -> None:
        """Send one of the events that a call has now and then, and that change nothing."""
        section = self._tape.sections["answered"]
        self._chats += 1
        self._transport.write(section[self._chats % len(section)].frame(self._replaced))

    def cut(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    # What the server says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._began = perf_counter()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        *commands, self._buffer = (self._buffer + data).split(b"\n\n")
        for command in commands:
            self._obey(command, now)

    def _obey(self, command: bytes, now: float) -> None:
        if command == b"connect":
            self.connect_after.set_result(now - self._began)
            self._transport.write(self._tape.connect_reply(self._names))
        elif command.startswith(b"api "):
            self._transport.write(_API)
            self._api(command, now)
        else:
            self._transport.write(_REPLY)
            if b"execute-app-name: playback" in command:
                self._play(command)
            elif command.startswith(b"event plain "):
                self._subscribed = command.split()[2:]
            elif command.startswith(b"bgapi "):
                self._originate(command)
            elif command == b"exit":
                self._transport.close()

    def _api(self, command: bytes, now: float) -> None:
        if command.startswith(b"api bgapi "):
            self._originate(command)
        elif command.startswith(b"api uuid_break") and self._pressed and not self.stopped_after.done():
            self.stopped_after.set_result(now - self._pressed)
        elif command.startswith(b"api uuid_bridge") and self._whole:
            self._say("bridged")
        elif command.startswith(b"api uuid_record") and self._whole:
            self._say("recorded")
            self._say("over")
            self._transport.write(self._tape.linger_notice(self._names))
            self.finished = True

    def _play(self, command: bytes) -> None:
        found = _TOKEN.search(command)
        token = found[1].decode() if found else ""
        if command.startswith(b"sendmsg\n"):
            self._playing.append(token)
            if not self.greeted.is_set():
                self._say("answered")
                self.greeted.set()
                if self._whole:
                    self.press()
        elif self._whole:
            self._say("announced", token)

    def _originate(self, command: bytes) -> None:
        leg, job = _LEG.search(command), _JOB.search(command)
        assert leg is not None, "an originate without origination_uuid"
        assert job is not None, "an originate without Job-UUID"
        self._names = Names(self._names.caller, leg[1].decode(), job[1].decode())
        self._replaced = self._tape.replaced(self._names)
        if self._whole:
            self._say("ringing")
            self._say("taken")

    def _say(self, section: str, token: str = "") -> None:
        for event in self._tape.sections[section]:
            ended = token
            if event.ends_playback and event.of_caller:
                ended = self._playing.pop(0) if self._playing else "none"
            if event.name in self._subscribed:
                self._transport.write(event.frame(self._replaced, ended if event.ends_playback else ""))


class Double:
    """The switch: it makes calls to a server, and lets the service connect to it.

    Attributes:
        server_port: where calls go; set before the first call.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.server_port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._control = await loop.create_server(_Control, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._control.close()
        await self._control.wait_closed()

    @property
    def control_port(self) -> int:
        """The port of the control connection."""
        port: int = self._control.sockets[0].getsockname()[1]
        return port

    async def call(self, *, whole: bool = False) -> Call:
        """Let a call come in."""
        make: Callable[[], Call] = lambda: Call(self._tape, whole=whole)  # noqa: E731
        _, call = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", self.server_port)
        return call


class _Control(asyncio.Protocol):
    """The control connection: everything is accepted, nothing happens."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"Content-Type: auth/request\n\n")

    def data_received(self, data: bytes) -> None:
        for command in data.split(b"\n\n")[:-1]:
            self._transport.write(_API if command.startswith(b"api ") else _REPLY)
