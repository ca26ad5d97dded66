"""The pictures are made from the chart, and those in docs/ are today's."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.flow.docs import DOCS, renewed
from tests.flow.ways import WAYS

from ivr_fsm.flow.diagram import chart, mermaid, svg, transition_table
from ivr_fsm.flow.drawing import CURVES, PLACES, Box

LEAVING = {way for way in WAYS if way.target}


def test_every_way_is_in_the_table() -> None:
    rows = transition_table().splitlines()[2:]
    assert len(rows) == len(set(rows)) == len(LEAVING)
    way = "| `dialing_shop` | leg ended | all failed, office open | `dialing_office` |"
    assert way in rows


def test_every_way_is_in_the_mermaid_diagram() -> None:
    text = mermaid()
    assert text.startswith("stateDiagram-v2\n    [*] --> arriving\n")
    for way in LEAVING:
        arrow = next(line for line in text.splitlines() if f" {way.source} --> {way.target} :" in line)
        guards = f" [{', '.join(way.guards.split())}]".replace("_", " ") if way.guards else ""
        assert way.event.replace("_", " ") + guards in arrow.split(" : ")[1].split("<br/>")
    assert "        state dialing {\n            [*] --> dialing_shop\n" in text


def test_every_state_and_event_is_in_the_drawing() -> None:
    drawn = ElementTree.fromstring(svg())
    texts = {"".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {state.replace("_", " ") for state in chart().inside} <= texts
    paths = [each for each in drawn.iter("{http://www.w3.org/2000/svg}path") if each.get("marker-end")]
    assert len(paths) == len({(way.source, way.target) for way in LEAVING})
    assert "call arrived" in texts


def test_nothing_is_placed_by_hand_that_the_chart_does_not_have() -> None:
    assert set(PLACES) == set(chart().inside)
    assert set(CURVES) <= set(chart().pairs())


def test_a_state_inside_another_is_drawn_inside_it() -> None:
    for outer, children in chart().inside.items():
        for child in children:
            assert _holds(PLACES[outer], PLACES[child]), f"{child} is outside {outer}"


def _holds(outer: Box, inner: Box) -> bool:
    return (
        abs(outer.x - inner.x) + inner.w / 2 < outer.w / 2
        and abs(outer.y - inner.y) + inner.h / 2 < outer.h / 2
    )


def test_an_arrow_starts_at_the_edge_of_its_box() -> None:
    box = Box(100, 100, 40, 20)
    assert box.edge((200, 100)) == (120, 100)
    assert box.edge((100, 0)) == (100, 90)
    assert box.edge((140, 140)) == (110, 110)


@pytest.mark.parametrize("page", ["flow.md", "flow.svg"])
def test_docs_are_fresh(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == renewed(page), "stale: run python -m tests.flow.docs"


def test_docs_have_the_generated_parts() -> None:
    text = (DOCS / "flow.md").read_text("utf-8")
    assert mermaid() in text
    assert transition_table() in text
    assert "(flow.svg)" in text
