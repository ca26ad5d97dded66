"""Who is rung, in which order, and what becomes of phones that nobody needs any more."""

from __future__ import annotations

import pytest
from tests.flow.clock import (
    CALL_CENTRE,
    OFFICE,
    ORDER,
    OTHER,
    SHOP,
    at_call_centre,
    at_office,
    at_shop,
    in_greeting,
    in_menu,
    plan,
)
from tests.flow.ways import SHUT

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Customer, Order, Shop

CANCEL = plan(targets={"shop": {"on_move": "cancel"}, "office": {"on_move": "cancel"}})


def test_every_phone_of_a_target_rings_at_once() -> None:
    live = at_shop()
    assert live.dialed("shop") == list(SHOP.phones)
    assert {(each.ring_limit, each.park_limit) for each in live.all(do.Dial)} == {(90, 30)}
    assert len({each.leg for each in live.all(do.Dial)}) == 2
    assert live.last(do.Prepare) == do.Prepare("ANNOUNCE", {"name": "Иван", "order": "10542"})


def test_a_phone_given_twice_rings_once() -> None:
    live = in_menu(Customer("Иван", Order("1", Shop("s", "Цветы", phones=("1111", "2222", "1111")))))
    live.press("1")
    assert live.dialed("shop") == ["1111", "2222"]


def test_shop_office_call_centre_unanswered() -> None:
    live = at_shop()
    for state, stays in (
        ("dialing_shop", 32),
        ("dialing_office", 10),
        ("dialing_call_centre", 60),
        ("unanswered", 28),
    ):
        assert live.state == state
        live.advance(stays)
    assert (live.dialed("office"), live.dialed("call_centre")) == (list(OFFICE), list(CALL_CENTRE))
    assert live.tells()[1:-1] == ["shop_silent", "office_silent", "unanswered"]
    told = live.told("shop_silent")
    assert (told["shop"], told["shop_phones"], told["city"]) == ("Цветы", ", ".join(SHOP.phones), "Москва")
    assert told["next"] == "office"


@pytest.mark.parametrize("cause", ["USER_BUSY", "CALL_REJECTED", "UNALLOCATED_NUMBER", "INVALID_GATEWAY"])
def test_a_shop_that_fails_is_left_at_once(cause: str) -> None:
    live = at_shop()
    live.advance(2)
    live.ends("shop", 0, cause)
    assert live.state == "dialing_shop", "one phone still rings"
    live.ends("shop", 1, cause)
    assert live.state == "dialing_office"
    assert live.plays(2) == [(0, "FW4"), (0, "FW8")]
    assert live.tells()[-1] == "shop_silent"


def test_the_same_failure_told_twice_counts_once() -> None:
    live = at_shop()
    live.ends("shop", 0)
    live.ends("shop", 0)
    assert live.state == "dialing_shop"


def test_a_caller_is_not_told_twice_that_the_shop_is_silent() -> None:
    live = at_shop()
    live.advance(25)
    live.ends("shop", 0)
    live.ends("shop", 1)
    assert [code for _, code in live.plays()].count("FW4") == 1


def test_a_timeline_without_that_prompt_gets_it_when_the_shop_is_left() -> None:
    live = at_shop(plan(dialing_shop={"plays": ["0 FW6"], "gives_up": 15}))
    live.advance(15)
    assert live.plays(15) == [(0, "FW4"), (0, "FW8")]


def test_a_shop_without_phones_is_left_at_once() -> None:
    live = in_menu(Customer("Иван", Order("1", Shop("s", "Цветы"))))
    live.press("1")
    live.advance(0)
    assert (live.state, live.seconds) == ("dialing_office", 0)
    assert [code for _, code in live.plays()[2:]] == ["FW6", "FW4", "FW8"]


def test_an_office_that_fails_is_left_at_once() -> None:
    live = at_call_centre()
    assert (live.state, live.seconds) == ("dialing_call_centre", 0)
    assert live.tells()[-1] == "office_silent"


def test_without_any_numbers_the_caller_is_called_back() -> None:
    live = in_greeting(OTHER, plan(targets={"office": {"numbers": []}, "call_centre": {"numbers": []}}))
    live.prompt_ends()
    live.advance(0)
    assert live.state == "unanswered"


# Hours


def test_a_closed_office_is_skipped_after_the_greeting() -> None:
    live = in_greeting(OTHER, SHUT)
    live.prompt_ends()
    assert (live.state, live.tells()[-1], live.dialed("office")) == (
        "dialing_call_centre",
        "office_closed",
        [],
    )


def test_a_closed_office_is_skipped_from_the_menu() -> None:
    live = in_menu(ORDER, SHUT)
    live.advance(1)
    live.press("2")
    assert live.plays(1) == [(0, "FW7"), (0, "FW8")]
    assert live.tells()[-1] == "office_closed"


def test_a_closed_office_is_skipped_after_the_shop() -> None:
    live = at_shop(SHUT)
    live.advance(32)
    assert live.state == "dialing_call_centre"
    assert live.told("shop_silent")["next"] == "call_centre"


def test_the_office_is_asked_for_its_hours_when_it_is_needed() -> None:
    """The call comes at 12:00 in Moscow, the office opens a minute later."""
    opens = plan(targets={"office": {"hours": ["mon 12:01-13:00"]}})
    for pressed_at, leads_to in ((27, "dialing_call_centre"), (28, "dialing_office")):
        live = in_menu(ORDER, opens)
        live.advance(pressed_at)
        live.press("1")
        live.advance(32)
        assert (live.seconds, live.state) == (pressed_at + 32, leads_to)


# First answer wins


def test_the_first_answer_wins() -> None:
    live = at_office()
    live.rings("office", 0)
    live.rings("office", 1)
    first = live.answers("office", 1)
    second = live.answers("office", 0)
    assert [each.leg for each in first.commands if isinstance(each, do.Bridge)] == [live.leg("office", 1)]
    assert second.commands == (do.Release(live.leg("office", 0), "LOSE_RACE"),), "the release came too early"
    assert live.released() == {OFFICE[0]: "LOSE_RACE"}
    assert len(live.all(do.Bridge)) == 1


def test_an_earlier_target_goes_on_ringing_and_may_answer() -> None:
    live = at_shop()
    live.advance(32 + 10 + 5)
    assert (live.state, live.released()) == ("dialing_call_centre", {})
    live.answers("shop", 1)
    assert live.state == "announcing", "it is the shop, so it is told who calls"
    assert set(live.released()) == {SHOP.phones[0], *OFFICE, *CALL_CENTRE}
    live.announced("shop", 1)
    live.bridged("shop", 1)
    assert live.told("answered")["target"] == "shop"
    live.ends("shop", 1)
    assert live.call.outcome == "answered:shop"


def test_an_earlier_target_may_be_told_to_stop() -> None:
    live = at_shop(CANCEL)
    live.advance(32)
    assert live.released() == dict.fromkeys(SHOP.phones, "ORIGINATOR_CANCEL")
    live.advance(10)
    assert live.released() == dict.fromkeys((*SHOP.phones, *OFFICE), "ORIGINATOR_CANCEL")


def test_an_answer_that_comes_after_the_release_is_released_again() -> None:
    live = at_shop(CANCEL)
    live.advance(32)
    taken = live.answers("shop", 0)
    assert taken.commands == (do.Release(live.leg("shop", 0), "ORIGINATOR_CANCEL"),)
    assert live.state == "dialing_office"


def test_an_answer_after_the_end_of_its_leg_means_nothing() -> None:
    live = at_office()
    live.ends("office", 0)
    assert live.answers("office", 0).commands == ()
    assert live.state == "dialing_office"


def test_a_failing_call_centre_waits_for_who_still_rings() -> None:
    live = at_office()
    live.advance(34)
    live.ends("call_centre", 0)
    assert live.state == "dialing_call_centre", "the office may still answer"
    live.ends("office", 0)
    live.ends("office", 1)
    assert live.state == "unanswered"


def test_a_call_centre_without_numbers_waits_for_who_still_rings() -> None:
    live = at_office(plan(targets={"call_centre": {"numbers": []}}))
    live.advance(34 + 59)
    assert live.state == "dialing_call_centre"
    live.advance(1)
    assert live.state == "unanswered"


def test_when_we_give_up_nobody_rings_any_more() -> None:
    live = at_office()
    live.advance(34 + 60)
    assert live.state == "unanswered"
    assert set(live.released()) == {*OFFICE, *CALL_CENTRE}
    assert live.answers("office").commands == (do.Release(live.leg("office"), "ORIGINATOR_CANCEL"),)


def test_a_refused_number_is_a_failed_leg() -> None:
    """What the switch's adapter posts for a phone that is none."""
    live = at_shop()
    for index in (0, 1):
        live.send(events.LegEnded(live.leg("shop", index), "INVALID_NUMBER_FORMAT"))
    assert live.state == "dialing_office"


def test_legs_have_the_same_names_when_a_call_is_replayed() -> None:
    assert [each.leg for each in at_shop().all(do.Dial)] == [each.leg for each in at_shop().all(do.Dial)]
