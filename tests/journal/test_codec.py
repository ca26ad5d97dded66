"""Every event and every command there is, as JSON and back; and what is neither."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ivr_fsm.flow.caller import Caller, Customer, Unknown
from ivr_fsm.flow.commands import Command, Play, StartTimer
from ivr_fsm.flow.events import CallerIdentified, DigitPressed, Event, PromptFinished, Timer, TimerFired
from ivr_fsm.flow.record import Judged
from ivr_fsm.flow.step import Step
from ivr_fsm.journal import codec
from ivr_fsm.journal.codec import CodecError, decode_event, decode_judged, encode, encode_step

KINDS = [kind for union in (Event, Command, Caller) for kind in get_args(union)]
NAMES = sorted({kind.__name__ for kind in KINDS} | {field.name for kind in KINDS for field in fields(kind)})

keys = st.sampled_from(["is", *NAMES]) | st.text(max_size=5)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NAMES) | st.text()
garbage = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


def through_a_file(plain: Any) -> Any:
    return json.loads(json.dumps(plain, ensure_ascii=False))


@given(st.from_type(Event))  # type: ignore[arg-type]
def test_every_event_comes_back(event: Event) -> None:
    assert decode_event(through_a_file(encode(event))) == event


@given(st.from_type(Command))  # type: ignore[arg-type]
def test_every_command_comes_back(command: Command) -> None:
    assume(not isinstance(command, StartTimer) or command.after == command.after)  # no NaN
    plain = through_a_file(encode(command))
    assert codec._decode(plain) == command
    with pytest.raises(CodecError, match="is not an event"):
        decode_event(plain)


@given(st.lists(st.builds(Judged), max_size=3).map(tuple))
def test_every_guard_comes_back(judged: tuple[Judged, ...]) -> None:
    step = Step(DigitPressed("1"), "menu", "menu", judged, ())
    assert decode_judged(through_a_file(encode_step(step)).get("judged", ())) == judged


@given(garbage)
def test_what_is_no_event_is_refused_and_nothing_else_happens(plain: Any) -> None:
    try:
        decode_event(plain)
    except CodecError as error:
        assert len(str(error)) < 2000
    else:
        assert plain["is"] in {kind.__name__ for kind in get_args(Event)}


@given(garbage)
def test_what_are_no_guards_is_refused_and_nothing_else_happens(plain: Any) -> None:
    with suppress(CodecError):
        decode_judged(plain)


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (None, "None is not an event"),
        ({"is": "Unknown"}, "is not an event"),
        ({"is": "Teleported"}, "there is no 'Teleported' in this version's flow"),
        ({"is": "DigitPressed"}, "DigitPressed.digit: Field required"),
        ({"is": "DigitPressed", "digit": "1", "tone": 1}, "DigitPressed has no tone"),
        ({"is": "PromptFinished", "token": "1", "result": "sung"}, "PromptFinished.result: "),
        ({"is": "TimerFired", "timer": "limit"}, "TimerFired.timer: "),
        (
            {"is": "CallerIdentified", "caller": {"is": "DigitPressed", "digit": "1"}},
            "CallerIdentified.caller",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(plain: Any, why: str) -> None:
    with pytest.raises(CodecError) as raised:
        decode_event(plain)
    assert why in str(raised.value)


def test_what_is_nested_without_end_is_refused() -> None:
    plain: Any = {"is": "DigitPressed", "digit": "1"}
    for _ in range(100_000):
        plain = {"is": "CallerIdentified", "caller": plain}
    with pytest.raises(CodecError, match="nested too deep"):
        decode_event(plain)
    while isinstance(plain, dict):  # freed from the inside it would take the interpreter's stack
        plain = plain.pop("caller", None)


def test_what_is_as_ever_is_left_out() -> None:
    assert encode(PromptFinished("FW1-1")) == {"is": "PromptFinished", "token": "FW1-1"}
    assert encode(TimerFired(Timer(3, "limit"))) == {
        "is": "TimerFired",
        "timer": {"visit": 3, "name": "limit"},
    }
    assert encode(Play("FW1", "1")) == {"is": "Play", "code": "FW1", "token": "1"}
    assert encode(CallerIdentified(Unknown())) == {"is": "CallerIdentified", "caller": {"is": "Unknown"}}
    assert encode(Customer("Мария")) == {"is": "Customer", "name": "Мария"}
