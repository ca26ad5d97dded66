"""``kill -9`` of the service while calls end: the marketplace hears of each, under one key."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import Engine
from tests.directory.marketplace import Fault, Marketplace, answers, cut, marketplace
from tests.directory.victim import Reporters
from tests.journal.victim import CENTRE, OFFICE

from ivr_fsm.directory.contract import CALLS
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.outbox import Unreported
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.records import record_of
from ivr_fsm.simulator import PhoneBook, SimulatedSwitch

KILLS = 20
CALLS_AT_ONCE = 8
INSTANCE = "victim"
CALLERS = ("79161234567", "79161234568", "79990000000", "74951110001")


@pytest.fixture
def reporters(tmp_path: Path) -> Iterator[Reporters]:
    parent = Reporters(tmp_path)
    yield parent
    parent.close()


def reply_lost(market: Marketplace) -> Fault:
    """The record is kept, and the connection cut before the answer."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await market.stub._call_ended(request)
        return await cut(request)

    return fault


def late(market: Marketplace) -> Fault:
    """The record is kept after a while."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        return await market.stub._call_ended(request)

    return fault


def phones(chance: random.Random) -> PhoneBook:
    does = (
        "ring 300s",
        f"ring {chance.randrange(60)}ms, busy",
        f"ring {chance.randrange(60)}ms, answer, hang up {chance.randrange(40)}ms after bridge",
    )
    return PhoneBook({number: chance.choices(does, k=40) for number in (*OFFICE, CENTRE)})


def caller(chance: random.Random) -> str:
    return chance.choice(("", f"hang up at {chance.randrange(30, 200)}ms"))


async def all_reported(engine: Engine) -> None:
    waiting = Unreported(engine, INSTANCE)
    async with asyncio.timeout(30):
        while await asyncio.to_thread(waiting.after, 0, 1):  # noqa: ASYNC110 - told in another process
            await asyncio.sleep(0.02)


async def test_every_call_that_ended_is_told_of_under_one_key(tmp_path: Path, reporters: Reporters) -> None:
    chance = random.Random(4)
    url = f"sqlite:///{tmp_path}/journal.db"
    async with marketplace() as market:
        faults = (None, None, reply_lost(market), late(market), answers(503), cut)
        for number in range(KILLS + 1):
            last = number == KILLS
            market.fail(CALLS, *([] if last else chance.choices(faults, k=1000)))
            switch = SimulatedSwitch(phones(chance), control_port=0, seed=chance.getrandbits(64))
            async with switch:
                process, port = await reporters.next(switch.control_port, url, f"{INSTANCE} {market.address}")
                try:
                    switch.sockets = [("127.0.0.1", port)]
                    for _ in range(CALLS_AT_ONCE * (not last)):
                        switch.call(chance.choice(CALLERS), "74950000000", caller(chance))
                    if last:
                        await all_reported(open_engine(url))
                    else:
                        await asyncio.sleep(chance.uniform(0.1, 0.6))
                finally:
                    os.kill(process, signal.SIGKILL)
    engine = open_engine(url)
    ended = {record_of(call, "RU", None).key: call for call in Reader(engine).each(Wanted())}
    engine.dispose()
    told = market.stub.calls
    assert told.keys() == ended.keys()
    assert {key: each.call for key, each in told.items()} == {key: call.call for key, call in ended.items()}
    outcomes = Counter(each.outcome.partition(":")[0] for each in told.values())
    repeated = sum(count > 1 for count in Counter(market.keys).values())
    print(f"\n{KILLS} kills, {len(told)} calls, {dict(outcomes)}, {repeated} told again")
    assert len(told) > 5 * KILLS
    assert repeated > KILLS / 4
    assert {"failed", "answered", "abandoned"} <= outcomes.keys()
