"""The plan file and its check: each mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr_fsm.flow.plan import Plan
from ivr_fsm.planfile import PlanError, check_plan, load_plan
from ivr_fsm.speech.prompts import PromptLibrary

PROMPTS = Path(__file__).parents[1] / "prompts"
NUMBERS = {"office": {"numbers": ["74951110011"]}, "call_centre": {"numbers": ["74951110021"]}}


def problems(**change: Any) -> list[str]:
    plan = Plan.model_validate({"targets": NUMBERS, **change})
    return check_plan(plan, PromptLibrary(PROMPTS, "ru"), "RU")


def refused(folder: Path, text: str) -> str:
    file = folder / "plan.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(PlanError) as caught:
        load_plan(file)
    return str(caught.value)


def test_the_default_plan_with_numbers_is_sound() -> None:
    assert problems() == []


def test_a_plan_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text('[dialing_shop]\nplays = ["0 FW6"]\ngives_up = 15\n', "utf-8")
    assert load_plan(file).dialing_shop.gives_up == 15


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[menu\n", "plan.toml: "),
        ("[menu]\ntrys = 3\n", "menu.trys: there is no such setting; did you mean tries?"),
        ("[menu]\ntries = 0\n", "menu.tries: "),
        (
            '[dialing_shop]\nplays = ["FW6"]\ngives_up = 15\n',
            "dialing_shop.plays.0: 'FW6' is not like '4 FW8'",
        ),
        ('[targets.office]\nhours = ["mon-fri"]\n', "targets.office: "),
        ('[targets.office]\nzone = "Mars/Olympus"\nhours = ["mon 09:00-10:00"]\n', "Mars/Olympus"),
        ('[targets.shop]\non_move = "drop"\n', "targets.shop.on_move: "),
    ],
)
def test_what_a_plan_cannot_say(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_a_plan_says_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text("\ufeff[dialing_shop]\ngives_up = 40\n[greeting]\nlimit = 20\n", "utf-8")
    plan = load_plan(file)
    assert (plan.dialing_shop.gives_up, plan.greeting.limit) == (40, 20)
    assert plan.dialing_shop.plays == Plan().dialing_shop.plays
    assert plan.greeting.prompt == Plan().greeting.prompt


@pytest.mark.parametrize("content", [b"\xcf\xeb\xe0\xed", b"a=" + b"[" * 5000])
def test_what_is_no_toml_at_all(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plan.toml"
    file.write_bytes(content)
    with pytest.raises(PlanError, match=r"plan\.toml: "):
        load_plan(file)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    found = refused(tmp_path, "[menu]\ntries = 0\nsilence = -1\n[greeting]\nprompt = 'x'\n")
    assert len(found.splitlines()) == 3


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml"):
        load_plan(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"greeting": {"prompt": "FW99"}}, "greeting.prompt: there is no prompt FW99"),
        (
            {"dialing_shop": {"plays": ["0 FW6", "20 FW8"], "gives_up": 15}},
            "dialing_shop: '20 FW8' is never heard: the state gives up at 15 s",
        ),
        (
            {"dialing_shop": {"plays": ["0 FW6", "1 FW8"], "gives_up": 15}},
            "dialing_shop: '0 FW6' lasts 1.9 s and would be cut off by '1 FW8'",
        ),
        (
            {"dialing_shop": {"plays": ["0 FW6", "14 FW4"], "gives_up": 15}},
            "'14 FW4' lasts 4.3 s and would be cut off by giving up at 15 s",
        ),
        (
            {"dialing_call_centre": {"plays": ["0 FW8 every 2"], "gives_up": 60}},
            "dialing_call_centre: '0 FW8 every 2' lasts 2.3 s and would be cut off by itself",
        ),
        (
            {"dialing_call_centre": {"plays": ["0 FW8 every 5"], "gives_up": 60}},
            "prompts.shop_closed: FW5 and what dialing_call_centre says at 0 last 6.4 s together",
        ),
        (
            {"greeting": {"prompt": "FW1", "limit": 5}},
            "greeting: FW1 lasts 8.8 s, longer than its limit of 5 s",
        ),
        (
            {"greeting": {"recorded": True, "limit": 10}},
            "greeting: FW1 and RECORDED last 10.6 s, longer than its limit of 10 s",
        ),
        (
            {"greeting": {"recorded": True}},
            "greeting.recorded: RECORDED and what dialing_office.from_menu says at 0 last 4.3 s together",
        ),
        ({"targets": {"office": NUMBERS["office"]}}, "targets.call_centre.numbers: nobody to ring"),
        (
            {"targets": {**NUMBERS, "office": {"numbers": ["7495{x}"]}}},
            "targets.office.numbers.0: '7495{x}' is not a phone number",
        ),
        (
            {"targets": {**NUMBERS, "shop": {"announce": True, "ring_limit": 10}}},
            "targets.shop.ring_limit: 10 s end before the state gives up at 32 s",
        ),
        (
            {"targets": {**NUMBERS, "shop": {"confirm": True, "park_limit": 20}}},
            "targets.shop.park_limit: 20 s, but who answers may have to wait 24 s",
        ),
        (
            {"targets": {**NUMBERS, "office": {"numbers": ["7495111001"]}}},
            "targets.office.numbers.0: '7495111001' is not a phone number: no country has",
        ),
        (
            {"targets": {**NUMBERS, "shop": {"numbers": ["74951110001"]}}},
            "targets.shop.numbers: the marketplace",
        ),
    ],
)
def test_what_would_serve_callers_badly(change: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(**change)), problems(**change)


def test_prompts_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "ru.toml").write_text('[recordings]\nFW1 = "Здравствуйте"\n', "utf-8")
    plan = Plan.model_validate({"targets": NUMBERS})
    found = check_plan(plan, PromptLibrary(tmp_path, "ru"), "RU")
    assert any(problem.startswith("prompt FW1 (") for problem in found)
    assert "menu.prompt: there is no prompt FW3; known are FW1" in found
