"""Lanes of every way that the statechart has, of any part of a call, and drawn."""

from __future__ import annotations

from datetime import UTC
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flow.clock import LiveCall, announcing, at_shop, in_greeting, in_menu, talking, transferring
from tests.flow.ways import WAYS, Push, Start, Way
from tests.journal.recorded import steps_of

from ivr_fsm.flow import events
from ivr_fsm.flow.diagram import chart as the_chart
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.web.inspector import lanes_svg
from ivr_fsm.web.inspector.chart import _event as event_of
from ivr_fsm.web.inspector.chart import arrow, draw, way
from ivr_fsm.web.inspector.lanes import Lane, Lanes, lanes
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.scale import Scale
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.words import LANGUAGES, words_of


def played(how: tuple[Start, Push]) -> list[StepEntry]:
    start, push = how
    live = start()
    push(live)
    return steps_of(live)


def is_sound(found: Lanes) -> None:
    """Whatever it is of: nothing is outside of the call, and nothing ends before it began."""
    for lane in (found.caller, *found.legs):
        for bar in lane.bars:
            assert 0 <= bar.begin <= bar.end <= found.length
        assert all(0 <= mark.at <= found.length for mark in lane.marks)
    for before, after in zip(found.states, found.states[1:], strict=False):
        assert before.end <= after.begin
    for leg in found.legs:
        for before, after in zip(leg.bars, leg.bars[1:], strict=False):
            assert before.end <= after.begin
    assert found.recorded is None or 0 <= found.recorded <= found.length
    assert found.moments[0] == 0
    assert found.moments[-1] == found.length


def drawn(found: Lanes, language: str = "ru", *, folded: bool = True, loud: bool = False) -> str:
    scaled = lanes_svg.scale_of(found, folded=folded)
    columns = lanes_svg.columns(found, scaled)
    waves = [tuple(0.5 for _ in columns)] * 2 if loud and found.recorded is not None else []
    titles = [f"{lane.target} {lane.phone}" for lane in found.legs]
    picture = lanes_svg.draw(found, scaled, Showing(Look(language=language), UTC), titles, waves)
    ElementTree.fromstring(picture.svg)
    return picture.svg


@pytest.mark.parametrize("how", WAYS.values(), ids=map(str, WAYS))
def test_every_way(how: tuple[Start, Push]) -> None:
    steps = played(how)
    found = lanes(steps)
    is_sound(found)
    moves = [step for step in steps if step.moved and step.after != "ended"]
    assert [(bar.name, bar.begin, bar.step) for bar in found.states] == [
        (step.after, step.mono, step.number) for step in moves
    ]
    dialed = [command["phone"] for step in steps for command in step.commands if command["is"] == "Dial"]
    assert [lane.phone for lane in found.legs] == dialed
    released = {command["leg"] for step in steps for command in step.commands if command["is"] == "Release"}
    assert sum(lane.released for lane in found.legs) == len(released)
    for language in LANGUAGES:
        drawn(found, language)


@pytest.mark.parametrize(("name", "how"), WAYS.items(), ids=map(str, WAYS))
def test_every_way_has_its_arrow_and_its_event(name: Way, how: tuple[Start, Push]) -> None:
    pairs = the_chart().events()
    steps = played(how)
    for step in steps:
        if step.moved:
            pair = arrow((step.before, step.after), event_of(step))
            assert pair is not None
            assert event_of(step).replace("_", " ") in pairs[pair]
    ElementTree.fromstring(draw(way(steps, steps[-1].after), words_of("en"), "way"))
    if name.target and steps[-1].moved and name.source != "arriving":
        assert event_of(steps[-1]) == name.event


MAKERS = (in_greeting, in_menu, at_shop, announcing, talking, transferring)


@given(st.sampled_from(MAKERS), st.integers(0, 60), st.sampled_from([None, 0.0, 5.0, 1e5]))
def test_any_beginning_of_a_call(make: Start, count: int, now: float | None) -> None:
    found = lanes(steps_of(make())[:count], now)
    is_sound(found)
    drawn(found)


@given(st.data())
def test_whatever_is_missing_of_a_call(data: st.DataObject) -> None:
    live = data.draw(st.sampled_from(MAKERS))()
    live.advance(data.draw(st.integers(0, 40)))
    kept = [step for step in steps_of(live) if data.draw(st.booleans())]
    found = lanes(kept)
    is_sound(found)
    drawn(found, folded=data.draw(st.booleans()), loud=data.draw(st.booleans()))


# A call by hand, second by second


@pytest.fixture
def by_hand() -> Lanes:
    """FW1 is interrupted at 2 s; the shop rings at 4, answers at 7, is told, talks from 15 to 75."""
    live = in_greeting()
    live.advance(2)
    live.press("1")
    live.advance(2)
    live.rings("shop")
    live.rings("shop", 1)
    live.advance(1)
    live.ends("shop", 1, "USER_BUSY")
    live.advance(2)
    live.answers("shop")
    live.advance(7)
    live.announced("shop")
    live.advance(1)
    live.bridged("shop")
    live.advance(60)
    live.ends("shop", 0, "NORMAL_CLEARING")
    live.advance(1)
    live.hangs_up()
    return lanes(steps_of(live))


def bars(lane: Lane) -> list[tuple[str, float, float]]:
    return [(bar.kind, bar.begin, bar.end) for bar in lane.bars]


def test_seconds_of_states(by_hand: Lanes) -> None:
    assert [(bar.name, bar.begin, bar.end) for bar in by_hand.states] == [
        ("identifying", 0, 0),
        ("greeting", 0, 2),
        ("dialing_shop", 2, 7),
        ("announcing", 7, 14),
        ("connected", 14, 75),
        ("releasing", 75, 76),
    ]
    assert by_hand.length == 76


def test_seconds_of_phones(by_hand: Lanes) -> None:
    first, second = by_hand.legs
    assert bars(first) == [
        ("dialing", 2, 4),
        ("ringing", 4, 7),
        ("waiting", 7, 7),
        ("announcing", 7, 14),
        ("waiting", 14, 15),
        ("talking", 15, 75),
    ]
    assert bars(second) == [("dialing", 2, 4), ("ringing", 4, 5)]
    assert [(mark.kind, mark.at, mark.name) for mark in second.marks] == [("end", 5, "USER_BUSY")]
    assert [(mark.kind, mark.at) for mark in first.marks] == [("end", 75)]
    assert not first.released


def test_seconds_of_the_caller(by_hand: Lanes) -> None:
    prompts = [(bar.name, bar.begin, bar.end, bar.cut) for bar in by_hand.caller.bars if bar.kind == "prompt"]
    assert prompts[0] == ("FW1", 0, 2, True)
    assert prompts[1][:2] == ("FW6", 2)
    assert max(end for _, _, end, _ in prompts) <= 15, "nothing plays while they talk"
    assert [each for each in bars(by_hand.caller) if each[0] == "talking"] == [("talking", 15, 75)]
    kinds = [(mark.kind, mark.at, mark.name) for mark in by_hand.caller.marks if mark.kind != "timer"]
    assert kinds == [("digit", 2, "1"), ("end", 76, "NORMAL_CLEARING")]
    assert by_hand.recorded == 15


def test_a_prompt_that_is_heard_to_its_end_is_not_cut() -> None:
    live = in_greeting()
    live.advance(6)
    live.prompt_ends()
    [greeting, *_] = lanes(steps_of(live)).caller.bars
    assert (greeting.name, greeting.begin, greeting.end, greeting.cut) == ("FW1", 0, 6, False)


def test_who_took_a_hand_and_what_came_of_timers_is_marked() -> None:
    live = at_shop()
    live.advance(32)
    live.send(events.StopWanted("Ольга"))
    marks = [(mark.kind, mark.at, mark.name) for mark in lanes(steps_of(live)).caller.marks]
    assert ("wanted", 32, "Ольга") in marks
    assert ("timer", 32, "limit") in marks


def test_columns_are_of_the_recording_from_its_first_second_on(by_hand: Lanes) -> None:
    scaled = lanes_svg.scale_of(by_hand, folded=False)
    columns = lanes_svg.columns(by_hand, scaled)
    assert columns[0][0] == pytest.approx(0)
    assert all(begin < end for begin, end in columns)
    assert columns[-1][1] <= 76 - 15 + 1e-6
    assert columns[-1][1] == pytest.approx(61, abs=76 * lanes_svg.COLUMN / 900)
    assert [end for _, end in columns[:-1]] == [begin for begin, _ in columns[1:]]


def test_columns_follow_what_is_folded(by_hand: Lanes) -> None:
    folded: Scale = lanes_svg.scale_of(by_hand, folded=True)
    assert len(folded.folds) == 1, "the conversation"
    columns = lanes_svg.columns(by_hand, folded)
    assert max(end - begin for begin, end in columns) > 3 * min(end - begin for begin, end in columns)
    assert columns[-1][1] == pytest.approx(61, abs=1)


def test_hostile_texts_are_drawn_as_texts() -> None:
    live: LiveCall = at_shop()
    live.ends("shop", 0, '</svg><script>alert("x")</script>')
    live.send(events.SendWanted("office", "<b>&\u202e"))
    svg = drawn(lanes(steps_of(live)))
    assert "<script>" not in svg
    assert "<b>" not in svg
    assert svg.count("</svg>") == 1
