"""The directory of a service that has none: every caller is unknown."""

from __future__ import annotations

from ivr_fsm.directory.port import Answerer, CallRecord
from ivr_fsm.flow.caller import Caller, Unknown


class NobodyKnown:
    """A directory (`ivr_fsm.directory.port.Directory`) that knows nobody."""

    async def identify(self, _phone: str) -> Caller:
        """Nobody is known."""
        return Unknown()

    async def who_answers(self, phone: str) -> Answerer:
        """Nobody is known."""
        return Answerer(None, phone)

    async def call_ended(self, _record: CallRecord) -> None:
        """Nobody wants to know."""

    async def close(self) -> None:
        """Nothing is open."""
