"""Slack is down while calls come in: every message arrives afterwards, and no call has noticed."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.slack.card import Links, card
from ivr_fsm.slack.lines import lines
from ivr_fsm.slack.message import Dossier
from ivr_fsm.slack.setbacks import LONGEST_PAUSE
from ivr_fsm.slack.slackchat import OF_CHANNEL
from ivr_fsm.watch.words import Words
from tests.scene import OFFICE, Scene
from tests.slack.played import told_in_slack
from tests.slack.told import always
from tests.slack.webapi import WebApi, answers, hang, reply_lost

pytestmark = pytest.mark.virtual

CALLS = 200
OUTAGE = 600.0
LOST = 5
"""So many answers are lost when Slack comes back."""
CENTRE, SHOPS = "74951110021", ("74951110001", "74951110002")
CALLERS = ("79161234567", "79161234568", "79161234569", "79990000000", SHOPS[0])
WORDS = Words("ru")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def phones(chance: random.Random) -> dict[str, Any]:
    does = (
        "ring 300s, busy",
        "ring 2s, busy",
        "ring 4s, answer, hang up 20s after bridge",
        "ring 12s, answer, hang up 45s after bridge",
    )
    return {number: chance.choices(does, k=2 * CALLS) for number in (*OFFICE, *SHOPS, CENTRE)}


def call_of(chance: random.Random) -> tuple[str, str]:
    """What a caller does, and who it is."""
    does = (
        "",
        "press 1 3s into FW3",
        "press 2 1s into FW3",
        "press 7 1s into FW3, press 8 1s into 2nd FW3, press 1 1s into 3rd FW3",
        "press 1 1s into FW3, hang up 9s into FW8",
        "hang up 2s into FW1",
    )
    return chance.choice(does), chance.choice(CALLERS)


async def calls_come(stage: Scene, chance: random.Random) -> None:
    for _ in range(CALLS):
        stage.call(*call_of(chance))
        await asyncio.sleep(OUTAGE / CALLS)
    await stage.service.live.emptied()


def steps(folder: Path) -> dict[str, list[StepEntry]]:
    """The steps of each call, with times since the beginning of the loop."""
    engine = open_engine(f"sqlite:///{folder}/journal.db")
    reader = Reader(engine)
    found = {call.call: reader.steps(call.key) for call in reader.each(Wanted())}
    engine.dispose()
    return found


def as_played(call: list[StepEntry]) -> list[tuple[float, str]]:
    """The events and their commands, each with its time; legs, whose ids go by the wall clock, by numbers."""
    legs: dict[str, int] = {}

    def number(leg: re.Match[str]) -> str:
        return f"leg {legs.setdefault(leg[0], len(legs))}"

    return [
        (
            round(step.mono - call[0].mono, 6),
            re.sub(_UUID, number, json.dumps([step.body["event"], step.commands], ensure_ascii=False)),
        )
        for step in call
    ]


async def all_told(stage: Scene, within: float) -> float:
    """Wait until nothing is left to tell, and return how many seconds that took."""
    settings = stage.service.settings
    cards, loop = Cards(open_engine(settings.journal), settings.instance), asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.timeout(within):
        while await loop.run_in_executor(None, cards.untold):  # noqa: ASYNC110
            await asyncio.sleep(1)
    cards.engine.dispose()
    return loop.time() - begun


async def down(api: WebApi) -> None:
    """Slack is down for ten minutes, in four ways, and loses answers when it comes back."""
    await api.stop()
    await asyncio.sleep(OUTAGE / 4)
    await api.start()
    for fault in (hang, answers(503), answers(200, "<html>maintenance</html>")):
        api.fail("*", then=fault)
        await asyncio.sleep(OUTAGE / 4)
    api.heal()
    api.fail("chat.postMessage", *[reply_lost, None, None] * LOST)


def check_all_arrived(stage: Scene, api: WebApi) -> Counter[str]:
    settings = stage.service.settings
    cards = Cards(open_engine(settings.journal), settings.instance)
    parents = {sent.key: sent for sent in api.everything() if not sent.thread}
    assert len(parents) == sum(not sent.thread for sent in api.everything()), "a call has two messages"
    links = Links(recording=lambda call: stage.service.recording_link(call.call))
    seen: Counter[str] = Counter()
    for entry in Reader(cards.engine).each(Wanted()):
        found = cards.find(entry.key)
        assert found is not None
        dossier = Dossier(found.call, found.steps, found.plan, found.follow_ups, found.backs)
        sent = parents.pop(entry.key)
        expected = [line.text for line in lines(dossier, {}, WORDS, always)]
        assert api.told(sent) == expected
        assert sent.text == card(dossier, WORDS, links, ZoneInfo("Europe/Moscow"), False).text
        times = [sent.at, *(each.at for each in api.thread(sent))]
        assert times == sorted(times)
        seen[found.call.outcome.partition(":")[0]] += 1
    assert parents == {}, "a message of no call"
    cards.engine.dispose()
    return seen


async def test_ten_minutes_without_slack_lose_nothing_double_nothing_and_delay_nobody(tmp_path: Path) -> None:
    chance = random.Random(4)
    with capture_logs() as log:
        async with told_in_slack(tmp_path, phones(chance), max_calls=300) as (stage, api):
            outage = asyncio.create_task(down(api))
            await calls_come(stage, chance)
            await outage
            posts = len(api.everything())
            took = await all_told(stage, 3600)
            posts = len(api.everything()) - posts
            seen = check_all_arrived(stage, api)
    print(f"\n{CALLS} calls {dict(seen)}; {posts} messages in {took:.0f} s, {api.asked.total()} requests")
    assert sum(seen.values()) == CALLS
    assert {"answered", "abandoned", "unanswered", "partner"} <= seen.keys()
    # Three channels, of which the fullest has not much more than a half.
    assert took < posts * OF_CHANNEL + LONGEST_PAUSE
    # Once for the outage, and once for each answer that was lost afterwards.
    told = [line["event"] for line in log if line["event"].startswith("channel")]
    assert told[:2] == ["channel: not told", "channel: told again"]
    assert len(told) <= 2 * (1 + LOST)
    (tmp_path / "without").mkdir()
    chance = random.Random(4)
    async with told_in_slack(
        tmp_path / "without", phones(chance), max_calls=300, slack_token=SecretStr("")
    ) as (stage, _):
        await calls_come(stage, chance)
    with_slack_down, without = steps(tmp_path), steps(tmp_path / "without")
    assert with_slack_down.keys() == without.keys()
    for call, played in without.items():
        assert as_played(with_slack_down[call]) == as_played(played)


DEAD: dict[str, Callable[[WebApi], Any] | None] = {
    "refused": lambda api: api.stop(),
    "hanging": lambda api: api.fail("*", then=hang),
    "broken": lambda api: api.fail("*", then=answers(500)),
    "archived": lambda api: api.archived.update(api.channels),
    "revoked": lambda api: api.tokens.clear(),
}


@pytest.fixture
async def without_slack(tmp_path: Path) -> AsyncIterator[list[tuple[float, str]]]:
    folder = tmp_path / "none"
    folder.mkdir()
    yield await digits_and_commands(folder, None)


async def digits_and_commands(folder: Path, dead: Callable[[WebApi], Any] | None) -> list[tuple[float, str]]:
    """Play a call with many keys, and return its steps with their times."""
    settings = {} if dead else {"slack_token": SecretStr("")}
    phones = {OFFICE[0]: "ring 3s, answer, hang up 20s after bridge"}
    async with told_in_slack(folder, phones, **settings) as (stage, api):
        if dead and (waiting := dead(api)) is not None:
            await waiting
        call = stage.call("press 5 1s into FW3, press 6 1s into 2nd FW3, press 2 1s into 3rd FW3", CALLERS[0])
        await call.ended
        await stage.service.live.emptied()
    return as_played(steps(folder)[call.uuid])


@pytest.mark.parametrize("dead", DEAD.values(), ids=DEAD)
async def test_a_digit_leads_to_its_command_at_the_same_moment_whatever_slack_does(
    tmp_path: Path, dead: Callable[[WebApi], Any], without_slack: list[tuple[float, str]]
) -> None:
    assert len(without_slack) > 15
    assert await digits_and_commands(tmp_path, dead) == without_slack
