"""Where reactions are known, and where they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.flow.clock import OFFICE, OTHER, LiveCall, at_office, at_shop, in_greeting, in_menu, plan
from tests.journal.modelled import again, changed, why, with_plan, written

from ivr_fsm.flow.events import CallerReturned, LegDigitPressed, LegEnded
from ivr_fsm.journal.whatif.lengths import Length, Lengths, Prompt
from ivr_fsm.journal.whatif.reactions import NotModelled
from ivr_fsm.journal.whatif.reading import reactions

RU_FW1 = Prompt("ru", "FW1")


def talked(live: LiveCall, target: str, index: int = 0) -> LiveCall:
    """Connect with who has answered, and let them talk for 20 s."""
    live.bridged(target, index)
    live.advance(20)
    live.ends(target, index, cause="NORMAL_CLEARING")
    live.hangs_up()
    return live


def office_answers_after(seconds: float, **sections: Any) -> LiveCall:
    live = at_office(plan(**sections))
    live.advance(seconds)
    live.answers("office")
    return talked(live, "office")


def shop_answers_after(seconds: float, **sections: Any) -> LiveCall:
    """The shop answers, and hears for 7 s who calls."""
    live = at_shop(plan(**sections))
    live.advance(seconds)
    live.answers("shop")
    live.advance(7)
    live.announced("shop")
    return talked(live, "shop")


def nobody_answers(**sections: Any) -> LiveCall:
    live = at_shop(plan(**sections))
    live.advance(32 + 10 + 60)
    live.advance(5)
    live.prompt_ends()
    live.hangs_up()
    return live


# The caller


def test_a_caller_who_was_answered_has_shown_patience_until_then() -> None:
    live = office_answers_after(10)
    taken = again(live, targets={"office": {"announce": True}})
    assert why(taken) == "the caller had waited for 10 s, and not longer; now they would have to"
    assert taken.path[-1] == "announcing"
    assert taken.outcome == ""


def test_a_caller_who_gave_up_would_have_talked_to_who_answers_sooner() -> None:
    live = at_shop()
    live.advance(20)
    live.answers("shop")
    live.advance(3)
    live.hangs_up()
    assert again(live).outcome == "abandoned:announcing"
    taken = again(live, targets={"shop": {"announce": False}})
    assert (taken.outcome, taken.waited) == ("answered:shop", pytest.approx(20.04))


def test_a_caller_hangs_up_as_long_after_the_beginning_wherever_the_call_is() -> None:
    live = at_shop()
    live.advance(20)
    live.hangs_up()
    taken = again(live, dialing_shop={"gives_up": 15})
    assert taken.unknown is not None, "the office was not rung"
    live = at_shop()
    live.advance(40)
    live.hangs_up()
    assert again(live).outcome == "abandoned:dialing_office"
    taken = again(live, dialing_shop={"gives_up": 36})
    assert (taken.path, taken.outcome) == (again(live).path, "abandoned:dialing_office")
    assert again(live, dialing_shop={"gives_up": 45}).outcome == "abandoned:dialing_shop"


def test_a_key_comes_as_long_after_the_menu_was_begun() -> None:
    live = in_greeting()
    live.advance(8)
    live.prompt_ends()
    live.advance(3)
    live.press("1")
    live.advance(6)
    live.answers("shop")
    live.advance(7)
    live.announced("shop")
    talked(live, "shop")
    shorter = again(live, greeting={"limit": 5})
    assert [move.at for move in shorter.moves if move.step.after == "dialing_shop"] == [pytest.approx(8)]
    assert shorter.outcome == "answered:shop"


def silent_in_the_menu(pressed_after: float | None = None) -> LiveCall:
    live = in_menu()
    live.prompt_ends()
    if pressed_after is not None:
        live.advance(pressed_after)
        live.press("1")
        live.advance(2)
        live.hangs_up()
        return live
    live.advance(10)
    live.prompt_ends()
    live.advance(10 + 5)
    live.answers("office")
    return talked(live, "office")


def test_who_pressed_nothing_may_do_so_when_given_longer() -> None:
    words = "the caller had 10 s to press a key in the menu; now they have longer"
    assert why(again(silent_in_the_menu(), menu={"silence": 20})) == words


def test_who_pressed_nothing_is_rung_through_sooner_when_given_less() -> None:
    live = silent_in_the_menu()
    taken = again(live, menu={"silence": 4})
    assert (taken.outcome, taken.waited) == ("answered:office", pytest.approx(4 + 4 + 5))


def test_a_menu_that_was_never_heard_so_often_is_not_known() -> None:
    words = "the caller is told the menu once more than they ever heard it"
    assert why(again(silent_in_the_menu(), menu={"repeats": 2})) == words


def test_a_key_that_something_else_overtakes_is_not_known() -> None:
    live = silent_in_the_menu(pressed_after=6)
    words = "the caller's key would come only when the next is being said"
    assert why(again(live, menu={"silence": 3})) == words


@pytest.mark.parametrize(
    "menu", [{"shop_digit": "3"}, {"support_digit": "1", "shop_digit": "2"}, {"prompt": "FW9"}]
)
def test_a_key_says_nothing_when_the_menu_says_something_else(menu: dict[str, str]) -> None:
    words = "the caller pressed a key, and what is said or what its keys do is something else now"
    assert why(again(silent_in_the_menu(pressed_after=0), menu=menu)) == words


def test_keys_of_a_caller_without_an_order_never_meant_anything() -> None:
    live = in_greeting(OTHER)
    live.press("1")
    live.prompt_ends()
    live.advance(3)
    live.answers("office")
    assert again(talked(live, "office"), menu={"shop_digit": "7"}).outcome == "answered:office"


def test_a_marketplace_that_said_nothing_would_not_have_while_the_caller_stayed() -> None:
    live = LiveCall(plan())
    live.advance(2)
    live.prompt_ends()
    live.advance(3)
    live.hangs_up()
    assert again(live).outcome == "abandoned:dialing_office"
    assert again(live, identifying={"limit": 20}).outcome == "abandoned:identifying"


def test_the_marketplace_says_the_same_as_late_as_then() -> None:
    live = LiveCall(plan())
    live.advance(1.5)
    live.identified(OTHER)
    live.hangs_up()
    assert again(live).outcome == "abandoned:greeting"
    sooner = again(live, identifying={"limit": 1})
    assert (sooner.path, sooner.moves[1].at) == (("identifying", "greeting"), 1)


# Prompts


def test_a_prompt_that_nobody_heard_to_its_end_is_waited_for_as_long_as_it_was_heard() -> None:
    live = in_greeting(OTHER)
    live.advance(4)
    live.hangs_up()
    assert again(live).outcome == "abandoned:greeting"
    assert again(live, greeting={"limit": 3}).unknown is not None, "the office was never rung"
    words = "the caller waits for the end of FW5, which was not heard to its end in any call"
    assert why(again(live, greeting={"prompt": "FW5"})) == words


def test_other_calls_tell_how_long_a_prompt_lasts() -> None:
    sample = Lengths()
    for seconds, result in ((8.8, "played"), (8.9, "played"), (9.5, "played"), (0.0, "missing")):
        sample.heard(RU_FW1, Length(seconds, result))  # type: ignore[arg-type]
    assert sample.typical(RU_FW1) == Length(8.9)
    assert sample.typical(Prompt("en", "FW1")) is None
    assert sample.nth(RU_FW1, 4) == sample.nth(RU_FW1, 5) == Length(0.0, "missing")
    sample.cut(RU_FW1, 3)
    sample.cut(RU_FW1, 2)
    assert sample.at_least(RU_FW1) == 3


# Phones


def test_a_phone_that_was_given_up_may_be_answered_later() -> None:
    live = nobody_answers(targets={"shop": {"on_move": "cancel"}})
    words = "the shop's phones rang 32 s and were given up; now they ring longer"
    assert why(again(live, targets={"shop": {"on_move": "keep"}})) == words
    assert again(live, dialing_shop={"gives_up": 20}).outcome == "unanswered"


def test_beyond_the_limit_of_the_switch_a_phone_is_not_known() -> None:
    live = at_shop(plan(targets={"shop": {"ring_limit": 20}}))
    live.advance(20)
    live.ends("shop", 0, cause="NO_ANSWER")
    live.ends("shop", 1, cause="NO_ANSWER")
    live.advance(10 + 60)
    live.prompt_ends()
    live.hangs_up()
    assert again(live).outcome == "unanswered"
    words = "the shop's phones rang 20 s, until the switch ended that; now they ring longer"
    assert why(again(live, targets={"shop": {"ring_limit": 30}})) == words
    taken = again(live, targets={"shop": {"ring_limit": 10}})
    assert [move.at for move in taken.moves if move.step.before == "dialing_shop"] == [10]
    assert taken.outcome == "unanswered"


def test_a_phone_that_was_not_rung_is_not_known() -> None:
    live = office_answers_after(10)
    words = "a phone of the office is rung that was not rung then: 74951110099"
    assert why(again(live, targets={"office": {"numbers": [*OFFICE, "74951110099"]}})) == words


def test_what_is_no_phone_fails_whether_it_was_tried_or_not() -> None:
    live = office_answers_after(10)
    taken = again(live, targets={"office": {"numbers": [*OFFICE, "nobody{}"]}})
    assert (taken.outcome, taken.waited) == ("answered:office", 10)


def test_a_phone_is_the_same_however_it_is_written() -> None:
    live = office_answers_after(10)
    taken = again(live, targets={"office": {"numbers": ["+7 (495) 111-00-11", "84951110012"]}})
    assert (taken.outcome, taken.waited) == ("answered:office", 10)


def test_with_another_phone_the_conversation_is_another_one() -> None:
    live = at_office()
    live.advance(10)
    live.answers("office", 0)
    live.answers("office", 1)
    talked(live, "office")
    taken = again(live, targets={"office": {"numbers": OFFICE[1:]}})
    assert (taken.outcome, taken.answers[0].phone) == ("answered:office", "+74951110012")


def test_a_conversation_goes_on_as_it_did() -> None:
    live = at_office()
    live.advance(10)
    live.answers("office")
    live.bridged("office")
    live.advance(20)
    live.send(LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))
    live.send(CallerReturned("74951110099", "74951110011"))
    live.advance(12)
    live.answers("transfer")
    talked(live, "transfer")
    assert again(live).outcome == "answered:transfer"
    assert [answer.at for answer in again(live).answers] == [10, 42]
    sooner = again(live, transferring={"gives_up": 5})
    assert sooner.path[-1] == "dialing_call_centre"
    assert why(sooner).startswith("a phone of the call centre is rung")


def test_who_hung_up_while_being_told_may_not_have_when_connected_at_once() -> None:
    live = at_shop()
    live.advance(5)
    live.answers("shop")
    live.advance(2)
    live.ends("shop", cause="NORMAL_CLEARING")
    live.advance(3)
    live.hangs_up()
    assert again(live).outcome == "abandoned:dialing_office"
    words = "the shop had hung up before it could be connected, as it is now"
    assert why(again(live, targets={"shop": {"announce": False}})) == words


def test_what_is_asked_now_was_asked_of_nobody() -> None:
    live = shop_answers_after(5)
    words = "the shop is asked to press a key, which it was not then"
    assert why(again(live, targets={"shop": {"confirm": True}})) == words


def accepted() -> LiveCall:
    live = at_shop(plan(targets={"shop": {"confirm": True}}))
    live.advance(5)
    live.answers("shop")
    live.advance(4)
    live.send(LegDigitPressed(live.leg("shop"), "1"))
    return talked(live, "shop")


def test_a_key_of_who_answered_says_nothing_when_the_question_is_another() -> None:
    assert (again(accepted()).outcome, again(accepted()).waited) == ("answered:shop", 9)
    words = "the shop pressed a key, and is asked something else now"
    assert why(again(accepted(), announcing={"confirm_digit": "5"})) == words


def test_an_announcement_lasts_as_it_did_and_else_as_the_plan_lets_it() -> None:
    assert again(shop_answers_after(5)).waited == 12
    live = office_answers_after(20)
    others = [reactions(written(shop_answers_after(5)), plan())]
    announced = changed(live.plan, {"targets": {"office": {"announce": True}}, "menu": {"limit": 20}})
    recorded = reactions(written(live), live.plan)
    # The caller waits for 20 s in both: the announcement takes the place of the silence before it.
    assert why(with_plan(recorded, announced, others)).startswith("the caller had waited for 20 s")


# What cannot be modelled


def test_the_wall_clock_may_be_set_during_a_call() -> None:
    live = office_answers_after(10)
    steps = written(live)
    late = [replace(step, at=step.at + timedelta(hours=1)) for step in steps[3:]]
    assert with_plan(reactions([*steps[:3], *late], live.plan), live.plan).waited == 10


def test_what_is_not_all_there_is_not_modelled() -> None:
    steps = written(office_answers_after(10))
    for found, reason in (
        ([], "steps are missing"),
        (steps[:2] + steps[3:], "steps are missing"),
        (steps[:4], "no end"),
        ([replace(steps[0], body={"event": {"is": "Teleported"}})], "does not know"),
        ([replace(steps[0], body=steps[1].body)], "arrival"),
        ([steps[0], replace(steps[1], body={**steps[1].body, "fault": "ValueError"})], "failed"),
    ):
        with pytest.raises(NotModelled, match=reason):
            reactions(found, plan())
