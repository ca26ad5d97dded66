"""What the channel shows of played calls, from its first word to its last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ivr_fsm.demo.board import Board, News, Pinned
from ivr_fsm.demo.run import play
from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.plaintext import plain

PROMPTS = Path(__file__).parents[2] / "prompts"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

pytestmark = pytest.mark.virtual

Told = list[tuple[News, list[str]]]


async def shown(name: str, folder: Path) -> tuple[Pinned, Told]:
    told: Told = []

    def say(news: News, lines: Sequence[str]) -> None:
        told.append((news, list(lines)))

    board = Board(say)
    played = await play(BY_NAME[name], PROMPTS, journal=f"sqlite:///{folder}/journal.db", board=board)
    assert played.faults == []
    [pinned] = board.pinned
    return pinned, told


def buttons(message: Message) -> list[str]:
    return [
        each["text"]["text"]
        for block in message.blocks
        for each in block.get("elements", ())
        if "text" in each and each["type"] == "button"
    ]


def distinct(pinned: Pinned) -> list[list[str]]:
    found: list[list[str]] = []
    for _, message in pinned.versions:
        if not found or buttons(message) != found[-1]:
            found.append(buttons(message))
    return found


async def test_a_message_has_the_buttons_of_its_moment(tmp_path: Path) -> None:
    pinned, _ = await shown("called-back", tmp_path)
    assert distinct(pinned) == [
        ["В офис", "В колл-центр", "Завершить звонок"],
        ["В колл-центр", "Завершить звонок"],
        ["В офис", "Завершить звонок"],
        ["Завершить звонок"],
        ["Перезвонить", "Решено"],
        ["Решено"],
        [],
    ]


async def test_of_an_edit_is_told_what_was_not_there_before(tmp_path: Path) -> None:
    pinned, told = await shown("shop-busy", tmp_path)
    assert [news for news, _ in told].count("posted") == 1
    lines = dict.fromkeys(plain(pinned.versions[0][1]).splitlines())
    for news, new in told:
        if news == "edited":
            assert lines.keys().isdisjoint(new)
            lines |= dict.fromkeys(new)
    assert set(plain(pinned.message).splitlines()) <= lines.keys()


@pytest.mark.parametrize(
    ("name", "loud"),
    [("called-back", ["❗ Никто не ответил. Перезвоните: +79161234567"]), ("shop", []), ("sent-on", [])],
)
async def test_the_channel_itself_is_told_of_exceptions_alone(
    name: str, loud: list[str], tmp_path: Path
) -> None:
    _, told = await shown(name, tmp_path)
    said = [line.partition("  ")[2] for news, lines in told if news == "loud" for line in lines]
    assert said == loud


@pytest.mark.parametrize(("name", "said"), [("sent-on", "переводит звонок"), ("stopped", "завершает звонок")])
async def test_who_pressed_a_button_is_told_in_the_thread(name: str, said: str, tmp_path: Path) -> None:
    pinned, _ = await shown(name, tmp_path)
    assert any(f"Ольга {said}" in plain(message) for message, _ in pinned.thread)
