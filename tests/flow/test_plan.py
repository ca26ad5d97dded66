"""The plan: what its files say, and what they cannot say."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.flow.clock import NOON, plan

from ivr_fsm.flow.plan import Mark, Plan, Timeline, timeline


def shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((files("ivr_fsm") / "examples" / name).read_text("utf-8"))


def keys(content: dict[str, Any], prefix: str = "") -> set[str]:
    """Every setting by its dotted name."""
    found: set[str] = set()
    for name, value in content.items():
        found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"}
    return found


def test_the_default_file_is_the_default_plan() -> None:
    said = Plan.model_validate(shipped("default.toml"))
    numbers = {name: {"numbers": getattr(said.targets, name).numbers} for name in ("office", "call_centre")}
    assert said == Plan.model_validate({"targets": {**numbers, "shop": {"announce": True}}})
    assert (len(said.targets.office.numbers), len(said.targets.call_centre.numbers)) == (3, 1)


def test_the_default_file_is_complete() -> None:
    assert keys(shipped("default.toml")) == keys(Plan().model_dump())


def test_the_fast_file_gives_shop_and_office_fifteen_seconds() -> None:
    fast = Plan.model_validate(shipped("fast.toml"))
    assert fast.dialing_shop.gives_up == 15
    assert fast.dialing_office.from_menu.gives_up == fast.dialing_office.otherwise.gives_up == 15
    assert fast.dialing_call_centre == Plan().dialing_call_centre


def test_a_timeline_is_written_as_it_is_read() -> None:
    said = timeline(60, "0 FW8 every 10", "2.5 FW4")
    assert said.model_dump()["plays"] == ("0 FW8 every 10", "2.5 FW4")
    assert type(said).model_validate(said.model_dump()) == said
    assert said.plays[0] == Mark(at=0, prompt="FW8", every=10)


@pytest.mark.parametrize(
    ("plays", "marks"),
    [
        (["0 FW8 every 10"], [(0, "FW8"), (10, "FW8"), (20, "FW8")]),
        (["4 FW8", "0 FW6"], [(0, "FW6"), (4, "FW8")]),
        (["0 FW6", "0 FW4"], [(0, "FW6"), (0, "FW4")]),
        (["30 FW4", "29.5 FW8"], [(29.5, "FW8")]),
        ([], []),
    ],
)
def test_marks_of_a_timeline(plays: list[str], marks: list[tuple[float, str]]) -> None:
    assert timeline(30, *plays).marks() == marks


@pytest.mark.parametrize(
    "wrong",
    [
        {"menu": {"shop_digit": "1", "support_digit": "1"}},
        {"menu": {"shop_digit": "12"}},
        {"menu": {"tries": 0}},
        {"identifying": {"limit": 0}},
        {"greeting": {"prompt": "../secret"}},
        {"dialing_shop": {"plays": ["FW6 0"], "gives_up": 10}},
        {"dialing_shop": {"plays": ["0 FW6 every 0"], "gives_up": 10}},
        {"dialing_shop": {"plays": [7], "gives_up": 10}},
        {"targets": {"office": {"hours": ["someday"]}}},
        {"targets": {"office": {"on_move": "perhaps"}}},
        {"nobody": {}},
    ],
)
def test_what_a_plan_cannot_say(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate(wrong)


def test_an_office_with_hours() -> None:
    office = plan(targets={"office": {"hours": ["mon 12:00-13:00"]}}).targets.office
    assert office.is_open(NOON)
    assert not office.is_open(NOON + timedelta(hours=1))
    assert Plan().targets.office.is_open(NOON)


def test_a_plan_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Plan().menu.tries = 5


@given(st.floats(0, 1e6), st.none() | st.floats(1, 1e6))
def test_a_mark_is_written_as_it_is(at: float, every: float | None) -> None:
    written = Timeline(plays=(Mark(at=at, prompt="FW8", every=every),), gives_up=60)
    assert Timeline.model_validate_json(written.model_dump_json()) == written
