"""A journal that keeps nothing, for `IVR_JOURNAL=none`."""

from __future__ import annotations

from collections.abc import Callable

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.record import Call
from ivr_fsm.flow.step import Step


class Nowhere:
    """A journal (`ivr_fsm.call.ports.Journal`) and each of its pages."""

    def begin(self, _call: Call) -> Nowhere:
        """Return a page that keeps nothing."""
        return self

    def refuse(self, _arrived: CallArrived, _why: str) -> None:
        """Keep nothing."""

    def write(self, _step: Step, _mono: float, leave: Callable[[], None] | None) -> None:
        """Keep nothing; the commands leave."""
        if leave is not None:
            leave()
