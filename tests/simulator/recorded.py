"""Reads the traces of a real FreeSWITCH, and plays the part of the service in them again."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import unquote

TRACES = Path(__file__).parents[1] / "traces"
SOUNDS = "/srv/ivrfs/sounds/"
RECORDINGS = "/srv/ivrfs/rec/"
SAME_MOMENT = 0.006
"""Seconds within which the recording service answered what it saw."""

FIELDS = (
    "Event-Name",
    "Content-Type",
    "Reply-Text",
    "Socket-Mode",
    "Control",
    "Channel-State",
    "Channel-Call-State",
    "Answer-State",
    "Call-Direction",
    "Hangup-Cause",
    "Application",
    "Application-Response",
    "Application-UUID",
    "Application-Data",
    "DTMF-Digit",
    "Playback-File-Path",
    "Playback-Status",
    "Record-File-Path",
    "Record-Completion-Cause",
    "Other-Type",
    "Other-Leg-Unique-ID",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "Caller-Caller-ID-Number",
    "Caller-Destination-Number",
    "Caller-Transfer-Source",
    "Caller-Context",
    "Job-UUID",
    "Job-Owner-UUID",
    "Job-Command",
    "Job-Command-Arg",
    "variable_transfer_disposition",
    "variable_endpoint_disposition",
    "variable_sip_refer_to",
    "variable_sip_h_Referred-By",
    "variable_hangup_after_bridge",
    "variable_hangup_cause",
    "variable_ivr_attempt",
    "variable_ivr_call",
    "variable_ivr_snapshot",
    "variable_evil",
    "variable_evil2",
    "variable_origination_uuid",
    "variable_RECORD_STEREO",
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH_AND_UUID = re.compile(r"^\d{10}:[0-9a-f-]{36}:")


@dataclass
class Frame:
    """One frame of the switch: when it came, its headers as sent, its body."""

    t: float
    headers: dict[str, str]
    body: str = ""

    @property
    def lane(self) -> str:
        """What orders it: its channel or job, or the stream of replies, or that of notices."""
        if self.headers["Content-Type"] == "text/event-plain":
            return self.headers.get("Unique-ID") or self.headers["Job-UUID"]
        return "notices" if self.headers["Content-Type"] == "text/disconnect-notice" else "replies"

    def signature(self) -> tuple[str, ...]:
        """What a service would have recognised it by."""
        return (self.lane, *(self.headers.get(name, "") for name in ("Event-Name", "Application")))

    def content(self) -> dict[str, str]:
        """Return all that a service reads from it, and that is the same in every run."""
        names = FIELDS if "Event-Name" in self.headers else [n for n in self.headers if n != "Content-Length"]
        found = {name: unquote(self.headers[name]) for name in names if name in self.headers}
        if _UUID.fullmatch(found.get("Application-UUID", "")):
            found["Application-UUID"] = "<made by the switch>"
        if "Caller-Transfer-Source" in found:
            found["Caller-Transfer-Source"] = _EPOCH_AND_UUID.sub("", found["Caller-Transfer-Source"])
        return {**found, "body": self.body}


def parse_frame(t: float, head: str, body: str) -> Frame:
    """Return the frame of the block *head* and the *body* that its ``Content-Length`` announced."""
    headers = _headers(head)
    if headers.get("Content-Type") == "text/event-plain":
        inner, _, body = body.partition("\n\n")
        headers |= _headers(inner)
    return Frame(t, headers, body)


def _headers(block: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)


@dataclass
class Command:
    """A command of the recorded service: it waits for *replies* replies and for the *nth* frame like *after*,
    then *delay* seconds; *text* None means that it went away.
    """

    text: str | None
    replies: int
    after: tuple[str, ...] | None
    nth: int
    delay: float


@dataclass
class Recorded:
    """One connection of a trace."""

    frames: list[Frame] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def add_command(self, t: float, text: str | None) -> None:
        replies = sum(frame.lane == "replies" for frame in self.frames)
        last = self.frames[-1] if self.frames else None
        delay = t - last.t if last else 0.0
        signature = last.signature() if last and last.lane != "replies" else None
        nth = Counter(frame.signature() for frame in self.frames)[signature] if signature else 0
        self.commands.append(Command(text, replies, signature, nth, delay if delay > SAME_MOMENT else 0.0))


@dataclass
class Trace:
    """A recorded case: its connections by name, the caller leg's UUID, and the epoch at its zero."""

    connections: dict[str, Recorded]
    caller_uuid: str
    epoch: float


def read_trace(name: str) -> Trace:
    """Return the trace *name*."""
    connections: dict[str, Recorded] = defaultdict(Recorded)
    for line in (TRACES / f"{name}.jsonl").read_text().splitlines()[1:]:
        entry = json.loads(line)
        recorded, t, raw = connections[entry["conn"]], entry["t"], entry["raw"]
        if entry["dir"] == "<":
            recorded.frames.append(parse_frame(t, *_split(raw)))
        elif entry["dir"] == ">":
            recorded.add_command(t, raw)
        elif recorded.frames[-1].lane != "notices":
            recorded.add_command(t, None)
    first = next(iter(connections.values())).frames
    stamps = [int(f.headers["Event-Date-Timestamp"]) / 1e6 - f.t for f in first if "Event-Name" in f.headers]
    return Trace(connections, first[0].headers["Unique-ID"], sorted(stamps)[len(stamps) // 2])


def _split(raw: str) -> tuple[str, str]:
    head, _, body = raw.partition("\n\n")
    return head, body


class Service:
    """Sends the commands of one recorded connection again, and keeps what the switch answers.

    Args:
        recorded: the recorded connection.
        names: what the recording called a thing, and what it is called now; applied to commands, and
            backwards to frames.
    """

    def __init__(self, recorded: Recorded, names: Mapping[str, str]) -> None:
        self._recorded = recorded
        self._names = names
        self.frames: list[Frame] = []
        self._news = asyncio.Condition()
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the service on a connection until the switch closes it."""
        sending = asyncio.create_task(self._send(writer))
        try:
            while True:
                head = (await reader.readuntil(b"\n\n")).decode()
                length = int(_headers(head).get("Content-Length", 0))
                body = (await reader.readexactly(length)).decode()
                now = asyncio.get_running_loop().time()
                async with self._news:
                    self.frames.append(parse_frame(now, self._as_recorded(head), self._as_recorded(body)))
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            sending.cancel()
            writer.close()
            self.closed.set()

    def _as_recorded(self, text: str) -> str:
        for recorded, now in self._names.items():
            text = text.replace(now, recorded)
        return text

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        for command in self._recorded.commands:
            async with self._news:
                await self._news.wait_for(partial(self._is_due, command))
            await asyncio.sleep(command.delay)
            if command.text is None:
                writer.transport.abort()
                return
            text = command.text
            for recorded, now in self._names.items():
                text = text.replace(recorded, now)
            writer.write(text.encode())

    def _is_due(self, command: Command) -> bool:
        replies = sum(frame.lane == "replies" for frame in self.frames)
        seen = sum(frame.signature() == command.after for frame in self.frames)
        return replies >= command.replies and (command.after is None or seen >= command.nth)


def by_lane(frames: list[Frame]) -> dict[str, list[Frame]]:
    """Return *frames* in their order, lane by lane."""
    lanes: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        lanes[frame.lane].append(frame)
    return dict(lanes)
