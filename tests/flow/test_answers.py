"""Between an answer and the conversation: announcement, confirmation, bridge, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.flow.clock import LiveCall, announcing, at_office, at_shop, bridging
from tests.flow.ways import SHUT, asked, confirming

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events

Fault = Callable[[LiveCall, str], object]

LOST: dict[str, Fault] = {
    "it hangs up": lambda live, target: live.ends(target, 0, "NORMAL_CLEARING"),
    "the bridge is refused": lambda live, target: live.send(
        events.BridgeFailed(live.leg(target), "-ERR Invalid uuid")
    ),
    "the bridge takes too long": lambda live, target: live.advance(5),
    "the caller leg falls out": lambda live, target: live.send(events.CallerReturned()),
}


def test_the_shop_hears_who_calls() -> None:
    live = announcing()
    assert live.last(do.Announce) == do.Announce(
        live.leg("shop"), ("ANNOUNCE",), {"name": "Иван", "order": "10542"}
    )
    live.announced("shop")
    assert (live.state, live.last(do.Bridge).leg) == ("connected", live.leg("shop"))


def test_an_announcement_that_could_not_be_played_holds_nobody_up() -> None:
    live = announcing()
    live.send(events.AnnouncementFinished(live.leg("shop"), heard=False))
    assert live.state == "connected"


def test_an_announcement_lasts_nine_seconds_at_most() -> None:
    live = announcing()
    live.advance(8.5)
    assert live.state == "announcing"
    live.advance(0.5)
    assert live.state == "connected"
    assert live.announced("shop").commands == (), "its end comes late"


def test_office_and_call_centre_are_connected_at_once() -> None:
    live = at_office()
    live.answers("office")
    assert live.state == "connected"
    assert live.all(do.Announce) == []


def test_announcing_another_leg_means_nothing() -> None:
    live = announcing()
    other = live.leg("shop", 1)
    assert live.send(events.AnnouncementFinished(other)).commands == ()
    assert live.send(events.LegEnded(other, "LOSE_RACE")).commands == ()
    assert live.state == "announcing"


# confirm


def test_a_callee_who_must_accept_is_asked_after_the_announcement() -> None:
    assert confirming("shop").last(do.Announce).codes == ("ANNOUNCE", "CONFIRM")
    assert confirming("office").last(do.Announce).codes == ("CONFIRM",)


@pytest.mark.parametrize("make", [confirming, asked])
def test_the_key_accepts_the_call_at_any_time(make: Callable[[str], LiveCall]) -> None:
    live = make("shop")
    assert live.send(events.LegDigitPressed(live.leg("shop"), "5")).commands == ()
    live.send(events.LegDigitPressed(live.leg("shop", 1), "1"))
    live.press("1")
    assert live.state == "announcing", "another key, another leg, and the caller's own key accept nothing"
    live.send(events.LegDigitPressed(live.leg("shop"), "1"))
    assert live.state == "connected"


def test_an_answering_machine_never_gets_the_call() -> None:
    live = asked("shop")
    live.advance(9.5)
    assert live.state == "announcing"
    live.advance(0.5)
    assert live.state == "dialing_office"
    assert live.released()[live.call.legs[live.leg("shop")].phone] == "NORMAL_CLEARING"
    assert live.tells()[-1] == "answer_lost"
    assert live.all(do.Bridge) == []


def test_a_long_announcement_leaves_time_to_accept() -> None:
    live = confirming("shop")
    live.advance(9)
    assert live.state == "announcing", "the question may just have been asked"
    assert live.announced("shop").commands == (), "its end prolongs nothing"
    live.advance(10)
    assert (live.state, live.seconds) == ("dialing_office", 19)


def test_a_key_without_a_question_means_nothing() -> None:
    live = announcing()
    assert live.send(events.LegDigitPressed(live.leg("shop"), "1")).commands == ()


def test_the_caller_keeps_holding_while_the_callee_decides() -> None:
    live = confirming("office")
    for token in list(live.call.playing):
        live.send(events.PromptFinished(token))
    live.advance(2)
    said = len(live.all(do.Play))
    live.announced("office")
    assert [each.code for each in live.all(do.Play)[said:]] == ["FW8"]
    still = confirming("office")
    said = len(still.all(do.Play))
    still.announced("office")
    assert len(still.all(do.Play)) == said, "what plays is not cut off"


# lost before the bridge


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize(
    ("target", "leads_to"),
    [("shop", "dialing_office"), ("office", "dialing_call_centre"), ("call_centre", "unanswered")],
)
def test_an_answer_that_is_lost_leads_to_the_target_after_it(target: str, leads_to: str, fault: str) -> None:
    live = bridging(target)
    LOST[fault](live, target)
    assert live.state == leads_to
    lost = live.call.legs[live.leg(target)]
    assert lost.released or not lost.alive, "nobody is left on a dead line"
    assert "answer_lost" in live.tells()
    assert live.told("answer_lost")["target"] == target


def test_the_next_target_is_that_after_the_leg_not_after_the_state() -> None:
    live = at_shop()
    live.advance(32 + 10)
    assert live.state == "dialing_call_centre"
    live.answers("shop")
    live.ends("shop", 0, "NORMAL_CLEARING")
    assert live.state == "dialing_office"
    assert len(live.dialed("office")) == 4, "its phones had been told to stop, so they ring again"


def test_a_shop_that_hangs_up_is_told_to_the_caller_once() -> None:
    live = announcing()
    live.advance(1)
    live.ends("shop", 0, "NORMAL_CLEARING")
    assert live.plays(1) == [(0, "FW4"), (0, "FW8")]
    late = at_shop()
    late.advance(25)
    late.answers("shop")
    late.ends("shop", 0, "NORMAL_CLEARING")
    assert [code for _, code in late.plays()].count("FW4") == 1


def test_a_shop_that_is_lost_while_the_office_is_closed() -> None:
    live = announcing(SHUT)
    live.ends("shop", 0, "NORMAL_CLEARING")
    assert live.state == "dialing_call_centre"


def test_a_bridge_that_is_reported_after_its_leg_has_ended_means_nothing() -> None:
    live = bridging("office")
    live.ends("office", 0, "NORMAL_CLEARING")
    assert live.bridged("office").commands == ()
    assert live.state == "dialing_call_centre"


def test_a_bridge_that_is_reported_twice_is_recorded_once() -> None:
    live = bridging("office")
    live.bridged("office")
    assert live.bridged("office").commands == ()
    assert live.send(events.BridgeFailed(live.leg("office"), "late")).commands == ()
    assert (len(live.all(do.Record)), live.state) == (1, "connected")


def test_a_second_answer_while_bridging_is_released() -> None:
    live = bridging("office")
    assert live.answers("office", 1).commands == (do.Release(live.leg("office", 1), "LOSE_RACE"),)
    assert live.answers("office", 0).commands == (), "the first one told twice"
