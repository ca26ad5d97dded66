"""What happens next to a live call: what is said comes true when nobody does anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.flow.clock import (
    NOBODY,
    NOON,
    ORDER,
    PARTNER,
    LiveCall,
    announcing,
    at_call_centre,
    at_customer,
    at_office,
    at_shop,
    bridging,
    calling_back,
    in_greeting,
    in_menu,
    plan,
    talking,
    transferring,
    unanswered,
)
from tests.flow.ways import CONFIRM, SHUT, asked, confirming

from ivr_fsm.flow.caller import scenario
from ivr_fsm.watch.ahead import Ahead, Present, ahead

COMES_TO = {
    "menu": "menu",
    "menu_again": "menu",
    "office": "dialing_office",
    "call_centre": "dialing_call_centre",
    "nobody": "unanswered",
    "talk": "connected",
    "accept": "announcing",
    "customer": "dialing_customer",
    "customer_silent": "unanswered",
    "end": "releasing",
}


def silent_in_menu(times: int = 0) -> LiveCall:
    """The menu has been said, and once more for each of *times*; now a key is awaited."""
    live = in_menu()
    for _ in range(times):
        live.prompt_ends()
        live.advance(10)
    live.prompt_ends()
    live.advance(3)
    return live


def _present(live: LiveCall) -> Present:
    deadlines = {timer.name: NOON + timedelta(seconds=at) for timer, at in live.timers.items()}
    target = live.call.answered.target if live.call.answered else ""
    return Present(live.state, scenario(live.call.caller), target, live.call.repeats, deadlines)


@pytest.mark.parametrize(
    "start",
    [
        in_greeting,
        lambda: in_greeting(NOBODY),
        lambda: in_greeting(NOBODY, SHUT),
        lambda: in_greeting(PARTNER),
        silent_in_menu,
        lambda: silent_in_menu(1),
        at_shop,
        lambda: at_shop(SHUT),
        at_office,
        at_call_centre,
        announcing,
        lambda: confirming("shop"),
        lambda: asked("shop"),
        lambda: asked("call_centre"),
        lambda: bridging("office"),
        lambda: bridging("call_centre"),
        transferring,
        unanswered,
        calling_back,
        at_customer,
    ],
)
def test_what_is_said_comes_true(start: Callable[[], LiveCall]) -> None:
    live = start()
    said = ahead(_present(live), live.plan)
    assert said is not None
    assert said.at is not None
    before = live.state
    wait = (said.at - NOON).total_seconds() - live.seconds
    visits = live.call.visit
    live.advance(wait - 0.1)
    assert (live.state, live.call.visit) == (before, visits), "too early"
    live.advance(0.1)
    assert live.state == COMES_TO[said.what]


def test_where_only_people_know_nothing_is_said() -> None:
    assert ahead(_present(talking()), plan()) is None
    assert ahead(Present("identifying"), plan()) is None
    assert ahead(Present("a state of tomorrow"), plan()) is None


def test_while_the_menu_is_said_the_time_is_not_known() -> None:
    assert ahead(_present(in_menu()), plan()) == Ahead("no_key", "menu_again")


def test_the_office_is_asked_for_its_hours_at_the_time_that_counts() -> None:
    closes = plan(targets={"office": {"hours": ["mon 09:00-12:00"]}})
    for at, goes in ((NOON - timedelta(minutes=1), "office"), (NOON, "call_centre")):
        assert ahead(Present("dialing_shop", "order", "", 0, {"limit": at}), closes) == Ahead(
            "no_answer", goes, at
        )


@pytest.mark.parametrize("state", ["greeting", "menu", "dialing_shop", "announcing", "connected"])
def test_without_the_plan_what_is_known_is_said(state: str) -> None:
    at = datetime(2026, 11, 23, tzinfo=NOON.tzinfo)
    said = ahead(Present(state, "other", "shop", 0, {"limit": at}), None)
    assert said is not None
    assert said.what in ("support", "talk")


def test_who_must_accept_is_waited_for() -> None:
    live = confirming("office", CONFIRM)
    said = ahead(_present(live), live.plan)
    assert said is not None
    assert said.what == "accept"


def test_the_kinds_of_caller_differ_in_the_greeting() -> None:
    goes = [ahead(_present(in_greeting(caller)), plan()) for caller in (ORDER, NOBODY)]
    assert [each.what for each in goes if each] == ["menu", "office"]
