"""A recorded call as the rows of its timeline: what moved it, why, and what it asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from ivr_fsm.cli.asked import TIMERS, Legs, heard
from ivr_fsm.cli.plain import View
from ivr_fsm.cli.reasons import guard_words
from ivr_fsm.cli.wording import event_words, timer_name
from ivr_fsm.flow.commands import Tell
from ivr_fsm.journal.entries import CallEntry, GapEntry, StepEntry
from ivr_fsm.journal.timers import Armed, Changes, Timers
from ivr_fsm.watch.words import Words

_SOUND = {"Play", "Hold", "StopPrompt"}
_NEWS = {"LegEnded", "DigitPressed", "LegDigitPressed", "BridgeFailed"}
_TROUBLE = {"directory_failed", "prompt_missing", "legs_left"}


class Weight(Enum):
    """How much a step says of where the call went."""

    NEWS = auto()
    """It moved the call, or something happened that people did or noticed."""
    SOUND = auto()
    """The caller heard the next prompt."""
    RINGING = auto()
    """A phone began to ring."""
    NOTHING = auto()
    """It changed nothing."""


@dataclass(slots=True)
class Row:
    """A row of the timeline.

    Attributes:
        at: seconds since the call began.
        number: the step's, 0 where the row is none or several.
        state: the state that the call is in from now on, if it is another one.
        words: what happened.
        why: the guards that were asked, with their answers.
        does: what was asked for.
        timers: what was armed and cancelled, if every step is told.
        trouble: what went wrong.
        quiet: whether it moved nothing.
    """

    at: float
    number: int = 0
    state: str = ""
    words: str = ""
    why: list[str] = field(default_factory=list)
    does: str = ""
    timers: str = ""
    trouble: list[str] = field(default_factory=list)
    quiet: bool = True


@dataclass(slots=True)
class Story:
    """What there is to tell of a call.

    Attributes:
        rows: the timeline.
        left_out: how many steps it does not show.
        running: the timers that still run after the last step.
    """

    rows: list[Row]
    left_out: int
    running: list[Armed]


def tell(
    call: CallEntry, steps: Sequence[StepEntry], gaps: Sequence[GapEntry], view: View, *, every: bool
) -> Story:
    """Return the story of *call*.

    Args:
        call: whose it is.
        steps: its steps.
        gaps: the gaps of the journal during the call, in their order.
        view: how it is shown.
        every: also show the steps that changed nothing, each by itself, and the timers.
    """
    teller = _Teller(call, view, every)
    waiting = list(gaps)
    number, ahead = 1, timedelta()
    for step, even in zip(steps, _evenly(steps), strict=True):
        while waiting and waiting[0].began <= step.at:
            teller.gap(waiting.pop(0), ahead)
        ahead = even.at - step.at
        teller.missing(number, even)
        teller.step(even)
        number = step.number + 1
    for gap in waiting:
        teller.gap(gap, ahead)
    running = [replace(each, deadline=each.deadline - ahead) for each in teller.timers.running]
    return Story(teller.rows, teller.left_out, running)


def _evenly(steps: Sequence[StepEntry]) -> Iterator[StepEntry]:
    """Return *steps* at the times of a clock that nobody sets, and that goes on from the first."""
    for step in steps:
        first = steps[0]
        yield replace(step, at=first.at + timedelta(seconds=step.mono - first.mono))


class _Teller:
    def __init__(self, call: CallEntry, view: View, every: bool) -> None:
        self.rows: list[Row] = []
        self.left_out = 0
        self.timers = Timers()
        self._call = call
        self._view = view
        self._every = every
        self._legs = Legs()
        self._open: dict[tuple[Weight, str], Row] = {}
        """Rows that the next step of their kind is added to."""

    def step(self, step: StepEntry) -> None:
        """Tell the next step."""
        self._legs.note(each for each in step.commands if each.get("is") == "Dial")
        changes = self.timers.follow(step)
        weight = self._weigh(step)
        if weight is Weight.NEWS or self._every:
            self._open.clear()
            self.rows.append(self._row(step, changes, quiet=weight is not Weight.NEWS))
        elif weight is Weight.NOTHING:
            self.left_out += 1
        else:
            self._add(weight, step)
        self._legs.note(step.commands)

    def missing(self, expected: int, step: StepEntry) -> None:
        """Tell that the steps from *expected* to the one before *step* are not in the journal."""
        if step.number > expected:
            last = step.number - 1
            which = f"step {last} is" if last == expected else f"steps {expected} to {last} are"
            self.rows.append(Row(self._second(step.at), trouble=[f"{which} missing from the journal"]))
            self._open.clear()

    def gap(self, gap: GapEntry, ahead: timedelta) -> None:
        """Tell that the journal was behind, when the call's even clock was *ahead* of the other."""
        lost = f", {gap.lost} never" if gap.lost else ""
        lasted = f"until {self._view.local(gap.ended):%H:%M:%S} ({gap.why})"
        text = f"gap of the journal {lasted}: {gap.late} steps of this instance's calls written late{lost}"
        self.rows.append(Row(self._second(gap.began + ahead), trouble=[text]))
        self._open.clear()

    def _weigh(self, step: StepEntry) -> Weight:
        if step.moved or step.fault:
            return Weight.NEWS
        if step.commands:
            return Weight.NEWS if {each.get("is") for each in step.commands} - _SOUND else Weight.SOUND
        if step.event == "LegRinging":
            return Weight.RINGING
        over = step.before in ("releasing", "ended") or _leg_of(step) in self._legs.released
        return Weight.NEWS if step.event in _NEWS and not over else Weight.NOTHING

    def _row(self, step: StepEntry, changes: Changes, *, quiet: bool) -> Row:
        return Row(
            self._second(step.at),
            step.number,
            state=step.after if step.moved else "",
            words=event_words(step, changes.fired, released=_leg_of(step) in self._legs.released),
            why=[guard_words(judged, self._view.zone) for judged in step.judged],
            does=self._legs.words(each for each in step.commands if each.get("is") not in TIMERS),
            timers=self._timer_words(changes) if self._every else "",
            trouble=list(_trouble(step)),
            quiet=quiet,
        )

    def _add(self, weight: Weight, step: StepEntry) -> None:
        """Tell a step of which many are alike in the row of those before it."""
        at = self._second(step.at)
        target, _, phone = step.leg.partition(" ")
        target = target.replace("_", " ")
        row = self._open.get((weight, target))
        if row is None:
            row = self._open[weight, target] = Row(at)
            self.rows.append(row)
        if weight is Weight.SOUND:
            said = (
                ", ".join(f"{self._legs.titled(code)} at {at:.1f}" for code in heard(step.commands))
                or f"silence at {at:.1f}"
            )
            row.words = f"{row.words}, {said}" if row.words else f"the caller hears {said}"
        else:
            row.words = f"{row.words}, {phone}" if row.words else f"{target} rings: {phone}"

    def _timer_words(self, changes: Changes) -> str:
        cancelled, armed = self._deadlines(changes.cancelled), self._deadlines(changes.armed)
        said = [f"{verb} {what}" for verb, what in (("cancelled", cancelled), ("armed", armed)) if what]
        return f"timers: {'; '.join(said)}" if said else ""

    def _deadlines(self, timers: Sequence[Armed]) -> str:
        """Return the deadlines of *timers*, those of one name together: ``FW8 at 15.9, 25.9``."""
        by_name: dict[str, list[str]] = {}
        for each in sorted(timers, key=lambda each: each.deadline):
            by_name.setdefault(timer_name(each.timer), []).append(f"{self._second(each.deadline):.1f}")
        return ", ".join(f"{name} at {', '.join(seconds)}" for name, seconds in by_name.items())

    def _second(self, at: datetime) -> float:
        return (at - self._call.started) / timedelta(seconds=1)


def _leg_of(step: StepEntry) -> str:
    event = step.body.get("event")
    return str(event.get("leg", "")) if isinstance(event, dict) else ""


def _trouble(step: StepEntry) -> Iterator[str]:
    if step.fault:
        yield f"the flow could do nothing with it: {step.fault}"
    for command in step.commands:
        if command.get("is") == "Tell" and command.get("what") in _TROUBLE:
            facts = {str(name): str(fact) for name, fact in dict(command.get("facts", {})).items()}
            yield Words("en").say(Tell(str(command["what"]), facts))
