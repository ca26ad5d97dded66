"""A call as lanes: what the caller heard and did, and what became of each phone, second by second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr_fsm.flow.record import RINGING
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.timers import Timers

Kind = Literal["state", "prompt", "ringing_tone", "dialing", "ringing", "announcing", "waiting", "talking"]

CALLER = ""
"""What is the leg of the caller's lane."""


@dataclass(slots=True)
class Bar:
    """Something that lasts: seconds since the call began, and what it is called.

    Attributes:
        kind: what lasts.
        begin, end: from when to when.
        name: the state, the prompt's code; else empty.
        step: the number of the step that began it.
        cut: it did not come to its end by itself.
    """

    kind: Kind
    begin: float
    end: float
    name: str = ""
    step: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happens at once.

    Attributes:
        kind: ``digit``, ``timer``, ``wanted`` (somebody who watches took a hand), ``missing`` (a prompt that
            could not be played), ``end``, ``fault``.
        at: seconds since the call began.
        name: the key, the timer, the cause.
        step: the number of the step.
    """

    kind: str
    at: float
    name: str
    step: int


@dataclass(slots=True)
class Lane:
    """The caller, or a phone that was rung. Its *target* and *phone* are empty for the caller."""

    target: str = ""
    phone: str = ""
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    released: bool = False
    """We let go of it, it did not end by itself."""


@dataclass(slots=True)
class Lanes:
    """All of a call.

    Attributes:
        states: where the call was, one after the other.
        caller: what the caller heard, pressed, and when they talked.
        legs: the phones that were rung, in that order.
        length: seconds from the beginning to the end, or to now.
        recorded: the second in which the recording begins; None: it does not.
    """

    states: list[Bar] = field(default_factory=list)
    caller: Lane = field(default_factory=Lane)
    legs: list[Lane] = field(default_factory=list)
    length: float = 0.0
    recorded: float | None = None

    @property
    def moments(self) -> list[float]:
        """Every second at which something begins, ends or happens, in order."""
        found = {0.0, self.length}
        for lane in (self.caller, *self.legs):
            found |= {mark.at for mark in lane.marks}
            for bar in lane.bars:
                found |= {bar.begin, bar.end}
        for bar in self.states:
            found |= {bar.begin, bar.end}
        return sorted(each for each in found if 0 <= each <= self.length)


def lanes(steps: Sequence[StepEntry], now: float | None = None) -> Lanes:
    """Return the lanes of a call.

    Args:
        steps: its steps; they may lack some.
        now: seconds since it began, if it is still on.
    """
    reading = _Reading()
    for step in steps:
        reading.take(step)
    return reading.finish(now)


class _Reading:
    def __init__(self) -> None:
        self.found = Lanes()
        self._begun: float | None = None
        self._at = 0.0
        self._timers = Timers()
        self._legs: dict[str, Lane] = {}
        self._open: dict[tuple[str, str], Bar] = {}
        """Bars that have not ended: by leg and kind, prompts of the caller by their token."""

    def take(self, step: StepEntry) -> None:
        if self._begun is None:
            self._begun = step.mono
        self._at = max(step.mono - self._begun, self._at)
        fired = self._timers.follow(step).fired
        if fired and not fired.timer.name.startswith("play "):
            self._mark(self.found.caller, "timer", fired.timer.name, step)
        if step.fault:
            self._mark(self.found.caller, "fault", step.fault, step)
        self._event(step)
        if step.moved:
            self._close(CALLER, "state")
            if step.after != "ended":
                bar = self._begin(CALLER, "state", "state", step, step.after)
                self.found.states.append(bar)
        for command in step.commands:
            self._command(command, step)

    def finish(self, now: float | None) -> Lanes:
        self.found.length = max(self._at, now or 0.0)
        for bar in self._open.values():
            bar.end = self.found.length
        return self.found

    def _event(self, step: StepEntry) -> None:
        event = step.body.get("event")
        said: Mapping[str, Any] = event if isinstance(event, Mapping) else {}
        leg = str(said.get("leg", ""))
        lane = self._legs.get(leg)
        match step.event:
            case "DigitPressed":
                self._mark(self.found.caller, "digit", str(said.get("digit", "")), step)
            case "PromptFinished":
                self._prompt_over(str(said.get("token", "")), str(said.get("result", "played")), step)
            case "SendWanted" | "StopWanted":
                self._mark(self.found.caller, "wanted", str(said.get("by", "")), step)
            case "CallerHungUp":
                self._caller_gone(str(said.get("cause", "NORMAL_CLEARING")), step)
            case _ if lane is not None:
                self._of_leg(step, leg, lane, said)

    def _of_leg(self, step: StepEntry, leg: str, lane: Lane, said: Mapping[str, Any]) -> None:
        match step.event:
            case "LegRinging":
                self._change(lane, leg, "ringing", step)
            case "LegAnswered":
                self._change(lane, leg, "waiting", step)
            case "AnnouncementFinished":
                self._change(lane, leg, "waiting", step)
            case "Bridged":
                self._change(lane, leg, "talking", step)
                self._stop_prompts(cut=True)
                self._close(CALLER, "talking")
                self.found.caller.bars.append(self._begin(CALLER, "talking", "talking", step))
            case "LegDigitPressed":
                self._mark(lane, "digit", str(said.get("digit", "")), step)
            case "LegEnded":
                if self._talks(leg):
                    self._close(CALLER, "talking")
                self._close(leg, "leg")
                self._mark(lane, "end", str(said.get("cause", "")), step)

    def _command(self, command: Mapping[str, Any], step: StepEntry) -> None:
        leg = str(command.get("leg", ""))
        match command.get("is"):
            case "Play" | "Hold":
                token, code = str(command.get("token", "")), str(command.get("code", ""))
                self.found.caller.bars.append(
                    self._begin(
                        CALLER, f"prompt {token}", "prompt" if code else "ringing_tone", step, code or RINGING
                    )
                )
            case "StopPrompt":
                self._stop_prompts(cut=True)
            case "Dial":
                lane = Lane(str(command.get("target", "")), str(command.get("phone", "")))
                self._legs[leg] = lane
                self.found.legs.append(lane)
                self._change(lane, leg, "dialing", step)
            case "Announce" if leg in self._legs:
                self._change(self._legs[leg], leg, "announcing", step)
            case "Release" if leg in self._legs:
                self._legs[leg].released = True
            case "Record" if self.found.recorded is None:
                self.found.recorded = self._at

    def _caller_gone(self, cause: str, step: StepEntry) -> None:
        self._stop_prompts(cut=True)
        self._close(CALLER, "talking")
        if not any(mark.kind == "end" for mark in self.found.caller.marks):
            self._mark(self.found.caller, "end", cause, step)

    def _prompt_over(self, token: str, result: str, step: StepEntry) -> None:
        bar = self._open.get((CALLER, f"prompt {token}"))
        if bar is None:
            return
        self._close(CALLER, f"prompt {token}")
        bar.cut = bar.cut or result != "played"
        # A bridge breaks off what plays: that is no fault.
        told = any(command.get("what") == "prompt_missing" for command in step.commands)
        if bar.kind == "prompt" and (told or result == "missing"):
            self._mark(self.found.caller, "missing", f"{bar.name}: {result}", step)

    def _stop_prompts(self, *, cut: bool) -> None:
        for leg, what in list(self._open):
            if what.startswith("prompt "):
                self._open[leg, what].cut = cut
                self._close(leg, what)

    def _talks(self, leg: str) -> bool:
        bar = self._open.get((leg, "leg"))
        return bar is not None and bar.kind == "talking"

    def _change(self, lane: Lane, leg: str, kind: Kind, step: StepEntry) -> None:
        """Begin the next part of a leg's life."""
        self._close(leg, "leg")
        lane.bars.append(self._begin(leg, "leg", kind, step))

    def _begin(self, leg: str, what: str, kind: Kind, step: StepEntry, name: str = "") -> Bar:
        bar = self._open[leg, what] = Bar(kind, self._at, self._at, name, step.number)
        return bar

    def _close(self, leg: str, what: str) -> None:
        if bar := self._open.pop((leg, what), None):
            bar.end = self._at

    def _mark(self, lane: Lane, kind: str, name: str, step: StepEntry) -> None:
        lane.marks.append(Mark(kind, self._at, name, step.number))
