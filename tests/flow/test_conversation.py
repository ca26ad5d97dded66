"""The conversation and what may follow it: a transfer, a second one, one back."""

from __future__ import annotations

import pytest
from tests.flow.clock import OFFICE, PARTNER, LiveCall, bridging, in_greeting, plan, talking, transferring
from tests.flow.ways import CONFIRM, transfer_begun

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events

NUMBER = "74951110099"


def transferred(target: str, index: int = 0) -> LiveCall:
    """A conversation that *target* has begun, and transferred; the number has not come."""
    live = talking(target)
    live.send(events.LegEnded(live.leg(target, index), "NORMAL_CLEARING", transferred=True))
    return live


def talk_to_transfer(live: LiveCall, index: int = 0) -> LiveCall:
    live.answers("transfer", index)
    live.bridged("transfer", index)
    return live


@pytest.mark.parametrize("target", ["shop", "office", "call_centre"])
def test_every_timer_dies_and_the_recording_starts(target: str) -> None:
    live = bridging(target)
    assert live.all(do.Record) == []
    live.bridged(target)
    assert live.timers == {}
    assert len(live.all(do.Record)) == 1
    assert live.told("answered")["leg_phone"] == live.call.legs[live.leg(target)].phone
    live.advance(3600)
    assert live.state == "connected"


@pytest.mark.parametrize(
    ("choice", "before", "after"),
    [("bridge", 0, 1), (True, 0, 1), ("answer", 1, 2), ("off", 0, 0), (False, 0, 0)],
)
def test_recording_is_a_choice(choice: str | bool, before: int, after: int) -> None:
    """The second time the switch goes on with what it records already."""
    live = bridging("office", plan(connected={"record": choice}))
    assert len(live.all(do.Record)) == before
    live.bridged("office")
    assert len(live.all(do.Record)) == after


def test_a_partner_is_never_recorded() -> None:
    live = in_greeting(PARTNER, plan(connected={"record": "answer"}, greeting={"recorded": True}))
    live.prompt_ends()
    assert live.all(do.Record) == []
    assert live.plays() == [(0, "FW2")]


@pytest.mark.parametrize("target", ["shop", "office", "call_centre"])
def test_the_callee_hangs_up(target: str) -> None:
    live = talking(target)
    live.advance(65)
    live.ends(target, 0, "NORMAL_CLEARING")
    assert len(live.all(do.Hangup)) == 1
    assert live.call.outcome == f"answered:{target}"
    assert live.told("ended")["seconds"] == "65"


@pytest.mark.parametrize("target", ["shop", "office", "call_centre"])
def test_the_caller_hangs_up(target: str) -> None:
    live = talking(target)
    live.hangs_up()
    assert live.released()[live.call.legs[live.leg(target)].phone] == "NORMAL_CLEARING"
    assert live.call.outcome == f"answered:{target}"
    assert live.all(do.Hangup) == []


def test_keys_and_other_legs_do_not_disturb_a_conversation() -> None:
    live = talking()
    for event in (
        events.DigitPressed("1"),
        events.LegDigitPressed(live.leg("office"), "1"),
        events.LegEnded(live.leg("office", 1), "LOSE_RACE"),
        events.AnnouncementFinished(live.leg("office")),
        events.PromptFinished("FW7-3", "broken"),
    ):
        assert live.send(event).commands == ()
    assert live.state == "connected"


# Transfer


def test_a_transfer_rings_the_number() -> None:
    live = transfer_begun()
    assert (live.state, list(live.call.armed)) == ("transferring", ["limit"])
    live.send(events.CallerReturned(NUMBER, OFFICE[0]))
    assert live.dialed("transfer") == [NUMBER]
    assert "transferred" not in live.tells(), "the marketplace is still thinking about the number"
    live.known("transfer", name="Пётр")
    told = live.told("transferred")
    assert (told["to"], told["by"], told["manager"]) == (NUMBER, "Анна", "Пётр")
    talk_to_transfer(live)
    assert live.tells()[-1] == "answered"
    live.hangs_up()
    assert live.call.outcome == "answered:transfer"
    assert len(live.all(do.Record)) == 2


def test_the_caller_leg_may_come_back_before_the_callees_hangup_is_heard() -> None:
    live = talking()
    live.send(events.CallerReturned(NUMBER))
    assert live.dialed("transfer") == [NUMBER]
    assert live.released()[OFFICE[0]] == "NORMAL_CLEARING", "in case it does not hang up by itself"
    assert live.send(events.LegEnded(live.leg("office"), "", transferred=True)).commands == ()
    assert talk_to_transfer(live).state == "connected"


def test_the_caller_leg_comes_back_once() -> None:
    live = transferring(NUMBER)
    assert live.send(events.CallerReturned(NUMBER)).commands == ()
    assert live.send(events.CallerReturned()).commands == ()
    assert (live.state, live.dialed("transfer")) == ("transferring", [NUMBER])


@pytest.mark.parametrize("cause", ["USER_BUSY", "INVALID_NUMBER_FORMAT"])
def test_a_transfer_that_fails_leads_to_the_call_centre(cause: str) -> None:
    live = transferring(NUMBER)
    live.ends("transfer", 0, cause)
    assert live.state == "dialing_call_centre"
    assert live.told("transfer_failed")["to"] == NUMBER


def test_a_transfer_that_nobody_answers_stops_ringing() -> None:
    live = transferring(NUMBER)
    live.advance(30)
    assert live.state == "dialing_call_centre"
    assert live.released()[NUMBER] == "ORIGINATOR_CANCEL"


@pytest.mark.parametrize("how", ["it never comes", "it comes without a number"])
def test_a_caller_whose_transfer_brings_no_number_goes_to_the_call_centre(how: str) -> None:
    live = transfer_begun()
    if how == "it never comes":
        live.advance(5)
    else:
        live.send(events.CallerReturned())
    assert (live.state, live.tells()[-1]) == ("dialing_call_centre", "transfer_failed")


def test_a_caller_who_falls_out_of_a_conversation_is_not_left_without_a_word() -> None:
    """What a transfer to a refused number looks like when the callee's hangup is heard later."""
    live = talking()
    live.send(events.CallerReturned())
    assert live.state == "dialing_call_centre"
    assert live.released()[OFFICE[0]] == "NORMAL_CLEARING"
    assert live.ends("office", 0, "NORMAL_CLEARING").commands == ()


def test_the_other_legs_of_the_answering_target_do_not_fail_a_transfer() -> None:
    live = transfer_begun()
    live.ends("office", 1, "LOSE_RACE")
    assert live.state == "transferring"
    live.send(events.CallerReturned(NUMBER))
    live.ends("office", 1, "LOSE_RACE")
    assert live.state == "transferring"


def test_a_second_transfer_rings_its_own_number() -> None:
    live = talk_to_transfer(transferring(NUMBER))
    live.send(events.LegEnded(live.leg("transfer"), "NORMAL_CLEARING", transferred=True))
    assert live.dialed("transfer") == [NUMBER], "the first number is not rung again"
    live.ends("transfer", 0)
    assert live.state == "transferring", "the end of the first one, told twice"
    live.send(events.CallerReturned("74951110088"))
    live.ends("transfer", 0)
    assert live.state == "transferring"
    assert live.dialed("transfer") == [NUMBER, "74951110088"]
    talk_to_transfer(live, 1)
    live.ends("transfer", 1, "NORMAL_CLEARING")
    assert live.call.outcome == "answered:transfer"


def test_a_transfer_back() -> None:
    live = talk_to_transfer(transferring(NUMBER))
    live.send(events.CallerReturned(OFFICE[0]))
    assert live.released()[NUMBER] == "NORMAL_CLEARING"
    talk_to_transfer(live, 1)
    assert live.told("answered")["leg_phone"] == OFFICE[0]


def test_a_transfers_callee_may_have_to_accept() -> None:
    live = transferring(NUMBER, CONFIRM)
    live.answers("transfer")
    assert live.last(do.Announce).codes == ("CONFIRM",)
    live.advance(9 + 10)
    assert live.state == "dialing_call_centre"


def test_a_transfers_callee_who_is_lost_leads_to_the_call_centre() -> None:
    live = transferring(NUMBER)
    live.answers("transfer")
    live.ends("transfer", 0, "NORMAL_CLEARING")
    assert (live.state, live.told("answer_lost")["target"]) == ("dialing_call_centre", "transfer")


def test_who_answers_after_a_failed_transfer_is_really_connected() -> None:
    live = talking("office")
    live.send(events.CallerReturned())
    assert live.state == "dialing_call_centre"
    live.answers("call_centre")
    recordings = len(live.all(do.Record))
    live.send(events.Bridged(live.leg("call_centre")))
    assert (live.state, live.timers) == ("connected", {})
    assert len(live.all(do.Record)) == recordings + 1
    live.hangs_up()
    assert live.call.outcome == "answered:call_centre"


def test_a_caller_is_not_sent_round_for_ever() -> None:
    live = talking("office")
    for number in range(live.plan.transferring.most):
        live.send(events.CallerReturned(f"7495111009{number}"))
        assert live.state == "transferring"
        leg = next(leg for leg in live.call.dialed_here("transfer") if leg.hoped_for)
        live.send(events.LegAnswered(leg.id))
        live.send(events.Bridged(leg.id))
        assert live.state == "connected"
    live.send(events.CallerReturned("74951110099"))
    assert live.state == "dialing_call_centre"
