"""A call without its person: nothing of them is left in it, and it replays as it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flow.clock import (
    NOON,
    ORDER,
    PHONE,
    SHOP,
    LiveCall,
    plan,
    talking_to_customer,
    transferring,
    unanswered,
)
from tests.flow.test_anything import ANYTHING, let_happen
from tests.journal.recorded import CallOf, checked, exported, text_of

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Order, Partner, Shop, Unknown
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import StepEntry

PERSON = ("9161234567", "Иван", "10542", "10543", "Тверская", "order.example", "Мария", "orders.example")


@ANYTHING
@settings(max_examples=60)
def test_whatever_happened_nothing_is_left_and_it_replays(
    the_plan: Plan, moves: Sequence[tuple[str, Any]]
) -> None:
    live, _ = let_happen(the_plan, moves)
    recorded = exported(live)
    without = checked(recorded.call, recorded.steps, the_plan, forgotten=NOON)
    assert [each for each in PERSON if each in text_of(without)] == []
    assert (without.call.phone, without.call.name, without.call.order_id) == ("", "", "")


def test_who_was_called_back_and_whose_leg_is_left() -> None:
    moves = [("called back", 0), ("identified", ORDER), ("answered", 0), ("bridged", 0), ("returned", "")]
    live, _ = let_happen(plan(), [*moves, ("time", 10.0)])
    recorded = exported(live)
    assert f"{PHONE}, {PHONE}" in str(recorded.steps)
    assert PHONE not in text_of(checked(recorded.call, recorded.steps, plan(), forgotten=NOON))


@ANYTHING
@settings(max_examples=40)
def test_whoever_was_rung_is_taken_out_and_it_replays(
    the_plan: Plan, moves: Sequence[tuple[str, Any]]
) -> None:
    live, _ = let_happen(the_plan, moves)
    recorded = exported(live)
    for phone in ("+74951110001", "+74951110099"):
        without = checked(recorded.call, recorded.steps, the_plan, phone=phone, forgotten=None)
        assert phone[2:] not in text_of(without)
        assert without.call.name == recorded.call.name


TEXT = st.one_of(
    st.sampled_from(["", "—", "1", "2", "order", "FW8-1", "office", "[name]", PHONE, PHONE[1:]]), st.text()
)
NUMBERS = st.lists(
    st.sampled_from(
        [PHONE, PHONE[1:], "8 916 123-45-67", "74951110011", "+74951110011", "74951110001", "[number 1]"]
    ),
    max_size=5,
).map(tuple)
PERSONS: st.SearchStrategy[Caller] = st.one_of(
    st.builds(Customer, TEXT, st.none(), TEXT),
    st.builds(
        Customer,
        TEXT,
        st.builds(Order, TEXT, st.builds(Shop, TEXT, TEXT, TEXT, TEXT, NUMBERS), TEXT, TEXT, TEXT),
        TEXT,
    ),
    st.builds(Partner, st.builds(Shop, TEXT, TEXT, TEXT, TEXT, NUMBERS)),
    st.builds(Unknown, TEXT),
    st.builds(Unknown),
)


@given(PERSONS, st.sampled_from([PHONE, "+74951110011", ""]), st.booleans(), st.booleans())
@settings(max_examples=150)
def test_whatever_people_are_called_it_replays(
    caller: Caller, phone: str, in_time: bool, slow_switch: bool
) -> None:
    the_plan = plan(
        targets={"office": {"numbers": ["+74951110011", "74951110012"]}}, prompts={"hold_by_name": True}
    )
    live = CallOf(the_plan, phone=phone)
    if not in_time:
        live.advance(2)
    live.identified(caller)
    for digit in "11":
        live.press(digit)
    for leg in list(live.call.legs)[:1]:
        live.send(events.LegAnswered(leg))
    live.advance(200)
    if not slow_switch:
        live.hangs_up()
    live.advance(60)
    recorded = exported(live)
    checked(recorded.call, recorded.steps, the_plan, forgotten=NOON)
    checked(recorded.call, recorded.steps, the_plan, phone=PHONE, forgotten=None)


def events_of(steps: Sequence[StepEntry]) -> list[Any]:
    return [step.body["event"] for step in steps]


def facts_of(steps: Sequence[StepEntry], what: str) -> dict[str, str]:
    [told] = [each["facts"] for step in steps for each in step.commands if each.get("what") == what]
    return dict(told)


def redacted(live: LiveCall, phone: str = "", *, caller: bool = True) -> Any:
    recorded = exported(live)
    return checked(recorded.call, recorded.steps, live.plan, phone=phone, forgotten=NOON if caller else None)


def test_the_caller_gives_way_to_placeholders_and_the_shop_stays() -> None:
    without = redacted(LiveCall().identified(ORDER))
    assert events_of(without.steps)[0]["phone"] == "[phone]"
    assert events_of(without.steps)[1]["caller"]["order"]["shop"]["phones"] == list(SHOP.phones)
    assert facts_of(without.steps, "order_call") == {
        "phone": "[phone]",
        "name": "[name]",
        "orders_link": "",
        "order": "[order]",
        "order_link": "[order link]",
        "status": "собирается",
        "address": "[address]",
        "shop": SHOP.name,
        "shop_link": SHOP.link,
        "city": SHOP.city,
        "shop_phones": ", ".join(SHOP.phones),
    }


def test_a_customer_named_1_changes_no_digit() -> None:
    live = LiveCall().identified(Customer("1", ORDER.order))
    live.press("1")
    assert events_of(redacted(live).steps)[-1] == {"is": "DigitPressed", "digit": "1"}


def test_why_nobody_was_found_is_removed_where_the_directory_said_it() -> None:
    live = LiveCall().identified(Unknown(f"no answer for {PHONE}"))
    assert facts_of(redacted(live).steps, "directory_failed")["why"] == "[why]"
    late = LiveCall()
    late.advance(2)
    late.identified(Unknown("no answer within 2 s"))
    without = redacted(late)
    assert facts_of(without.steps, "directory_failed")["why"] == "no answer within 2 s"
    assert events_of(without.steps)[-1]["caller"]["why"] == "[why]"


def test_a_caller_who_is_not_gone_is_removed_from_the_legs_that_are_left() -> None:
    live = unanswered(plan(targets={"call_centre": {"numbers": [PHONE]}}))
    live.prompt_ends()
    live.advance(10)
    legs = facts_of(redacted(live).steps, "legs_left")["legs"].split(", ")
    assert (legs.count(PHONE), legs[-1]) == (1, "[phone]"), "the plan's number stays, and the caller's goes"


def test_phones_that_the_flow_rings_apart_stay_apart() -> None:
    twice = Shop("s", "Цветы", phones=("74951110001", "+74951110001", "74951110001", "74951110002"))
    live = LiveCall().identified(Customer("Иван", Order("1", twice)))
    live.press("1")
    dialed = [
        each["phone"]
        for each in redacted(live, "+74951110001", caller=False).steps[-1].commands
        if each["is"] == "Dial"
    ]
    assert dialed == ["[number 1]", "[number 2]", "74951110002"]


def test_where_a_caller_was_transferred_to_is_removed() -> None:
    live = transferring("74951110099")
    live.known("transfer")
    without = redacted(live, "+74951110099", caller=False)
    assert facts_of(without.steps, "transferred")["to"] == "[number 1]"
    assert facts_of(without.steps, "transferred")["name"] == "Иван"
    assert "1110099" not in text_of(without)


def test_a_number_of_the_plan_stays_and_is_told() -> None:
    live = transferring("74951110099")
    assert redacted(live, "+74951110011", caller=False).left
    assert not redacted(live, "+74951110099", caller=False).left


def test_what_an_older_flow_recorded_is_removed_when_nobody_knows_what_it_is() -> None:
    recorded = exported(LiveCall())
    body = {
        "event": {"is": "CallArrived", "phone": PHONE, "nickname": "Ваня"},
        "commands": [{"is": "Shout", "to": "Ваня"}],
    }
    from ivr_fsm.journal.personal import redact

    old = [replace(recorded.steps[0], body=body)]
    without = redact(recorded.call, old, (), number=None, forgotten=NOON)
    assert without.steps[0].body == {
        "event": {"is": "CallArrived", "phone": "[phone]", "nickname": "[removed]"},
        "commands": [{"is": "Shout", "to": "[removed]"}],
    }


def test_who_is_called_back_is_removed_where_they_were_rung() -> None:
    without = redacted(talking_to_customer())
    assert PHONE not in text_of(without)
    assert without.call.answered_phone == ""


@pytest.mark.parametrize("phone", ["", "not a phone"])
def test_a_caller_without_a_number_is_no_problem(phone: str) -> None:
    live = CallOf(phone=phone)
    live.identified(ORDER)
    assert "Иван" not in text_of(redacted(live))
