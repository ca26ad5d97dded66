"""The channel without Slack: what is said of calls, and of which."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ivr_fsm.slack import console
from ivr_fsm.slack.chat import Mark
from ivr_fsm.slack.console import ConsoleChat
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.mrkdwn import section

NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)

Said = list[tuple[int, str]]


def saying(said: Said) -> Callable[[int, str], None]:
    return lambda key, text: said.append((key, text))


def message(text: str, block: str = "") -> Message:
    return Message(text, [section(block or text)])


async def test_a_message_its_thread_and_what_it_says_then() -> None:
    said: Said = []
    chat = ConsoleChat(saying(said))
    ts = await chat.post("order", message("Иван: меню", "*Иван*"), Mark(7, "card"))
    other = await chat.post("order", message("Мария: меню"), Mark(8, "card"))
    await chat.post("order", message("x", "12:00:01  *Ответил*"), Mark(7, "ab"), thread=ts, loud=True)
    await chat.edit("order", ts, message("Иван: меню", "another block"))
    await chat.edit("order", ts, message("Иван &amp; Ко: ответили"))
    await chat.edit("order", other, message("Мария: меню"))
    assert said == [
        (7, "Иван: меню"),
        (8, "Мария: меню"),
        (7, "12:00:01  Ответил"),
        (7, "Иван & Ко: ответили"),
    ]


async def test_after_a_restart_a_message_is_said_again_when_it_changes_and_no_other() -> None:
    said: Said = []
    ts = await ConsoleChat(saying([])).post("order", message("a"), Mark(7, "card"))
    chat = ConsoleChat(saying(said))
    await chat.post("order", message("b"), Mark(8, "card"))
    await chat.post("order", message("c"), Mark(7, "ab"), thread=ts)
    await chat.edit("order", ts, message("d"))
    assert said == [(8, "b"), (7, "c"), (7, "d")]
    assert await chat.find("order", Mark(7, "card"), NOON) is None
    await chat.close()


async def test_what_was_posted_in_slack_before_is_edited_here() -> None:
    said: Said = []
    await ConsoleChat(saying(said)).edit("order", "1717233600.123456", message("d"))
    assert said == [(0, "d")]


async def test_no_more_is_remembered_than_is_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "REMEMBERED", 3)
    said: Said = []
    chat = ConsoleChat(saying(said))
    names = [await chat.post("order", message("a"), Mark(key, "card")) for key in range(3)]
    await chat.edit("order", names[0], message("a"))
    await chat.post("order", message("a"), Mark(3, "card"))
    del said[:]
    for place in (0, 2, 1):
        await chat.edit("order", names[place], message("a"))
    # The one that was not touched for longest is not known any more.
    assert said == [(1, "a")]
    assert len(chat._texts) == 3
