"""The person at a phone, who follows a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Protocol

from ivr_fsm.simulator.script import HangUp, Moment, Press, Step
from ivr_fsm.simulator.timing import Later, Timer


class Handset(Protocol):
    """What a person can do at the phone: the channel's far end."""

    def dial_digit(self, digit: str) -> None:
        """Press a key."""

    def hang_up(self) -> None:
        """Put the receiver down."""

    def refer(self, number: str) -> None:
        """Transfer the other side blind to *number*."""


class Person:
    """Does each step once, at its moment.

    Args:
        handset: what the steps are done on.
        steps: the script.
        later: sets a timer.
        digit_gap: seconds between two digits pressed in a row.
    """

    def __init__(self, handset: Handset, steps: Sequence[Step], later: Later, digit_gap: float) -> None:
        self._handset = handset
        self._steps = steps
        self._later = later
        self._digit_gap = digit_gap
        self._hearings: Counter[str] = Counter()
        self._timers: dict[Moment, list[Timer]] = {moment: [] for moment in Moment}

    def reached(self, moment: Moment, file: str = "") -> None:
        """Begin what counts from *moment*; *file* is the prompt that begins, for ``HEARD``."""
        if not self._steps:
            return
        prompt = PurePath(file).stem.lower()
        self._hearings[prompt] += 1
        for step in self._steps:
            if step.when.moment is not moment:
                continue
            if moment is not Moment.HEARD or self._is_meant(step, prompt):
                self._begin(step)

    def _is_meant(self, step: Step, prompt: str) -> bool:
        return (step.when.prompt, step.when.nth) == (prompt, self._hearings[prompt])

    def forget(self, *moments: Moment) -> None:
        """Drop what still counts from any of *moments*, because the prompt, the bridge or the leg ended."""
        for moment in moments or Moment:
            for timer in self._timers[moment]:
                timer.cancel()
            self._timers[moment].clear()

    def _begin(self, step: Step) -> None:
        action, delay, timers = step.action, step.when.delay, self._timers[step.when.moment]
        if isinstance(action, Press):
            for place, digit in enumerate(action.digits):
                at = delay + place * self._digit_gap
                timers.append(self._later(at, self._handset.dial_digit, digit))
        elif isinstance(action, HangUp):
            timers.append(self._later(delay, self._handset.hang_up))
        else:
            timers.append(self._later(delay, self._handset.refer, action.number))
