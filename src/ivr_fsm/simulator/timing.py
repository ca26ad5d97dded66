"""How long the switch takes for things, the clock that it takes them by, and its timers."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Latency:
    """Delays of the switch itself, in seconds, as the traces show them.

    A FreeSWITCH session looks at its queue once per 20 ms audio frame, hence ``step``.
    """

    step: float = 0.02
    """From a command to its first event; from one event of a bridge to the next."""
    park: float = 0.0
    """From the reply to ``connect`` to the caller leg's ``CHANNEL_PARK``."""
    breaking: float = 0.045
    """From ``uuid_break`` to ``PLAYBACK_STOP``."""
    refused: float = 0.004
    """From a refused ``socket`` line to the next one."""
    digit_gap: float = 0.24
    """Between two digits pressed in a row."""


class Clock:
    """The switch's time: seconds since it started, and the epoch of its event headers.

    FreeSWITCH counts ``originate_timeout``, ``park_timeout`` and ``linger`` in whole epoch seconds, so
    that a limit of 3 s ends 2 to 3 s later (trace ``originate-timeout``).

    Args:
        loop: the loop whose ``time()`` is followed.
        epoch: seconds since 1970 at the start; the current whole second by default, so that the
            fraction, which decides when limits end, is the same in every run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch: float | None = None) -> None:
        self._loop = loop
        self._start = loop.time()
        self._epoch = float(int(time.time())) if epoch is None else epoch

    def now(self) -> float:
        """Return seconds since the switch started."""
        return self._loop.time() - self._start

    def epoch(self) -> float:
        """Return seconds since 1970."""
        return self._epoch + self.now()

    def until_tick(self, seconds: int) -> float:
        """Return the delay (s) until the epoch second that is *seconds* after the current one begins."""
        return max(0.0, math.floor(self.epoch()) + seconds - self.epoch())


class Timer:
    """One call that is due later."""

    def __init__(self, do: Callable[..., object], args: tuple[object, ...]) -> None:
        self._do = do
        self._args = args
        self._cancelled = False

    def cancel(self) -> None:
        """Do not call."""
        self._cancelled = True

    def run(self) -> None:
        """Call, unless it was cancelled."""
        if not self._cancelled:
            self._do(*self._args)


class Later(Protocol):
    """Calls *do* with *args* in *delay* seconds."""

    def __call__(self, delay: float, do: Callable[..., object], *args: object) -> Timer:
        """Return the timer."""


class Timers:
    """Timers that run in the order in which they were set when they are due at the same time.

    asyncio's own heap keeps no order among equals, and on a virtual clock equals are the rule.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: dict[float, list[Timer]] = {}

    def later(self, delay: float, do: Callable[..., object], *args: object) -> Timer:
        """Call *do* with *args* in *delay* seconds."""
        when = self._loop.time() + delay
        if when not in self._due:
            self._due[when] = []
            self._loop.call_at(when, self._run, when)
        timer = Timer(do, args)
        self._due[when].append(timer)
        return timer

    def _run(self, when: float) -> None:
        for timer in self._due.pop(when):
            self._loop.call_soon(timer.run)
