"""What watchers are told of people, and what they can do about a call: send it on, end it, call back."""

from __future__ import annotations

import pytest
from tests.flow.clock import (
    CALL_CENTRE,
    MISSED,
    OFFICE,
    ORDER,
    PARTNER,
    PHONE,
    LiveCall,
    announcing,
    at_call_centre,
    at_customer,
    at_office,
    at_shop,
    calling_back,
    in_greeting,
    plan,
    talking,
    talking_to_customer,
    unanswered,
)

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events

TO_OFFICE = events.SendWanted("office", "Ольга")
TO_CALL_CENTRE = events.SendWanted("call_centre", "Ольга")

# Who answered


def test_the_marketplace_is_asked_who_answered_and_watchers_are_told_once() -> None:
    live = at_office()
    live.answers("office", 1)
    assert live.all(do.WhoAnswers) == [do.WhoAnswers(live.leg("office", 1), OFFICE[1])]
    live.send(events.Bridged(live.leg("office", 1)))
    assert "answered" not in live.tells(), "nobody knows yet who it is"
    live.known("office", 1, "Анна")
    live.known("office", 1, "Пётр")
    assert live.tells().count("answered") == 1
    assert (live.told("answered")["manager"], live.told("answered")["leg_phone"]) == ("Анна", OFFICE[1])


def test_what_is_known_before_the_two_are_connected_is_told_when_they_are() -> None:
    live = at_office()
    live.answers("office")
    live.known("office", name="Анна")
    assert "answered" not in live.tells()
    live.bridged("office")
    assert live.told("answered")["manager"] == "Анна"


def test_a_number_without_a_name_has_a_description() -> None:
    live = at_office()
    live.answers("office")
    live.send(events.AnswererKnown(live.leg("office"), description="Второй этаж"))
    live.bridged("office")
    assert live.told("answered")["manager"] == "Второй этаж"


def test_a_shop_is_known() -> None:
    live = talking("shop")
    assert live.all(do.WhoAnswers) == []
    assert live.told("answered")["manager"] == ""


def test_a_conversation_that_is_over_before_the_marketplace_answers_is_told_all_the_same() -> None:
    live = at_office()
    live.answers("office")
    live.send(events.Bridged(live.leg("office")))
    live.hangs_up()
    assert live.tells()[-2:] == ["answered", "ended"]
    assert live.told("answered")["manager"] == ""
    assert live.known("office").commands == ()


# Sent on by somebody who watches


def test_sent_to_the_office_it_rings_for_long() -> None:
    live = at_shop()
    live.advance(3)
    live.send(TO_OFFICE)
    assert live.state == "dialing_office"
    assert live.dialed("office") == list(OFFICE)
    assert (live.told("sent_on")["by"], live.told("sent_on")["next"]) == ("Ольга", "office")
    assert live.plays(3)[0] == (0, "FW7")
    live.advance(33)
    assert live.state == "dialing_office"


def test_sent_to_the_call_centre_the_caller_is_told() -> None:
    live = in_greeting()
    live.send(TO_CALL_CENTRE)
    assert live.dialed("call_centre") == list(CALL_CENTRE)
    assert [code for _, code in live.plays()][-2:] == ["FW7", "FW8"]


def test_a_closed_office_is_rung_when_somebody_says_so() -> None:
    live = at_shop(plan(targets={"office": {"hours": ["sat 10:00-11:00"]}}))
    live.send(TO_OFFICE)
    assert live.state == "dialing_office"


def test_a_partner_shop_can_be_sent_on() -> None:
    live = in_greeting(PARTNER)
    live.send(TO_OFFICE)
    assert live.state == "dialing_office"


def test_a_phone_that_still_rings_is_not_rung_again() -> None:
    live = at_shop()
    live.send(TO_CALL_CENTRE)
    live.send(TO_OFFICE)
    live.advance(34)
    assert live.state == "dialing_call_centre"
    assert live.dialed("call_centre") == list(CALL_CENTRE)
    live.answers("call_centre")
    assert live.state == "connected"


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        (LiveCall(), TO_OFFICE),
        (at_office(), TO_OFFICE),
        (at_call_centre(), TO_CALL_CENTRE),
        (announcing(), TO_OFFICE),
        (talking(), TO_CALL_CENTRE),
        (unanswered(), TO_OFFICE),
        (at_customer(), TO_OFFICE),
    ],
    ids=lambda each: getattr(each, "state", getattr(each, "target", "")),
)
def test_where_it_is_no_use_nothing_happens_and_watchers_are_told_why(
    live: LiveCall, wanted: events.SendWanted
) -> None:
    state = live.state
    assert [type(command) for command in live.send(wanted).commands] == [do.Tell]
    assert live.state == state
    told = live.told("too_late")
    assert (told["by"], told["wanted"], told["state"]) == ("Ольга", wanted.target, state)


# Ended by somebody who watches


@pytest.mark.parametrize(
    ("live", "outcome"),
    [
        (at_shop(), "stopped:dialing_shop"),
        (LiveCall(), "stopped:identifying"),
        (talking(), "answered:office"),
        (unanswered(), "unanswered"),
        (in_greeting(PARTNER), "partner"),
        (at_customer(), "stopped:dialing_customer"),
    ],
    ids=lambda each: getattr(each, "state", each),
)
def test_stopped(live: LiveCall, outcome: str) -> None:
    live.send(events.StopWanted("Ольга"))
    assert (live.state, live.call.outcome) == ("releasing", outcome)
    assert live.all(do.Hangup) == [do.Hangup()]
    assert live.told("stopped")["by"] == "Ольга"
    assert all(leg.released for leg in live.call.legs.values() if leg.alive)


def test_two_who_stop_it_stop_it_once() -> None:
    live = at_shop()
    live.send(events.StopWanted("Ольга"))
    live.send(events.StopWanted("Анна"))
    assert live.tells().count("ended") == 1
    assert live.told("too_late")["wanted"] == "stop"


# Called back


def test_who_picked_up_hears_that_the_customer_is_rung() -> None:
    live = calling_back()
    assert live.state == "calling_back"
    assert live.plays() == [(0, "FW10")]
    assert live.last(do.Identify) == do.Identify(PHONE)
    live.identified(ORDER)
    assert (live.state, live.dialed("customer")) == ("dialing_customer", [PHONE])
    told = live.told("call_back_call")
    assert (told["by"], told["office_phone"], told["phone"]) == ("Ольга", OFFICE[0], PHONE)
    assert (told["name"], told["order"]) == ("Иван", "10542")
    live.send(events.PromptFinished("FW10-1"))
    assert live.call.holding, "ringing, not silence"


def test_the_customer_answers() -> None:
    live = talking_to_customer()
    assert live.state == "connected"
    assert live.told("answered")["target"] == "customer"
    assert len(live.all(do.Record)) == 1
    live.ends("customer", cause="NORMAL_CLEARING")
    assert (live.state, live.call.outcome) == ("releasing", "answered:customer")


@pytest.mark.parametrize("busy", [False, True])
def test_the_customer_does_not_answer(busy: bool) -> None:
    live = at_customer()
    if busy:
        live.ends("customer")
    else:
        live.advance(45)
    assert live.state == "unanswered"
    assert live.plays()[-1][1] == "FW11"
    assert "call_back_silent" in live.tells() and "unanswered" not in live.tells()
    live.prompt_ends()
    assert (live.state, live.call.outcome) == ("releasing", "unanswered")


def test_a_marketplace_that_is_silent_does_not_hold_it_up() -> None:
    live = calling_back()
    live.advance(2)
    assert live.state == "dialing_customer"
    assert "directory_failed" in live.tells()


def test_a_customer_sends_nobody_anywhere() -> None:
    live = talking_to_customer()
    live.send(events.LegEnded(live.leg("customer"), "NORMAL_CLEARING", transferred=True))
    assert live.state == "releasing"
    live = talking_to_customer()
    live.send(events.CallerReturned("88095550000"))
    assert live.state == "releasing"
    assert live.dialed("transfer") == []


def test_the_plan_says_what_is_heard_meanwhile() -> None:
    live = at_customer(plan(calling_back={"plays": ["5 FW8"], "gives_up": 20}))
    live.advance(19)
    assert live.plays()[-1] == (5, "FW8")
    live.advance(1)
    assert live.state == "unanswered"


def test_which_call_it_was_is_known() -> None:
    assert calling_back().call.arrived.back == MISSED
