from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flow.clock import at_shop, talking
from tests.journal.recorded import steps_of
from tests.playbook import playbook

from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.web.inspector.lanes import Lanes, lanes
from ivr_fsm.web.inspector.scale import FOLDED_FROM, scale


def of(name: str) -> tuple[Lanes, list[StepEntry]]:
    book = playbook()
    steps = book.reader.steps(book.call(name).key)
    return lanes(steps), steps


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_they_agree_with_the_journal(name: str) -> None:
    found, steps = of(name)
    moves = [step for step in steps if step.moved and step.after != "ended"]
    assert [bar.name for bar in found.states] == [step.after for step in moves]
    assert [bar.begin for bar in found.states] == [step.mono - steps[0].mono for step in moves]
    dialed = [command for step in steps for command in step.commands if command["is"] == "Dial"]
    assert [(lane.target, lane.phone) for lane in found.legs] == [(c["target"], c["phone"]) for c in dialed]
    for command, lane in zip(dialed, found.legs, strict=True):
        happened = [
            step
            for step in steps
            if isinstance(step.body.get("event"), dict) and step.body["event"].get("leg") == command["leg"]
        ]
        assert [bar.kind for bar in lane.bars if bar.kind == "ringing"] == [
            "ringing" for step in happened if step.event == "LegRinging"
        ]
        assert [bar.begin for bar in lane.bars if bar.kind == "talking"] == [
            step.mono - steps[0].mono for step in happened if step.event == "Bridged"
        ]
        assert [mark.at for mark in lane.marks if mark.kind == "end"] == [
            step.mono - steps[0].mono for step in happened if step.event == "LegEnded"
        ]
    pressed = [step for step in steps if step.event == "DigitPressed"]
    assert [mark.name for mark in found.caller.marks if mark.kind == "digit"] == [
        step.body["event"]["digit"] for step in pressed
    ]
    assert found.length == pytest.approx(steps[-1].mono - steps[0].mono)


def test_a_call_from_ring_to_end() -> None:
    found, _ = of("shop-drops")
    shop, office = found.legs[0], found.legs[2]
    assert [bar.kind for bar in shop.bars] == ["dialing", "ringing", "waiting", "announcing"]
    assert not shop.released
    assert [bar.kind for bar in office.bars] == ["dialing", "ringing", "waiting", "talking"]
    assert [lane.released for lane in found.legs[1:]] == [True, False, True, True]
    heard = [bar.name for bar in found.caller.bars if bar.kind == "prompt"]
    assert heard[:4] == ["FW1", "FW3", "FW6", "FW8"]
    assert found.recorded == pytest.approx(office.bars[-1].begin)


def test_a_prompt_that_is_missing_is_marked_and_one_that_a_bridge_breaks_off_is_not() -> None:
    missing, _ = of("prompt-missing")
    assert [mark.name for mark in missing.caller.marks if mark.kind == "missing"] == ["FW3: missing"]
    bridged, _ = of("call-centre")
    assert [mark for mark in bridged.caller.marks if mark.kind == "missing"] == []


def test_a_live_call_goes_on_to_now() -> None:
    steps = steps_of(at_shop())
    found = lanes(steps, now=100.0)
    assert found.length == 100.0
    assert found.states[-1].end == 100.0
    assert all(lane.bars[-1].end == 100.0 for lane in found.legs)


@given(st.data())
def test_whatever_is_missing_of_the_steps(data: st.DataObject) -> None:
    steps = steps_of(talking())
    kept = [step for step in steps if data.draw(st.booleans())]
    found = lanes(kept)
    for lane in (found.caller, *found.legs):
        for bar in lane.bars:
            assert 0 <= bar.begin <= bar.end <= found.length
        assert all(0 <= mark.at <= found.length for mark in lane.marks)
    assert found.moments == sorted(found.moments)


moments = st.lists(st.integers(0, 400_000), min_size=1, max_size=40).map(
    lambda found: sorted({0.0, *(each / 100 for each in found)})
)


@given(moments, st.booleans())
def test_a_scale_goes_forward_and_back(found: list[float], folded: bool) -> None:
    made = scale(found, 190, 1000, folded=folded)
    places = [made.x(at) for at in found]
    assert places == sorted(places)
    assert all(189.9 <= x <= 1190.1 for x in places)
    assert made.x(found[-1]) == pytest.approx(1190 if found[-1] else 190)
    for at in found:
        assert made.second(made.x(at)) == pytest.approx(at, abs=0.01 * max(found[-1], 1))
    assert not any(fold.begin < tick < fold.end for fold in made.folds for tick in made.ticks())
    assert len(made.ticks()) <= 40


def test_long_stretches_are_folded_if_that_is_wanted() -> None:
    found = [0.0, 1.0, 2.0 + FOLDED_FROM * 3, 40.0]
    folded, whole = (scale(found, 0, 100, folded=each) for each in (True, False))
    assert len(folded.folds) == 2
    assert whole.folds == []
    assert folded.x(found[2]) - folded.x(found[1]) < whole.x(found[2]) - whole.x(found[1])


def test_seconds_are_those_of_a_clock_that_nobody_sets() -> None:
    steps = steps_of(talking())
    back = [
        StepEntry(s.number, s.at - timedelta(hours=i > 3), s.mono, s.event, s.before, s.after, s.body)
        for i, s in enumerate(steps)
    ]
    assert lanes(back).length == lanes(steps).length
