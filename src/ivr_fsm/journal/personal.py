"""Personal data in a recorded call: where they stand, and how they are taken out so that it still replays.

The flow only copies them from its events into its commands. A field is therefore replaced as a whole, by the
same placeholder in both, and a customer named "1" changes no digit. Numbers of phones that are rung stand in
other fields, too; there a number is replaced in its writing (`ivr_fsm.journal.numbers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ivr_fsm.flow.events import CallerHungUp, CallerIdentified
from ivr_fsm.journal.codec import Json
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.fields import HARMLESS, NUMBERS, PERSONAL, shapes
from ivr_fsm.journal.numbers import Eraser, Number

REMOVED = "[removed]"
_NOT_KNOWN = ("", "—")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A call without what was to be taken out.

    Attributes:
        call: how it stands in the list of calls.
        steps: all its steps.
        changed: those that are not as they were.
        left: whether the number stays in it because the call's plan has it.
    """

    call: CallEntry
    steps: list[StepEntry]
    changed: list[StepEntry]
    left: bool


def redact(
    call: CallEntry,
    steps: Sequence[StepEntry],
    planned: Sequence[str],
    *,
    number: Number | None,
    forgotten: datetime | None,
) -> Redacted:
    """Return a call without a person; it replays as it did.

    Args:
        call: the call.
        steps: its steps.
        planned: the phones in the call's plan: they stay where they stand.
        number: the person's number, taken out wherever it stands.
        forgotten: when the caller's own data are removed; None: they stay.
    """
    eraser = Eraser(number, planned, str(steps))
    # Who is called back is rung, so that their own number stands where those of others do.
    own = call.phone if call.back and forgotten is not None else ""
    walker = _Walker(eraser, caller=forgotten is not None, own=own)
    found = [replace(step, body=walker.body(step.body)) for step in steps]
    changed = [new for old, new in zip(steps, found, strict=True) if old.body != new.body]
    call = replace(
        call,
        shop=eraser(call.shop),
        answered_phone="" if own and call.answered_phone == own else eraser(call.answered_phone),
        refused=eraser(call.refused),
    )
    if forgotten is not None:
        call = replace(call, phone="", name="", order_id="", forgotten=call.forgotten or forgotten)
    return Redacted(call, found, changed, eraser.left)


def number_of(phone: str, region: str) -> Number | None:
    """Return the number of a call's *phone*, or nothing: the caller hides it, or it is forgotten."""
    try:
        return Number(phone, region) if phone else None
    except ValueError:
        return None


def phones_of(plan: Json) -> Iterable[str]:
    """Return the phones in a plan as JSON, which may be one that only an older version can read."""
    for target in plan.get("targets", {}).values():
        yield from target.get("numbers", ())


class _Walker:
    """Goes through the steps of one call, in their order."""

    def __init__(self, eraser: Eraser, *, caller: bool, own: str = "") -> None:
        self._eraser = eraser
        self._caller = caller
        self._own = own
        self._caller_gone = False
        self._identified = False

    def body(self, body: Mapping[str, Json]) -> dict[str, Json]:
        event = body.get("event")
        kind = event.get("is") if isinstance(event, dict) else None
        self._caller_gone = self._caller_gone or kind == CallerHungUp.__name__
        self._identified = kind == CallerIdentified.__name__
        return {key: self._part(key, value) for key, value in body.items()}

    def _part(self, key: str, value: Json) -> Json:
        if key == "judged" and isinstance(value, list):
            return [[guard, answer, self._value("judged", guard, said)] for guard, answer, said in value]
        if key in ("event", "commands"):
            return self._value("", "", value)
        return self._value("step", key, value)

    def _value(self, kind: str, key: str, value: Json) -> Json:
        if isinstance(value, str):
            return self._text(f"{kind}.{key}", value)
        if isinstance(value, list):
            return [self._value(kind, key, each) for each in value]
        if isinstance(value, dict):
            inner = value.get("is") or shapes().nested.get(f"{kind}.{key}", "")
            return {
                name: each if name == "is" else self._value(inner, name, each) for name, each in value.items()
            }
        return value

    def _text(self, place: str, text: str) -> str:
        if self._caller:
            if place == "facts.legs" and not self._caller_gone:
                # The caller's own leg comes last, and is known by its phone.
                legs, comma, phone = text.rpartition(", ")
                text = legs + comma + self._hidden("facts.phone", phone)
            elif place == "facts.why" and self._identified:
                text = self._hidden("Unknown.why", text)
            elif place in PERSONAL:
                return self._hidden(place, text)
            elif place not in NUMBERS and place not in HARMLESS:
                return REMOVED
            if self._own and place in NUMBERS:
                text = text.replace(self._own, PERSONAL["facts.phone"])
        return text if place in HARMLESS else self._eraser(text)

    def _hidden(self, place: str, text: str) -> str:
        return text if text in (*_NOT_KNOWN, shapes().default.get(place)) else PERSONAL[place]
