"""Every scenario of the demo, over real sockets on the virtual clock: where calls went, what people heard."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from tests.journal.modelled import all_go_as_they_went
from tests.journal.recorded import checked, text_of

from ivr_fsm.demo.run import Played, play
from ivr_fsm.demo.scenarios import SCENARIOS, Scenario
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted

PROMPTS = Path(__file__).parents[2] / "prompts"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

pytestmark = pytest.mark.virtual


def kept(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    return f"sqlite:///{folder}/journal.db"


def heard(played: Played) -> list[str]:
    """The prompts that the caller heard, those that were cut off in brackets."""
    assert played.caller is not None
    return [
        Path(each.file).stem if each.whole else f"({Path(each.file).stem})"
        for each in played.caller.heard
        if not each.file.startswith("tone_stream:")
    ]


def told(played: Played) -> list[str]:
    return [tell.what for _, step in played.steps for tell in step.told]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_a_call_goes_where_it_must_and_the_journal_knows_why(
    scenario: Scenario, tmp_path: Path
) -> None:
    journal = f"sqlite:///{tmp_path}/journal.db"
    played = await play(scenario, PROMPTS, journal=journal)
    assert played.again is not None
    assert played.faults == []
    _forgotten_it_replays_the_same(Reader(open_engine(journal)))
    if not (scenario.presses or scenario.back):
        # In the others somebody who watched took a hand: it is not known when they would do so again.
        assert all_go_as_they_went(Reader(open_engine(journal))) == 1


def _forgotten_it_replays_the_same(journal: Reader) -> None:
    for call in journal.each(Wanted()):
        plan = journal.plan(call.plan)
        assert plan is not None
        left = text_of(checked(call, journal.steps(call.key), plan, forgotten=call.started))
        person = (call.phone, call.name, call.order_id)
        assert [each for each in person if each and each in left] == []


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("shop", ["FW1", "(FW3)", "FW6", "FW8"]),
        ("shop-busy", ["FW1", "(FW3)", "FW6", "FW4", "(FW8)"]),
        ("call-centre", ["FW1", "(FW3)", "FW6", "FW8", "FW8", "FW4", "FW8", "FW8", "(FW8)"]),
        ("shop-closed", ["FW1", "(FW3)", "FW5", "FW8"]),
        ("support", ["FW1", "(FW3)", "FW7", "FW8"]),
        ("early-digit", ["(FW1)", "FW6", "FW8"]),
        ("wrong-digits", ["FW1", "(FW3)", "(FW3)", "(FW3)", "FW7"]),
        ("no-digit", ["FW1", "FW3", "FW3", "FW7"]),
        ("unknown", ["FW1", "FW8"]),
        ("partner", ["FW2"]),
        ("nobody", ["FW1", "(FW3)", "FW6", "FW8", "FW8", "FW4", *["FW8"] * 7, "FW9"]),
    ],
)
async def test_what_the_caller_hears(name: str, prompts: list[str], tmp_path: Path) -> None:
    played = await play(BY_NAME[name], PROMPTS, journal=kept(tmp_path))
    assert heard(played)[: len(prompts)] == prompts


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("shop", ["order_call", "answered", "ended"]),
        ("shop-busy", ["order_call", "shop_silent", "answered", "ended"]),
        ("support-silent", ["order_call", "to_office", "office_silent", "answered", "ended"]),
        ("wrong-digits", ["order_call", *["wrong_digit"] * 3, "to_office", "answered", "ended"]),
        ("partner", ["partner_call", "ended"]),
        ("transfer", ["order_call", "to_office", "answered", "transferred", "answered", "ended"]),
        ("nobody", ["order_call", "shop_silent", "office_silent", "unanswered", "ended"]),
    ],
)
async def test_what_watchers_are_told(name: str, kinds: list[str], tmp_path: Path) -> None:
    assert told(await play(BY_NAME[name], PROMPTS, journal=kept(tmp_path))) == kinds


@pytest.mark.parametrize(
    "name", ["shop", "shop-busy", "call-centre", "support-silent", "shop-drops", "nobody"]
)
async def test_nobody_is_left_in_silence_while_phones_ring(name: str, tmp_path: Path) -> None:
    caller = (await play(BY_NAME[name], PROMPTS, journal=kept(tmp_path))).caller
    assert caller is not None
    waiting = [each for each in caller.heard if Path(each.file).stem not in ("FW1", "FW3")]
    silences = [after.start - before.stop for before, after in pairwise(waiting)]
    assert silences, "nothing was heard"
    assert max(silences) < 0.1


async def test_the_same_scenario_goes_the_same_way_twice(tmp_path: Path) -> None:
    first, second = [
        (await play(BY_NAME["transfer"], PROMPTS, journal=kept(tmp_path / each))).steps
        for each in ("first", "second")
    ]
    assert [step for _, step in first] == [step for _, step in second]
