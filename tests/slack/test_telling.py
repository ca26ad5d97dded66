"""One call in the channel: what is told and what is not, what is loud, and that nothing is there twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ivr_fsm.flow.caller import Customer, Order, Shop, Unknown
from ivr_fsm.journal.database import JournalError, open_engine
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.slack import telling
from ivr_fsm.slack.projection import EVERY, SETTLE
from tests.flow.clock import NOBODY, ORDER, OTHER, PARTNER
from tests.slack.newsroom import WRONG, newsroom, now, two_wrong_keys
from tests.slack.told import never
from tests.slack.webapi import (
    ORDERS,
    OTHERS,
    SHOPS,
    Fault,
    answers,
    cut,
    reply_lost,
    taken_and_failed,
    taken_and_garbled,
    taken_and_hanging,
    wants_rest,
)

pytestmark = pytest.mark.virtual

POST = "chat.postMessage"
TAKEN = (reply_lost, taken_and_garbled, taken_and_failed, taken_and_hanging)
"""Faults after which the message is there and nobody knows."""


# What is not told


async def test_what_has_no_channel_is_not_told_and_does_not_wait(tmp_path: Path) -> None:
    async with newsroom(tmp_path, channels={"order": ORDERS}) as room:
        room.call(OTHER)
        room.call(PARTNER)
        order = room.call()
        await asyncio.sleep(20)
        assert room.untold == [order.key]
        assert room.api.everything() == [room.sent(order)]


async def test_while_reporting_is_off_partners_and_ways_to_support_are_not_told(tmp_path: Path) -> None:
    async with newsroom(tmp_path, reporting=never) as room:
        partner = room.call(PARTNER)
        call = room.in_menu().nobody_answers()
        partner.prompt_ends()
        partner.hangs_up()
        await room.all_told()
        assert room.api.everything() == [room.sent(call), *room.api.thread(room.sent(call))]
        assert len(room.told(call)) == 2
        assert "Никто не ответил" in room.told(call)[0]


@pytest.mark.parametrize("caller", [ORDER, OTHER, NOBODY, PARTNER])
async def test_each_kind_has_its_channel(tmp_path: Path, caller: Any) -> None:
    async with newsroom(tmp_path) as room:
        sent_to = {type(ORDER): ORDERS if caller is ORDER else OTHERS, type(PARTNER): SHOPS}
        call = room.call(caller)
        await asyncio.sleep(2)
        assert room.sent(call).channel == sent_to.get(type(caller), OTHERS)


NASTY = (
    "<!channel> @here <@U01ANNA>",
    "&lt;!channel&gt; &amp;",
    "я" * 20_000,
    "😀" * 5_000,
    "\u202eмараП\u202c\u2066x",
    "a\x00b\x1b[31mc\r\n*d* _e_ ~f~ ```g``` `h`",
    "<https://evil.example|Slack> https://evil.example/",
    "|><&" * 500,
    "",
    " ",
)


@pytest.mark.parametrize("name", NASTY)
async def test_hostile_names_ping_nobody_and_keep_the_limits(tmp_path: Path, name: str) -> None:
    shop = Shop(name or "s", name, name, name, (name, "7" * 40))
    caller = Customer(name, Order(name or "1", shop, name, name, name), name)
    async with newsroom(tmp_path) as room:
        for kind in (caller, Customer(name, None, name), Unknown(name)):
            call = room.call(kind, name)
            call.prompt_ends()
            call.press("1")
            call.over()
        await room.all_told()
        assert len([sent for sent in room.api.everything() if not sent.thread]) == 3
        # The workspace refuses what is a mention, a link of its own or too long; and nothing was given up.
        assert room.api.refused == []


# Loud


async def test_who_could_not_be_helped_is_told_in_the_channel_itself_every_time(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        calls = [room.in_menu().nobody_answers() for _ in range(3)]
        await room.all_told()
        loud = [sent for sent in room.api.everything() if sent.broadcast]
        assert sorted(sent.key for sent in loud) == sorted(call.key for call in calls)
        assert all("Никто не ответил. Перезвоните: +79161234567" in sent.text for sent in loud)


async def test_a_fault_of_the_same_kind_is_told_in_the_channel_itself_now_and_then(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        for second in range(20):
            room.call(Unknown("timeout"))
            await asyncio.sleep(telling.QUIET / 10 + 1)
            assert sum(sent.broadcast for sent in room.api.everything()) == 1 + second // 10
        assert len(room.api.shown(OTHERS)) == 20


@pytest.mark.parametrize("fault", [cut, answers(500), wants_rest("3"), *TAKEN])
async def test_what_is_loud_stays_so_when_it_has_to_be_sent_again(tmp_path: Path, fault: Fault) -> None:
    async with newsroom(tmp_path) as room:
        room.api.fail(POST, None, fault)
        room.call(Unknown("timeout"))
        await asyncio.sleep(120)
        [loud] = [sent for sent in room.api.everything() if sent.thread]
        assert loud.broadcast


# Twice, or not at all


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("fault", TAKEN)
async def test_a_lost_answer_doubles_nothing(tmp_path: Path, fault: Fault, place: int) -> None:
    async with newsroom(tmp_path) as room:
        room.api.fail(POST, *[None] * place, fault, fault)
        call = room.in_menu()
        await two_wrong_keys(call)
        await asyncio.sleep(60)
        assert room.told(call) == WRONG
        call.hangs_up()
        await room.all_told()
        assert len(room.told(call)) == 3


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_restart_while_the_answer_is_awaited_doubles_nothing(tmp_path: Path, place: int) -> None:
    async with newsroom(tmp_path) as room:
        room.api.fail(POST, *[None] * place, taken_and_hanging)
        call = room.in_menu()
        for digit in "78":
            await asyncio.sleep(2)
            call.press(digit)
            await asyncio.sleep(SETTLE + 0.2)
            await room.restart()
        await asyncio.sleep(30)
        assert room.told(call) == WRONG


async def test_what_happens_while_the_answer_is_awaited_is_a_message_of_its_own(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        await asyncio.sleep(3)
        room.api.fail(POST, taken_and_hanging)
        call.press("7")
        await asyncio.sleep(3)
        call.press("8")
        await asyncio.sleep(60)
        assert [sent.lines for sent in room.api.thread(room.sent(call))] == [[line] for line in WRONG]


async def test_the_journal_fails_when_a_message_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path) as room:
        cards = room.projection._teller._cards
        save, failing = cards.save, iter([False, True, False, True])

        def saved(card: Any) -> None:
            if next(failing, False):
                raise JournalError("the disk is full")
            save(card)

        monkeypatch.setattr(cards, "save", saved)
        call = room.in_menu()
        await two_wrong_keys(call)
        await asyncio.sleep(120)
        assert room.told(call) == WRONG


async def test_a_restart_repeats_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call, quiet = room.in_menu(), room.in_menu()
        await asyncio.sleep(5)
        call.press("7")
        await asyncio.sleep(5)
        await room.restart(while_down=lambda: call.press("8") and None)
        await asyncio.sleep(5)
        assert room.told(call) == WRONG
        assert room.told(quiet) == []
        call.hangs_up()
        await asyncio.sleep(0)
        await room.restart()
        await room.restart()
        quiet.hangs_up()
        await room.all_told()
        assert [len(room.told(each)) for each in (call, quiet)] == [3, 1]
        assert "положил трубку" in room.sent(call).text


async def test_what_is_done_about_a_call_that_is_over_is_told_later(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu().nobody_answers()
        await room.all_told()
        await asyncio.sleep(3600)
        FollowUps(open_engine(room.url)).done(call.key, "Ольга", now())
        # Nobody says so: another instance may have noted it.
        await asyncio.sleep(EVERY + 1)
        assert room.told(call)[-1] == "Ольга: решено"
        assert "Решено: Ольга" in str(room.sent(call).message.blocks)
        assert room.untold == []
