"""What the service is measured against: the same job without a statechart, on two other servers."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from uuid import uuid4

import gevent
from gevent.event import Event
from greenswitch.esl import ESLEvent, NotConnectedError, OutboundESLServer, OutboundSession

from ivr_fsm.esl.outbound import EVENTS
from tests.bench.double import SHOP


def playback(token: str, file: str, uuid: str = "") -> str:
    """Return the command that plays *file*."""
    return (
        f"sendmsg {uuid}".strip() + "\ncall-command: execute\nexecute-app-name: playback"
        f"\nEvent-UUID: {token}\nexecute-app-arg: {file}"
    )


class Job:
    """The call of the benchmark as an answering machine would do it: this event, those commands."""

    def __init__(self, caller: str) -> None:
        self._caller = caller
        self._leg = str(uuid4())

    def begin(self) -> list[str]:
        """Answer and greet."""
        execute = "sendmsg\ncall-command: execute\nexecute-app-name: "
        return [
            "linger 3",
            f"event plain {' '.join(EVENTS)}",
            f"filter Unique-ID {self._caller}",
            f"{execute}set\nexecute-app-arg: hangup_after_bridge=true",
            f"{execute}answer",
            playback("greeting", "fw1.wav"),
        ]

    def heard(self, event: Mapping[str, str]) -> list[str]:
        """Return the commands that answer *event*."""
        match event.get("Event-Name"):
            case "DTMF" if event.get("DTMF-Digit") == "1":
                return [
                    f"api uuid_break {self._caller} all",
                    f"filter Unique-ID {self._leg}",
                    f"filter Job-UUID {self._leg}",
                    f"bgapi originate {{origination_uuid={self._leg}}}sofia/gateway/trunk/{SHOP} &park()"
                    f"\nJob-UUID: {self._leg}",
                    playback("connecting", "fw6.wav"),
                ]
            case "CHANNEL_PARK" if event.get("Unique-ID") == self._leg:
                return [playback("announcement", "announce.wav", self._leg)]
            case "CHANNEL_EXECUTE_COMPLETE" if event.get("Application-UUID") == "announcement":
                return [f"api uuid_bridge {self._caller} {self._leg}"]
            case "CHANNEL_BRIDGE":
                return [
                    f"api uuid_setvar {self._caller} RECORD_STEREO true",
                    f"api uuid_record {self._caller} start {self._caller}.wav",
                ]
        return []

    def is_over(self, event: Mapping[str, str]) -> bool:
        """Say whether *event* is the last of the call."""
        return event.get("Event-Name") == "CHANNEL_HANGUP" and event.get("Unique-ID") == self._caller


async def _serve_bare() -> None:
    """Serve on asyncio's streams alone."""
    server = await asyncio.start_server(_bare_call, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _bare_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        writer.write(b"connect\n\n")
        job = Job(_parsed(await reader.readuntil(b"\n\n"))["Unique-ID"])
        writer.writelines(command.encode() + b"\n\n" for command in job.begin())
        while True:
            head = _parsed(await reader.readuntil(b"\n\n"))
            content = await reader.readexactly(int(head.get("Content-Length", 0)))
            if head["Content-Type"] != "text/event-plain":
                continue
            event = _parsed(content)
            for command in job.heard(event):
                writer.write(command.encode() + b"\n\n")
            if job.is_over(event):
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _parsed(block: bytes) -> dict[str, str]:
    """Return the headers as they are: nothing that the job looks at is percent-encoded."""
    return dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)


class _GreenCall:
    """An application of greenswitch's own server, as its documentation has them."""

    def __init__(self, session: OutboundSession) -> None:
        self._session = session
        self._over = Event()

    def run(self) -> None:
        self._job = Job(self._session.uuid)
        for name in EVENTS:
            self._session.register_handle(name, self._heard)
        self._send(self._job.begin())
        self._over.wait()

    def _heard(self, event: ESLEvent) -> None:
        self._send(self._job.heard(event.headers))
        if self._job.is_over(event.headers):
            self._over.set()

    def _send(self, commands: list[str]) -> None:
        with suppress(NotConnectedError):
            for command in commands:
                self._session.send(command)


def _serve_greenswitch() -> None:
    """Serve on greenswitch's OutboundESLServer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        # OutboundESLServer takes port 0 for a failure to bind.
        port = free.getsockname()[1]
    server = OutboundESLServer(bind_port=port, application=_GreenCall, max_connections=sys.maxsize)
    listening = gevent.spawn(server.listen)
    gevent.sleep(0)
    print(port, flush=True)
    listening.join()


SERVE = {"asyncio": lambda: asyncio.run(_serve_bare()), "greenswitch": _serve_greenswitch}
"""How to be each of them, for ever."""
