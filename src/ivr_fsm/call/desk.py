"""What people who watch can do about a call: a port of the buttons in the channel and on the pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol


class Answer(StrEnum):
    """What came of a button."""

    TAKEN = "taken"
    """It is with the call now, whose next step says what came of it; or it is noted."""
    OVER = "over"
    """The call has ended."""
    LIVE = "live"
    """The call has not ended."""
    CLAIMED = "claimed"
    """Somebody else calls back already."""
    DONE = "done"
    """It is noted already that nothing is left to do."""
    NO_PHONE = "no_phone"
    """The caller hid the number, or it was removed from the journal."""
    UNKNOWN = "unknown"
    """There is no such call."""
    FAILED = "failed"
    """The journal or the switch cannot be reached now."""


class Desk(Protocol):
    """Carries out what people ask for; *key* names a call in the journal, *by* who asked. Nothing raises."""

    async def send(self, key: int, target: Literal["office", "call_centre"], by: str) -> Answer:
        """Send a caller whom nobody has answered yet on to *target*."""

    async def stop(self, key: int, by: str) -> Answer:
        """End a call."""

    async def call_back(self, key: int, by: str) -> Answer:
        """Ring the office; whoever answers is connected to the caller of a call that is over."""

    async def done(self, key: int, by: str) -> Answer:
        """Note that nothing is left to do about a call that is over."""
