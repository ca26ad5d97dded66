"""How often each of Slack's methods may be used: its limits, kept before it has to say so."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from ivr_fsm.slack.chat import ChatError

PATIENCE = 5.0
"""Seconds that one waits for a turn at most: who would have to wait longer has something else to do."""


@dataclass(slots=True)
class _Lane:
    next: float = 0.0
    """When the next may pass, in seconds of the clock."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Lets those who wait pass in their order."""


class Pace:
    """Lets one after another pass, each *spacing* seconds after the one before, by name."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nobody has passed yet; *clock* returns the loop's time, in seconds."""
        self._clock = clock
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)

    async def turn(self, name: str, spacing: float) -> None:
        """Wait until it is our turn to use *name*; the next turn is *spacing* seconds later.

        Raises:
            ChatError: the name has to `rest` for longer than `PATIENCE`.
        """
        lane = self._lanes[name]
        async with lane.turn:
            while (wait := lane.next - self._clock()) > 0:
                if wait > PATIENCE:
                    raise ChatError("Slack wants fewer messages", retry_after=wait)
                await asyncio.sleep(wait)
            lane.next = self._clock() + spacing

    def rest(self, name: str, seconds: float) -> None:
        """Let nobody use *name* for so many seconds: Slack's ``Retry-After``."""
        lane = self._lanes[name]
        lane.next = max(lane.next, self._clock() + seconds)
