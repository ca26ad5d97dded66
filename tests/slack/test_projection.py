"""The channel follows the journal: what is told when, what is told once, and what becomes of each fault."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from structlog.typing import EventDict

from ivr_fsm.flow.events import LegEnded
from ivr_fsm.journal.database import JournalError, open_engine
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.slack import projection as module
from ivr_fsm.slack import telling
from ivr_fsm.slack.projection import APART, EVERY, SETTLE
from ivr_fsm.slack.setbacks import LONGEST_PAUSE
from tests.flow.clock import OTHER
from tests.slack.newsroom import WRONG, newsroom, now, two_wrong_keys
from tests.slack.webapi import (
    ORDERS,
    OTHERS,
    Fault,
    Work,
    answers,
    cut,
    hang,
    refuses,
    taken_and_failed,
    wants_rest,
)

pytestmark = pytest.mark.virtual

POST, EDIT, HISTORY = "chat.postMessage", "chat.update", "conversations.history"


def time() -> float:
    return asyncio.get_running_loop().time()


def of_channel(lines: list[EventDict]) -> list[EventDict]:
    return [line for line in lines if line["event"].startswith("channel")]


# One message, its edits, its thread


async def test_a_call_is_one_message_and_what_happens_its_thread(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        await two_wrong_keys(call)
        await asyncio.sleep(4)
        call.nobody_answers()
        await room.all_told()
        assert len(room.api.shown()) == 1
        lines = room.told(call)
        assert lines[:4] == [*WRONG, "Соединяем с офисом", "Офис не ответил, соединяем с колл-центром"]
        assert "Никто не ответил" in lines[4]
        assert lines[5].startswith("Звонок окончен")
        assert len(lines) == 6
        assert room.sent(call).text.endswith("никто не ответил")


async def test_edits_of_a_call_that_moves_are_gathered_and_the_last_one_is_made(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        call.press("2")
        for leg in list(call.call.legs.values()):
            await asyncio.sleep(1)
            call.send(LegEnded(leg.id, "USER_BUSY"))
        for _ in range(20):
            await asyncio.sleep(0.1)
            call.rings("call_centre")
        call.over()
        await room.all_told()
        sent = room.sent(call)
        assert "клиент положил трубку" in sent.text
        assert all(after - before > APART - 0.01 for before, after in pairwise(sent.edits))
        assert 2 <= len(sent.edits) <= 4


async def test_what_has_not_changed_is_not_edited(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        room.in_menu()
        await asyncio.sleep(300)
        assert room.api.asked[POST] == 1
        assert room.api.asked[EDIT] == 0


async def test_a_call_is_told_soon_and_a_thread_as_it_happens(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        await two_wrong_keys(call)
        await asyncio.sleep(4)
        assert room.sent(call).at <= SETTLE + 0.1
        posted = [sent.at - at for sent, at in zip(room.api.thread(room.sent(call)), (4, 8), strict=True)]
        assert max(posted) <= SETTLE + 0.1


async def test_a_step_that_is_written_late_is_told_all_the_same(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call, other = room.in_menu(), room.in_menu()
        await asyncio.sleep(10)
        write = call.page.write
        call.page.write = lambda *step: asyncio.get_running_loop().call_later(0.1, write, *step)  # type: ignore[assignment,method-assign,return-value]
        other.press("8")
        await asyncio.sleep(SETTLE - 0.05)
        # The look because of the other call comes before this step is written, and nothing else will happen.
        call.press("7")
        await asyncio.sleep(EVERY / 2)
        assert room.told(call) == WRONG[:1]


async def test_calls_are_told_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        calls = []
        for _ in range(30):
            calls.append(room.call())
            await asyncio.sleep(0.2)
        await asyncio.sleep(60)
        assert [sent.key for sent in room.api.shown()] == [call.key for call in calls]


async def test_new_calls_do_not_wait_for_edits_nor_for_other_channels(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        calls = [room.in_menu() for _ in range(30)]
        await asyncio.sleep(60)
        for call in calls:
            call.press("1")
        await asyncio.sleep(2)
        news = [room.call() for _ in range(20)]
        await asyncio.sleep(2)
        other = room.call(OTHER)
        started = time()
        await asyncio.sleep(60)
        assert room.sent(other).at - started < 1
        assert max(room.sent(call).at for call in news) - started < 20 * 1.05
        assert max(room.sent(call).edits[-1] for call in calls) - started > 30


async def test_an_edit_that_waited_says_how_the_call_is_by_then(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        calls = []
        for _ in range(20):
            calls.append(room.in_menu())
            await asyncio.sleep(2)
        for call in calls:
            call.press("1")
        await asyncio.sleep(10)
        calls[-1].over()
        await asyncio.sleep(60)
        assert len(room.sent(calls[-1]).edits) == 1
        assert "положил трубку" in room.sent(calls[-1]).text


async def test_long_threads_come_as_several_messages_and_no_line_is_missing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu().nobody_answers()
        await room.all_told()
        people = FollowUps(open_engine(room.url))
        for index in range(40):
            made = now()
            people.claim(call.key, f"Ольга {'х' * 150} {index}", made)
            people.release(call.key, made, "office_silent", "", now())
        before = len(room.told(call))
        room.projection.poke()
        await room.all_told()
        added = room.told(call)[before:]
        assert len(added) == 80
        assert [line.split()[2] for line in added[::2]] == [f"{index}" for index in range(40)]


# Slack says no


async def test_an_archived_channel_ends_its_messages_with_a_line_each_and_no_other(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        before = room.in_menu()
        await asyncio.sleep(5)
        room.api.archived.add(ORDERS)
        with capture_logs() as lines:
            after, other = room.call(), room.call(OTHER)
            await two_wrong_keys(before)
            await asyncio.sleep(3600)
        assert [(line["event"], line["call"], line["channel"]) for line in of_channel(lines)] == [
            ("channel: message given up", after.id, ORDERS),
            ("channel: message given up", before.id, ORDERS),
        ]
        assert all("is_archived; take the channel out of the archive" in line["why"] for line in lines)
        assert room.untold == [other.key]
        assert room.sent(other).channel == OTHERS
        room.api.archived.clear()
        again = room.call()
        await asyncio.sleep(5)
        assert room.sent(again)


async def test_a_revoked_token_ends_a_message_with_one_line(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        await asyncio.sleep(5)
        room.api.tokens.clear()
        with capture_logs() as lines:
            await two_wrong_keys(call)
            call.hangs_up()
            await asyncio.sleep(3600)
        [line] = of_channel(lines)
        assert "token_revoked; IVR_SLACK_TOKEN was revoked" in line["why"]
        assert room.untold == []


async def test_a_revoked_token_is_one_line_when_an_answer_was_lost_before(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        room.api.fail(POST, taken_and_failed)
        call = room.in_menu()
        await asyncio.sleep(SETTLE + 0.1)
        room.api.tokens.clear()
        with capture_logs() as lines:
            call.hangs_up()
            await asyncio.sleep(600)
        assert [line["event"] for line in of_channel(lines)] == ["channel: message given up"]


async def test_a_message_that_somebody_removed_is_posted_anew_with_one_line(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call, other = room.in_menu(), room.in_menu()
        await asyncio.sleep(5)
        room.api.delete(room.sent(call))
        with capture_logs() as lines:
            for each in (call, other):
                each.press("1")
            await asyncio.sleep(20)
            call.hangs_up()
            await asyncio.sleep(600)
        [line] = of_channel(lines)
        assert (line["event"], line["call"]) == ("channel: message removed by somebody", call.id)
        assert [sent.key for sent in room.api.shown()] == [other.key, call.key]
        assert "Звоним в магазин" in room.sent(other).text
        assert "клиент положил трубку" in room.sent(call).text
        assert room.api.told(room.sent(call))[-1].endswith("+79161234567")


@pytest.mark.parametrize("method", [POST, EDIT])
async def test_retry_after_stops_what_it_is_about_and_nothing_else(tmp_path: Path, method: str) -> None:
    async with newsroom(tmp_path) as room:
        before = [room.in_menu() for _ in range(20)]
        await asyncio.sleep(60)
        room.api.fail(f"{method} {ORDERS}", wants_rest("120"))
        with capture_logs() as lines:
            for call in before:
                call.press("1")
            await asyncio.sleep(1)
            others = [room.call(OTHER) for _ in range(10)]
            started = time()
            await asyncio.sleep(30)
            assert [room.sent(call).at - started < 15 for call in others] == [True] * 10
            await asyncio.sleep(180)
        assert of_channel(lines) == []
        assert all("Звоним в магазин" in room.sent(call).text for call in before)
        # Slack was not asked again before its time.
        assert room.api.limits
        assert not room.api.limits.broken


async def test_a_message_that_slack_always_stumbles_over_holds_up_no_other_and_fills_no_log(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as room:
        bad = room.call()

        async def poison(request: web.Request, work: Work) -> web.StreamResponse:
            given = await request.json()
            if given["metadata"]["event_payload"]["key"] == str(bad.key):
                return web.Response(status=500)
            return web.json_response(work())

        room.api.fail(POST, then=poison)
        with capture_logs() as lines:
            for _ in range(40):
                call = room.call()
                await asyncio.sleep(20)
                assert room.sent(call)
            waited = [sent.at - number * 20 for number, sent in enumerate(room.api.shown())]
            assert max(waited) < 5
            asked = room.api.asked[POST]
            assert asked < 40 + 30
        said = [line["event"] for line in of_channel(lines)]
        assert said == ["channel: not told", "channel: told again", "channel: call not told"]
        room.api.heal()
        await asyncio.sleep(LONGEST_PAUSE + 5)
        assert room.sent(bad)


# Slack is down


@pytest.mark.parametrize("fault", [None, hang, cut, answers(503), answers(200), refuses("internal_error")])
async def test_what_gathers_while_slack_is_down_comes_in_its_order_afterwards(
    tmp_path: Path, fault: Fault | None
) -> None:
    async with newsroom(tmp_path) as room:
        if fault is None:
            await room.api.stop()
        else:
            room.api.fail("*", then=fault)
        with capture_logs() as lines:
            calls = []
            for _ in range(12):
                calls.append(call := room.in_menu())
                await two_wrong_keys(call)
                await asyncio.sleep(12)
            if fault is None:
                await room.api.start()
            room.api.heal()
            await asyncio.sleep(LONGEST_PAUSE + 60)
        assert [line["event"] for line in of_channel(lines)] == ["channel: not told", "channel: told again"]
        assert [sent.key for sent in room.api.shown()] == [call.key for call in calls]
        assert [room.told(call) for call in calls] == [WRONG] * 12
        if fault is None:
            assert room.api.asked[HISTORY] == 0, "what never left is not looked for"
        # What gathered is one message.
        assert all(len(room.api.thread(room.sent(call))) == 1 for call in calls[:-1])


async def test_slack_is_asked_seldom_while_it_is_down(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        room.api.fail("*", then=answers(503))
        for _ in range(60):
            room.in_menu()
            await asyncio.sleep(60)
        assert room.api.asked.total() < 60 * 2 * module.AT_ONCE


async def test_closing_tells_what_it_can_and_does_not_wait_for_a_slack_that_hangs(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        call = room.in_menu()
        await asyncio.sleep(0.01)
        await room.restart()
        assert room.sent(call).at < 0.1
        room.api.fail("*", then=hang)
        call.press("7")
        await asyncio.sleep(5)
        before = time()
        await room.projection.close()
        assert time() - before <= telling.CLOSING
        assert room.untold == [call.key]


async def test_a_journal_that_cannot_be_read_is_told_once_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path) as room:
        cards = room.projection._teller._cards

        def broken() -> Any:
            raise JournalError("the disk is gone")

        with capture_logs() as lines:
            monkeypatch.setattr(cards, "untold", broken)
            call = room.in_menu()
            await asyncio.sleep(300)
            monkeypatch.undo()
            await asyncio.sleep(LONGEST_PAUSE)
        assert [line["event"] for line in of_channel(lines)] == ["channel: not told", "channel: told again"]
        assert room.sent(call)


async def test_a_call_that_cannot_be_shown_keeps_no_other_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with newsroom(tmp_path) as room:
        bad = room.in_menu()
        make = telling.card

        def card(dossier: Any, *look: Any) -> Any:
            return make(dossier, *look) if dossier.call.key != bad.key else 1 / 0

        monkeypatch.setattr(telling, "card", card)
        with capture_logs() as lines:
            good = room.in_menu()
            await asyncio.sleep(30)
        assert room.sent(good)
        assert {line["event"] for line in of_channel(lines)} == {"channel: call not told"}
        assert len(of_channel(lines)) <= 2


async def test_nothing_is_remembered_of_calls_that_are_told(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as room:
        for _ in range(10):
            room.in_menu().nobody_answers()
        await room.all_told()
        await asyncio.sleep(2 * EVERY)
        assert len(room.api.shown()) == 10
        ours = room.projection
        kept = (ours._stepped, ours._prints, ours._due, ours._earliest, ours._telling, ours._setbacks._faulty)
        assert [each for each in (*kept, ours._teller._shown) if each] == []
