"""Whatever happens, in whatever order: the rules hold."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flow.clock import (
    MISSED,
    NOBODY,
    NOON,
    ORDER,
    ORDER_OF_CLOSED,
    OTHER,
    PARTNER,
    LiveCall,
    plan,
)
from tests.flow.rules import Watch

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import arrive, step

PLANS: Sequence[Plan] = (
    plan(),
    plan(targets={"shop": {"on_move": "cancel"}, "office": {"on_move": "cancel"}}),
    plan(targets={"shop": {"confirm": True}, "office": {"confirm": True}, "transfer": {"confirm": True}}),
    plan(targets={"office": {"announce": True}, "call_centre": {"announce": True, "confirm": True}}),
    plan(targets={"office": {"hours": ["sat 10:00-11:00"]}}),
    plan(targets={"office": {"numbers": []}, "call_centre": {"numbers": []}}),
    plan(prompts={"hold_by_name": True}, connected={"record": "off"}),
    plan(greeting={"recorded": True}, connected={"record": "answer"}),
)
CALLERS = (ORDER, ORDER, ORDER, ORDER_OF_CLOSED, OTHER, NOBODY, PARTNER)
NUMBER = st.integers(min_value=0, max_value=9)
LEG_EVENTS = (
    "ringing",
    "answered",
    "answered",
    "ended",
    "ended",
    "transferred",
    "pressed",
    "announced",
    "unheard",
    "bridged",
    "bridged",
    "bridge failed",
    "known",
)
MOVES = st.one_of(
    st.tuples(st.sampled_from(LEG_EVENTS), NUMBER),
    st.tuples(st.just("answered one reaches its end"), NUMBER),
    st.tuples(st.just("digit"), st.sampled_from("1122379*#")),
    st.tuples(st.sampled_from(["prompt ends", "awaited prompt ends", "broken prompt"]), NUMBER),
    st.tuples(st.just("time"), st.sampled_from([0.0, 0.5, 4.0, 10.0, 35.0])),
    st.tuples(st.just("old timer"), NUMBER),
    st.tuples(st.just("identified"), st.sampled_from(CALLERS)),
    st.tuples(st.just("returned"), st.sampled_from(["", "74951110099", "74951110011"])),
    st.tuples(st.just("sent on"), st.sampled_from(["office", "call_centre"])),
    st.tuples(st.sampled_from(["time", "time", "time", "hung up", "link lost", "stopped"]), st.just(1.0)),
)


def leg_event(what: str, leg: str) -> events.Event:
    made: dict[str, events.Event] = {
        "ringing": events.LegRinging(leg),
        "answered": events.LegAnswered(leg),
        "ended": events.LegEnded(leg, "NORMAL_CLEARING"),
        "transferred": events.LegEnded(leg, "NORMAL_CLEARING", transferred=True),
        "pressed": events.LegDigitPressed(leg, "1"),
        "announced": events.AnnouncementFinished(leg),
        "unheard": events.AnnouncementFinished(leg, heard=False),
        "bridged": events.Bridged(leg),
        "bridge failed": events.BridgeFailed(leg, "-ERR Invalid uuid"),
        "known": events.AnswererKnown(leg, "Анна"),
    }
    return made[what]


def move(live: LiveCall, what: str, how: Any) -> None:
    """Let one thing happen to the call; legs, prompts and timers are counted from the latest one back."""
    match what:
        case "time":
            live.advance(how)
        case "digit":
            live.press(how)
        case "identified":
            live.identified(how)
        case "returned":
            live.send(events.CallerReturned(how))
        case "hung up":
            live.hangs_up()
        case "sent on" | "stopped":
            live.send(events.SendWanted(how, "Ольга") if what == "sent on" else events.StopWanted("Ольга"))
        case "link lost":
            live.send(events.LinkLost("reset by peer"))
        case "awaited prompt ends":
            live.send(events.PromptFinished(live.call.awaited))
        case "prompt ends" | "broken prompt":
            played = [each.token for _, each in live.said if isinstance(each, do.Play | do.Hold)]
            token = played[-1 - how] if how < len(played) else "FW8-99"
            live.send(events.PromptFinished(token, "played" if what == "prompt ends" else "broken"))
        case "old timer":
            old = [each.timer for each in live.all(do.StartTimer) if each.timer not in live.timers]
            live.send(events.TimerFired(old[-1 - how] if how < len(old) else events.Timer(99, "limit")))
        case "answered one reaches its end":
            leg = live.call.answered.id if live.call.answered else "nobody"
            live.send(leg_event(("announced", "pressed", "bridged", "ended", "transferred")[how % 5], leg))
        case _:
            legs = list(live.call.legs)
            live.send(leg_event(what, legs[-1 - how] if how < len(legs) else "not-our-leg"))


def let_happen(the_plan: Plan, moves: Sequence[tuple[str, Any]]) -> tuple[LiveCall, Watch]:
    back = bool(moves) and moves[0][0] == "called back"
    live = LiveCall(the_plan, back=MISSED if back else "")
    watch = Watch(live)
    watch.check()
    for what, how in moves[1:] if back else moves:
        move(live, what, how)
        watch.check()
    return live, watch


SHOP_RINGS = [("identified", ORDER), ("digit", "1")]
OFFICE_RINGS = [("identified", ORDER), ("digit", "2")]
TALKING = [*OFFICE_RINGS, ("answered", 0), ("pressed", 0), ("bridged", 0)]
CUSTOMER_RINGS = [("called back", 0), ("identified", ORDER)]
BEGINNINGS: Sequence[list[tuple[str, Any]]] = (
    [],
    [("identified", ORDER), ("awaited prompt ends", 0)],
    [("identified", OTHER)],
    SHOP_RINGS,
    [*SHOP_RINGS, ("answered", 1)],
    [*SHOP_RINGS, ("answered", 1), ("announced", 1)],
    [*SHOP_RINGS, ("time", 32.0)],
    [*SHOP_RINGS, ("time", 50.0)],
    OFFICE_RINGS,
    TALKING,
    [*TALKING, ("transferred", 0)],
    [*TALKING, ("transferred", 0), ("returned", "74951110099")],
    [*TALKING, ("returned", "74951110099"), ("answered", 0), ("pressed", 0), ("bridged", 0)],
    [*OFFICE_RINGS, ("time", 34.0)],
    CUSTOMER_RINGS,
    [*CUSTOMER_RINGS, ("answered", 0), ("bridged", 0)],
)
"""Where it gets interesting: most sequences from scratch would never come there."""
HAPPENINGS = st.builds(list.__add__, st.sampled_from(BEGINNINGS), st.lists(MOVES, min_size=12, max_size=25))
ANYTHING = given(st.sampled_from(PLANS), HAPPENINGS)


@ANYTHING
@settings(max_examples=80)
def test_the_rules_hold_and_every_call_comes_to_an_end(
    the_plan: Plan, moves: Sequence[tuple[str, Any]]
) -> None:
    live, watch = let_happen(the_plan, moves)
    live.advance(3600)
    watch.check()
    assert live.state == "ended" or (live.state == "connected" and live.call.answered.talked)
    live.hangs_up()
    watch.check()
    for leg in list(live.call.legs):
        live.send(events.LegEnded(leg, "NORMAL_CLEARING"))
        watch.check()
    assert live.state == "ended"


@ANYTHING
@settings(max_examples=40)
def test_hanging_up_ends_the_call_at_any_time(the_plan: Plan, moves: Sequence[tuple[str, Any]]) -> None:
    live, watch = let_happen(the_plan, moves)
    live.hangs_up()
    watch.check()
    assert live.state in ("releasing", "ended")
    for leg in list(live.call.legs):
        live.send(events.LegEnded(leg, "ORIGINATOR_CANCEL"))
    watch.check()
    assert live.state == "ended"


@ANYTHING
@settings(max_examples=25)
def test_the_same_events_give_the_same_steps(the_plan: Plan, moves: Sequence[tuple[str, Any]]) -> None:
    live, _ = let_happen(the_plan, moves)
    call, first = arrive(the_plan, live.call.arrived, NOON)
    again = [first]
    for at, taken in zip(live.times[1:], live.steps[1:], strict=True):
        again.append(step(call, taken.event, NOON + timedelta(seconds=at)))
    assert again == live.steps
    assert call == live.call


@ANYTHING
@settings(max_examples=25)
def test_a_call_can_be_put_away_and_taken_up_again(the_plan: Plan, moves: Sequence[tuple[str, Any]]) -> None:
    live, _ = let_happen(the_plan, moves)
    thawed, copied = pickle.loads(pickle.dumps(live.call)), copy.deepcopy(live.call)
    assert thawed == copied == live.call
    before = copy.deepcopy(live.call)
    taken = step(thawed, events.CallerHungUp(), NOON)
    assert taken == step(copied, events.CallerHungUp(), NOON)
    assert live.call == before, "a copy shares something with its original"
