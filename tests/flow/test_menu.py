"""Who calls, and what keys do."""

from __future__ import annotations

import pytest
from tests.flow.clock import (
    NOBODY,
    ORDER,
    ORDER_OF_CLOSED,
    OTHER,
    PARTNER,
    PHONE,
    LiveCall,
    at_shop,
    in_greeting,
    in_menu,
    plan,
)

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Unknown


def test_the_caller_hears_ringing_while_we_ask_who_calls() -> None:
    live = LiveCall()
    assert live.state == "identifying"
    assert [type(command) for _, command in live.said] == [do.Ring, do.Identify, do.StartTimer]
    assert live.last(do.Identify).phone == PHONE
    assert live.last(do.StartTimer).after == 2


@pytest.mark.parametrize(
    ("caller", "state", "told", "prompt"),
    [
        (ORDER, "greeting", "order_call", "FW1"),
        (OTHER, "greeting", "other_call", "FW1"),
        (NOBODY, "greeting", "other_call", "FW1"),
        (PARTNER, "partner_notice", "partner_call", "FW2"),
    ],
)
def test_identified(caller: Caller, state: str, told: str, prompt: str) -> None:
    live = LiveCall().identified(caller)
    assert (live.state, live.tells(), live.plays()) == (state, [told], [(0, prompt)])
    assert len(live.all(do.Answer)) == 1


def test_a_slow_marketplace_holds_nobody_up() -> None:
    live = LiveCall()
    live.advance(1.9)
    assert live.state == "identifying"
    live.advance(0.1)
    assert live.state == "greeting"
    assert live.tells() == ["directory_failed", "other_call"]
    assert live.told("directory_failed")["why"] == "no answer within 2 s"


def test_a_marketplace_that_fails_is_told_once() -> None:
    live = LiveCall().identified(Unknown("directory: connection refused"))
    assert live.tells() == ["directory_failed", "other_call"]


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    live = LiveCall()
    live.advance(2)
    taken = live.send(events.CallerIdentified(PARTNER))
    assert (live.state, taken.commands) == ("greeting", ())
    assert isinstance(live.call.caller, Unknown)


def test_what_watchers_learn_of_an_order() -> None:
    live = in_greeting(ORDER)
    told = live.told("order_call")
    assert told == {
        "phone": PHONE,
        "name": "Иван",
        "orders_link": "",
        "order": "10542",
        "order_link": "https://order.example/10542",
        "status": "собирается",
        "address": "Тверская, 1",
        "shop": "Цветы",
        "shop_link": "https://shop.example/s1",
        "city": "Москва",
        "shop_phones": "74951110001, 74951110002",
    }


def test_what_watchers_learn_of_other_callers() -> None:
    assert in_greeting(OTHER).told("other_call") == {
        "phone": PHONE,
        "name": "Мария",
        "orders_link": "https://orders.example/7",
    }
    assert in_greeting(PARTNER).told("partner_call")["shop_link"] == "https://shop.example/s1"


@pytest.mark.parametrize("state", ["greeting", "menu"])
@pytest.mark.parametrize(
    ("caller", "digit", "leads_to", "says"),
    [
        (ORDER, "1", "dialing_shop", ["FW6"]),
        (ORDER, "2", "dialing_office", ["FW7", "told: to_office"]),
        (ORDER_OF_CLOSED, "1", "dialing_call_centre", ["FW5", "FW8", "told: shop_closed"]),
    ],
)
def test_a_key_works_in_the_menu_and_before_it(
    state: str, caller: Caller, digit: str, leads_to: str, says: list[str]
) -> None:
    live = in_greeting(caller) if state == "greeting" else in_menu(caller)
    live.advance(1)
    taken = live.press(digit)
    assert live.state == leads_to
    assert [code for _, code in live.plays(1)] + [f"told: {each.what}" for each in taken.told] == says
    kinds = [type(command) for command in taken.commands]
    assert kinds[:2] == [do.CancelTimer, do.StopPrompt], "the prompt stops before anything else"


TELLING = plan(greeting={"recorded": True})


@pytest.mark.parametrize("caller", [ORDER, OTHER])
def test_callers_are_told_that_they_are_recorded_before_it_goes_on(caller: Caller) -> None:
    live = in_greeting(caller, TELLING)
    assert live.plays() == [(0, "FW1"), (0, "RECORDED")]
    greeting, recorded = live.call.playing
    live.advance(9)
    live.send(events.PromptFinished(greeting))
    assert live.state == "greeting"
    live.advance(2)
    live.send(events.PromptFinished(recorded))
    assert live.state == ("menu" if caller is ORDER else "dialing_office")
    assert live.plays(11) == [(0, "FW3" if caller is ORDER else "FW8")]
    assert live.all(do.StopPrompt) == []


@pytest.mark.parametrize(
    ("caller", "digit", "says"),
    [
        (ORDER, "1", ["RECORDED", "FW6"]),
        (ORDER, "2", ["RECORDED", "FW7"]),
        (ORDER_OF_CLOSED, "1", ["RECORDED", "FW5", "FW8"]),
    ],
)
def test_a_key_ends_the_greeting_but_not_that_it_is_recorded(
    caller: Caller, digit: str, says: list[str]
) -> None:
    live = in_greeting(caller, TELLING)
    live.advance(1)
    taken = live.press(digit)
    assert [code for _, code in live.plays(1)] == says
    assert sum(isinstance(command, do.StopPrompt) for command in taken.commands) == 1


def test_it_is_said_once() -> None:
    live = in_greeting(ORDER, TELLING)
    live.press("1")
    live.advance(24)
    live.ends("shop", 0)
    live.ends("shop", 1)
    assert [code for _, code in live.plays()].count("RECORDED") == 2, "asked for, cut off, and said"
    heard = in_menu(ORDER, TELLING)
    heard.press("1")
    assert [code for _, code in heard.plays()].count("RECORDED") == 1


@pytest.mark.parametrize("result", ["missing", "broken"])
def test_a_recording_of_it_that_is_not_there_holds_nobody_up(result: str) -> None:
    live = in_greeting(ORDER, TELLING)
    live.send(events.PromptFinished(live.call.awaited, result))
    assert live.state == "menu"
    assert live.told("prompt_missing")["code"] == "RECORDED"


@pytest.mark.parametrize("caller", [OTHER, NOBODY])
@pytest.mark.parametrize("digit", "12")
def test_a_caller_without_an_order_has_no_menu(caller: Caller, digit: str) -> None:
    live = in_greeting(caller)
    assert (live.press(digit).commands, live.state) == ((), "greeting")
    live.prompt_ends()
    assert live.state == "dialing_office"
    assert live.tells()[-1] == "to_office"


def test_a_wrong_key_during_the_greeting_means_nothing() -> None:
    live = in_greeting()
    assert (live.press("7").commands, live.state, live.call.wrong_digits) == ((), "greeting", 0)


def test_three_wrong_keys_lead_to_the_office() -> None:
    live = in_menu()
    live.advance(1)
    for digit in "79":
        live.press(digit)
        assert live.state == "menu"
        assert live.told("wrong_digit")["digit"] == digit
    live.press("*")
    assert live.state == "dialing_office"
    assert [code for _, code in live.plays(1)] == ["FW3", "FW3", "FW7"]
    assert live.tells()[-4:] == ["wrong_digit", "wrong_digit", "wrong_digit", "to_office"]


def test_a_wrong_key_starts_the_menu_anew() -> None:
    live = in_menu()
    live.prompt_ends()
    live.advance(9)
    live.press("7")
    live.advance(9)
    assert live.state == "menu"
    live.prompt_ends()
    live.advance(9.5)
    assert live.state == "menu"
    assert len(live.plays()) == 3


def test_the_late_end_of_a_prompt_that_was_cut_off_starts_no_silence() -> None:
    live = in_menu()
    cut = live.call.awaited
    live.press("7")
    assert live.send(events.PromptFinished(cut)).commands == ()
    assert "silence" not in live.call.armed


@pytest.mark.parametrize("token", ["", "FW3-99"])
def test_the_end_of_somebody_elses_prompt_means_nothing(token: str) -> None:
    live = in_menu()
    live.prompt_ends()
    assert live.send(events.PromptFinished(token)).commands == ()
    assert list(live.call.armed) == ["silence"]


def test_keys_typed_ahead_do_not_leak() -> None:
    live = at_shop()
    for digit in "2117":
        assert live.press(digit).commands == ()
    assert live.state == "dialing_shop"


def test_other_keys_and_numbers_of_tries() -> None:
    live = in_menu(
        ORDER,
        plan(menu={"tries": 1, "repeats": 0, "silence": 3, "shop_digit": "5", "support_digit": "6"}),
    )
    live.press("1")
    assert live.state == "dialing_office", "the first wrong key is the last"
    silent = in_menu(ORDER, plan(menu={"repeats": 0, "silence": 3}))
    silent.prompt_ends()
    silent.advance(3)
    assert silent.state == "dialing_office", "the menu is not repeated"


def test_a_prompt_that_nobody_hears_is_told_once() -> None:
    live = at_shop()
    token = live.last(do.Play).token
    live.send(events.PromptFinished(token, "missing"))
    live.send(events.PromptFinished("FW6-99", "missing"))
    assert live.tells().count("prompt_missing") == 1
    assert live.told("prompt_missing") | {"code": "FW6", "result": "missing"} == live.told("prompt_missing")


def test_a_missing_greeting_is_told_and_the_call_goes_on() -> None:
    live = in_greeting()
    live.send(events.PromptFinished(live.call.awaited, "missing"))
    assert live.state == "menu"
    assert live.tells()[-1] == "prompt_missing"


def test_hold_by_name_is_spoken_in_advance() -> None:
    live = in_menu(ORDER, plan(prompts={"hold_by_name": True}))
    assert live.last(do.Prepare) == do.Prepare("FW8", {"name": "Иван", "order": "10542"})
    live.press("1")
    live.advance(4)
    assert live.last(do.Play).facts == {"name": "Иван", "order": "10542"}
