"""The answers of guards, in words."""

from __future__ import annotations

import pytest
from tests.story.telling import ENGLISH, RUSSIAN

from ivr_fsm.flow.record import Judged
from ivr_fsm.story.reasons import Answer, answer

LEFT = "shop, office, office, call_centre"


@pytest.mark.parametrize(
    ("judged", "english", "russian"),
    [
        (
            Judged("shop_open", True, "arbat"),
            "yes: the shop is open (arbat)",
            "да: магазин открыт (arbat)",
        ),
        (
            Judged("shop_open", False, "no shop"),
            "no: the shop is open (no shop)",
            "нет: магазин открыт (магазина нет)",
        ),
        (
            Judged("legs_left", False, "0 left"),
            "yes: nobody is on the line any more (0 left)",
            "да: все уже отключились (на линии: 0)",
        ),
        (
            Judged("no_confirm_needed", False, "shop"),
            "yes: a key is needed to accept (shop)",
            "да: звонок надо принять клавишей (магазин)",
        ),
        (
            Judged("prompt_unheard", False, "played"),
            "yes: it could be played (played)",
            "да: запись удалось включить (прозвучала)",
        ),
        (
            Judged("never_bridged", True, "office"),
            "no: they had talked (office)",
            "нет: они успели поговорить (офис)",
        ),
        (
            Judged("nobody_rings", False, LEFT),
            "yes: a phone can still answer (4: 1 shop, 2 office, 1 call centre)",
            "да: кто-то ещё может ответить (4: магазин 1, офис 2, колл-центр 1)",
        ),
        (
            Judged("nobody_rings", True, "none left"),
            "no: a phone can still answer (none left)",
            "нет: кто-то ещё может ответить (никого)",
        ),
        (
            Judged("all_failed", False, "2 of call_centre left"),
            "yes: a phone of this target can still answer (2 of call centre left)",
            "да: здесь ещё могут ответить (колл-центр, телефонов: 2)",
        ),
        (
            Judged("has_order", False, "other"),
            "no: the caller has an active order (no order)",
            "нет: у звонящего есть активный заказ (заказа нет)",
        ),
        (
            Judged("tries_left", True, "1 of 3"),
            "yes: another try is left (wrong key 1 of 3)",
            "да: ещё одна попытка есть (не та клавиша: 1 из 3)",
        ),
        (
            Judged("office_open", True, "2026-11-23T09:00+00:00"),
            "yes: the office is open (Mon 09:00)",
            "да: офис открыт (пн 09:00)",
        ),
        (Judged("calls_back", False, ""), "no: this call calls a customer back", None),
        (Judged("of_tomorrow", True, "a_b"), "yes: of tomorrow (a b)", "да: of tomorrow (a b)"),
    ],
)
def test_a_guard_is_a_sentence_that_is_true_or_not(judged: Judged, english: str, russian: str | None) -> None:
    assert answer(judged, ENGLISH).text == english
    assert russian is None or answer(judged, RUSSIAN).text == russian


def test_whether_it_was_so_is_told_apart_from_the_words() -> None:
    assert answer(Judged("never_bridged", True, "office"), RUSSIAN) == Answer(
        "never_bridged", False, "они успели поговорить (офис)", "нет: они успели поговорить (офис)"
    )


@pytest.mark.parametrize("value", ["no date", "1 of many", "2 and 3 left", ""])
@pytest.mark.parametrize("guard", ["office_open", "tries_left", "all_failed", "repeats_left"])
def test_a_value_of_another_version_stands_as_it_is(guard: str, value: str) -> None:
    assert value in answer(Judged(guard, True, value), ENGLISH).text
