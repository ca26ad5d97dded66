"""The message of a call: from calls that were played, in both languages, and within Slack's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_fsm.flow.caller import Customer, Order, Shop
from ivr_fsm.flow.events import CallArrived, CallerIdentified, LinkLost, StopWanted
from ivr_fsm.journal.personal import redact
from ivr_fsm.slack.card import Links, card, channel_of, finished
from ivr_fsm.slack.message import Dossier, Message
from ivr_fsm.slack.plaintext import plain
from ivr_fsm.watch.words import Words
from tests.flow.clock import (
    CALL_ID,
    MISSED,
    NOBODY,
    NOON,
    ORDER,
    OTHER,
    PARTNER,
    PHONE,
    LiveCall,
    announcing,
    at_call_centre,
    at_office,
    at_shop,
    bridging,
    calling_back,
    in_greeting,
    in_menu,
    plan,
    talking,
    transferring,
    unanswered,
)
from tests.slack.blockkit import buttons, faults, links
from tests.slack.told import KEY, always, dossier, entries, follow_up, never

MOSCOW = ZoneInfo("Europe/Moscow")
LINKS = Links(
    lambda call: f"https://calls.example/calls/{call.key}",
    lambda call: f"https://calls.example/recordings/{call.call}",
)
CHANNELS = {"order": "C1", "other": "C2", "partner": "C3"}
LATER = NOON + timedelta(minutes=5)


def made(shown: Dossier, language: str = "ru", *, may_act: bool = True) -> Message:
    """Return the card, which Slack takes."""
    message = card(shown, Words(language), LINKS, MOSCOW, may_act)
    assert faults(message) == []
    return message


def over(live: LiveCall) -> LiveCall:
    """The caller hangs up, and so does everybody else."""
    live.hangs_up()
    for leg in list(live.call.legs.values()):
        if leg.alive:
            live.ends(leg.target, live.call.dialed_here(leg.target).index(leg), "NORMAL_CLEARING")
    assert live.state == "ended"
    return live


def missed() -> LiveCall:
    live = unanswered()
    live.prompt_ends()
    return over(live)


# Who calls

RUSSIAN_AT_SHOP = """\
📞 Звонок по заказу
Клиент: Иван, +79161234567
Заказ: 10542 https://order.example/10542 · собирается
Магазин: Цветы https://shop.example/s1, Москва
Доставка: Тверская, 1
Звоним в магазин с 12:00:00
Звонят: магазин 74951110001, 74951110002
Дальше: в 12:00:32 → офис, если не ответят
[В офис] [В колл-центр] [Завершить звонок]
Звонок 23.11.2026 12:00:00 · Весь ход звонка https://calls.example/calls/7000000001"""


def test_a_call_that_rings_the_shop() -> None:
    live = at_shop()
    live.rings("shop")
    live.advance(5)
    assert plain(made(dossier(live))) == RUSSIAN_AT_SHOP


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    ("caller", "known"),
    [
        (ORDER, ["Иван", PHONE, "10542", "order.example/10542", "собирается", "Цветы", "Тверская, 1"]),
        (OTHER, ["Мария", PHONE, "https://orders.example/7"]),
        (NOBODY, [PHONE]),
        (PARTNER, [PHONE, "Цветы", "https://shop.example/s1", "Москва"]),
    ],
)
def test_who_calls_is_told_with_all_that_is_known(language: str, caller: Any, known: list[str]) -> None:
    shown = plain(made(dossier(in_greeting(caller)), language))
    assert [each for each in known if each not in shown] == []


def test_a_hidden_number_is_said_to_be_hidden() -> None:
    live = in_greeting(NOBODY)
    first = live.steps[0]
    live.steps[0] = replace(first, event=CallArrived(CALL_ID, ""))
    assert "номер скрыт" in plain(made(dossier(live)))


# Where the call is


@pytest.mark.parametrize(
    ("live", "lines"),
    [
        (in_menu(), ["В меню с 12:00:00", "Дальше: меню ещё раз, если ничего не нажмут"]),
        (at_office(), ["Звонят: офис 74951110011, 74951110012"]),
        (at_call_centre(), ["Дальше: в 12:01:00 → извинение и просьба к вам перезвонить, если не ответят"]),
        (announcing(), ["Взяли трубку: магазин «Цветы https://shop.example/s1», Москва, 74951110001"]),
        (bridging(), ["Соединяем с ответившим с 12:00:00", "Взяли трубку: офис, 74951110011"]),
        (talking(), ["💬 Разговаривают", "Разговаривают с 12:00:00: офис, Анна, 74951110011"]),
        (transferring(), ["Звонят: номер, на который перевели 74951110099"]),
        (unanswered(), ["Дальше: не позже 12:01:28 → конец звонка"]),
    ],
    ids=lambda each: getattr(each, "state", ""),
)
def test_where_the_call_is_and_what_comes_next(live: LiveCall, lines: list[str]) -> None:
    shown = plain(made(dossier(live))).splitlines()
    assert [line for line in lines if line not in shown] == []


def test_the_menu_is_not_said_a_third_time() -> None:
    live = in_menu()
    live.prompt_ends()
    assert "→ меню ещё раз" in plain(made(dossier(live)))
    live.advance(10)
    live.prompt_ends()
    assert "→ офис" in plain(made(dossier(live)))


def test_phones_of_an_earlier_target_ring_on_and_released_ones_do_not() -> None:
    live = at_shop()
    live.advance(32)
    assert "Звонят: магазин 74951110001, 74951110002; офис 7495" in plain(made(dossier(live)))
    live.ends("shop", 0)
    assert "Звонят: магазин 74951110002; офис 7495" in plain(made(dossier(live)))
    live.answers("office")
    assert "Звонят" not in plain(made(dossier(live)))


def test_forty_phones_are_counted() -> None:
    numbers = [f"749511{index:05}" for index in range(40)]
    live = in_menu(ORDER, plan(targets={"office": {"numbers": numbers}}))
    live.press("2")
    assert "ещё 34" in plain(made(dossier(live)))


# Buttons


@pytest.mark.parametrize(
    ("live", "offered"),
    [
        (in_greeting(), ["send_office", "send_call_centre", "stop"]),
        (in_menu(), ["send_office", "send_call_centre", "stop"]),
        (in_greeting(PARTNER), ["send_office", "send_call_centre", "stop"]),
        (at_shop(), ["send_office", "send_call_centre", "stop"]),
        (at_office(), ["send_call_centre", "stop"]),
        (at_call_centre(), ["send_office", "stop"]),
        (announcing(), ["stop"]),
        (talking(), ["stop"]),
        (over(talking()), []),
        (missed(), ["call_back", "done"]),
        (over(in_menu()), ["call_back", "done"]),
        (over(in_greeting(PARTNER)), []),
    ],
    ids=lambda each: getattr(each, "state", ""),
)
def test_the_buttons_are_those_that_do_something(live: LiveCall, offered: list[str]) -> None:
    assert buttons(made(dossier(live))) == offered
    assert buttons(made(dossier(live), may_act=False)) == []


def test_a_button_names_the_call_and_hanging_up_is_asked_twice() -> None:
    [actions] = [block for block in made(dossier(at_shop())).blocks if block["type"] == "actions"]
    assert {element["value"] for element in actions["elements"]} == {str(KEY)}
    assert [element["action_id"] for element in actions["elements"] if "confirm" in element] == ["stop"]


def test_a_call_that_is_called_back_or_done_is_not_called_back_twice() -> None:
    assert buttons(made(dossier(missed(), claimed=LATER))) == ["done"]
    assert buttons(made(dossier(missed(), done=LATER))) == []
    assert buttons(made(dossier(missed(), phone=""))) == ["done"]
    assert buttons(made(dossier(at_shop(), lost=LATER))) == ["call_back", "done"]


# After the end


def test_an_answered_call() -> None:
    live = at_shop()
    live.advance(12)
    live.answers("shop", 1)
    live.advance(5)
    live.announced("shop", 1)
    live.bridged("shop", 1)
    live.advance(95)
    shown = plain(made(dossier(over(live), recording="ok", recording_seconds=95.0))).splitlines()
    assert shown[0] == "✅ На звонок ответили"
    assert shown[-4:] == [
        "Ответил: магазин «Цветы https://shop.example/s1», Москва, 74951110002",
        "ждал 0:17 · разговор 1:35",
        "Запись разговора https://calls.example/recordings/0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11",
        "Звонок 23.11.2026 12:00:00 · окончен 12:01:52 · Весь ход звонка https://calls.example/calls/7000000001",
    ]


def test_whom_the_caller_was_transferred_to_is_who_answered() -> None:
    live = transferring()
    live.answers("transfer")
    live.known("transfer", name="Пётр")
    live.bridged("transfer")
    assert "Ответил: переведённый номер, Пётр, 74951110099" in plain(made(dossier(over(live))))


def test_nobody_knows_who_is_at_the_phone() -> None:
    live = at_office()
    live.answers("office")
    live.known("office", name="")
    live.bridged("office")
    assert "Ответил: офис, 74951110011" in plain(made(dossier(over(live))))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "end", ["answered", "abandoned", "stopped", "unanswered", "partner", "failed", "lost"]
)
def test_every_end_has_a_heading_and_an_outcome(language: str, end: str) -> None:
    stopped, failed = in_menu(), in_menu()
    stopped.send(StopWanted("Ольга"))
    failed.send(LinkLost("reset"))
    lives = {
        "answered": over(talking()),
        "abandoned": over(in_menu()),
        "stopped": stopped,
        "unanswered": missed(),
        "partner": over(in_greeting(PARTNER)),
        "failed": failed,
        "lost": in_menu(),
    }
    shown = plain(made(dossier(lives[end], lost=LATER if end == "lost" else None), language))
    heading = Words(language).all["heads.partner_told" if end == "partner" else f"heads.{end}"]
    assert shown.startswith(heading)
    assert f"{end}:" not in shown


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("ok", "Запись разговора https://calls.example/recordings/"),
        ("too short: 3.2 s of 30.0 s", "Запись с изъяном: короче разговора (3.2 s of 30.0 s)"),
        ("missing", "Запись с изъяном: файла нет"),
        ("a verdict of tomorrow", "Запись с изъяном: a verdict of tomorrow"),
        ("removed", "Запись удалена"),
    ],
)
def test_what_became_of_the_recording(verdict: str, said: str) -> None:
    message = made(dossier(over(talking()), recording=verdict))
    assert said in plain(message)
    has_link = any("/recordings/" in address for address in links(message))
    assert has_link is (verdict not in ("missing", "removed"))


def test_without_a_recording_or_a_place_for_it_there_is_no_link() -> None:
    assert not any("/recordings/" in each for each in links(made(dossier(missed(), recording=""))))
    message = card(dossier(over(talking()), recording="ok"), Words("ru"), Links(), MOSCOW, True)
    assert not any("calls.example" in each for each in links(message))


def called_back(answers: bool) -> LiveCall:
    live = LiveCall(plan(), start=NOON + timedelta(minutes=6), back=MISSED)
    live.identified(ORDER)
    live.advance(9)
    if answers:
        live.answers("customer")
        live.bridged("customer")
        live.advance(80)
        live.hangs_up()
        live.ends("customer")
    else:
        live.advance(45)
        live.prompt_ends()
        live.hangs_up()
    return live


def test_who_calls_back_is_told_and_what_came_of_it() -> None:
    claimed = [follow_up(1, "call_back")]
    shown = plain(made(dossier(missed(), claimed, claimed=LATER)))
    assert "Перезванивает Ольга с 12:05:00" in shown
    for answers, said in ((True, "ответил клиент, разговор 1:20"), (False, "клиент не ответил")):
        back = entries(called_back(answers), key=12)
        shown = plain(made(dossier(missed(), claimed, [back], claimed=LATER)))
        assert f"Клиенту перезвонили 12:06:00: {said}" in shown
        assert "Перезванивает" not in shown


def test_who_said_that_nothing_is_left_to_do() -> None:
    shown = plain(made(dossier(missed(), [follow_up(1, "done", "Пётр")], done=LATER)))
    assert shown.startswith("☑️ Решено")
    assert "Решено: Пётр, 12:05:00" in shown


def test_a_forgotten_call_is_told_without_the_person() -> None:
    whole = dossier(missed())
    without = redact(whole.call, whole.steps, (), number=None, forgotten=LATER)
    shown = made(replace(whole, call=without.call, steps=without.steps))
    text = plain(shown) + shown.text
    assert "личные данные удалены" in text
    for gone in ("Иван", PHONE, "10542", "Тверская", "[phone]", "[name]", "[order]", "[address]"):
        assert gone not in text
    assert buttons(shown) == ["done"]


# Where it is told, and when that is done


def test_a_call_is_told_in_the_channel_of_its_scenario() -> None:
    for caller, channel in ((ORDER, "C1"), (OTHER, "C2"), (NOBODY, "C2"), (PARTNER, "C3")):
        assert channel_of(dossier(in_greeting(caller)), CHANNELS, always) == channel
    assert channel_of(dossier(in_greeting(ORDER)), {"other": "C2"}, always) == ""


def test_nothing_is_told_before_it_is_known_who_calls_or_the_call_is_over() -> None:
    assert channel_of(dossier(LiveCall()), CHANNELS, always) is None
    assert channel_of(dossier(over(LiveCall())), CHANNELS, always) == "C2"
    assert channel_of(dossier(LiveCall(), lost=LATER), CHANNELS, always) == "C2"


def test_partners_are_told_while_reporting_is_on() -> None:
    live = LiveCall()
    live.advance(1)
    live.send(CallerIdentified(PARTNER))
    known = NOON + timedelta(seconds=1)
    assert channel_of(dossier(live), CHANNELS, lambda at: at == known) == "C3"
    assert channel_of(dossier(live), CHANNELS, lambda at: at != known) == ""
    assert channel_of(dossier(in_greeting(ORDER)), CHANNELS, never) == "C1"


def test_a_call_back_and_a_refused_call_have_no_message() -> None:
    assert channel_of(dossier(calling_back()), CHANNELS, always) == ""
    assert channel_of(dossier(LiveCall(), refused="too many calls"), CHANNELS, always) == ""


def test_a_call_is_finished_when_nothing_can_come_of_itself() -> None:
    assert not finished(dossier(at_shop()))
    releasing = at_shop()
    releasing.hangs_up()
    assert not finished(dossier(releasing))
    assert finished(dossier(missed())), "no recording was asked for"
    assert not finished(dossier(over(talking())))
    assert finished(dossier(over(talking()), recording="ok"))
    assert finished(dossier(at_shop(), lost=LATER))
    assert finished(dossier(LiveCall(), refused="too many calls"))


def test_a_call_is_not_finished_while_its_caller_is_called_back() -> None:
    back = called_back(answers=True)
    assert not finished(dossier(missed(), backs=[entries(calling_back(), key=12)]))
    assert not finished(dossier(missed(), backs=[entries(back, key=12)]))
    assert finished(dossier(missed(), backs=[entries(back, key=12, recording="ok")]))


# Whatever comes from outside

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["<!channel>", "<@U1>", "@here", "&lt;", "https://evil.example", "<https://e.x|a>", "*_~`>"]
    ),
    st.sampled_from(["😀" * 300, "&<" * 1500, "a" * 3000]),
)


@settings(max_examples=60)
@given(st.lists(HOSTILE, min_size=9, max_size=9), st.sampled_from(["ru", "en"]), st.booleans())
def test_whatever_a_customer_and_a_shop_are_called(texts: list[str], language: str, answered: bool) -> None:
    name, order, status, address, link, shop, city, phone, manager = texts
    caller = Customer(name, Order(order, Shop("s", shop, city, link, (phone,)), status, address, link), link)
    live = LiveCall(plan()).identified(caller)
    live.press("1")
    if answered:
        live.advance(32)
        live.answers("office")
        live.known("office", name=manager)
        live.bridged("office")
    message = made(dossier(live), language)
    assert not any("evil" in each for each in links(message) if link != "https://evil.example")
    live.hangs_up()
    made(dossier(live, [follow_up(1, "call_back", manager)], claimed=LATER, recording=status), language)


def test_a_card_on_which_everything_is_as_long_as_can_be() -> None:
    long, address = "<&" * 1500, "https://shop.example/" + "&" * 90
    shop = Shop("s", long, long, address, (long,) * 20)
    live = LiveCall(plan()).identified(Customer(long, Order(long, shop, long, long, address), address))
    live.press("1")
    made(dossier(live))
    live.answers("shop")
    live.announced("shop")
    live.bridged("shop")
    live.hangs_up()
    backs = [entries(called_back(answers=True), key=12)] * 5
    links = Links(lambda _call: address, lambda _call: address)
    shown = dossier(live, [follow_up(1, "done", long)], backs, done=LATER, recording=f"too long: {long}")
    assert faults(card(shown, Words("en"), links, MOSCOW, True)) == []
