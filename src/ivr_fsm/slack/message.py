"""What is sent to the channel, and from what it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import CallEntry, FollowUp, StepEntry

Block = Mapping[str, Any]
"""A block of Slack's Block Kit, as JSON."""

Posted = Mapping[str, int]
"""Up to where the thread of a call has been written, per source.

A call's own key or that of a call back names the steps of that call, by their numbers; ``follow_ups`` names
what people did, by its place; ``recording`` is 1 when the verdict on the recording was told, ``lost`` when it
was told that the call's instance had died. Of a call back these are ``recording:<key>``, ``lost:<key>``.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: *text* is for notifications and for whoever cannot see *blocks*."""

    text: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that the journal knows of a call that watchers may be told.

    Attributes:
        call: the call.
        steps: its steps, in their order.
        plan: what it went by; None: that is not known any more.
        follow_ups: what people did about it when it was over, in their order.
        backs: the calls that called its caller back, each with its steps, in their order.
    """

    call: CallEntry
    steps: Sequence[StepEntry]
    plan: Plan | None = None
    follow_ups: Sequence[FollowUp] = ()
    backs: Sequence[tuple[CallEntry, Sequence[StepEntry]]] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a thread.

    Attributes:
        source: what it was made of, as `Posted` names it.
        place: the step's number, or the place in that source.
        at: when it happened, an aware time.
        text: Slack's mrkdwn, escaped.
        loud: empty, or which kind of exception it is: then the channel itself is told, too.
    """

    source: str
    place: int
    at: datetime
    text: str
    loud: str = ""
