"""The only door into a call: what it tells, and what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from statemachine.exceptions import TransitionNotAllowed
from tests.flow.clock import CALL_ID, NOON, ORDER, PHONE, at_shop, in_greeting, in_menu

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.machine import CallFlow
from ivr_fsm.flow.step import describe, step


def test_a_step_says_what_happened_and_why() -> None:
    taken = in_menu().press("1")
    assert (taken.before, taken.after, taken.moved) == ("menu", "dialing_shop", True)
    assert taken.reason == "digit pressed: 1; pressed shop (1); shop open (s1)"
    assert [str(each) for each in taken.judged] == ["pressed shop (1)", "shop open (s1)"]


def test_a_step_that_stays() -> None:
    taken = in_menu().press("7")
    assert not taken.moved
    assert [each.what for each in taken.told] == ["wrong_digit"]
    assert taken.reason.startswith("digit pressed: 7; not pressed shop (7); not pressed support (7)")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (events.DigitPressed("#"), "digit pressed: #"),
        (events.TimerFired(events.Timer(3, "silence")), "timer fired: silence"),
        (events.CallerIdentified(ORDER), "caller identified: order"),
        (events.LegEnded("a", "USER_BUSY"), "leg ended: a, USER_BUSY"),
        (events.LegEnded("a", "X", transferred=True), "leg ended: a, X, transferred"),
        (events.AnnouncementFinished("a"), "announcement finished: a"),
        (events.AnnouncementFinished("a", heard=False), "announcement finished: a, not heard"),
        (events.CallerReturned(), "caller returned"),
        (events.CallerHungUp(), "caller hung up: NORMAL_CLEARING"),
    ],
)
def test_events_in_words(event: events.Event, words: str) -> None:
    assert describe(event) == words


def test_a_wrong_event_is_loud_and_changes_nothing() -> None:
    live = in_menu()
    with pytest.raises(TransitionNotAllowed):
        step(live.call, events.CallArrived(CALL_ID, PHONE), NOON)
    assert live.state == "menu"
    assert live.press("1").after == "dialing_shop", "the call goes on"


def test_a_failing_action_is_loud_and_leaves_no_commands_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    live = in_menu()

    def broken(self: CallFlow) -> None:
        self.call.commands.append(do.Hangup())
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr("ivr_fsm.flow.step._chart", _chart_with(patched, broken))
        with pytest.raises(RuntimeError):
            step(live.call, events.DigitPressed("7"), NOON)
    assert live.state == "menu"
    taken = step(live.call, events.DigitPressed("9"), NOON)
    assert do.Hangup() not in taken.commands


def _chart_with(patched: pytest.MonkeyPatch, ask_again: object) -> object:
    patched.setattr(CallFlow, "ask_again", ask_again)
    chart = CallFlow()
    return lambda: chart


def test_time_is_an_argument() -> None:
    live = at_shop()
    step(live.call, events.CallerHungUp(), NOON + timedelta(seconds=61.4))
    assert live.call.now == NOON + timedelta(seconds=61.4)


def test_calls_do_not_disturb_each_other() -> None:
    """One statechart is lent to all of them."""
    calls = [in_greeting() for _ in range(3)]
    calls[0].press("1")
    calls[1].press("2")
    assert [each.state for each in calls] == ["dialing_shop", "dialing_office", "greeting"]
    for each in calls:
        each.hangs_up()
    assert {each.call.outcome for each in calls} == {
        "abandoned:dialing_shop",
        "abandoned:dialing_office",
        "abandoned:greeting",
    }
