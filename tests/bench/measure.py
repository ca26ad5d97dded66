"""The measurements. Each returns seconds of single samples, or figures of a whole run."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
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
LOOK = 0.05
"""Seconds between two looks at whether a server still has something to do."""
IDLE = 0.1
"""The share of its core below which a server has nothing to do."""
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
        whole: calls from ring to hangup, as fast as it goes.
        simulated: calls on the simulator.
        presses: digits a second that the live calls send together.
        warm: whole calls that are not counted, before everything else.
        kept: calls in a journal that is asked for some of them.
    """

    arrivals: int = 300
    idle: int = 300
    busy: int = 200
    rounds: int = 2
    crowd: int = 1000
    whole: int = 500
    simulated: int = 100
    presses: float = 100.0
    warm: int = 25
    kept: int = 100_000


QUICK = Counts(arrivals=10, idle=10, busy=10, rounds=1, crowd=20, whole=10, simulated=5, warm=5, kept=200)


@dataclass(frozen=True)
class Throughput:
    """Whole calls *a_second*, CPU seconds *each*, and the *share* of its core that the server was busy."""

    a_second: float
    each: float
    share: float


class Bench:
    """One server under test, and the switch that calls it."""

    def __init__(self, double: Double, server: Server) -> None:
        self._double = double
        self.server = server
        self.takes_calls()

    def takes_calls(self) -> None:
        """From now on this server is called."""
        self._double.server_port = self.server.port

    async def arrivals(self, count: int) -> list[float]:
        """Return the seconds from connection to ``connect``."""
        chance = random.Random(1)
        moments = accumulate(chance.expovariate(ARRIVALS) for _ in range(count))

        async def one(moment: float) -> float:
            await asyncio.sleep(moment)
            call = await self._double.call()
            after = await call.connect_after
            call.cut()
            return after

        async with asyncio.timeout(PATIENCE):
            found = await asyncio.gather(*map(one, moments))
        await self._settled()
        return found

    async def live(self, count: int) -> list[Call]:
        """Let *count* calls come in, until all hear the greeting and the server has nothing to do."""
        calls: list[Call] = []
        async with asyncio.timeout(PATIENCE):
            while len(calls) < count:
                wave = [await self._double.call() for _ in range(min(WAVE, count - len(calls)))]
                await asyncio.gather(*(call.greeted.wait() for call in wave))
                calls += wave
        await self._settled()
        return calls

    async def idle(self, count: int) -> list[float]:
        """Return the seconds from digit to ``uuid_break`` while nothing else happens."""
        found: list[float] = []
        while len(found) < count:
            calls = await self.live(min(WAVE, count - len(found)))
            async with asyncio.timeout(PATIENCE):
                for call in calls:
                    call.press()
                    found.append(await call.stopped_after)
                    await asyncio.sleep(PAUSE)
            await self.cut(calls)
        return found

    async def in_talk(self, calls: Sequence[Call], presses: float) -> list[float]:
        """Return the seconds from digit to ``uuid_break``, one for each of *calls*, while all have events.

        Args:
            calls: live calls in which nobody has pressed a key yet.
            presses: how many of them press a second.
        """
        chatter = asyncio.create_task(_chat(calls))
        async with asyncio.timeout(PATIENCE):
            async for call in _paced(calls, 1 / presses):
                call.press()
            found = await asyncio.gather(*(call.stopped_after for call in calls))
        chatter.cancel()
        return found

    async def burst(self, count: int) -> list[float]:
        """Return the seconds from digit to ``uuid_break`` when *count* callers press in the same instant."""
        calls = await self.live(count)
        for call in calls:
            call.press()
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.gather(*(call.stopped_after for call in calls))
        await self.cut(calls)
        return found

    async def whole(self, count: int) -> Throughput:
        """Play whole calls, `WAVE` at any time, as fast as both sides can."""
        at_once = asyncio.Semaphore(WAVE)

        async def one() -> None:
            async with at_once:
                call = await self._double.call(whole=True)
                await call.over.wait()
                assert call.finished, "the server let go of a call before its end"

        before, began = self.server.usage().cpu, time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one() for _ in range(count)))
        wall, cpu = time.perf_counter() - began, self.server.usage().cpu - before
        return Throughput(count / wall, cpu / count, cpu / wall)

    async def cut(self, calls: Sequence[Call]) -> None:
        """Cut the connections of *calls*, and wait until the server has cleared up."""
        for call in calls:
            call.cut()
        await self._settled()

    async def _settled(self) -> None:
        """Wait until the server has nothing to do."""
        async with asyncio.timeout(PATIENCE):
            before, now = 0.0, self.server.usage().cpu
            while now - before > IDLE * LOOK:
                await asyncio.sleep(LOOK)
                before, now = now, self.server.usage().cpu


async def _chat(calls: Sequence[Call]) -> None:
    async for call in _paced(cycle(calls), EVENT_EVERY / len(calls)):
        call.chat()


async def _paced(calls: Iterable[Call], gap: float) -> AsyncIterator[Call]:
    """Yield *calls*, one every *gap* seconds by the clock, however long the work between takes."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for call in calls:
        yield call
        due += gap
        await asyncio.sleep(max(0.0, due - clock()))
