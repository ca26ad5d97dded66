from __future__ import annotations

import pytest

from ivr_fsm.simulator import (
    Phone,
    ScriptError,
    Step,
    answered,
    bridged,
    hang_up,
    hearing,
    press,
    start,
    transfer,
)
from ivr_fsm.simulator.script import parse_steps


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("press 1 at 3s", press("1", start(3))),
        ("press 12# after 2.5s", press("12#", answered(2.5))),
        ("press 1 500ms after answer", press("1", answered(0.5))),
        ("press 1 3s into FW3", press("1", hearing("FW3", 3))),
        ("press 9 1 into 2nd fw3", press("9", hearing("FW3", 1, nth=2))),
        ("hang up on FW9", hang_up(hearing("fw9"))),
        ("Hang up  5s after bridge", hang_up(bridged(5))),
        ("transfer to 74951110009 2s after bridge", transfer("74951110009", bridged(2))),
    ],
)
def test_a_clause_is_a_step(text: str, step: Step) -> None:
    assert parse_steps(text) == (step,)


def test_clauses_are_separated_by_commas() -> None:
    assert parse_steps("press 9 1s into FW3, hang up after 9s") == (
        press("9", hearing("FW3", 1)),
        hang_up(answered(9)),
    )
    assert parse_steps(" ") == ()


def test_steps_are_taken_as_they_are() -> None:
    assert parse_steps([hang_up(start(1))]) == (hang_up(start(1)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("press 1 at 3s, hang uo after 2s", r"clause 2, column 16: 'hang uo after 2s': expected 'press"),
        ("press 1", r"clause 1, column 1: 'press 1': expected when"),
        ("press x at 1s", r"clause 1, column 1: 'press x at 1s': expected 'press <digits>'"),
        ("hang up at 3s,  press 1 soon", r"clause 2, column 17: 'press 1 soon': expected when"),
        ("press 1 at 3s,", r"clause 2, column 15: '': expected 'press"),
    ],
)
def test_an_error_names_the_place(text: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        parse_steps(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("ring 2s, answer, hang up after 5s", Phone(answer=2, steps=(hang_up(answered(5)),))),
        ("answer", Phone(answer=0)),
        ("ring 500ms, busy", Phone(reject=0.5, cause="USER_BUSY")),
        ("reject", Phone(reject=0, cause="CALL_REJECTED")),
        ("ring 1s, reject unallocated_number", Phone(reject=1, cause="UNALLOCATED_NUMBER")),
        ("ring", Phone()),
        ("", Phone()),
    ],
)
def test_a_phone_can_be_told_in_words(text: str, phone: Phone) -> None:
    assert Phone.parse(text) == phone


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ring 2s, anser", r"clause 2, column 10: 'anser': expected 'ring <time>', 'answer'"),
        ("ring 2s, busy, hang up after 1s", r"clause 3, column 16: .*: nothing can follow 'busy'"),
        ("ring 2s, answer, answer", r"clause 3, column 18: 'answer': expected 'press"),
    ],
)
def test_an_error_in_a_phone_names_the_place(text: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        Phone.parse(text)
