"""The end: from every state, with its outcome, and without a leg that is left behind."""

from __future__ import annotations

import pytest
from tests.flow.clock import (
    OFFICE,
    PARTNER,
    PHONE,
    SHOP,
    LiveCall,
    announcing,
    at_call_centre,
    at_office,
    at_shop,
    bridging,
    in_greeting,
    in_menu,
    talking,
    transferring,
    unanswered,
)
from tests.flow.ways import Start, hung_up_while_ringing, transfer_begun

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events

STATES: dict[str, tuple[Start, str]] = {
    "identifying": (LiveCall, "abandoned:identifying"),
    "greeting": (in_greeting, "abandoned:greeting"),
    "menu": (in_menu, "abandoned:menu"),
    "shop": (at_shop, "abandoned:dialing_shop"),
    "office": (at_office, "abandoned:dialing_office"),
    "call centre": (at_call_centre, "abandoned:dialing_call_centre"),
    "announcing": (announcing, "abandoned:announcing"),
    "bridging": (bridging, "abandoned:connected"),
    "talking": (talking, "answered:office"),
    "transfer begun": (transfer_begun, "abandoned:transferring"),
    "transferring": (transferring, "abandoned:transferring"),
    "partner": (lambda: in_greeting(PARTNER), "partner"),
    "unanswered": (unanswered, "unanswered"),
}


def gone(live: LiveCall) -> None:
    """Every leg ends, as a switch reports it after a release."""
    for leg in list(live.call.legs):
        live.send(events.LegEnded(leg, "NORMAL_CLEARING"))


@pytest.mark.parametrize("state", STATES)
def test_the_caller_hangs_up(state: str) -> None:
    start, outcome = STATES[state]
    live = start()
    live.hangs_up()
    alive = [leg for leg in live.call.legs.values() if leg.alive]
    assert all(leg.released for leg in alive)
    assert live.state == ("releasing" if alive else "ended")
    gone(live)
    assert (live.state, live.call.outcome, live.timers) == ("ended", outcome, {})
    assert live.told("ended")["outcome"] == outcome
    assert live.tells().count("ended") == 1


@pytest.mark.parametrize("state", STATES)
def test_the_switch_is_not_heard_any_more(state: str) -> None:
    start, outcome = STATES[state]
    live = start()
    live.send(events.LinkLost("reset by peer"))
    talks = state == "talking"
    assert (live.state, live.timers) == ("ended", {})
    assert live.call.outcome == (outcome if talks else "failed")
    spared = {OFFICE[0]} if state in ("talking", "bridging") else set()
    assert {leg.phone for leg in live.call.legs.values() if leg.alive and not leg.released} == spared
    assert live.hangs_up().commands == live.send(events.LinkLost("again")).commands == ()


def test_a_conversation_outlives_the_link() -> None:
    live = talking()
    live.send(events.LinkLost("reset by peer"))
    assert live.answers("office").commands == (), "an old event does not end it either"
    assert OFFICE[0] not in live.released()


@pytest.mark.parametrize(("start", "outcome"), [STATES["partner"], STATES["unanswered"]])
def test_a_notice_is_said_to_its_end(start: Start, outcome: str) -> None:
    live = start()
    live.advance(20)
    assert live.all(do.Hangup) == []
    live.prompt_ends()
    assert len(live.all(do.Hangup)) == 1
    gone(live)
    assert live.state == "releasing", "the caller leg is a leg too"
    live.hangs_up()
    assert (live.state, live.call.outcome) == ("ended", outcome)


def test_unanswered_asks_for_a_call_back() -> None:
    live = unanswered()
    assert live.plays()[-1] == (60, "FW9")
    assert live.told("unanswered")["phone"] == PHONE


# Legs


def test_a_leg_that_the_switch_does_not_confirm() -> None:
    live = hung_up_while_ringing()
    live.ends("shop", 0, "ORIGINATOR_CANCEL")
    live.advance(10)
    assert (live.state, live.told("legs_left")["legs"]) == ("ended", SHOP.phones[1])


def test_a_caller_leg_that_the_switch_does_not_confirm() -> None:
    live = in_greeting(PARTNER)
    live.prompt_ends()
    live.advance(10)
    assert (live.state, live.told("legs_left")["legs"]) == ("ended", PHONE)


@pytest.mark.parametrize("late", [events.LegRinging, events.LegAnswered])
@pytest.mark.parametrize("waited", [1, 11])
def test_a_leg_that_comes_to_life_after_its_release_is_released_again(
    late: type[events.LegRinging] | type[events.LegAnswered], waited: float
) -> None:
    """uuid_kill before the channel exists does nothing."""
    live = hung_up_while_ringing()
    live.advance(waited)
    taken = live.send(late(live.leg("shop")))
    assert taken.commands == (do.Release(live.leg("shop"), "ORIGINATOR_CANCEL"),)
    assert live.send(late("not-our-leg")).commands == ()


@pytest.mark.parametrize("first", ["answer", "hangup"])
def test_the_caller_hangs_up_in_the_instant_of_the_answer(first: str) -> None:
    live = at_office()
    if first == "answer":
        live.answers("office")
        live.hangs_up()
        assert live.released()[OFFICE[0]] == "NORMAL_CLEARING"
    else:
        live.hangs_up()
        live.answers("office")
        assert [each.leg for each in live.all(do.Release)].count(live.leg("office")) == 2
    gone(live)
    assert live.state == "ended"
    assert (live.call.outcome or "").startswith("abandoned:")


def test_the_callee_hangs_up_and_the_switch_hangs_up_the_caller() -> None:
    """With hangup_after_bridge both ends come at once, in either order."""
    for both in ((True, False), (False, True)):
        live = talking()
        live.ends("office", 1, "LOSE_RACE")
        for caller in both:
            if caller:
                live.hangs_up()
            else:
                live.ends("office", 0, "NORMAL_CLEARING")
        assert (live.state, live.call.outcome) == ("ended", "answered:office")


def test_when_it_is_over_nothing_is_asked_for() -> None:
    live = in_menu()
    live.hangs_up()
    before = len(live.said)
    for event in (
        events.DigitPressed("1"),
        events.PromptFinished("FW3-2", "broken"),
        events.CallerHungUp(),
        events.CallerIdentified(PARTNER),
        events.TimerFired(events.Timer(3, "limit")),
        events.CallerReturned("74951110099"),
        events.LinkLost("closed"),
    ):
        live.send(event)
    assert len(live.said) == before
