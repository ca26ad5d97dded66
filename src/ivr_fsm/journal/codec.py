"""Events, commands and guards as plain JSON values, and back.

A value of the flow is an object whose ``is`` names its class; a field that has its default is left out, so
that a field added later does not change what was written before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from ivr_fsm.flow.caller import Caller
from ivr_fsm.flow.commands import Command
from ivr_fsm.flow.events import Event
from ivr_fsm.flow.record import Judged
from ivr_fsm.flow.step import Step

Json = Any
"""What ``json.loads`` returns."""

_NAMED: dict[str, type] = {
    kind.__name__: kind for union in (Event, Command, Caller) for kind in get_args(union)
}


class CodecError(ValueError):
    """What was recorded is nothing that today's flow knows; the message says where."""


def encode(value: Any) -> Json:
    """Return *value* (an event, a command, or what is in them) as plain JSON."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return value
    if isinstance(value, tuple):
        return [encode(each) for each in value]
    if isinstance(value, Mapping):
        return {key: encode(each) for key, each in value.items()}
    name, known = _shape(kind)  # type: ignore[arg-type]
    plain = {"is": name} if name else {}
    for field, default in known:
        if (each := getattr(value, field)) != default:
            plain[field] = encode(each)
    return plain


def decode_event(plain: Json) -> Event:
    """Return the event that `encode` made *plain* of.

    Raises:
        CodecError: *plain* is not an event, or not one of today's.
    """
    try:
        event = _decode(plain)
    except RecursionError:
        raise CodecError("an event that is nested too deep") from None
    if not isinstance(event, Event):
        raise CodecError(f"{str(plain)[:80]} is not an event")
    return event


def encode_step(step: Step) -> dict[str, Json]:
    """Return what is kept of a step besides its place: event, leg, guards, commands, fault."""
    plain: dict[str, Json] = {"event": encode(step.event)}
    if step.leg:
        plain["leg"] = step.leg
    if step.judged:
        plain["judged"] = [[each.guard, each.answer, each.value] for each in step.judged]
    if step.commands:
        plain["commands"] = encode(step.commands)
    if step.fault:
        plain["fault"] = step.fault
    return plain


def decode_judged(plain: Json) -> tuple[Judged, ...]:
    """Return the guards of a step that `encode_step` made *plain* of.

    Raises:
        CodecError: *plain* is no list of guards.
    """
    try:
        return tuple(Judged(str(guard), bool(answer), str(value)) for guard, answer, value in plain)
    except (TypeError, ValueError):
        raise CodecError(f"{str(plain)[:80]} are not guards: [name, answer, value] each") from None


@cache
def _shape(kind: type) -> tuple[str, tuple[tuple[str, Any], ...]]:
    known = []
    for field in fields(kind):
        default = field.default
        if default is MISSING and field.default_factory is not MISSING:
            default = field.default_factory()
        known.append((field.name, default))
    return (kind.__name__ if kind.__name__ in _NAMED else ""), tuple(known)


def _decode(plain: Json) -> Any:
    if isinstance(plain, list):
        return [_decode(each) for each in plain]
    if not isinstance(plain, dict):
        return plain
    values = {key: _decode(each) for key, each in plain.items() if key != "is"}
    if "is" not in plain:
        return values
    kind = _NAMED.get(str(plain["is"]))
    if kind is None:
        raise CodecError(f"there is no {str(plain['is'])[:40]!r} in this version's flow")
    if unknown := values.keys() - {field.name for field in fields(kind)}:
        raise CodecError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    try:
        return _adapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (kind.__name__, *first["loc"])))
        raise CodecError(f"{place}: {first['msg']}") from None


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
