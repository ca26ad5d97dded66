"""Every way of the statechart is taken, and leads where it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.flow.rules import Watch
from tests.flow.ways import WAYS, Push, Start, Way

from ivr_fsm.flow import step
from ivr_fsm.flow.machine import CallFlow


class Listener:
    """Notes the ways that the statechart takes."""

    def __init__(self) -> None:
        self.taken: list[Way] = []

    def after_transition(self, transition: Any, event: Any) -> None:
        self.taken.append(_way(transition, event))


def _way(transition: Any, event: Any) -> Way:
    target = transition.target.id if transition.target else ""
    return Way(transition.source.id, str(event), " ".join(map(str, transition.cond)), target)


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def chart(listener: Listener) -> CallFlow:
    chart = CallFlow()
    chart.add_listener(listener)  # type: ignore[no-untyped-call]
    return chart


@pytest.fixture(autouse=True)
def listened(monkeypatch: pytest.MonkeyPatch, chart: CallFlow, listener: Listener) -> Iterator[None]:
    monkeypatch.setattr(step, "_chart", lambda: chart)
    listener.taken.clear()
    yield


@pytest.mark.parametrize(("way", "how"), WAYS.items(), ids=map(str, WAYS))
def test_way(way: Way, how: tuple[Start, Push], listener: Listener) -> None:
    start, push = how
    live = start()
    watch = Watch(live)
    watch.check()
    push(live)
    watch.check()
    assert listener.taken[-1] == way
    if way.target and way.source != "arriving":
        assert live.state == way.target


def test_no_way_is_left_out(chart: CallFlow) -> None:
    ways = {
        _way(transition, event)
        for state in chart.states_map.values()
        for transition in state.transitions
        if not transition.initial
        for event in transition.events
    }
    assert set(WAYS) == ways
