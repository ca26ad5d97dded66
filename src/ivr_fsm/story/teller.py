"""A recorded call as the rows of its timeline: what moved it, why, and what it asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from ivr_fsm.flow.commands import Tell
from ivr_fsm.journal.entries import CallEntry, GapEntry, StepEntry
from ivr_fsm.journal.timers import Armed, Changes, Timers
from ivr_fsm.story.asked import TIMERS, Legs, heard
from ivr_fsm.story.happened import event_words
from ivr_fsm.story.names import reason_words, timer_name
from ivr_fsm.story.reasons import answer
from ivr_fsm.story.rows import Row, Story
from ivr_fsm.story.view import View, words

_SOUND = {"Play", "Hold", "StopPrompt"}
_NEWS = {"LegEnded", "DigitPressed", "LegDigitPressed", "BridgeFailed"}
_TROUBLE = {"directory_failed", "prompt_missing", "legs_left"}
_WATCHERS = "ivr_fsm.watch"
"""Whose texts say what watchers were told."""


class _Weight(Enum):
    """How much a step says of where the call went."""

    NEWS = auto()
    """It moved the call, or something happened that people did or noticed."""
    SOUND = auto()
    """The caller heard the next prompt."""
    RINGING = auto()
    """A phone began to ring."""
    NOTHING = auto()
    """It changed nothing."""


def tell(
    call: CallEntry, steps: Sequence[StepEntry], gaps: Sequence[GapEntry], view: View, *, every: bool = False
) -> Story:
    """Return the story of *call*, safe to show: on one line each, and masked if *view* says so.

    Args:
        call: whose it is.
        steps: its steps.
        gaps: the gaps of the journal during the call, in their order.
        view: how it is shown.
        every: also tell the steps that changed nothing, each by itself, and the timers.
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
        self._legs = Legs(view)
        self._open: dict[tuple[_Weight, str], tuple[Row, list[str]]] = {}
        """Rows that the next step of their kind is added to, each with what it tells of so far."""

    def step(self, step: StepEntry) -> None:
        """Tell the next step."""
        self._legs.note(each for each in step.commands if each.get("is") == "Dial")
        changes = self.timers.follow(step)
        weight = self._weigh(step)
        if weight is _Weight.NEWS or self._every:
            self._add(self._row(step, changes, quiet=weight is not _Weight.NEWS))
        elif weight is _Weight.NOTHING:
            self.left_out += 1
        else:
            self._join(weight, step)
        self._legs.note(step.commands)

    def missing(self, expected: int, step: StepEntry) -> None:
        """Tell that the steps from *expected* to the one before *step* are not in the journal."""
        if step.number > expected:
            last = step.number - 1
            if last == expected:
                text = self._view.text("rows.missing", number=str(last))
            else:
                text = self._view.text("rows.missing_several", first=str(expected), last=str(last))
            self._add(Row(self._second(step.at), trouble=[text]))

    def gap(self, gap: GapEntry, ahead: timedelta) -> None:
        """Tell that the journal was behind, when the call's even clock was *ahead* of the other."""
        text = self._view.text(
            "rows.gap",
            until=f"{self._view.local(gap.ended):%H:%M:%S}",
            why=reason_words(gap.why, self._view),
            late=str(gap.late),
            lost=str(gap.lost or ""),
        )
        self._add(Row(self._second(gap.began + ahead), trouble=[text]))

    def _add(self, row: Row) -> None:
        """Add a row of its own: no row before it is added to any more."""
        self._open.clear()
        self.rows.append(row)

    def _weigh(self, step: StepEntry) -> _Weight:
        if step.moved or step.fault:
            return _Weight.NEWS
        if step.commands:
            return _Weight.NEWS if {each.get("is") for each in step.commands} - _SOUND else _Weight.SOUND
        if step.event == "LegRinging" and step.leg:
            return _Weight.RINGING
        over = step.before in ("releasing", "ended") or _leg_of(step) in self._legs.released
        return _Weight.NEWS if step.event in _NEWS and not over else _Weight.NOTHING

    def _row(self, step: StepEntry, changes: Changes, *, quiet: bool) -> Row:
        released = _leg_of(step) in self._legs.released
        return Row(
            self._second(step.at),
            [step.number],
            state=step.after if step.moved else "",
            words=event_words(step, self._view, changes.fired, released=released),
            why=[answer(judged, self._view) for judged in step.judged],
            does=self._legs.words(each for each in step.commands if each.get("is") not in TIMERS),
            timers=self._timer_words(changes) if self._every else "",
            trouble=list(self._trouble(step)),
            quiet=quiet,
        )

    def _join(self, weight: _Weight, step: StepEntry) -> None:
        """Tell a step of which many are alike in the row of those before it."""
        target, _, phone = step.leg.partition(" ")
        if (weight, target) not in self._open:
            self.rows.append(Row(self._second(step.at)))
            self._open[weight, target] = self.rows[-1], []
        row, told = self._open[weight, target]
        row.numbers.append(step.number)
        told += [phone] if weight is _Weight.RINGING else self._sounds(step)
        key = "rows.rings" if weight is _Weight.RINGING else "rows.hears"
        row.words = self._view.text(key, target=self._view.either("targets", target), those=", ".join(told))

    def _sounds(self, step: StepEntry) -> list[str]:
        """Return what the caller hears from this step on, each with its second."""
        second = f"{self._second(step.at):.1f}"
        prompts = [self._legs.titled(code) for code in heard(step.commands, self._view)]
        sounds = [self._view.text("heard.prompt", prompt=prompt, second=second) for prompt in prompts]
        return sounds or [self._view.text("heard.silence", second=second)]

    def _trouble(self, step: StepEntry) -> Iterator[str]:
        if step.fault:
            yield self._view.text("rows.fault", fault=step.fault)
        for command in step.commands:
            if command.get("is") == "Tell" and command.get("what") in _TROUBLE:
                facts = {str(name): str(fact) for name, fact in dict(command.get("facts", {})).items()}
                facts |= {"why": reason_words(facts.get("why", ""), self._view)}
                facts |= {"result": self._view.either("values", facts.get("result", ""))}
                said = words(self._view.language, _WATCHERS).say(Tell(str(command["what"]), facts))
                yield self._view.safe(said)

    def _timer_words(self, changes: Changes) -> str:
        said = [
            self._view.text(key, timers=self._deadlines(timers))
            for key, timers in (("rows.cancelled", changes.cancelled), ("rows.armed", changes.armed))
            if timers
        ]
        return self._view.text("rows.timers", changes="; ".join(said)) if said else ""

    def _deadlines(self, timers: Sequence[Armed]) -> str:
        """Return the deadlines of *timers*, those of one name together: ``FW8 at 15.9, 25.9``."""
        by_name: dict[str, list[str]] = {}
        for each in sorted(timers, key=lambda each: each.deadline):
            name = timer_name(each.timer, self._view)
            by_name.setdefault(name, []).append(f"{self._second(each.deadline):.1f}")
        return ", ".join(
            self._view.text("rows.timer", timer=name, seconds=", ".join(seconds))
            for name, seconds in by_name.items()
        )

    def _second(self, at: datetime) -> float:
        return (at - self._call.started) / timedelta(seconds=1)


def _leg_of(step: StepEntry) -> str:
    event = step.body.get("event")
    return str(event.get("leg", "")) if isinstance(event, dict) else ""
