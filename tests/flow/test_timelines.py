"""What a caller hears, and when: every timeline, in the default plan and in the fast one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files

import pytest
from tests.flow.clock import (
    ORDER_OF_CLOSED,
    OTHER,
    LiveCall,
    announcing,
    at_call_centre,
    at_office,
    at_shop,
    in_greeting,
    in_menu,
    plan,
    talking,
    transferring,
    unanswered,
)

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan

FAST = Plan.model_validate(tomllib.loads((files("ivr_fsm") / "examples/fast.toml").read_text("utf-8")))
PLANS = {"default": plan(), "fast": FAST}
Heard = list[tuple[float, str]]

HOLD_EVERY_10 = [(float(at), "FW8") for at in range(0, 60, 10)]


def heard_until_it_moves(live: LiveCall) -> tuple[float, Heard]:
    """The seconds that the call stays in its state, and what is played meanwhile."""
    since, state = live.seconds, live.state
    before = len(live.plays()) - len(live.plays(since))
    while live.state == state:
        live.advance(0.5)
    stayed = live.seconds - since
    played = [(at - since, code) for at, code in live.plays()[before:] if at < live.seconds]
    return stayed, played


@pytest.mark.parametrize(
    ("name", "gives_up", "heard"),
    [
        ("default", 32, [(0, "FW6"), (4, "FW8"), (14, "FW8"), (24, "FW4")]),
        ("fast", 15, [(0, "FW6"), (4, "FW8"), (10, "FW4")]),
    ],
)
def test_the_shop_rings(name: str, gives_up: float, heard: Heard) -> None:
    live = at_shop(PLANS[name])
    # The greeting and the menu were over in no time.
    assert live.plays()[:2] == [(0, "FW1"), (0, "FW3")]
    stayed, played = heard_until_it_moves(live)
    assert (stayed, played[2:]) == (gives_up, heard)
    assert live.state == "dialing_office"


@pytest.mark.parametrize(
    ("name", "gives_up", "heard"),
    [
        ("default", 34, [(0, "FW7"), (4, "FW8"), (14, "FW8"), (24, "FW8")]),
        ("fast", 15, [(0, "FW7"), (4, "FW8"), (10, "FW8")]),
    ],
)
def test_the_office_rings_for_who_chose_it(name: str, gives_up: float, heard: Heard) -> None:
    stayed, played = heard_until_it_moves(live := at_office(PLANS[name]))
    assert (stayed, played[2:]) == (gives_up, heard)
    assert live.state == "dialing_call_centre"


@pytest.mark.parametrize(
    ("name", "gives_up", "heard"),
    [("default", 10, [(0, "FW8")]), ("fast", 15, [(0, "FW8"), (10, "FW8")])],
)
def test_the_office_rings_for_others(name: str, gives_up: float, heard: Heard) -> None:
    live = in_greeting(OTHER, PLANS[name])
    live.prompt_ends()
    stayed, played = heard_until_it_moves(live)
    assert (stayed, played[1:]) == (gives_up, heard)


def test_the_office_rings_after_the_shop() -> None:
    live = at_shop()
    live.advance(32)
    since = live.seconds
    stayed, _ = heard_until_it_moves(live)
    assert stayed == 10
    assert live.plays(since) == [(0, "FW8"), (10, "FW8")]


@pytest.mark.parametrize("name", PLANS)
def test_the_call_centre_rings(name: str) -> None:
    live = at_call_centre(PLANS[name])
    stayed, played = heard_until_it_moves(live)
    assert (stayed, live.state) == (60, "unanswered")
    assert [at for at, code in played if code == "FW8"] == [at for at, _ in HOLD_EVERY_10]


def test_a_caller_of_a_closed_shop_hears_so_first() -> None:
    live = in_menu(ORDER_OF_CLOSED)
    live.advance(3)
    live.press("1")
    assert live.plays(3) == [(0, "FW5"), (0, "FW8")], "one after the other"
    assert len(live.all(do.StopPrompt)) == 1, "the menu is cut off, FW5 is not"
    live.advance(10)
    assert live.plays(3)[2:] == [(10, "FW8")]


@pytest.mark.parametrize("name", PLANS)
def test_the_caller_holds_while_the_shop_hears_who_calls(name: str) -> None:
    live = at_shop(PLANS[name])
    live.send(events.PromptFinished(live.last(do.Play).token))
    live.advance(2)
    live.answers("shop")
    stayed, played = heard_until_it_moves(live)
    assert (stayed, live.state) == (9, "connected")
    assert played[-2:] == [(0, "FW8"), (6.5, "FW8")]


def test_what_the_caller_hears_when_the_shop_answers_is_not_cut_off() -> None:
    live = announcing()
    assert [code for _, code in live.plays()[-2:]] == ["FW6", "FW8"]
    stops = [at for at, each in live.said if isinstance(each, do.StopPrompt)]
    assert len(stops) == 1, "the menu is cut off, FW6 is not"
    live.advance(6.5)
    assert live.plays()[-1] == (6.5, "FW8")


RINGING: dict[str, Callable[[], LiveCall]] = {
    "the shop": at_shop,
    "the office": at_office,
    "the call centre": at_call_centre,
    "while the shop hears who calls": announcing,
    "a transfer's number": transferring,
}


def all_is_said(live: LiveCall) -> None:
    """Every prompt that plays has come to its end."""
    for token in list(live.call.playing):
        live.send(events.PromptFinished(token))


@pytest.mark.parametrize("who", RINGING)
def test_between_prompts_the_caller_hears_that_somebody_is_rung(who: str) -> None:
    live = RINGING[who]()
    state = live.state
    while live.state == state:
        assert live.call.playing or live.call.holding, "silence"
        all_is_said(live)
        assert live.call.holding == live.last(do.Hold).token
        live.advance(1)


@pytest.mark.parametrize("make", [in_greeting, in_menu, unanswered, talking])
def test_ringing_is_heard_only_while_somebody_is_rung(make: Callable[[], LiveCall]) -> None:
    assert make().call.holding == ""


def test_ringing_that_cannot_be_played_is_told_once_and_tried_with_each_prompt() -> None:
    live = at_shop()
    all_is_said(live)
    for second in (4, 14, 24):
        rounds = len(live.all(do.Hold))
        live.send(events.PromptFinished(live.call.holding, "missing"))
        assert len(live.all(do.Hold)) == rounds, "not again and again"
        live.advance(second - live.seconds)
        all_is_said(live)
        assert len(live.all(do.Hold)) == rounds + 1
    assert live.tells().count("prompt_missing") == 1


def test_the_caller_holds_while_a_transfer_rings() -> None:
    live = transferring()
    stayed, played = heard_until_it_moves(live)
    assert stayed == 30
    assert played[-3:] == [(0, "FW8"), (10, "FW8"), (20, "FW8")]


def test_menu_twice_then_office() -> None:
    live = in_menu()
    for expected in ("menu", "dialing_office"):
        live.advance(5)
        live.prompt_ends()
        live.advance(9.5)
        assert live.state == "menu"
        live.advance(0.5)
        assert live.state == expected
    assert live.plays() == [(0, "FW1"), (0, "FW3"), (15, "FW3"), (30, "FW7")]


@pytest.mark.parametrize(("caller", "state"), [("greeting", "menu"), ("menu", "menu")])
def test_a_prompt_whose_end_is_never_reported_holds_nobody_up(caller: str, state: str) -> None:
    live = in_greeting() if caller == "greeting" else in_menu()
    live.advance(28)
    assert live.state == state
    if caller == "menu":
        live.advance(10)
        assert live.plays()[-1] == (38, "FW3"), "silence counted from second 28"


def test_every_prompt_is_said_at_once_or_cut_off_by_the_next() -> None:
    """A prompt of one step follows another; a prompt of a later step stops what plays."""
    live = at_shop()
    live.advance(4)
    kinds = [type(command) for at, command in live.said if at == 4]
    assert kinds == [do.StopPrompt, do.Play]


def test_what_is_said_on_the_way_is_not_cut_off_by_the_next_states_first_prompt() -> None:
    live = at_shop()
    live.advance(24)
    stops = len(live.all(do.StopPrompt))
    live.ends("shop", 0)
    live.ends("shop", 1)
    assert (live.state, live.plays()[-1][1]) == ("dialing_office", "FW8")
    assert len(live.all(do.StopPrompt)) == stops, "FW4 is heard to its end"


def test_nothing_is_stopped_when_nothing_plays() -> None:
    live = in_greeting()
    live.prompt_ends()
    assert live.all(do.StopPrompt) == []


def test_ringing_goes_on_when_one_round_of_it_is_over() -> None:
    live = at_shop()
    all_is_said(live)
    rounds = len(live.all(do.Hold))
    first = live.call.holding
    live.send(events.PromptFinished(first))
    assert len(live.all(do.Hold)) == rounds + 1
    live.send(events.PromptFinished(first))
    assert len(live.all(do.Hold)) == rounds + 1, "told twice, it is begun once"
