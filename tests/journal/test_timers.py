"""The timers of a recorded call."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.clock import NOON, LiveCall, at_shop

from ivr_fsm.journal.codec import encode_step
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.timers import Timers, follow


def recorded(live: LiveCall) -> list[StepEntry]:
    return [
        StepEntry(
            number,
            NOON + timedelta(seconds=at),
            at,
            type(step.event).__name__,
            step.before,
            step.after,
            encode_step(step),
        )
        for number, (at, step) in enumerate(zip(live.times, live.steps, strict=True), 1)
    ]


def test_the_timers_are_those_that_the_call_has() -> None:
    live = at_shop()
    live.advance(33)
    live.rings("office")
    timers = Timers()
    for step in recorded(live):
        timers.follow(step)
    expected = sorted((at, timer) for timer, at in live.timers.items())
    assert [(each.deadline - NOON).total_seconds() for each in timers.running] == [at for at, _ in expected]
    assert [each.timer for each in timers.running] == [timer for _, timer in expected]


def test_what_a_step_does_to_the_timers() -> None:
    live = at_shop()
    live.advance(32)
    changes = {step.after: change for step, change in follow(recorded(live)) if step.moved}
    rung = changes["dialing_shop"]
    assert [(each.timer.name, each.after) for each in rung.armed][-1] == ("limit", 32)
    assert [each.timer.name for each in rung.cancelled] == ["limit"]
    assert changes["dialing_office"].fired == rung.armed[-1]
    assert changes["dialing_office"].fired.deadline == NOON + timedelta(seconds=32)


def test_a_late_timer_fires_nothing() -> None:
    live = at_shop()
    steps = recorded(live)
    live.advance(4)
    late = recorded(live)[-1]
    timers = Timers()
    assert timers.follow(late).fired is None
    assert [timers.follow(step).armed for step in steps]
