"""The rows of a story, and that they are safe to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from tests.flow.clock import (
    NOON,
    ORDER,
    SHOP,
    LiveCall,
    at_call_centre,
    at_shop,
    in_greeting,
    talking,
)
from tests.story.telling import ENGLISH, RUSSIAN, all_texts, call_of, steps_of, told

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Customer, Order
from ivr_fsm.journal.entries import GapEntry
from ivr_fsm.story.names import outcome_words
from ivr_fsm.story.teller import tell
from ivr_fsm.story.view import View


def silent_shop() -> LiveCall:
    live = at_shop()
    live.rings("shop")
    live.rings("shop", 1)
    live.advance(32)
    return live


def test_every_step_is_in_one_row_or_left_out() -> None:
    live = silent_shop()
    live.press("7")
    live.send(events.PromptFinished("FW9-9"))
    folded, whole = told(live, ENGLISH), told(live, ENGLISH, every=True)
    numbers = [number for row in folded.rows for number in row.numbers]
    assert sorted(numbers) == sorted(set(numbers))
    assert len(numbers) + folded.left_out == len(live.steps)
    assert folded.left_out
    assert [row.numbers for row in whole.rows] == [[each] for each in range(1, len(live.steps) + 1)]
    assert whole.left_out == 0


def test_a_row_that_joins_steps_names_them_all() -> None:
    live = silent_shop()
    [rings] = [row for row in told(live, RUSSIAN).rows if row.words.startswith("идёт вызов: магазин")]
    assert rings.words == "идёт вызов: магазин 74951110001, 74951110002"
    ringing = [each.number for each in steps_of(live) if each.event == "LegRinging"]
    assert rings.numbers == ringing
    assert len(ringing) == 2


def test_a_phone_that_is_nobodys_says_nothing() -> None:
    live = in_greeting()
    live.send(events.LegRinging("nobody's"))
    assert told(live, ENGLISH).left_out == 1
    assert told(live, ENGLISH, every=True).rows[-1].words == "a phone not of this call rings"


def test_missing_steps_and_gaps_stand_for_no_step() -> None:
    live = silent_shop()
    steps = [each for each in steps_of(live) if each.number not in (3, 4, 6)]
    gap = GapEntry("ivr-1", NOON, NOON + timedelta(seconds=5), "disk is full", late=3, lost=0)
    rows = tell(call_of(live), steps, [gap], RUSSIAN).rows
    [[gap_told], several, one] = [row.trouble for row in rows if not row.numbers]
    assert gap_told.startswith("журнал отставал до 09:00:05 (disk is full); ")
    assert gap_told.endswith("записано с опозданием 3")
    assert several == ["в журнале нет шагов с 3 по 4"]
    assert one == ["в журнале нет шага 6"]


HOSTILE = "<b>{phone}[x]\n\x1b[31m +79169998877"


def hostile() -> LiveCall:
    customer = Customer(HOSTILE, Order(HOSTILE, replace(SHOP, name=HOSTILE, id=HOSTILE), HOSTILE))
    live = in_greeting(customer)
    live.press("1")
    live.ends("shop", 0, HOSTILE)
    live.send(events.LinkLost(HOSTILE))
    return live


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("every", [True, False])
def test_every_text_is_safe_to_show(language: str, every: bool) -> None:
    live = hostile()
    texts = all_texts(told(live, View(UTC, masked=True, language=language), every=every))
    assert all(text.isprintable() for text in texts)
    for phone in ("9169998877", "74951110001", "9161234567"):
        assert not any(phone in text for text in texts)
    assert any("<b>{phone}[x]" in text for text in texts)
    assert any("+791******67" in text for text in texts)


def test_whole_numbers_are_shown_if_that_is_not_forbidden() -> None:
    assert any("+79161234567" in text for text in all_texts(told(hostile(), RUSSIAN)))


def test_trouble_is_told_in_the_language_of_the_story() -> None:
    live = LiveCall()
    live.advance(2)
    live.send(events.PromptFinished(live.call.awaited, "missing"))
    trouble = [text for row in told(live, RUSSIAN).rows for text in row.trouble]
    assert trouble == ["Не удалось узнать, кто звонит: нет ответа за 2 с", "Не звучит запись FW1: нет файла"]


def test_what_still_runs_is_known() -> None:
    story = told(at_call_centre(), ENGLISH)
    assert story.running[0].timer.name == "play 1 FW8"
    assert story.running[-1].timer.name == "limit"


@pytest.mark.parametrize(
    ("known", "english", "russian"),
    [
        ({"outcome": "answered:office", "ended": NOON}, "answered by the office", "ответил офис"),
        (
            {"outcome": "abandoned:menu", "ended": NOON},
            "abandoned: the caller hung up in menu",
            "звонящий положил трубку (меню)",
        ),
        ({"outcome": "partner", "ended": NOON}, "a partner shop, sent to the chat", None),
        ({"outcome": "of tomorrow", "ended": NOON}, "of tomorrow", "of tomorrow"),
        ({"state": "menu"}, "live, in menu", "идёт: меню"),
        (
            {"state": "menu", "lost": NOON},
            "lost: its end is not known, only that it was in menu",
            "чем кончился, неизвестно; последнее известное: меню",
        ),
        (
            {"refused": "too many calls"},
            "refused: too many calls",
            "не принят: слишком много звонков",
        ),
    ],
)
def test_how_a_call_ended(known: dict[str, object], english: str, russian: str | None) -> None:
    call = call_of(talking(), **known)
    assert outcome_words(call, ENGLISH) == english
    assert russian is None or outcome_words(call, RUSSIAN) == russian


def test_a_customer_is_told_with_order_and_shop() -> None:
    rows = told(in_greeting(ORDER), RUSSIAN).rows
    assert rows[1].words == "клиент: Иван, заказ 10542 (собирается), магазин «Цветы», открыт"
