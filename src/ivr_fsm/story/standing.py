"""What the steps of a call say of it: who calls, which phones ring, where it is, who answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr_fsm.flow.commands import Tell
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.timers import Timers
from ivr_fsm.watch.ahead import Present

Facts = Mapping[str, str]

ARRIVALS = frozenset({"order_call", "other_call", "partner_call"})
"""What is told when it is known who calls."""


@dataclass(slots=True)
class Phone:
    """A phone that was rung.

    Attributes:
        target: whose it is.
        phone: its number, as it came from outside.
        rings: whether somebody may still answer it.
    """

    target: str
    phone: str
    rings: bool = True


def tells(steps: Sequence[StepEntry]) -> Iterator[tuple[StepEntry, Tell]]:
    """Return all that watchers were told, each with its step."""
    for step in steps:
        for command in step.commands:
            if command.get("is") == "Tell":
                facts = command.get("facts") or {}
                yield step, Tell(str(command.get("what")), {str(k): str(v) for k, v in facts.items()})


def arrival(call: CallEntry, steps: Sequence[StepEntry]) -> tuple[datetime, Facts]:
    """Return when it was known who calls, and what is known of them."""
    for step, tell in tells(steps):
        if tell.what in ARRIVALS:
            return step.at, tell.facts
    known = {"phone": call.phone, "name": call.name, "order": call.order_id, "shop": call.shop}
    return call.started, known


def answered(call: CallEntry, steps: Sequence[StepEntry]) -> Facts:
    """Return whose phone the caller talked to last; nothing: nobody's."""
    if not call.answered_by:
        return {}
    known = {"target": call.answered_by, "leg_phone": call.answered_phone}
    for _, tell in tells(steps):
        # Who is at that phone is told when the marketplace has said it, or not at all.
        if tell.what == "answered" and tell.facts.get("target") == call.answered_by:
            known |= tell.facts
    return {**arrival(call, steps)[1], **known}


def phones(steps: Sequence[StepEntry]) -> list[Phone]:
    """Return the phones that were rung, in their order."""
    found: dict[str, Phone] = {}
    for step in steps:
        event = step.body.get("event")
        if step.event in ("LegAnswered", "LegEnded") and isinstance(event, Mapping):
            _silence(found, event)
        for command in step.commands:
            if command.get("is") == "Dial":
                phone = Phone(str(command.get("target", "")), str(command.get("phone", "")))
                found[str(command.get("leg"))] = phone
            elif command.get("is") == "Release":
                _silence(found, command)
    return list(found.values())


def _silence(found: Mapping[str, Phone], of_leg: Mapping[str, object]) -> None:
    if phone := found.get(str(of_leg.get("leg", ""))):
        phone.rings = False


def picked_up(steps: Sequence[StepEntry]) -> Facts:
    """Return whose phone was picked up last, if that led anywhere."""
    for step in reversed(steps):
        if step.event == "LegAnswered" and step.moved:
            target, _, phone = step.leg.partition(" ")
            return {"target": target, "leg_phone": phone}
    return {}


def present(call: CallEntry, steps: Sequence[StepEntry]) -> Present:
    """Return where a live call is."""
    timers, repeats = Timers(), 0
    for step in steps:
        fired = timers.follow(step).fired
        if fired and fired.timer.name == "silence" and step.before == step.after == "menu":
            repeats += 1
    deadlines = {each.timer.name: each.deadline for each in timers.running}
    target = picked_up(steps).get("target", "")
    return Present(call.state, call.kind, target, repeats, deadlines)
