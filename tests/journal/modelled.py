"""Recorded calls, and how they would go with another plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.flow.clock import LiveCall

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.rows import step_row
from ivr_fsm.journal.whatif.lengths import Lengths
from ivr_fsm.journal.whatif.model import Course, course
from ivr_fsm.journal.whatif.reactions import Reactions
from ivr_fsm.journal.whatif.reading import reactions
from ivr_fsm.planfile import merged


def written(live: LiveCall) -> list[StepEntry]:
    """Return the steps of a call as the journal has them."""
    return [
        StepEntry.of(step_row(1, number, step, live.start + timedelta(seconds=at), at))
        for number, (step, at) in enumerate(zip(live.steps, live.times, strict=True), 1)
    ]


def changed(plan: Plan, change: dict[str, Any]) -> Plan:
    """Return *plan* with what *change* says instead."""
    return Plan.model_validate(merged(plan.model_dump(), change))


def with_plan(recorded: Reactions, plan: Plan, others: Sequence[Reactions] = ()) -> Course:
    """Return how a call goes with *plan*, when these calls are all that was ever heard."""
    sample = Lengths()
    for each in (recorded, *others):
        sample.add(each.lengths)
    return course(recorded, plan, sample)


def all_go_as_they_went(reader: Reader) -> int:
    """Model every call of a journal with the plan that it had, and return how many there are."""
    entries = list(reader.each(Wanted()))
    read = [reactions(reader.steps(call.key), plan_of(reader, call)) for call in entries]
    for call, then in zip(entries, read, strict=True):
        modelled = with_plan(then, then.plan, read)
        assert way(modelled) == way_of(call, then)
        waits = [answer.at for answer in modelled.answers]
        assert waits == pytest.approx([stretch.began for stretch in then.stretches[1:]], abs=0.2)
    return len(entries)


def plan_of(reader: Reader, call: CallEntry) -> Plan:
    """Return the plan that *call* went by."""
    plan = reader.plan(call.plan)
    assert plan is not None
    return plan


def way(taken: Course) -> tuple[object, ...]:
    """Return where a call would go: states, outcome, and whom the caller talks to."""
    return taken.path, taken.outcome, [answer.phone for answer in taken.answers]


def way_of(call: CallEntry, then: Reactions) -> tuple[object, ...]:
    """Return where a recorded call went."""
    return then.path, call.outcome, [stretch.phone for stretch in then.stretches[1:]]


def again(live: LiveCall, **change: Any) -> Course:
    """Return how *live* goes with its plan changed."""
    recorded = reactions(written(live), live.plan)
    return with_plan(recorded, changed(live.plan, change))


def why(taken: Course) -> str:
    """Return why it is not known how the call goes on, with the seconds."""
    assert taken.unknown is not None, f"known: {taken.path} {taken.outcome}"
    return taken.unknown.why.replace("{}", f"{taken.unknown.seconds:g}")
