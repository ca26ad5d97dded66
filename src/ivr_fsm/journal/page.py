"""Where the steps of one call are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbits
from typing import Protocol

from ivr_fsm.flow.record import Call, Leg, LegState
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.rows import Origin, Row, call_row
from ivr_fsm.journal.tables import micros

Leave = Callable[[], None]
"""Called when the commands of a step may leave."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is written at once: how a call stands from now on, a step of it, or both; or a gap."""

    call: Row | None = None
    step: tuple[int, int, Step, datetime, float] | None = None
    """What `step_row` makes a row of, in the writer's thread."""
    gap: Row | None = None


class Pen(Protocol):
    """Who writes records."""

    def put(self, record: Record, leave: Leave | None) -> None:
        """Have *record* written after those before it, then call *leave*."""


class Page:
    """One call's page of the journal (`ivr_fsm.call.ports.Page`)."""

    def __init__(self, pen: Pen, call: Call, origin: Origin) -> None:
        self._pen = pen
        self._call = call
        self._origin = origin
        self._key = new_key(call.started)
        self._number = 0
        self._row: Row = {"state": None, "since": 0, "outcome": "", "answered": None, "ended": None}
        self._talked: Leg | None = None
        self._talking_since: datetime | None = None
        self._talk = timedelta()

    def write(self, step: Step, mono: float, leave: Leave | None) -> None:
        """Write the call's next step; see `ivr_fsm.call.ports.Page.write`."""
        self._number += 1
        at = self._call.now
        self._pen.put(Record(self._changes(at), (self._key, self._number, step, at, mono)), leave)

    def _changes(self, at: datetime) -> Row | None:
        """Return how the call stands now, or nothing if that is written already."""
        call, last = self._call, self._row
        talked = call.answered if call.answered is not None and call.answered.talked else self._talked
        same_state = call.state_id == last["state"]
        if same_state and talked is self._talked and (call.outcome or "") == last["outcome"]:
            return None
        self._talked = talked
        self._count_talk(at)
        over = call.state_id in ("releasing", "ended")
        self._row = call_row(self._key, call, talked, self._origin) | {
            "since": last["since"] if same_state else micros(at),
            "answered": last["answered"] or (micros(at) if talked else None),
            "ended": last["ended"] or (micros(at) if over else None),
            "talk": self._talk // timedelta(microseconds=1),
        }
        return self._row

    def _count_talk(self, at: datetime) -> None:
        """Add up the conversations: a caller who is transferred waits between two of them."""
        talks = self._call.answered is not None and self._call.answered.state is LegState.BRIDGED
        if self._call.state_id == "connected" and talks:
            self._talking_since = self._talking_since or at
        elif self._talking_since is not None:
            self._talk += max(at - self._talking_since, timedelta())
            self._talking_since = None


def new_key(started: datetime) -> int:
    """Return a key for a call: seconds and 31 random bits.

    Calls lie in the tables in the order of their time, and no instance has to ask for a key.
    """
    return micros(started) // 1_000_000 << 31 | randbits(31)
