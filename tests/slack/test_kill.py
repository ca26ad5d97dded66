"""``kill -9`` of the service while calls are told: one message each, no line is missing or there twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.simulator import PhoneBook, SimulatedSwitch
from ivr_fsm.slack.card import Links, card
from ivr_fsm.slack.lines import lines
from ivr_fsm.slack.message import Dossier
from ivr_fsm.watch.words import Words
from tests.journal.victim import CENTRE, OFFICE
from tests.slack.told import always
from tests.slack.victim import Tellers
from tests.slack.webapi import WebApi, answers, cut, reply_lost, slow, taken_and_failed, taken_and_garbled

KILLS = 20
CALLS_AT_ONCE = 8
INSTANCE = "victim"
CALLERS = ("79161234567", "79161234568", "79990000000", "74951110001")
FAULTS = (*[None] * 4, reply_lost, slow(0.05), taken_and_failed, taken_and_garbled, answers(503), cut)


@pytest.fixture
def tellers(tmp_path: Path) -> Iterator[Tellers]:
    parent = Tellers(tmp_path)
    yield parent
    parent.close()


def phones(chance: random.Random) -> PhoneBook:
    does = (
        "ring 300s",
        f"ring {chance.randrange(60)}ms, busy",
        f"ring {chance.randrange(60)}ms, answer, hang up {chance.randrange(40)}ms after bridge",
    )
    return PhoneBook({number: chance.choices(does, k=40) for number in (*OFFICE, CENTRE)})


def caller(chance: random.Random) -> str:
    press = f"press {chance.choice('1279')} at {chance.randrange(20, 120)}ms"
    return chance.choice(("", press, f"{press}, hang up at {chance.randrange(30, 200)}ms"))


async def all_told(engine: Engine) -> None:
    cards = Cards(engine, INSTANCE)
    async with asyncio.timeout(30):
        while await asyncio.to_thread(cards.untold):  # noqa: ASYNC110 - told in another process
            await asyncio.sleep(0.02)


async def kill_again_and_again(tellers: Tellers, api: WebApi, url: str, chance: random.Random) -> None:
    for number in range(KILLS + 1):
        last = number == KILLS
        for method in ("chat.postMessage", "chat.update", "conversations.history"):
            api.fail(method, *([] if last else chance.choices(FAULTS, k=5000)))
        async with SimulatedSwitch(phones(chance), control_port=0, seed=chance.getrandbits(64)) as switch:
            process, port = await tellers.next(switch.control_port, url, f"{INSTANCE} {api.url}")
            try:
                switch.sockets = [("127.0.0.1", port)]
                for _ in range(CALLS_AT_ONCE * (not last)):
                    switch.call(chance.choice(CALLERS), "74950000000", caller(chance))
                if last:
                    await all_told(open_engine(url))
                else:
                    await asyncio.sleep(chance.uniform(0.1, 0.6))
            finally:
                os.kill(process, signal.SIGKILL)


async def test_nothing_is_lost_and_nothing_is_told_twice(tmp_path: Path, tellers: Tellers) -> None:
    chance, words = random.Random(4), Words("ru")
    url = f"sqlite:///{tmp_path}/journal.db"
    api = WebApi(time.time(), limited=False)
    await api.start()
    await kill_again_and_again(tellers, api, url, chance)
    await api.stop()
    assert api.refused == []
    parents = {sent.key: sent for sent in api.everything() if not sent.thread}
    assert len(parents) == sum(not sent.thread for sent in api.everything()), "a call has two messages"
    cards = Cards(open_engine(url), INSTANCE)
    outcomes: Counter[str] = Counter()
    told = 0
    for call in Reader(cards.engine).each(Wanted()):
        found = cards.find(call.key)
        assert found is not None
        assert found.card.error == ""
        dossier = Dossier(found.call, found.steps, found.plan, found.follow_ups, found.backs)
        sent = parents.pop(call.key)
        expected = [line.text for line in lines(dossier, {}, words, always)]
        assert api.told(sent) == expected
        assert sent.text == card(dossier, words, Links(), ZoneInfo("Europe/Moscow"), False).text
        outcomes[call.status.partition(":")[0]] += 1
        told += len(expected)
    cards.engine.dispose()
    assert parents == {}, "a message of no call"
    looked = api.asked["conversations.history"] + api.asked["conversations.replies"]
    print(
        f"\n{KILLS} kills, {outcomes.total()} calls {dict(outcomes)}, {told} lines, {looked} times looked for"
    )
    assert outcomes.total() > KILLS
    assert looked > 2 * KILLS
    assert {"lost", "answered", "abandoned"} <= outcomes.keys()
