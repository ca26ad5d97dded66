"""What was foretold of calls with another plan, against the same people really played with that plan.

That every scenario of the demo goes as it went with its own plan is tested with the scenarios.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from tests.journal.modelled import all_go_as_they_went, plan_of, way, way_of, why, with_plan
from tests.scene import PROMPTS, scene
from tests.test_chaos import CALLERS, PHONES, _caller, _phone

from ivr_fsm.demo.run import play
from ivr_fsm.demo.scenarios import SCENARIOS, Scenario
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.whatif.reactions import NotModelled, Reactions
from ivr_fsm.journal.whatif.reading import reactions
from ivr_fsm.planfile import merged
from ivr_fsm.simulator import Faults

pytestmark = pytest.mark.virtual

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


_SCENARIOS: dict[str, tuple[CallEntry, Reactions]] = {}


async def known(name: str, folder: Path) -> tuple[CallEntry, Reactions]:
    """Return the scenario of that name as it was recorded; it is played once."""
    if name not in _SCENARIOS:
        _SCENARIOS[name] = await recorded(BY_NAME[name], folder)
    return _SCENARIOS[name]


async def recorded(scenario: Scenario, folder: Path) -> tuple[CallEntry, Reactions]:
    """Play *scenario* and read what people did in it."""
    journal = f"sqlite:///{mkdtemp(dir=folder)}/journal.db"
    await play(scenario, PROMPTS, journal=journal)
    reader = Reader(open_engine(journal))
    [call] = reader.calls(Wanted())
    return call, reactions(reader.steps(call.key), plan_of(reader, call))


@pytest.mark.parametrize("seed", range(6))
async def test_with_the_plan_that_they_had_calls_of_any_people_go_as_they_went(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    phones = {number: _phone(chance) for number in PHONES}
    async with scene(tmp_path, None, 100, phones) as stage:
        calls = []
        for _ in range(5):
            calls.append(stage.call(_caller(chance), chance.choice(CALLERS)))
            await asyncio.sleep(chance.uniform(0, 5))
        for each in calls:
            await each.ended
        await stage.service.live.emptied()
    reader = Reader(open_engine(stage.service.settings.journal))
    assert all_go_as_they_went(reader) == 5


async def test_a_call_whose_connection_broke_is_not_modelled(tmp_path: Path) -> None:
    async with scene(tmp_path, Faults(seed=1, drop_at=5.0), 100, {}) as stage:
        call = stage.call()
        await call.ended
        await stage.service.live.emptied()
    reader = Reader(open_engine(stage.service.settings.journal))
    [entry] = reader.calls(Wanted())
    with pytest.raises(NotModelled, match="the connection to the switch was lost"):
        reactions(reader.steps(entry.key), plan_of(reader, entry))


PEOPLE: dict[str, dict[str, Any]] = {
    # In both courses all are rung, and long enough.
    "support": {"phones": {"74951110012": "ring 8s, busy"}},
    # A conversation has an end.
    "voicemail": {
        "phones": {
            "74951110001": "ring 4s, answer, hang up after 60s",
            "74951110011": "ring 5s, answer, hang up 20s after bridge",
        }
    },
    # Patience has nothing to do with what is said.
    "abandoned-call-centre": {"does": "press 2 1s into FW3, hang up at 57s"},
}
"""Who is somebody else than in the scenario of that name."""

SHOP_15: dict[str, Any] = {"dialing_shop": {"gives_up": 15, "plays": ("0 FW6", "4 FW8")}}
OFFICE_CLOSED: dict[str, Any] = {"targets": {"office": {"hours": ("sun 10:00-11:00",)}}}


@pytest.mark.parametrize(
    ("name", "change", "outcome", "sooner"),
    [
        ("shop", SHOP_15, "answered:shop", 0),
        ("call-centre", SHOP_15, "answered:call_centre", 17),
        ("call-centre", OFFICE_CLOSED, "answered:call_centre", 10),
        ("support-silent", {"dialing_office": {"from_menu": {"gives_up": 20}}}, "answered:call_centre", 14),
        (
            "shop",
            {"targets": {"shop": {"announce": False}, "office": {"numbers": ("+7 495 111-00-99",)}}},
            "answered:shop",
            6.95,
        ),
        ("wrong-digits", {"menu": {"tries": 2}}, "answered:office", 2.04),
        ("voicemail", {"targets": {"shop": {"confirm": False}}}, "answered:shop", 17.1),
        ("slow-directory", {"identifying": {"limit": 0.5}}, "answered:office", 1.5),
        ("abandoned-identifying", {"identifying": {"limit": 0.5}}, "abandoned:greeting", None),
        (
            "abandoned-call-centre",
            {"dialing_office": {"from_menu": {"gives_up": 60}}},
            "abandoned:dialing_office",
            None,
        ),
        ("nobody", {"dialing_call_centre": {"gives_up": 20}}, "unanswered", None),
        ("support", {"targets": {"office": {"ring_limit": 5}}}, "unanswered", None),
        ("transfer-silent", {"transferring": {"gives_up": 1}}, "answered:call_centre", 0),
    ],
)
async def test_what_is_foretold_comes_true(
    name: str, change: dict[str, Any], outcome: str, sooner: float | None, tmp_path: Path
) -> None:
    scenario = replace(BY_NAME[name], **PEOPLE.get(name, {}))
    _, then = await (recorded(scenario, tmp_path) if name in PEOPLE else known(name, tmp_path))
    plan = Plan.model_validate(merged(then.plan.model_dump(), change))
    # How long the greeting and the announcement last is known of other calls.
    foretold = with_plan(then, plan, [(await known("shop", tmp_path))[1]])
    real, now = await recorded(replace(scenario, plan=merged(dict(scenario.plan), change)), tmp_path)
    assert foretold.unknown is None
    assert way(foretold) == way_of(real, now)
    assert foretold.outcome == outcome
    if real.answered:
        assert foretold.waited == pytest.approx((real.answered - real.started).total_seconds(), abs=0.05)
    if sooner is not None:
        before = with_plan(then, then.plan).waited
        assert before is not None
        assert foretold.waited is not None
        # The announcement is spoken while the test runs: engines differ by some tenths of a second.
        assert before - foretold.waited == pytest.approx(sooner, abs=0.3)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("shop-late", SHOP_15, "the office's phones rang 4.04 s and were given up; now they ring longer"),
        (
            "shop",
            {"menu": {"shop_digit": "2", "support_digit": "1"}},
            "the caller pressed a key, and what is said or what its keys do is something else now",
        ),
        (
            "shop",
            {"targets": {"shop": {"confirm": True}}},
            "the shop is asked to press a key, which it was not then",
        ),
        (
            "support",
            OFFICE_CLOSED,
            "a phone of the call centre is rung that was not rung then: 74951110021",
        ),
    ],
)
async def test_what_nobody_showed_is_not_foretold(
    name: str, change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    _, then = await known(name, tmp_path)
    assert why(with_plan(then, Plan.model_validate(merged(then.plan.model_dump(), change)))) == words
