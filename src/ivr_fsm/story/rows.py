"""What a story consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr_fsm.journal.timers import Armed
from ivr_fsm.story.reasons import Answer


@dataclass(slots=True)
class Row:
    """A row of the timeline. Its texts are safe to show.

    Attributes:
        at: seconds since the call began.
        numbers: of the steps that it stands for; none where steps are missing, and at a gap of the journal.
        state: the state that the call is in from now on, if it is another one: its name in the flow.
        words: what happened.
        why: the guards that were asked, with their answers.
        does: what was asked for.
        timers: what was armed and cancelled, if every step is told.
        trouble: what went wrong.
        quiet: whether it moved nothing.
    """

    at: float
    numbers: list[int] = field(default_factory=list)
    state: str = ""
    words: str = ""
    why: list[Answer] = field(default_factory=list)
    does: str = ""
    timers: str = ""
    trouble: list[str] = field(default_factory=list)
    quiet: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell of a call.

    Attributes:
        rows: the timeline.
        left_out: how many steps it does not tell.
        running: the timers that still run after the last step.
    """

    rows: list[Row]
    left_out: int
    running: list[Armed]
