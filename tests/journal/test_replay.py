"""A recorded call through today's flow: identical, or exactly what a changed plan or flow does otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr_fsm.app import EXAMPLES
from ivr_fsm.demo.run import play
from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.flow.actions import Actions
from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.replay import plan_changes, replay
from ivr_fsm.planfile import load_plan, merged

pytestmark = pytest.mark.virtual

PROMPTS = Path(__file__).parents[2] / "prompts"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
PLAN = load_plan(EXAMPLES / "default.toml")


async def recorded(name: str, folder: Path) -> list[StepEntry]:
    played = await play(BY_NAME[name], PROMPTS, journal=f"sqlite:///{folder}/journal.db")
    assert played.faults == []
    return played.written


def changed(**sections: Any) -> Plan:
    return Plan.model_validate(merged(PLAN.model_dump(), sections))


def shown(commands: tuple[Any, ...]) -> list[str]:
    """Return commands as ``StartTimer limit 32``, without the ids of legs."""
    return [
        " ".join(
            [
                command["is"],
                *(str(value["name"]) for key, value in command.items() if key == "timer"),
                *(f"{value:g}" for key, value in command.items() if key == "after"),
                *(str(value) for key, value in command.items() if key in ("code", "cause", "phone")),
            ]
        )
        for command in commands
    ]


async def test_a_changed_limit_shows_in_the_state_that_it_belongs_to(tmp_path: Path) -> None:
    steps = await recorded("shop", tmp_path)
    again = replay(steps, changed(dialing_shop={"gives_up": 15.0}))
    assert again.difference is not None
    assert again.difference.recorded.after == again.difference.today.after == "dialing_shop"
    assert shown(again.difference.missing) == ["StartTimer play 3 FW4 24", "StartTimer limit 32"]
    assert shown(again.difference.added) == ["StartTimer limit 15"]
    assert again.difference.guards == ()


async def test_a_changed_prompt_shows_where_it_is_played(tmp_path: Path) -> None:
    again = replay(await recorded("partner", tmp_path), changed(partner_notice={"prompt": "FW1"}))
    assert again.difference is not None
    assert again.difference.today.after == "partner_notice"
    assert (shown(again.difference.missing), shown(again.difference.added)) == (["Play FW2"], ["Play FW1"])


async def test_changed_hours_show_in_the_guard_that_asks_for_them(tmp_path: Path) -> None:
    again = replay(
        await recorded("support", tmp_path), changed(targets={"office": {"hours": ["sat 09:00-10:00"]}})
    )
    assert again.difference is not None
    assert (again.difference.recorded.after, again.difference.today.after) == (
        "dialing_office",
        "dialing_call_centre",
    )
    [(guard, then, now)] = again.difference.guards
    assert guard == "office_open"
    assert then.startswith("office open") and now.startswith("not office open")


async def test_what_a_call_never_comes_to_may_change_unseen(tmp_path: Path) -> None:
    assert replay(await recorded("shop", tmp_path), changed(dialing_call_centre={"gives_up": 5.0})).same


async def test_a_flow_that_forgets_to_release_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = await recorded("two-at-once", tmp_path)

    def keep_answered(self: Actions) -> None:
        self.call.answered = self.call.event_leg

    monkeypatch.setattr(Actions.keep_answered, "__code__", keep_answered.__code__)
    again = replay(steps, PLAN)
    assert again.difference is not None
    assert again.difference.recorded.event == "LegAnswered"
    assert shown(again.difference.missing) == ["Release LOSE_RACE"]
    assert again.difference.added == ()


async def test_a_flow_that_judges_otherwise_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = await recorded("wrong-digits", tmp_path)

    def nobody_may_try_again(self: Guards) -> tuple[bool, object]:
        return False, "never"

    inner = Guards.tries_left.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr(inner, "__code__", nobody_may_try_again.__code__)
    again = replay(steps, PLAN)
    assert again.difference is not None
    assert (again.difference.recorded.after, again.difference.today.after) == ("menu", "dialing_office")
    assert ("tries_left", "tries left (1 of 3)", "not tries left (never)") in again.difference.guards


async def test_a_missing_step_ends_the_replay(tmp_path: Path) -> None:
    steps = await recorded("shop", tmp_path)
    again = replay([*steps[:4], *steps[5:]], PLAN)
    assert (again.stopped, len(again.steps)) == ("step 5 is missing from the journal", 4)
    assert not again.same
    assert replay([], PLAN).stopped == "the journal has no step of this call"


async def test_an_event_of_another_version_ends_the_replay(tmp_path: Path) -> None:
    steps = await recorded("partner", tmp_path)
    strange = StepEntry(2, steps[1].at, 0.0, "CallerSang", "", "", {"event": {"is": "CallerSang"}})
    again = replay([steps[0], strange], PLAN)
    assert again.stopped == "step 2: there is no 'CallerSang' in this version's flow"


def test_plan_changes_are_told_by_their_places() -> None:
    new = changed(dialing_shop={"gives_up": 15.0}, targets={"office": {"announce": True}})
    assert plan_changes(PLAN, new) == [
        "dialing_shop.gives_up: 32, now 15",
        "targets.office.announce: False, now True",
    ]
    assert plan_changes(PLAN, PLAN) == []
