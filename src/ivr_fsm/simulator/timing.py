"""How long the switch takes for things, and the clock that it takes them by."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass


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
