"""What the switch says during one call, taken from the trace of a real FreeSWITCH, section by section."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TRACE = Path(__file__).parents[1] / "traces" / "menu-shop-answers-whisper-bridge-callee-hangs-up.jsonl"

SECTIONS = (
    ("answered", b"CHANNEL_ANSWER"),
    ("digit", b"DTMF"),
    ("ringing", b"CHANNEL_PROGRESS"),
    ("taken", b"CHANNEL_ANSWER"),
    ("announced", b"PLAYBACK_START"),
    ("recorded", b"RECORD_START"),
    ("bridged", b"PLAYBACK_STOP"),
    ("over", b"CHANNEL_HANGUP"),
)
"""The sections in the order of the trace, and the first event of each."""

_TOKEN = re.compile(rb"(?<=\nApplication-UUID: )[^\n]+")


@dataclass(frozen=True)
class Names:
    """What the call of the trace is called now; *job* is the originate's."""

    caller: str
    leg: str = ""
    job: str = ""


class Recording:
    """One event of the trace, to be sent again for other calls."""

    def __init__(self, content: bytes, caller: bytes) -> None:
        self._content = content
        self.name = _value(content, b"Event-Name")
        self.headers = content.count(b"\n") - 1
        self.of_caller = b"\nUnique-ID: " + caller in content
        self.ends_playback = (
            self.name == b"CHANNEL_EXECUTE_COMPLETE" and b"\nApplication: playback\n" in content
        )

    def frame(self, names: Mapping[bytes, bytes], token: str = "") -> bytes:
        """Return the event as a frame, with *names* for those of the trace and *token* for its playback."""
        content = self._content
        for recorded, now in names.items():
            content = content.replace(recorded, now)
        if token:
            content = _TOKEN.sub(token.encode(), content)
        return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(content), content)


class Tape:
    """The whole trace.

    Attributes:
        sections: the events by section, see `SECTIONS`.
        caller_number: the number of the caller in it.
    """

    def __init__(self, path: Path = TRACE) -> None:
        frames = [
            entry["raw"].encode()
            for entry in map(json.loads, path.read_text("utf-8").splitlines()[1:])
            if entry["dir"] == "<"
        ]
        self._connect: bytes = frames[0]
        self._caller = _value(frames[0], b"Unique-ID")
        self.caller_number = _value(frames[0], b"Caller-Caller-ID-Number").decode()
        events = [frame.partition(b"\n\n")[2] for frame in frames if b"text/event-plain" in frame]
        self._job = next(_value(each, b"Job-UUID") for each in events if b"\nJob-UUID: " in each)
        progress = next(each for each in events if b"Event-Name: CHANNEL_PROGRESS" in each)
        self._leg = _value(progress, b"Unique-ID")
        self._linger: bytes = next(frame for frame in frames if b"Content-Disposition: linger" in frame)
        self.sections: dict[str, list[Recording]] = {name: [] for name, _ in SECTIONS}
        self._cut(events)

    def _cut(self, events: Sequence[bytes]) -> None:
        waiting = list(SECTIONS)
        section = ""
        for event in (Recording(content, self._caller) for content in events):
            if waiting and event.name == waiting[0][1]:
                section, _ = waiting.pop(0)
            self.sections[section].append(event)

    @property
    def mean_headers(self) -> float:
        """How many headers an event has on average."""
        counts = [event.headers for section in self.sections.values() for event in section]
        return sum(counts) / len(counts)

    def replaced(self, names: Names) -> dict[bytes, bytes]:
        """Return what is to be replaced in the trace's events for a call with these *names*."""
        wanted = {self._caller: names.caller, self._leg: names.leg, self._job: names.job}
        return {recorded: now.encode() for recorded, now in wanted.items() if now}

    def connect_reply(self, names: Names) -> bytes:
        """Return the channel's data."""
        return self._connect.replace(self._caller, names.caller.encode())

    def linger_notice(self, names: Names) -> bytes:
        """Return the notice that the channel is gone."""
        return self._linger.replace(self._caller, names.caller.encode())


def _value(content: bytes, header: bytes) -> bytes:
    found = re.search(rb"^%b: (.*)$" % header, content, re.MULTILINE)
    assert found is not None, f"the trace has no {header.decode()}"
    return found.group(1)
