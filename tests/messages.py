"""Calls of the demo as the channel shows them, for docs/slack-messages.md."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Literal
from zoneinfo import ZoneInfo

import structlog

from ivr_fsm import logs
from ivr_fsm.demo.board import Board, Pinned
from ivr_fsm.demo.run import NOON, SERVED_AT, Played, play
from ivr_fsm.demo.scenarios import SCENARIOS, Scenario
from ivr_fsm.esl.loop import virtual_loop
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.plaintext import plain
from tests.shown import SHOP_SILENT

PROMPTS = Path(__file__).parents[1] / "prompts"
ZONE = ZoneInfo("Europe/Moscow")


@dataclass(frozen=True)
class Shot:
    """A call, and when to look at it.

    Attributes:
        title: the heading.
        about: what happens.
        of: the scenario, or its name in the demo.
        moments: seconds since the call began, each with what is to be seen.
        language: that of the channel.
        json: show what Slack is sent in the end, too.
    """

    title: str
    about: str
    of: str | Scenario
    moments: Sequence[tuple[float, str]]
    language: Literal["ru", "en"] = "ru"
    json: bool = False


END = 10_000.0

SHOTS = (
    Shot(
        "The shop is silent, the office answers",
        "A customer with an order presses 1. One message, at four moments, and its thread:",
        SHOP_SILENT,
        [
            (15, "The shop rings"),
            (46, "The office rings, the shop's phones still do"),
            (52, "They talk"),
            (END, "It is over, and the recording was looked at"),
        ],
    ),
    Shot(
        "Nobody answers",
        "The alert, and what a button does. Somebody presses *Перезвонить*: the office rings, and who picks "
        "it up is connected to the customer. Meanwhile nobody else can call back.",
        "called-back",
        [
            (118, "Nobody answered: the channel itself is told, too (‼)"),
            (128, "It is over, somebody should call back"),
            (135, "Somebody does"),
            (END, "The customer was called back: nothing is left to do"),
        ],
        json=True,
    ),
    Shot(
        "Sent on by a button",
        "The shop rings and rings. Somebody who watches presses *В колл-центр*.",
        "sent-on",
        [(28, "The call centre rings"), (END, "It is over")],
    ),
    Shot(
        "A caller whom nobody knows",
        "No order, no name; the caller hangs up while the office rings.",
        Scenario(
            name="unknown-gives-up",
            title="A number that nobody knows gives up",
            caller="79990000000",
            does="hang up at 15s",
            states=("identifying", "greeting", "dialing_office", "ended"),
            outcome="abandoned:dialing_office",
        ),
        [(13, "The office rings"), (END, "The caller has given up: call back, or nothing is left to do")],
    ),
    Shot(
        "A partner shop",
        "Told only while reporting is on.",
        "partner",
        [(END, "It is over")],
    ),
    Shot(
        "In English",
        "`IVR_WATCH_LANGUAGE=en`. The shop answers and is told who calls:",
        "shop",
        [(19, "The shop is told who calls"), (END, "It is over")],
        language="en",
    ),
)


def messages() -> str:
    """Return all of them, each under its heading."""
    logs.configure("console", level="critical")
    try:
        return "\n\n".join(map(_section, SHOTS))
    finally:
        structlog.reset_defaults()


def _section(shot: Shot) -> str:
    played, pinned = _played(shot)
    parts = [f"## {shot.title}", fill(shot.about, 120)]
    for seconds, what in shot.moments:
        parts.append(f"**{what}**\n\n```text\n{_framed(_at(pinned, played.begun + seconds))}\n```")
    if thread := list(_thread(pinned)):
        parts.append("**The thread**\n\n```text\n" + "\n".join(thread) + "\n```")
    if shot.json:
        parts.append(_json(_at(pinned, played.begun + shot.moments[1][0])))
    return "\n\n".join(parts)


def _played(shot: Shot) -> tuple[Played, Pinned]:
    scenario = shot.of
    if isinstance(scenario, str):
        [scenario] = [each for each in SCENARIOS if each.name == shot.of]
    board = Board()
    with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=virtual_loop) as runner:
        recordings = Path(folder) / "recordings"
        recordings.mkdir()
        url = f"sqlite:///{folder}/journal.db"
        played = runner.run(
            play(
                scenario,
                PROMPTS,
                journal=url,
                language=shot.language,
                board=board,
                recordings=recordings,
                at=NOON,
            )
        )
    assert not played.faults, played.faults
    [pinned] = board.pinned
    return played, pinned


def _at(pinned: Pinned, moment: float) -> Message:
    """Return what a message said at *moment*."""
    return [message for since, message in pinned.versions if since <= moment][-1]


def _framed(message: Message) -> str:
    return "\n".join(f"│ {line}" for line in _short(plain(message)).splitlines())


def _thread(pinned: Pinned) -> Iterator[str]:
    for message, loud in pinned.thread:
        for line in _short(plain(message)).splitlines():
            yield f"{'‼' if loud else '↳'} {line}"


def _json(message: Message) -> str:
    blocks = json.dumps({"blocks": list(message.blocks)}, ensure_ascii=False, indent=1)
    blocks = re.sub(r'"value": "\d+"', '"value": "1"', _short(blocks))
    return (
        "<details><summary>What Slack is sent then, for its Block Kit Builder</summary>\n\n"
        f"```json\n{blocks}\n```\n\n</details>"
    )


def _short(text: str) -> str:
    """Shorten links to recordings: they are signed, and the id of a call back is another one every time."""
    return re.sub(rf"({SERVED_AT}/recordings/)[^\s|>\"]*", r"\1…", text)
