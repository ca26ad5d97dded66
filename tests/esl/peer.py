"""FreeSWITCH's end of an event socket, played by the test, and a record of what our end saw."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import ClassVar
from urllib.parse import quote

from ivr_fsm.esl.link import Link
from ivr_fsm.esl.wire import Event

CALLER = "6ac2c4c3-134a-458b-9ba3-9d63b7ea8004"


def reply_frame(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_frame(body: str) -> bytes:
    return f"Content-Type: api/response\nContent-Length: {len(body.encode())}\n\n{body}".encode()


def event_frame(name: str, body: str = "", **headers: str) -> bytes:
    lines = {"Event-Name": name} | {key.replace("_", "-"): value for key, value in headers.items()}
    if body:
        lines["Content-Length"] = str(len(body.encode()))
    inner = "".join(f"{key}: {quote(value)}\n" for key, value in lines.items()) + "\n" + body
    return f"Content-Length: {len(inner.encode())}\nContent-Type: text/event-plain\n\n{inner}".encode()


def channel_frame(uuid: str = CALLER) -> bytes:
    return (
        f"Event-Name: CHANNEL_DATA\nUnique-ID: {uuid}\nCaller-Caller-ID-Number: %2B79161234567\n"
        "Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n"
    ).encode()


def notice_frame(disposition: str) -> bytes:
    return (
        f"Content-Type: text/disconnect-notice\nContent-Disposition: {disposition}\nContent-Length: 0\n\n"
    ).encode()


class Peer:
    """The far end of one connection."""

    open: ClassVar[list[Peer]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.open.append(self)

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1") -> Peer:
        return cls(*await asyncio.open_connection(host, port, limit=2**20))

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def command(self) -> str:
        """The next command, without the empty line that ends it."""
        return (await self._reader.readuntil(b"\n\n")).decode().removesuffix("\n\n")

    async def commands(self, count: int) -> list[str]:
        return [await self.command() for _ in range(count)]

    async def shake_hands(self, uuid: str = CALLER) -> list[str]:
        """Play the handshake of an outbound connection; return our side's commands."""
        first = await self.commands(2)
        self.send(channel_frame(uuid), reply_frame("+OK will linger 3 seconds"))
        second = await self.commands(2)
        self.send(reply_frame("+OK filter added."), reply_frame("+OK event listener enabled plain"))
        return first + second

    async def ended(self) -> None:
        """Wait until our side ended the connection."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass

    @classmethod
    async def close_all(cls) -> None:
        while cls.open:
            await cls.open[-1].close()

    async def close(self) -> None:
        if self in self.open:
            self.open.remove(self)
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    def abort(self) -> None:
        self.writer.transport.abort()


class Record:
    """What a link told its owner."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.reasons: list[str] = []
        self._over = asyncio.Event()
        link.on_event = self.events.put_nowait
        link.on_closed = self._closed

    def _closed(self, reason: str) -> None:
        self.reasons.append(reason)
        self._over.set()

    async def event(self) -> Event:
        return await self.events.get()

    async def reason(self) -> str:
        """Why the link ended, once it has; and that it said so once."""
        await self._over.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        (reason,) = self.reasons
        return reason
