"""What watchers are told, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ivr_fsm.flow
from ivr_fsm.flow.commands import CancelTimer, Dial, Play, StartTimer, Tell
from ivr_fsm.flow.events import Timer
from ivr_fsm.flow.machine import CallFlow
from ivr_fsm.watch.log import brief
from ivr_fsm.watch.words import Words

FLOW = Path(ivr_fsm.flow.__file__).parent
LANGUAGES = ["ru", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_sentence_for_all_that_the_flow_tells(language: str) -> None:
    code = "".join(file.read_text("utf-8") for file in FLOW.glob("*.py"))
    told = set(re.findall(r'tell(?:_with_manager)?\(\s*(?:leg, )?"([a-z_]+)"', code))
    told |= set(re.findall(r'self\.tell\("([a-z_]+)" if back else "([a-z_]+)"', code)[0])
    told |= {"order_call", "other_call", "partner_call"}
    assert len(told) > 18, "the flow's way of telling has changed: mend this test"
    assert told <= Words(language).known


def test_both_languages_know_the_same_texts_and_the_same_facts() -> None:
    russian, english = (Words(language).all for language in LANGUAGES)
    assert russian.keys() == english.keys()
    for key in russian:
        ours, theirs = (set(re.findall(r"\{\w*\}", texts[key])) for texts in (russian, english))
        assert ours == theirs, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_every_bracket_is_closed(language: str) -> None:
    for key, text in Words(language).all.items():
        assert text.strip(), key
        assert re.sub(r"\[[^\[\]]*\]", "", text).count("[") == 0, key


def test_what_is_not_known_is_left_out_or_a_dash() -> None:
    said = Words("ru").say(Tell("other_call", {"phone": "+79161234567"}))
    assert said == "Звонок без заказа: +79161234567"
    assert Words("ru").say(Tell("wrong_digit", {})) == "Клиент нажал другую кнопку: -"


def test_who_answered_is_told_by_the_leg() -> None:
    facts = {"target": "shop", "leg_phone": "74951110001", "shop": "Мёд", "city": "Москва"}
    assert Words("en").say(Tell("answered", facts)) == "Answered: shop Мёд, Москва, 74951110001"
    facts = {"target": "office", "leg_phone": "74951110011", "manager": "Анна"}
    assert Words("ru").say(Tell("answered", facts)) == "Ответил: офис, Анна, 74951110011"


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        (Tell("sent_on", {"by": "Ольга", "next": "office"}), "Ольга переводит звонок в офис"),
        (Tell("stopped", {"by": "Ольга"}), "Ольга завершает звонок"),
        (
            Tell("too_late", {"by": "Ольга", "wanted": "call_centre", "state": "connected"}),
            "Кнопка ничего не изменила: Ольга, «перевести звонок в колл-центр» (соединён с ответившим)",
        ),
        (
            Tell("call_back_call", {"by": "Ольга", "office_phone": "74951110011"}),
            "Ольга перезванивает клиенту из офиса, 74951110011",
        ),
        (Tell("call_back_silent", {}), "Клиент не отвечает"),
        (
            Tell("transferred", {"to": "74951110099", "manager": "Пётр", "by": "Анна"}),
            "Звонок переведён: Пётр, 74951110099. Перевёл(а): Анна",
        ),
        (
            Tell("ended", {"outcome": "stopped:menu", "seconds": "7", "phone": "+7"}),
            "Звонок окончен: завершён вручную (в меню), 7 с, +7",
        ),
        (
            Tell("ended", {"outcome": "of tomorrow", "seconds": "7", "phone": "+7"}),
            "Звонок окончен: of tomorrow, 7 с, +7",
        ),
    ],
)
def test_what_people_did_is_told_with_who_did_it(tell: Tell, said: str) -> None:
    assert Words("ru").say(tell) == said


def test_a_call_back_has_words_of_its_own() -> None:
    tell = Tell("ended", {"outcome": "answered:customer", "seconds": "80"})
    assert Words("ru").say(tell, back=True) == "Перезвон окончен: ответил клиент, 80 с"
    assert Words("ru").outcome("unanswered", back=True) == "клиент не ответил"
    assert Words("ru").say(Tell("call_back_silent", {}), back=True) == "Клиент не отвечает"


@pytest.mark.parametrize("hostile", ["{phone}", "{0.__class__}", "{", "<!channel>", "[", "[{name}]"])
def test_a_hostile_name_is_only_a_name(hostile: str) -> None:
    assert hostile in Words("ru").say(Tell("other_call", {"name": hostile}))
    assert hostile in Words("ru").say(Tell("answered", {"target": "shop", "shop": hostile}))
    assert hostile in Words("ru").say(Tell("ended", {"outcome": hostile}))
    assert hostile in Words("ru").text("card.done", by=hostile, at="")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_the_chart_has_its_words(language: str) -> None:
    words = Words(language)
    states = {state.id for state in CallFlow().states_map.values() if state.is_atomic}
    assert len(states) > 14
    assert states <= {key.partition(".")[2] for key in words.all if key.startswith("states.")}
    ways = states - {"arriving"}
    assert ways <= {key.partition(".")[2] for key in words.all if key.startswith("where.")}


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
