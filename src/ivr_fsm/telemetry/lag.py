"""How late the event loop is: whatever keeps it busy for long delays every call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

EVERY = 1.0
"""Seconds between two looks."""


class LoopLag:
    """Wakes up now and then, and says how much later that was than it had asked for."""

    def __init__(self, observe: Callable[[float], None], loop: asyncio.AbstractEventLoop) -> None:
        """Look at nothing yet.

        Args:
            observe: gets seconds.
            loop: the loop that is looked at.
        """
        self._observe = observe
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin."""
        due = self._loop.time() + EVERY
        self._timer = self._loop.call_at(due, self._woke, due)

    def close(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _woke(self, due: float) -> None:
        self._observe(max(0.0, self._loop.time() - due))
        self.start()
