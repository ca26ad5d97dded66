"""A call played again in today's flow: what came of it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.codec import encode_step
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.replay import Difference, replay
from ivr_fsm.story.asked import Legs
from ivr_fsm.story.reasons import answer
from ivr_fsm.web.inspector.archive import Archive
from ivr_fsm.web.inspector.showing import Showing


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        text: that in one sentence.
        same: the call would go as it went.
        was, now: where it would not: what that step did, and what it would do.
    """

    text: str
    same: bool = False
    was: list[str] = field(default_factory=list)
    now: list[str] = field(default_factory=list)


def replayed(archive: Archive, show: Showing, call: CallEntry, steps: Sequence[StepEntry]) -> Replayed:
    """Give the events of *call* to today's flow, with the plan that it went by."""
    if not steps:
        return Replayed(show.w("call.replay_none"))
    came = replay(steps, archive.plan(call.plan) or Plan())
    if came.stopped:
        return Replayed(show.w("call.replay_stopped", why=show.safe(came.stopped)))
    if (found := came.difference) is None:
        return Replayed(show.w("call.replay_same", count=str(len(came.steps))), same=True)
    was, now = _both(show, found, steps)
    return Replayed(show.w("call.replay_other", number=str(found.recorded.number)), was=was, now=now)


def _both(show: Showing, found: Difference, steps: Sequence[StepEntry]) -> tuple[list[str], list[str]]:
    legs_then, legs_now = Legs(show.view), Legs(show.view)
    for step in steps[: found.recorded.number]:
        legs_then.note(step.commands)
        legs_now.note(step.commands if step is not found.recorded else ())
    commands = encode_step(found.today).get("commands", [])
    legs_now.note(commands)
    was = [
        f"{show.state(found.recorded.before)} → {show.state(found.recorded.after)}",
        *(answer(judged, show.view).text for judged in found.recorded.judged),
        legs_then.words(found.recorded.commands),
        show.safe(found.recorded.fault),
    ]
    now = [
        f"{show.state(found.today.before)} → {show.state(found.today.after)}",
        *(answer(judged, show.view).text for judged in found.today.judged),
        legs_now.words(commands),
        show.safe(found.today.fault),
    ]
    return [each for each in was if each], [each for each in now if each]
