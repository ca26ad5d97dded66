"""What watchers must be told: each row of the table, from calls that are played on the whole service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr_fsm.demo.run import Broken
from tests.slack.played import by_name, of_scenario, played
from tests.slack.webapi import ORDERS, OTHERS, SHOPS

pytestmark = pytest.mark.virtual

SHOP = "«Цветы на Арбате https://market.example/shops/arbat», Москва, 74951110001"


def lines_of(shown: str) -> list[str]:
    return shown.splitlines()


async def test_an_order_call_starts(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "shop")
    assert told.channel == ORDERS
    assert lines_of(told.first)[:5] == [
        "📞 Звонок по заказу",
        "Клиент: Мария Соколова, +79161234567, все заказы https://market.example/customers/1/orders",
        "Заказ: 10542 https://market.example/orders/10542 · Собирается",
        "Магазин: Цветы на Арбате https://market.example/shops/arbat, Москва",
        "Доставка: Москва, улица Арбат, 10, квартира 5",
    ]


@pytest.mark.parametrize(
    ("caller", "who"),
    [
        (
            "79161234569",
            "Клиент: Ольга Морозова, +79161234569, все заказы https://market.example/customers/3/orders",
        ),
        ("79990000000", "Клиент: кто это, неизвестно, +79990000000"),
    ],
)
async def test_a_call_without_an_order(tmp_path: Path, caller: str, who: str) -> None:
    told = await played(tmp_path, caller, "hang up 2s into FW1")
    assert told is not None
    assert told.channel == OTHERS
    assert lines_of(told.first)[:2] == ["📞 Звонок без заказа", who]


async def test_a_partner_calls_while_reporting_is_on(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "partner")
    assert told.channel == SHOPS
    assert lines_of(told.first)[:2] == [
        "🏪 Звонит магазин-партнёр",
        "Магазин: Цветы на Арбате https://market.example/shops/arbat, Москва, +74951110001",
    ]


OFF = {"slack_hours": "mon 00:00-00:01", "slack_zone": "Pacific/Kiritimati"}
"""One minute a week."""


async def test_a_partner_calls_while_reporting_is_off(tmp_path: Path) -> None:
    assert await played(tmp_path, *by_name("partner"), **OFF) is None


async def test_a_wrong_digit(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "wrong-digits")
    wrong = [line for line in told.thread if "другую кнопку" in line]
    assert len(wrong) == 3
    assert all(re.fullmatch(r"Клиент нажал другую кнопку: [03-9*#]", line) for line in wrong)


async def test_the_shop_did_not_answer(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "shop-busy")
    assert told.thread[0] == (
        "Магазин «Цветы на Арбате https://market.example/shops/arbat» не ответил: "
        "Москва, 74951110001, 74951110002. Переводим: в офис"
    )


GOING = ["Соединяем с офисом", "Офис не ответил, соединяем с колл-центром"]


async def test_to_the_office_and_on_to_the_call_centre_while_reporting_is_on(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "support-silent")
    assert told.thread[:2] == GOING


async def test_to_the_office_and_on_to_the_call_centre_while_reporting_is_off(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "support-silent", **OFF)
    assert told.thread[0].startswith("Ответил: колл-центр")
    assert len(told.thread) == 2


@pytest.mark.parametrize(
    ("scenario", "who"),
    [
        ("shop", f"магазин {SHOP}"),
        ("support", "офис, Борис, 74951110012"),
        ("call-centre", "колл-центр, Колл-центр, круглосуточно, 74951110021"),
    ],
)
async def test_who_answered(tmp_path: Path, scenario: str, who: str) -> None:
    told = await of_scenario(tmp_path, scenario)
    assert f"Ответил: {who}" in told.thread
    assert f"Ответил: {who}" in lines_of(told.last)


async def test_transferred(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "transfer")
    [line] = [line for line in told.thread if line.startswith("Звонок переведён")]
    assert line == "Звонок переведён: Борис, +74951110012. Перевёл(а): Анна"


async def test_nobody_answered(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "nobody")
    assert told.loud == ["❗ Никто не ответил. Перезвоните: +79161234567"]
    assert lines_of(told.last)[0] == "❗ Никто не ответил"


async def test_ended_with_outcome_durations_and_recording(tmp_path: Path) -> None:
    told = await of_scenario(tmp_path, "shop")
    assert re.fullmatch(r"Звонок окончен: ответил магазин, \d+ с, \+79161234567", told.thread[-1])
    last = lines_of(told.last)
    assert last[0] == "✅ На звонок ответили"
    assert "ждал 0:22 · разговор 0:20" in last
    [recording] = [line for line in last if line.startswith("Запись разговора ")]
    assert re.fullmatch(
        r"Запись разговора https://calls\.example/recordings/[0-9a-f-]{36}\.wav\?\S+", recording
    )
    assert not told.loud


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        ("abandoned-menu", "клиент положил трубку (в меню)"),
        ("partner", "магазину-партнёру предложено писать в чат"),
        ("nobody", "никто не ответил"),
    ],
)
async def test_ended_otherwise(tmp_path: Path, scenario: str, outcome: str) -> None:
    told = await of_scenario(tmp_path, scenario)
    assert told.thread[-1].startswith(f"Звонок окончен: {outcome}, ")
    assert f"Итог: {outcome}" in lines_of(told.last)


async def test_the_marketplace_fails_and_slack_is_told(tmp_path: Path) -> None:
    told = await played(tmp_path, *by_name("broken-directory"), directory=Broken("directory"))
    assert told is not None
    assert len(told.loud) == 1
    assert "Не удалось узнать, кто звонит" in told.loud[0]
