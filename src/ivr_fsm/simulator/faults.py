"""What goes wrong between the switch and the service, on demand and the same each time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Protocol

from ivr_fsm.simulator.bus import Event
from ivr_fsm.simulator.timing import Later

_APART = 1e-6
"""Seconds between two late events of one channel, so that they stay in order."""


@dataclass(frozen=True)
class Faults:
    """What to do to the connections that the switch makes to services.

    Attributes:
        seed: of all chance.
        connection: do it to the n-th connection only (from 1), else to all.
        drop_after: cut the connection once so many frames were sent.
        drop_at: cut the connection so many seconds after it was made.
        delay: send every event so many seconds late.
        jitter: and up to so many seconds later still, by chance: events of different channels overtake
            each other and the replies, those of one channel never.
        duplicate: chance (0 to 1) that an event is sent twice.
        lose_jobs: never send ``BACKGROUND_JOB``.
        garbage_after: send *garbage* once so many frames were sent.
        garbage: bytes that are no frame.
    """

    seed: int = 0
    connection: int | None = None
    drop_after: int | None = None
    drop_at: float | None = None
    delay: float = 0.0
    jitter: float = 0.0
    duplicate: float = 0.0
    lose_jobs: bool = False
    garbage_after: int | None = None
    garbage: bytes = b"\xff\xfe\x00 no frame\n\n"


class Wire(Protocol):
    """The sending half of a connection."""

    def send(self, frame: bytes) -> None:
        """Send a reply or a notice at once."""

    def send_event(self, event: Event) -> None:
        """Send *event*."""

    def close(self, last: bytes = b"") -> None:
        """Send *last* once all else is sent, and close the connection."""

    def abort(self) -> None:
        """Cut the connection."""


class PlainWire:
    """Sends everything as it comes."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, frame: bytes) -> None:
        """Send *frame*, unless the connection is closed."""
        if not self._writer.is_closing():
            self._writer.write(frame)

    def send_event(self, event: Event) -> None:
        """Send *event*."""
        self.send(event.frame)

    def close(self, last: bytes = b"") -> None:
        """Send *last* and close the connection."""
        self.send(last)
        self._writer.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()


class FaultyWire:
    """Sends with *faults*; see ``Faults``."""

    def __init__(self, writer: asyncio.StreamWriter, faults: Faults, ordinal: int, later: Later) -> None:
        self._wire = PlainWire(writer)
        self._faults = faults
        self._chance = random.Random(f"{faults.seed}/{ordinal}")  # noqa: S311 - repeatable, not secret
        self._later = later
        self._time = asyncio.get_running_loop().time
        self._lanes: dict[str, float] = {}
        self._sent = 0
        if faults.drop_at is not None:
            later(faults.drop_at, self.abort)

    def send(self, frame: bytes) -> None:
        """Send a reply at once."""
        self._write(frame)

    def send_event(self, event: Event) -> None:
        """Send *event* late, twice or not at all."""
        if self._faults.lose_jobs and event.name == "BACKGROUND_JOB":
            return
        times = 2 if self._chance.random() < self._faults.duplicate else 1
        for _ in range(times):
            late = self._faults.delay + self._chance.random() * self._faults.jitter
            due = max(self._time() + late, self._lanes.get(event.lane, 0.0) + _APART)
            self._lanes[event.lane] = due
            self._later(due - self._time(), self._write, event.frame)

    def _write(self, frame: bytes) -> None:
        self._wire.send(frame)
        self._sent += 1
        if self._sent == self._faults.garbage_after:
            self._wire.send(self._faults.garbage)
        if self._sent == self._faults.drop_after:
            self._wire.close()

    def close(self, last: bytes = b"") -> None:
        """Send *last* once all late events are sent, and close the connection."""
        latest = max([self._time(), *self._lanes.values()])
        self._later(latest + _APART - self._time(), self._wire.close, last)

    def abort(self) -> None:
        """Cut the connection."""
        self._wire.abort()


def wire(writer: asyncio.StreamWriter, faults: Faults | None, ordinal: int, later: Later) -> Wire:
    """Return the wire for the *ordinal*-th connection to a service, with *faults* if they are for it."""
    if faults is None or faults.connection not in {None, ordinal}:
        return PlainWire(writer)
    return FaultyWire(writer, faults, ordinal, later)
