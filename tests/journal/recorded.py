"""Recorded calls without a switch and without a database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.flow.clock import CALL_ID, PHONE, LiveCall

from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import arrive
from ivr_fsm.journal.codec import encode_step
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.files import Exported
from ivr_fsm.journal.personal import Redacted, number_of, phones_of, redact
from ivr_fsm.journal.replay import replay
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.rows import Origin, call_row
from ivr_fsm.journal.tables import micros


@dataclass
class CallOf(LiveCall):
    """A call with an id and a phone of its own."""

    id: str = CALL_ID
    phone: str = PHONE

    def __post_init__(self) -> None:
        self.call, first = arrive(
            self.plan, events.CallArrived(self.id, self.phone, "74950000000"), self.start
        )
        self._note(first)


def steps_of(live: LiveCall) -> list[StepEntry]:
    """Return the steps as a journal has them."""
    return [
        StepEntry(
            number,
            live.start + timedelta(seconds=at),
            at,
            type(step.event).__name__,
            step.before,
            step.after,
            json.loads(json.dumps(encode_step(step))),
        )
        for number, (at, step) in enumerate(zip(live.times, live.steps, strict=True), 1)
    ]


def exported(live: LiveCall, instance: str = "ivr-1") -> Exported:
    """Return the call as a journal has it."""
    call, plan = live.call, live.plan
    row = call_row(0, call, call.answered, Origin(instance, flow_revision(), plan_revision(plan)))
    over = micros(call.now) if call.state_id in ("releasing", "ended") else None
    times = {"since": micros(call.now), "ended": over}
    times["answered"] = micros(call.now) if call.answered and call.answered.talked else None
    return Exported(CallEntry.of(row | times), steps_of(live), plan, [])


def checked(
    call: CallEntry, steps: Sequence[StepEntry], plan: Plan, *, phone: str = "", forgotten: datetime | None
) -> Redacted:
    """Redact a call, and make sure that it replays as it did, guards and all."""
    planned = tuple(phones_of(plan.model_dump(mode="json")))
    number = number_of(phone or call.phone, "RU")
    without = redact(call, steps, planned, number=number, forgotten=forgotten)
    again = replay(without.steps, plan)
    assert again.same, again
    for step, today in zip(without.steps, again.steps, strict=True):
        assert step.body == json.loads(json.dumps(encode_step(today)))
    return without


def text_of(without: Redacted) -> str:
    return str(replace(without.call, key=0)) + json.dumps(
        [step.body for step in without.steps], ensure_ascii=False
    )
