"""The measurements. Each returns seconds of single samples, or figures of a whole run."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle

from tests.bench.double import Call, Double
from tests.bench.process import Server

WAVE = 25
"""How many calls arrive at once where many are wanted."""
EVENT_EVERY = 2.0
"""Seconds between two events of a live call: the traces have about 30 a minute."""
ARRIVALS = 50.0
"""Calls a second, at random moments, where the time to ``connect`` is taken."""
SETTLED = 0.2
"""Seconds after which a server that nobody talks to has nothing left to do."""
PAUSE = 0.002
"""Seconds between two digits of an idle server, so that it has gone to sleep again."""
PATIENCE = 60.0
"""Seconds that a measurement may take before it has failed."""


@dataclass(frozen=True)
class Counts:
    """How much is measured.

    Attributes:
        arrivals: calls whose ``connect`` is timed.
        idle: digits while nothing else happens.
        busy: calls at once, so many *rounds*.
        crowd: calls at once, and for the memory of each.
        whole: calls from ring to hangup.
        presses: digits a second that the live calls send together.
    """

    arrivals: int = 300
    idle: int = 500
    busy: int = 200
    rounds: int = 3
    crowd: int = 1000
    whole: int = 500
    presses: float = 100.0


QUICK = Counts(arrivals=20, idle=25, busy=25, rounds=1, crowd=50, whole=25)


@dataclass(frozen=True)
class Throughput:
    """Whole calls *a_second*, CPU seconds *each*, and the *share* of its core that the server was busy."""

    a_second: float
    each: float
    share: float


async def arrivals(double: Double, count: int) -> list[float]:
    """Return the seconds from connection to ``connect``."""
    chance = random.Random(1)
    moments = accumulate(chance.expovariate(ARRIVALS) for _ in range(count))

    async def one(moment: float) -> float:
        await asyncio.sleep(moment)
        call = await double.call()
        after = await call.connect_after
        call.cut()
        return after

    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*map(one, moments))


async def live(double: Double, count: int) -> list[Call]:
    """Let *count* calls come in, and wait until all hear the greeting and the server has nothing to do."""
    calls: list[Call] = []
    async with asyncio.timeout(PATIENCE):
        while len(calls) < count:
            wave = [await double.call() for _ in range(min(WAVE, count - len(calls)))]
            await asyncio.gather(*(call.greeted.wait() for call in wave))
            calls += wave
    await asyncio.sleep(SETTLED)
    return calls


async def idle(double: Double, count: int) -> list[float]:
    """Return the seconds from digit to ``uuid_break`` while nothing else happens."""
    found: list[float] = []
    while len(found) < count:
        calls = await live(double, min(WAVE, count - len(found)))
        async with asyncio.timeout(PATIENCE):
            for call in calls:
                call.press()
                found.append(await call.stopped_after)
                await asyncio.sleep(PAUSE)
        await cut(calls)
    return found


async def in_talk(calls: Sequence[Call], presses: float) -> list[float]:
    """Return the seconds from digit to ``uuid_break``, one for each of *calls*, while all have events.

    Args:
        calls: live calls in which nobody has pressed a key yet.
        presses: how many of them press a second.
    """
    chatter = asyncio.create_task(_chat(calls))
    async with asyncio.timeout(PATIENCE):
        for call in calls:
            call.press()
            await asyncio.sleep(1 / presses)
        found = await _stopped(calls)
    chatter.cancel()
    return found


async def burst(double: Double, count: int) -> list[float]:
    """Return the seconds from digit to ``uuid_break`` when *count* callers press in the same instant."""
    calls = await live(double, count)
    for call in calls:
        call.press()
    found = await _stopped(calls)
    await cut(calls)
    return found


async def whole(double: Double, server: Server, count: int) -> Throughput:
    """Play whole calls, `WAVE` at any time, as fast as both sides can."""
    at_once = asyncio.Semaphore(WAVE)

    async def one() -> None:
        async with at_once:
            call = await double.call(whole=True)
            await call.over.wait()
            assert call.finished, "the server let go of a call before its end"

    before, began = server.usage().cpu, time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(one() for _ in range(count)))
    wall, cpu = time.perf_counter() - began, server.usage().cpu - before
    return Throughput(count / wall, cpu / count, cpu / wall)


async def cut(calls: Sequence[Call]) -> None:
    """Cut the connections of *calls*, and give the server time to clear up."""
    for call in calls:
        call.cut()
    await asyncio.sleep(SETTLED)


async def _stopped(calls: Sequence[Call]) -> list[float]:
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*(call.stopped_after for call in calls))


async def _chat(calls: Sequence[Call]) -> None:
    for call in cycle(calls):
        call.chat()
        await asyncio.sleep(EVENT_EVERY / len(calls))
