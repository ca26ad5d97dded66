"""The channel by the Web API: what is sent, and what is made of each way in which Slack can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr_fsm.slack.chat import ChatError, ChatRefused, Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.mrkdwn import section
from ivr_fsm.slack.slackchat import OF_CHANNEL, PAGE, TIMEOUT, SlackChat
from tests.slack.webapi import (
    ORDERS,
    OTHERS,
    TOKEN,
    Fault,
    WebApi,
    answers,
    cut,
    hang,
    refuses,
    reply_lost,
    says,
    slow,
    taken_and_failed,
    taken_and_garbled,
    taken_and_hanging,
    wants_rest,
    workspace,
)

pytestmark = pytest.mark.virtual

EPOCH = datetime.fromtimestamp(1_780_304_400, UTC)
POST, EDIT = "chat.postMessage", "chat.update"
HISTORY, REPLIES = "conversations.history", "conversations.replies"


def said(text: str) -> Message:
    return Message(text, [section(text)])


@asynccontextmanager
async def joined(*, limited: bool = True, token: str = TOKEN) -> AsyncIterator[tuple[WebApi, SlackChat]]:
    async with workspace(limited=limited) as api:
        chat = SlackChat(token, api.url)
        yield api, chat
        await chat.close()


async def test_messages_threads_and_edits() -> None:
    async with joined() as (api, chat):
        ts = await chat.post(ORDERS, said("Звонок"), Mark(7, "card"))
        quiet = await chat.post(ORDERS, said("шаг"), Mark(7, "1"), thread=ts)
        loud = await chat.post(ORDERS, said("никто"), Mark(7, "2"), thread=ts, loud=True)
        await chat.edit(ORDERS, ts, said("Окончен"))
        [parent] = api.shown()
        assert (parent.ts, parent.text, parent.message.blocks) == (ts, "Окончен", [section("Окончен")])
        assert [(sent.ts, sent.text, sent.broadcast) for sent in api.thread(parent)] == [
            (quiet, "шаг", False),
            (loud, "никто", True),
        ]


async def test_a_channel_gets_a_message_a_second_and_channels_do_not_wait_for_each_other() -> None:
    async with joined() as (api, chat):
        posts = [(channel, index) for index in range(20) for channel in (ORDERS, OTHERS)]
        await asyncio.gather(
            *(chat.post(channel, said(f"{index}"), Mark(index, "card")) for channel, index in posts)
        )
        assert api.limits
        assert not api.limits.broken
        for channel in (ORDERS, OTHERS):
            assert [sent.text for sent in api.shown(channel)] == [f"{index}" for index in range(20)]
        assert asyncio.get_running_loop().time() == pytest.approx(19 * OF_CHANNEL)


async def test_other_methods_are_used_fifty_times_a_minute_at_most() -> None:
    async with joined() as (api, chat):
        ts = await chat.post(ORDERS, said("a"), Mark(1, "card"))
        await asyncio.gather(*(chat.edit(ORDERS, ts, said(f"{index}")) for index in range(70)))
        for _ in range(60):
            await chat.find(ORDERS, Mark(1, "card"), EPOCH)
        assert api.limits
        assert not api.limits.broken


@pytest.mark.parametrize("retry_after", ["30", "3600"])
async def test_retry_after_concerns_its_channel_and_its_method_alone(retry_after: str) -> None:
    async with joined() as (api, chat):
        ts = await chat.post(ORDERS, said("a"), Mark(1, "card"))
        api.fail(f"{POST} {ORDERS}", wants_rest(retry_after))
        with pytest.raises(ChatError) as limited:
            await chat.post(ORDERS, said("b"), Mark(2, "card"))
        assert limited.value.retry_after == float(retry_after)
        assert not limited.value.unsure
        before = asyncio.get_running_loop().time()
        await chat.edit(ORDERS, ts, said("c"))
        await chat.post(OTHERS, said("d"), Mark(3, "card"))
        assert await chat.find(ORDERS, Mark(1, "card"), EPOCH) == ts
        assert asyncio.get_running_loop().time() == before
        # Until then Slack is not asked.
        with pytest.raises(ChatError) as still:
            await chat.post(ORDERS, said("b"), Mark(2, "card"))
        assert still.value.retry_after == float(retry_after)
        await asyncio.sleep(float(retry_after))
        await chat.post(ORDERS, said("b"), Mark(2, "card"))
        assert api.asked[POST] == 4


@pytest.mark.parametrize(
    ("said_by_slack", "seconds"),
    [("1", 1), ("0", 1), ("-7", 1), ("999999999", 3600), ("", 30), ("soon", 30), ("nan", 30), ("inf", 30)],
)
async def test_a_retry_after_that_makes_no_sense_makes_nobody_wait_for_ever(
    said_by_slack: str, seconds: float
) -> None:
    async with joined() as (api, chat):
        api.fail(POST, wants_rest(said_by_slack))
        with pytest.raises(ChatError) as limited:
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
        assert limited.value.retry_after == seconds


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        (cut, False),
        (hang, False),
        (answers(500), False),
        (answers(503, "", "text/plain"), False),
        (answers(200), False),
        (answers(200, "OK", "text/plain"), False),
        (answers(200, "{", "application/json"), False),
        (answers(200, "[1]", "application/json"), False),
        (answers(200, "null", "application/json"), False),
        (
            answers(200, "\udcff\udcfe".encode("utf-8", "surrogateescape").decode("latin-1"), "text/plain"),
            False,
        ),
        (answers(403, "forbidden by a proxy"), False),
        (refuses("internal_error"), False),
        (refuses("fatal_error"), False),
        (says({"ok": False, "error": 7}), False),
        (reply_lost, True),
        (taken_and_garbled, True),
        (taken_and_failed, True),
        (taken_and_hanging, True),
    ],
)
async def test_when_nobody_knows_whether_a_message_was_taken_it_is_looked_for(
    fault: Fault, arrived: bool
) -> None:
    async with joined() as (api, chat):
        other = await chat.post(ORDERS, said("b"), Mark(2, "card"))
        api.fail(POST, fault)
        for mark, thread in ((Mark(1, "card"), ""), (Mark(2, "part"), other)):
            api.fail(POST, fault)
            with pytest.raises(ChatError) as lost:
                await chat.post(ORDERS, said("a"), mark, thread=thread)
            assert lost.value.unsure
            assert not lost.value.retry_after
            found = await chat.find(ORDERS, mark, EPOCH, thread=thread)
            assert (found is not None) is arrived
            assert [sent.ts for sent in api.everything() if sent.text == "a" and sent.thread == thread] == [
                found
            ] * arrived


async def test_an_answer_that_takes_too_long_is_lost() -> None:
    async with joined() as (api, chat):
        api.fail(POST, slow(TIMEOUT - 1), slow(TIMEOUT + 1))
        assert await chat.post(ORDERS, said("a"), Mark(1, "card"))
        with pytest.raises(ChatError, match=f"no answer within {TIMEOUT} s") as lost:
            await chat.post(ORDERS, said("b"), Mark(2, "card"))
        assert lost.value.unsure


async def test_what_never_left_was_not_taken() -> None:
    async with joined() as (api, chat):
        await api.stop()
        with pytest.raises(ChatError, match="out of reach") as unreached:
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
        assert not unreached.value.unsure
        await api.start()
        assert await chat.post(ORDERS, said("a"), Mark(1, "card"))


@pytest.mark.parametrize(
    "answer", [{"ok": True}, {"ok": True, "messages": 7}, {"ok": True, "messages": {"a": 1}}]
)
async def test_an_answer_without_messages_does_not_say_that_there_is_none(answer: Any) -> None:
    async with joined() as (api, chat):
        api.fail(HISTORY, says(answer))
        with pytest.raises(ChatError):
            await chat.find(ORDERS, Mark(1, "card"), EPOCH)


async def test_hostile_messages_in_the_channel_are_none_of_ours() -> None:
    strange: list[Any] = [
        7,
        None,
        "x",
        {"metadata": 3},
        {"ts": "1.1", "metadata": {"event_type": "ivr_fsm", "event_payload": []}},
        {"ts": "1.2", "metadata": {"event_type": "other", "event_payload": {"key": "1", "part": "card"}}},
        {"ts": 5, "metadata": {"event_type": "ivr_fsm", "event_payload": {"key": "1", "part": "card"}}},
    ]
    async with joined() as (api, chat):
        api.fail(HISTORY, says({"ok": True, "messages": strange, "response_metadata": ["x"]}))
        assert await chat.find(ORDERS, Mark(1, "card"), EPOCH) is None


async def test_a_message_is_found_behind_many_others_and_by_its_own_mark_alone() -> None:
    async with joined(limited=False) as (api, chat):
        wanted = await chat.post(ORDERS, said("ours"), Mark(1, "card"))
        sent = api.shown()[0]
        for index in range(3 * PAGE):
            api._answer(
                POST,
                {
                    "channel": ORDERS,
                    "text": "x",
                    "blocks": [section("x")],
                    "metadata": {**sent.metadata, "event_payload": {"key": f"{index + 2}", "part": "card"}},
                },
            )
        assert await chat.find(ORDERS, Mark(1, "card"), EPOCH) == wanted
        assert api.asked[HISTORY] == 4
        assert await chat.find(ORDERS, Mark(1, "other"), EPOCH) is None
        assert await chat.find(ORDERS, Mark(9999, "card"), EPOCH) is None
        assert await chat.find(OTHERS, Mark(1, "card"), EPOCH) is None


async def test_messages_that_are_older_by_far_are_not_looked_through() -> None:
    async with joined() as (_, chat):
        await chat.post(ORDERS, said("a"), Mark(1, "card"))
        assert await chat.find(ORDERS, Mark(1, "card"), EPOCH + timedelta(seconds=200))
        assert await chat.find(ORDERS, Mark(1, "card"), EPOCH + timedelta(seconds=400)) is None


REFUSED = ("is_archived", "channel_not_found", "not_in_channel", "token_revoked", "invalid_auth")


@pytest.mark.parametrize("code", [*REFUSED, "account_inactive", "restricted_action"])
async def test_what_slack_will_never_take_is_said_with_its_remedy(code: str) -> None:
    async with joined() as (api, chat):
        api.fail(POST, refuses(code))
        with pytest.raises(ChatRefused, match=rf"Slack: {code}; \w+"):
            await chat.post(ORDERS, said("a"), Mark(1, "card"))


async def test_what_is_not_of_block_kit_is_refused_with_what_slack_says_of_it() -> None:
    async with joined() as (api, chat):
        api.fail(POST, says({"ok": False, "error": "invalid_blocks", "errors": ["must be\nshorter"]}))
        with pytest.raises(ChatRefused, match=r"invalid_blocks .*shorter"):
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
        with pytest.raises(ChatRefused, match="invalid_blocks"):
            await chat.post(ORDERS, Message("a", [section("x")] * 51), Mark(1, "card"))
        with pytest.raises(ChatRefused, match="msg_too_long"):
            await chat.post(ORDERS, said("a" * 40_001), Mark(1, "card"))
        assert api.everything() == []


async def test_a_message_that_was_removed_cannot_be_edited_or_answered() -> None:
    async with joined() as (api, chat):
        ts = await chat.post(ORDERS, said("a"), Mark(1, "card"))
        api.delete(api.shown()[0])
        with pytest.raises(ChatRefused, match="message_not_found"):
            await chat.edit(ORDERS, ts, said("b"))
        with pytest.raises(ChatRefused, match="thread_not_found"):
            await chat.find(ORDERS, Mark(1, "x"), EPOCH, thread=ts)


@pytest.mark.parametrize("method", [HISTORY, REPLIES])
async def test_without_the_scope_to_look_a_message_is_not_found_and_the_log_says_what_that_means(
    method: str,
) -> None:
    async with joined() as (api, chat):
        ts = await chat.post(ORDERS, said("a"), Mark(1, "card"))
        api.fail(method, refuses("missing_scope"))
        with capture_logs() as lines:
            assert await chat.find(ORDERS, Mark(1, "x"), EPOCH, thread=ts * (method == REPLIES)) is None
        [line] = lines
        assert line["effect"] == "it may be there twice"
        assert "docs/slack-manifest.yaml" in line["why"]


async def test_no_error_carries_the_token() -> None:
    async with joined(token="xoxb-1-WRONG") as (api, chat):
        with pytest.raises(ChatRefused) as refused:
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
        api.fail(POST, says({"ok": False, "error": "strange xoxb-1-WRONG"}), answers(500, "xoxb-1-WRONG"))
        with pytest.raises(ChatRefused) as strange:
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
        with pytest.raises(ChatError) as failed:
            await chat.post(ORDERS, said("a"), Mark(1, "card"))
    assert "xoxb" not in f"{refused.value}{strange.value}{failed.value}"


async def test_the_workspace_of_the_tests_is_as_strict_as_slack() -> None:
    async with joined() as (api, chat):
        assert api.limits
        await asyncio.gather(
            *(chat._client.chat_postMessage(channel=ORDERS, **as_json(f"{n}")) for n in range(3)),
            return_exceptions=True,
        )
        assert len(api.shown()) == 1
        assert api.limits.broken[f"{POST} {ORDERS}"] == 2


def as_json(text: str) -> dict[str, Any]:
    return {"text": text, "blocks": [dict(block) for block in said(text).blocks]}
