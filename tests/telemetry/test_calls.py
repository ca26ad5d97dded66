"""What a step comes to as a metric, where no played call shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivr_fsm.flow.caller import Unknown
from ivr_fsm.flow.commands import Tell
from ivr_fsm.flow.events import (
    Bridged,
    CallArrived,
    CallerHungUp,
    CallerIdentified,
    DigitPressed,
    Event,
    Timer,
    TimerFired,
)
from ivr_fsm.flow.step import Step
from ivr_fsm.telemetry.calls import CallMeter
from ivr_fsm.telemetry.metrics import Metrics

CALL = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Meter:
    def __init__(self) -> None:
        self.metrics = Metrics("1", "f", "p")
        self.meter = CallMeter(self.metrics)
        self.number = 0

    def takes(
        self,
        event: Event,
        before: str,
        after: str,
        *told: Tell,
        leg: str = "",
        at: float = 0,
        fault: str = "",
    ) -> None:
        self.number += 1
        step = Step(event, before, after, (), told, leg, fault)
        self.meter.stepped(CALL, self.number, step, AT + timedelta(seconds=at))

    def arrives(self, back: str = "") -> None:
        self.takes(CallArrived(CALL, "+79161234567", back=back), "arriving", "identifying")

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def _ended(outcome: str) -> Tell:
    return Tell("ended", {"outcome": outcome})


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        ("answered:shop", {"outcome": "answered", "target": "shop", "state": ""}),
        ("answered:nobody", {"outcome": "answered", "target": "other", "state": ""}),
        ("abandoned:menu", {"outcome": "abandoned", "target": "", "state": "menu"}),
        ("stopped:nowhere", {"outcome": "stopped", "target": "", "state": "other"}),
        ("partner", {"outcome": "partner", "target": "", "state": ""}),
        ("failed", {"outcome": "failed", "target": "", "state": ""}),
        ("never heard of", {"outcome": "other", "target": "", "state": ""}),
    ],
)
def test_an_outcome_has_few_labels(outcome: str, labels: dict[str, str]) -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(CallerHungUp(), "menu", "ended", _ended(outcome))
    assert meter("ivr_calls_total", **labels) == 1


def test_a_call_back_is_no_caller_and_has_a_counter_of_its_own() -> None:
    meter = Meter()
    meter.arrives(back="11111111-1111-1111-1111-111111111111")
    meter.takes(Bridged("x"), "connected", "connected", leg="customer +79161234567", at=20)
    meter.takes(CallerHungUp(), "connected", "ended", _ended("answered:customer"))
    assert meter("ivr_call_backs_total", outcome="answered") == 1
    assert meter("ivr_calls_total", outcome="answered", target="customer", state="") == 0
    assert meter("ivr_answer_seconds_sum", target="customer") == 20


def test_only_the_first_who_is_talked_to_counts() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(Bridged("x"), "connected", "connected", leg="shop +74951110001", at=12)
    meter.takes(Bridged("y"), "connected", "connected", leg="transfer +74951110002", at=90)
    assert meter("ivr_answer_seconds_sum", target="shop") == 12
    assert meter("ivr_answer_seconds_count", target="transfer") == 0


def test_a_bridge_that_comes_late_answers_nobody() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(Bridged("x"), "releasing", "releasing", leg="shop +74951110001", at=12)
    assert meter("ivr_answer_seconds_count", target="shop") == 0


def test_a_caller_who_is_not_identified_in_time_is_another_one() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(TimerFired(Timer(1, "limit")), "identifying", "greeting")
    meter.takes(CallerIdentified(Unknown()), "greeting", "greeting")
    assert meter("ivr_callers_total", scenario="other") == 1


def test_each_leg_that_is_left_counts() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(
        TimerFired(Timer(9, "limit")), "releasing", "ended", Tell("legs_left", {"legs": "+7495, +7496"})
    )
    assert meter("ivr_legs_left_total") == 2


def test_an_event_that_led_nowhere_by_a_fault_counts() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(DigitPressed("1"), "menu", "menu", fault="TypeError: no")
    assert meter("ivr_step_faults_total") == 1


def test_nothing_is_kept_of_a_call_that_is_over() -> None:
    meter = Meter()
    meter.arrives()
    meter.takes(CallerHungUp(), "menu", "ended", _ended("abandoned:menu"))
    meter.takes(CallerHungUp(), "ended", "ended", _ended("abandoned:menu"))
    assert meter("ivr_calls_total", outcome="abandoned", target="", state="menu") == 1


def test_the_time_of_a_digit_and_of_no_other_event_is_measured() -> None:
    meter = Meter()
    meter.meter.left(DigitPressed("1"), 0.004, 0.006)
    meter.meter.left(CallerHungUp(), 0.001, 0.5)
    assert meter("ivr_digit_command_seconds_sum") == 0.006
    assert meter("ivr_journal_delay_seconds_count") == 2
    assert meter("ivr_journal_delay_seconds_bucket", le="0.005") == 2
    assert meter("ivr_journal_delay_seconds_bucket", le="0.003") == 1
