"""What could not be told: how long we pause, which calls fail though others do not, and what the log says."""

from __future__ import annotations

import random
from collections.abc import Callable, Container
from dataclasses import dataclass

import structlog

LONGEST_PAUSE = 60.0
"""Seconds that failures have us pause for at most."""

STUBBORN = 5
"""A call that failed so often while others were told is named in the log."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Faulty:
    """A call that could not be told: how often, while others could; how many answers there had been."""

    tries: int
    answers: int


class Setbacks:
    """Keeps count of failures, until the chat answers again.

    Attributes:
        resume: until when we pause, in seconds of the clock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing has failed yet; *clock* returns the loop's time, in seconds."""
        self._clock = clock
        self.resume = 0.0
        self._failures = 0
        self._faulty: dict[int, _Faulty] = {}
        self._answers = 0
        self._complained = False

    @property
    def failing(self) -> bool:
        """Whether nothing has been answered since the last failure."""
        return self._failures > 0

    def answered(self) -> None:
        """The chat has done something."""
        self._answers += 1
        self.over()

    def over(self) -> None:
        """What failed has not failed this time."""
        if self._complained:
            log.info("channel: told again")
        self._failures, self._complained = 0, False

    def told(self, key: int) -> None:
        """A call could be told."""
        self._faulty.pop(key, None)

    def forget_others(self, keys: Container[int]) -> None:
        """Nothing is to be told of other calls than these."""
        self._faulty = {key: faulty for key, faulty in self._faulty.items() if key in keys}

    def fail(self, key: int, why: str) -> float:
        """A call could not be told: return the seconds that it has to wait though others need not.

        0: it may be this one or all of them, so all pause.
        """
        faulty = self._faulty.setdefault(key, _Faulty(0, self._answers))
        if self._answers > faulty.answers:
            faulty.tries, faulty.answers = faulty.tries + 1, self._answers
            if faulty.tries == STUBBORN:
                log.warning("channel: call not told", key=key, why=why, effect="it waits, others do not")
        if faulty.tries:
            return min(LONGEST_PAUSE, 2.0**faulty.tries)
        self.pause(why)
        return 0.0

    def pause(self, why: str) -> None:
        """Let nobody try for a while, which is the longer the more often it has failed."""
        if self._clock() < self.resume:
            return  # several failed at once
        self._failures += 1
        longest = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10))
        self.resume = self._clock() + longest * random.uniform(0.5, 1)  # noqa: S311
        if not self._complained:
            self._complained = True
            log.warning("channel: not told", why=why, effect="it waits, calls do not")
