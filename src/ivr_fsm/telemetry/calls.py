"""Calls as metrics: a watcher of their steps, and who measures how long the commands take to leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ivr_fsm.flow.caller import Unknown, scenario
from ivr_fsm.flow.commands import Tell
from ivr_fsm.flow.events import Bridged, CallArrived, CallerIdentified, DigitPressed, Event
from ivr_fsm.flow.step import Step
from ivr_fsm.telemetry.metrics import OUTCOMES, STATES, TARGETS, Metrics, one_of


@dataclass(slots=True)
class _Open:
    """What is known of a live call."""

    started: datetime
    back: bool
    answered: bool = False


class CallMeter:
    """Adds to *metrics* what happens to calls.

    It is a watcher (`ivr_fsm.call.ports.Watcher`) and measures, too (`ivr_fsm.call.ports.Timings`).
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open: dict[str, _Open] = {}
        # Once, not for each digit: a caller waits for what is done here.
        self._digit = metrics.digit_command.observe
        self._delay = metrics.journal_delay.observe

    def left(self, event: Event, waited: float, took: float) -> None:
        """Measure; see `ivr_fsm.call.ports.Timings.left`."""
        self._delay(waited)
        if type(event) is DigitPressed:
            self._digit(took)

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        """Count what a step comes to."""
        if number == 1:
            self._open[call_id] = _Open(at, isinstance(step.event, CallArrived) and bool(step.event.back))
        if step.fault:
            self._metrics.faults.inc()
        if (call := self._open.get(call_id)) is None:
            return
        if step.before == "identifying" and step.after in ("greeting", "partner_notice"):
            # Without an answer in time they are nobody that is known.
            caller = step.event.caller if isinstance(step.event, CallerIdentified) else Unknown()
            self._metrics.callers.labels(scenario(caller)).inc()
        if isinstance(step.event, Bridged) and step.after == "connected" and step.leg and not call.answered:
            call.answered = True
            target = one_of(step.leg.partition(" ")[0], TARGETS)
            self._metrics.answer_time.labels(target).observe((at - call.started).total_seconds())
        for tell in step.told:
            self._count(call, tell)
        if step.moved and step.after == "ended":
            del self._open[call_id]

    def _count(self, call: _Open, tell: Tell) -> None:
        if tell.what == "legs_left":
            self._metrics.legs_left.inc(tell.facts["legs"].count(", ") + 1)
        elif tell.what == "ended":
            outcome, _, where = tell.facts["outcome"].partition(":")
            outcome = one_of(outcome, OUTCOMES)
            if call.back:
                self._metrics.call_backs.labels(outcome).inc()
            else:
                self._metrics.calls.labels(outcome, *_placed(outcome, where)).inc()


def _placed(outcome: str, where: str) -> tuple[str, str]:
    """Return the labels ``target`` and ``state`` of an outcome."""
    if outcome == "answered":
        return one_of(where, TARGETS), ""
    return "", one_of(where, STATES) if where else ""
