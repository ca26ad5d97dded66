"""What is due when, in a modelled call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import isfinite

from ivr_fsm.flow.events import Event

SLACK = 0.5
"""Seconds that nobody's behaviour is taken to change in: a wait that is longer by less asks nothing new."""

_UNRECORDED = 1 << 30

Due = Callable[[], Event | None]
"""Called when it is due; returns what then happens to the call, if anything still does."""


class Stop(Exception):
    """It is not known how the call goes on: *why*, in which ``{}`` stands for *seconds*."""

    def __init__(self, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.seconds = why, seconds


class Agenda:
    """The modelled call's clock, in seconds since its beginning, and what is due."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, int, Due]] = []
        self._order = count()

    def later(self, after: float, due: Due, number: int = _UNRECORDED) -> None:
        """Let *due* be called in *after* seconds; what has the *number* of a recorded step comes first."""
        # Microseconds: what was recorded at one moment must be due at one moment.
        heappush(self._due, (round(self.now + after, 6), number, next(self._order), due))

    def unknown_after(
        self, known: float, matters: Callable[[], bool], why: str, *, slack: float = SLACK
    ) -> None:
        """Reactions are known for *known* seconds from now: `Stop` *slack* later, if it *matters* then."""
        if isfinite(known):
            self.later(known + slack, partial(self._stop_if, matters, why, known))

    def next(self) -> Event | None:
        """Go to what is due next and return what happens to the call.

        Raises:
            Stop: that is not known.
            IndexError: nothing is due.
        """
        self.now, _, _, due = heappop(self._due)
        return due()

    def __bool__(self) -> bool:
        return bool(self._due)

    def _stop_if(self, matters: Callable[[], bool], why: str, seconds: float) -> None:
        if matters():
            raise Stop(why, seconds)
