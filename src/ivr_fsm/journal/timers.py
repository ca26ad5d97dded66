"""The timers of a recorded call: which ran, until when, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr_fsm.flow.events import Timer, TimerFired
from ivr_fsm.journal.codec import CodecError, Json
from ivr_fsm.journal.entries import StepEntry


@dataclass(frozen=True, slots=True)
class Armed:
    """A timer that was started: it was to fire *after* seconds, at *deadline*."""

    timer: Timer
    after: float
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What a step did to the timers of its call.

    Attributes:
        fired: the timer that was the step's event, if it still ran.
        cancelled: what will not fire any more.
        armed: what was started.
    """

    fired: Armed | None = None
    cancelled: tuple[Armed, ...] = ()
    armed: tuple[Armed, ...] = ()


class Timers:
    """The timers that run in a call, step by step."""

    def __init__(self) -> None:
        self._running: dict[Timer, Armed] = {}

    @property
    def running(self) -> list[Armed]:
        """What has neither fired nor been cancelled, the next to fire first."""
        return sorted(self._running.values(), key=lambda each: each.deadline)

    def follow(self, step: StepEntry) -> Changes:
        """Take the next *step* and return what it changed."""
        fired = self._running.pop(timer, None) if (timer := _fired(step)) else None
        cancelled, armed = [], []
        for command in step.commands:
            if (timer := _timer(command)) is None:
                continue
            if command["is"] == "CancelTimer" and (known := self._running.pop(timer, None)):
                cancelled.append(known)
            elif command["is"] == "StartTimer":
                after = float(command.get("after", 0))
                self._running[timer] = Armed(timer, after, step.at + timedelta(seconds=after))
                armed.append(self._running[timer])
        return Changes(fired, tuple(cancelled), tuple(armed))


def follow(steps: Iterable[StepEntry]) -> Iterator[tuple[StepEntry, Changes]]:
    """Return each of a call's *steps* with what it did to the timers."""
    timers = Timers()
    for step in steps:
        yield step, timers.follow(step)


def _fired(step: StepEntry) -> Timer | None:
    try:
        event = step.decoded() if step.event == TimerFired.__name__ else None
    except CodecError:
        return None
    return event.timer if isinstance(event, TimerFired) else None


def _timer(command: Json) -> Timer | None:
    match command:
        case {"is": "StartTimer" | "CancelTimer", "timer": {"visit": int(visit), "name": str(name)}}:
            return Timer(visit, name)
    return None
