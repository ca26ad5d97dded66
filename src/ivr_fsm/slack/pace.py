"""How often each of Slack's methods may be called: its limits, kept before it has to say so."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable


class Pace:
    """Lets one call after another pass, each *spacing* seconds after the one before, by name."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing has passed yet; *clock* returns the loop's time, in seconds."""
        self._clock = clock
        self._next: defaultdict[str, float] = defaultdict(float)

    async def turn(self, name: str, spacing: float) -> None:
        """Wait until it is our turn to use *name*; the next turn is *spacing* seconds later.

        Whoever waits when the name has to `rest` waits on.
        """
        while True:
            if (wait := self._next[name] - self._clock()) <= 0:
                break
            await asyncio.sleep(wait)
        self._next[name] = self._clock() + spacing

    def rest(self, name: str, seconds: float) -> None:
        """Let nobody use *name* for so many seconds: Slack's ``Retry-After``."""
        self._next[name] = max(self._next[name], self._clock() + seconds)
