"""The thread of a call: each row of what must be told, from calls that were played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.flow.caller import Unknown
from ivr_fsm.flow.events import LinkLost, PromptFinished, SendWanted, StopWanted
from ivr_fsm.journal.personal import redact
from ivr_fsm.slack.lines import advance, lines, thread_message
from ivr_fsm.slack.message import Dossier, Line, Posted
from ivr_fsm.slack.plaintext import plain
from ivr_fsm.watch.words import Words
from tests.flow.clock import (
    MISSED,
    NOON,
    ORDER,
    ORDER_OF_CLOSED,
    LiveCall,
    at_call_centre,
    at_office,
    at_shop,
    calling_back,
    in_greeting,
    in_menu,
    plan,
    talking,
    transferring,
    unanswered,
)
from tests.slack.blockkit import faults
from tests.slack.told import KEY, always, dossier, entries, follow_up, never, told

MOSCOW = ZoneInfo("Europe/Moscow")
LATER = NOON + timedelta(minutes=5)


def of(shown: Dossier, language: str = "ru", posted: Posted | None = None) -> list[Line]:
    """Return the lines of a call; their message is one that Slack takes."""
    found = lines(shown, posted or {}, Words(language), always)
    if found:
        assert faults(thread_message(found, Words(language), MOSCOW)) == []
    return found


def texts(shown: Dossier, language: str = "ru") -> list[str]:
    """Return the lines as people read them."""
    found = of(shown, language)
    return plain(thread_message(found, Words(language), MOSCOW)).splitlines() if found else []


def wrong_digit() -> LiveCall:
    live = in_menu()
    live.press("7")
    return live


def shop_silent() -> LiveCall:
    live = at_shop()
    live.advance(32)
    return live


def missing_prompt() -> LiveCall:
    live = in_menu()
    live.send(PromptFinished(live.call.awaited, "missing"))
    return live


def sent(target: str = "office") -> LiveCall:
    live = at_shop()
    live.send(SendWanted(target, "Ольга"))  # type: ignore[arg-type]
    return live


def pressed_too_late() -> LiveCall:
    live = talking()
    live.send(SendWanted("office", "Ольга"))
    return live


def stopped() -> LiveCall:
    live = talking()
    live.send(StopWanted("Ольга"))
    return live


def legs_left() -> LiveCall:
    live = at_office()
    live.hangs_up()
    live.advance(10)
    return live


def transfer_lost() -> LiveCall:
    live = transferring()
    live.ends("transfer")
    return live


def ended() -> LiveCall:
    live = talking()
    live.advance(61)
    live.hangs_up()
    return live


def link_lost() -> LiveCall:
    live = at_shop()
    live.send(LinkLost("reset"))
    return live


PLAYED: dict[str, tuple[Callable[[], LiveCall], str, str, str]] = {
    "wrong digit": (
        wrong_digit,
        "Клиент нажал другую кнопку: 7",
        "The customer pressed another key: 7",
        "",
    ),
    "the shop did not answer": (
        shop_silent,
        "Магазин «Цветы https://shop.example/s1» не ответил: "
        "Москва, 74951110001, 74951110002. Переводим: в офис",
        "Shop Цветы https://shop.example/s1 did not answer: "
        "Москва, 74951110001, 74951110002. Going to the office",
        "",
    ),
    "the shop is closed": (
        lambda: (live := in_menu(ORDER_OF_CLOSED), live.press("1"))[0],
        "Магазин «Хлеб https://shop.example/s2» закрыт, соединяем с колл-центром",
        "Shop Хлеб https://shop.example/s2 is closed, connecting to the call centre",
        "",
    ),
    "going to the office": (at_office, "Соединяем с офисом", "Connecting to the office", ""),
    "the office did not answer": (
        at_call_centre,
        "Офис не ответил, соединяем с колл-центром",
        "The office did not answer, connecting to the call centre",
        "",
    ),
    "the shop answered": (
        lambda: talking("shop"),
        "Ответил: магазин «Цветы https://shop.example/s1», Москва, 74951110001",
        "Answered: shop Цветы https://shop.example/s1, Москва, 74951110001",
        "",
    ),
    "the office answered": (
        talking,
        "Ответил: офис, Анна, 74951110011",
        "Answered: the office, Анна, 74951110011",
        "",
    ),
    "the call centre answered": (
        lambda: talking("call_centre"),
        "Ответил: колл-центр, Анна, 74951110021",
        "Answered: the call centre, Анна, 74951110021",
        "",
    ),
    "transferred": (
        lambda: (live := transferring(), live.known("transfer", name="Пётр"))[0],
        "Звонок переведён: Пётр, 74951110099. Перевёл(а): Анна",
        "Transferred to Пётр, 74951110099 (by Анна)",
        "",
    ),
    "the transfer failed": (
        transfer_lost,
        "74951110099 не отвечает, соединяем с колл-центром",
        "74951110099 does not answer, connecting to the call centre",
        "",
    ),
    "unanswered": (
        unanswered,
        "❗ Никто не ответил. Перезвоните: +79161234567",
        "❗ Nobody answered. Call back: +79161234567",
        "unanswered",
    ),
    "ended": (
        ended,
        "Звонок окончен: ответил офис, 61 с, +79161234567",
        "Call ended: answered by the office, 61 s, +79161234567",
        "",
    ),
    "failed": (
        link_lost,
        "Звонок окончен: потеряна связь с коммутатором, 0 с, +79161234567",
        "Call ended: the connection to the switch was lost, 0 s, +79161234567",
        "failed",
    ),
    "the marketplace failed": (
        lambda: in_greeting(Unknown("HTTP 500")),
        "Не удалось узнать, кто звонит: HTTP 500",
        "Could not find out who calls: HTTP 500",
        "directory_failed",
    ),
    "a prompt is missing": (
        missing_prompt,
        "Не звучит запись FW3: missing",
        "Prompt FW3 is not heard: missing",
        "prompt_missing",
    ),
    "legs left": (
        legs_left,
        "Коммутатор не подтвердил отбой: 74951110011, 74951110012",
        "The switch did not confirm the release of 74951110011, 74951110012",
        "legs_left",
    ),
    "sent on by a button": (
        sent,
        "Ольга переводит звонок в офис",
        "Ольга sends the call to the office",
        "",
    ),
    "stopped by a button": (stopped, "Ольга завершает звонок", "Ольга ends the call", ""),
    "a button too late": (
        pressed_too_late,
        "Кнопка ничего не изменила: Ольга, «перевести звонок в офис» (соединён с ответившим)",
        "The button changed nothing: Ольга, “send the call to the office” (connected with who answered)",
        "",
    ),
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("row", PLAYED)
def test_each_row_of_what_must_be_told(row: str, language: str) -> None:
    play, russian, english, loud = PLAYED[row]
    shown = dossier(play())
    said = {"ru": russian, "en": english}[language]
    found = {
        text.partition("  ")[2]: line for text, line in zip(texts(shown, language), of(shown), strict=True)
    }
    assert said in found
    assert found[said].loud == loud


def test_who_calls_is_not_said_again_in_the_thread() -> None:
    assert of(dossier(in_greeting())) == []


def test_while_reporting_is_off_routine_is_left_out_and_nothing_else() -> None:
    live = unanswered()
    shown = dossier(live)
    quiet = [line.text for line in lines(shown, {}, Words("ru"), never)]
    assert [line.text for line in of(shown) if line.text not in quiet] == [
        "Соединяем с офисом",
        "Офис не ответил, соединяем с колл-центром",
    ]
    assert len(quiet) == 1
    until = [line.text for line in lines(shown, {}, Words("ru"), lambda at: at <= NOON)]
    assert until == [line.text for line in of(shown)], "the time of the step counts"


def test_a_closed_office_is_routine() -> None:
    live = in_greeting(Unknown(), plan(targets={"office": {"hours": ["sat 10:00-11:00"]}}))
    live.prompt_ends()
    assert [line.text for line in of(dossier(live))] == ["Офис закрыт, соединяем с колл-центром"]
    assert lines(dossier(live), {}, Words("ru"), never) == []


def test_a_fault_of_the_flow_is_told() -> None:
    call, steps = entries(in_menu())
    steps[-1] = replace(steps[-1], body={**steps[-1].body, "fault": "ValueError: no <way>"})
    [line] = [line for line in of(Dossier(call, steps)) if line.loud]
    assert (line.loud, line.place) == ("fault", steps[-1].number)
    assert line.text == "⚠️ Событие не подошло к звонку: ValueError: no &lt;way&gt;"


def test_a_call_whose_instance_died_is_told() -> None:
    [line] = of(dossier(in_menu(), lost=LATER))
    assert (line.source, line.place, line.at, line.loud) == ("lost", 1, LATER, "lost")
    assert "в меню" in line.text
    released = at_shop()
    released.hangs_up()
    assert "lost" not in {line.source for line in of(dossier(released, lost=LATER))}, "its outcome is known"


@pytest.mark.parametrize("verdict", [None, "", "ok", "removed"])
def test_a_recording_as_it_ought_to_be_is_not_told(verdict: str | None) -> None:
    assert "recording" not in {line.source for line in of(dossier(ended(), recording=verdict))}


def test_a_faulty_recording_is_told_last() -> None:
    line = of(dossier(ended(), recording="empty: a header without sound"))[-1]
    assert (line.source, line.loud) == ("recording", "recording")
    assert line.text == "⚠️ Запись разговора с изъяном: в файле нет звука (a header without sound)"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_what_people_did_afterwards_is_told_with_who_did_it(language: str) -> None:
    done = [
        follow_up(4, "call_back"),
        follow_up(5, "office_silent", minutes=6),
        follow_up(6, "call_back_failed", minutes=7),
        follow_up(9, "done", "<@U1>", minutes=8),
        follow_up(10, "of tomorrow", minutes=9),
    ]
    found = [line for line in of(dossier(unanswered(), done), language) if line.source == "follow_ups"]
    assert [line.place for line in found] == [4, 5, 6, 9, 10]
    assert "Ольга" in found[0].text
    assert "&lt;@U1&gt;" in found[3].text
    assert len({line.text for line in found}) == 5


def test_a_call_back_is_told_in_the_thread_of_the_call() -> None:
    live = LiveCall(plan(), start=LATER, back=MISSED)
    live.identified(ORDER)
    live.advance(9)
    live.answers("customer")
    live.bridged("customer")
    live.advance(80)
    live.hangs_up()
    shown = dossier(unanswered(), [follow_up(1, "call_back", minutes=4)], [entries(live, key=12)])
    assert texts(shown)[-4:] == [
        "12:04:00  Ольга перезванивает: звоним на телефоны офиса",
        "12:05:00  Ольга перезванивает клиенту из офиса, 74951110011",
        "12:05:09  Клиент ответил, разговаривают",
        "12:06:29  Перезвон окончен: ответил клиент, 89 с",
    ]
    assert {line.source for line in of(shown)} == {str(KEY), "12", "follow_ups"}


def test_a_customer_who_does_not_answer_a_call_back_is_no_alarm() -> None:
    live = LiveCall(plan(), start=LATER, back=MISSED)
    live.identified(ORDER)
    live.advance(45)
    found = [line for line in of(dossier(unanswered(), backs=[entries(live, key=12)])) if line.source == "12"]
    assert [line.text for line in found][-1] == "Клиент не отвечает"
    assert [line.loud for line in found if line.loud] == []


def test_a_call_back_whose_instance_died_or_whose_recording_is_faulty_is_told() -> None:
    back = entries(calling_back(), key=12, lost=LATER, recording="missing")
    found = {line.source: line for line in of(dossier(unanswered(), backs=[back]))}
    assert found["lost:12"].loud == "lost"
    assert found["recording:12"].loud == "recording"


# The cursor


def test_what_is_posted_is_not_told_again() -> None:
    shown = dossier(ended(), [follow_up(3, "done")], recording="missing")
    whole = of(shown)
    posted: Posted = {}
    for line in whole:
        assert line in lines(shown, posted, Words("ru"), always)
        posted = advance(posted, [line])
        assert line not in lines(shown, posted, Words("ru"), always)
    assert lines(shown, posted, Words("ru"), always) == []
    assert posted == {str(KEY): whole[-3].place, "follow_ups": 3, "recording": 1}


def test_the_cursor_never_goes_back() -> None:
    early, late = Line("7", 3, NOON, ""), Line("7", 9, NOON, "")
    assert advance({"7": 5, "lost": 1}, [early]) == {"7": 5, "lost": 1}
    assert advance({}, [late, early]) == {"7": 9}


def test_lines_come_in_the_order_in_which_it_happened() -> None:
    shown = dossier(unanswered(), [follow_up(1, "done", minutes=0.5)])
    found = of(shown)
    assert [line.at for line in found] == sorted(line.at for line in found)
    assert found[-1].loud == "unanswered"


# Whatever comes from outside


def test_a_forgotten_call_is_told_without_the_person() -> None:
    whole = dossier(unanswered())
    without = redact(whole.call, whole.steps, (), number=None, forgotten=LATER)
    said = "\n".join(texts(replace(whole, call=without.call, steps=without.steps)))
    assert "Перезвоните: -" in said
    assert "[phone]" not in said


def test_a_hidden_number_is_said_to_be_hidden() -> None:
    call, _ = entries(in_menu())
    [line] = of(Dossier(call, [told("unanswered", {"phone": "—"})]))
    assert line.text == "❗ Никто не ответил. Перезвоните: номер скрыт"


def test_what_an_older_or_newer_flow_told_is_shown_as_it_is() -> None:
    call, _ = entries(in_menu())
    [line] = of(Dossier(call, [told("of <tomorrow>", {})]))
    assert line.text == "of &lt;tomorrow&gt;"


FACTS = (
    *(
        "name",
        "phone",
        "order",
        "order_link",
        "status",
        "shop",
        "shop_link",
        "city",
        "address",
        "orders_link",
    ),
    *("digit", "why", "legs", "target", "leg_phone", "manager", "to", "by", "next", "outcome", "seconds"),
    *("code", "result", "wanted", "state", "office_phone"),
)
HOSTILE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["<!channel>", "<@U1>", "@everyone", "&", "https://evil.example"]),
    st.just("&<😀" * 300),
)


@given(
    st.sampled_from(sorted(Words("ru").known)),
    st.dictionaries(
        st.sampled_from(FACTS),
        HOSTILE,
    ),
    st.sampled_from(["ru", "en"]),
)
def test_whatever_is_told(what: str, facts: dict[str, str], language: str) -> None:
    call, _ = entries(in_menu())
    of(Dossier(call, [told(what, facts)]), language)


@pytest.mark.parametrize("count", [1, 7, 40, 300])
def test_any_number_of_lines_is_one_message(count: int) -> None:
    call, _ = entries(in_menu())
    steps = [told("wrong_digit", {"digit": 200 * "&"}, number) for number in range(1, count + 1)]
    found = of(Dossier(call, steps))
    assert len(found) == count
    shown = plain(thread_message(found, Words("ru"), MOSCOW)).splitlines()
    if count > 20:
        left = int(shown.pop().removeprefix("… и ещё "))
        assert len(shown) + left == count
    assert shown[0].startswith("12:00:01")
    assert len(shown) >= min(count, 12)
