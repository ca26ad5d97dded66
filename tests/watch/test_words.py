"""What watchers are told, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ivr_fsm.flow
from ivr_fsm.flow.commands import CancelTimer, Dial, Play, StartTimer, Tell
from ivr_fsm.flow.events import Timer
from ivr_fsm.watch.log import brief
from ivr_fsm.watch.words import Words

FLOW = Path(ivr_fsm.flow.__file__).parent


@pytest.mark.parametrize("language", ["ru", "en"])
def test_there_is_a_sentence_for_all_that_the_flow_tells(language: str) -> None:
    code = "".join(file.read_text("utf-8") for file in FLOW.glob("*.py"))
    told = set(re.findall(r'tell\(\s*"([a-z_]+)"', code)) | {"order_call", "other_call", "partner_call"}
    assert len(told) > 12, "the flow's way of telling has changed: mend this test"
    assert told <= Words(language).known


def test_both_languages_know_the_same_sentences() -> None:
    assert Words("ru").known == Words("en").known


def test_what_is_not_known_is_a_dash() -> None:
    said = Words("ru").say(Tell("other_call", {"phone": "+79161234567"}))
    assert said == "Звонок без заказа: -, +79161234567 -"


def test_who_answered_is_told_by_the_leg() -> None:
    facts = {"target": "shop", "leg_phone": "74951110001", "shop": "Мёд", "city": "Москва"}
    assert Words("en").say(Tell("answered", facts)) == "Answered: shop Мёд, Москва, 74951110001 -"


@pytest.mark.parametrize("hostile", ["{phone}", "{0.__class__}", "{", "<!channel>"])
def test_a_hostile_name_is_only_a_name(hostile: str) -> None:
    assert hostile in Words("ru").say(Tell("other_call", {"name": hostile}))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Play("FW1", "FW1-1"), "Play FW1-1"),
        (StartTimer(Timer(3, "limit"), 28.0), "StartTimer limit 28"),
        (CancelTimer(Timer(3, "limit")), "CancelTimer limit"),
        (Dial("leg", "shop", "74951110001", 90, 30), "Dial leg shop 74951110001 90 30"),
    ],
)
def test_a_command_in_a_few_words(command: Play | StartTimer | CancelTimer | Dial, said: str) -> None:
    assert brief(command) == said
