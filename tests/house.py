"""A service on the simulated switch whose buttons are pressed, and another instance beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ivr_fsm.call.registry import Registry
from ivr_fsm.desk import JournalDesk
from ivr_fsm.esl.callback import Missed
from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.wishes import Wishes
from ivr_fsm.relay import Relay
from ivr_fsm.simulator import Faults
from ivr_fsm.simulator.observed import Call
from tests.scene import CUSTOMER, Scene, scene

CENTRE, SHOP, PARTNER = "74951110021", "74951110001", "74951110002"
PHONE = f"+{CUSTOMER}"
TALK = "hang up 20s after bridge"
ANSWERS = f"ring 5s, answer, {TALK}"
RINGS = "ring 300s, busy"


class House:
    """A service with its switch, and what the journal says."""

    def __init__(self, stage: Scene) -> None:
        self.stage, self.service = stage, stage.service
        assert self.service.desk is not None
        self.desk = self.service.desk
        self._engine = open_engine(self.service.settings.journal)
        self.reader = Reader(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def entry(self, call: Call) -> CallEntry:
        [found] = self.reader.call(call.uuid)
        return found

    def backs(self) -> list[CallEntry]:
        return [call for call in self.reader.each(Wanted()) if call.back]

    def told(self, call: Call) -> list[str]:
        found = Cards(self._engine, self.service.settings.instance).find(self.entry(call).key)
        assert found is not None
        return [each.what for each in found.follow_ups]

    async def missed(self) -> Call:
        """A call whose caller gives up while the office rings."""
        call = self.stage.call("press 2 2s into FW3, hang up 1s into FW7", CUSTOMER)
        await call.ended
        await self.service.live.emptied()
        await asyncio.sleep(1)
        return call

    async def over(self, call: Call) -> None:
        await call.ended
        await self.settled()

    async def settled(self) -> None:
        await self.service.live.emptied()
        await asyncio.sleep(1)
        assert self.stage.switch.channels == {}


Open = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_(
            phones: dict[str, str | list[str]] | None = None, faults: Faults | None = None
        ) -> House:
            made = House(await stack.enter_async_context(scene(tmp_path, faults, 100, phones or {})))
            stack.callback(made.close)
            return made

        yield open_


class Rings:
    """An office that rings for ever."""

    def __init__(self) -> None:
        self.rung: list[Missed] = []

    async def ring(self, missed: Missed) -> str:
        self.rung.append(missed)
        await asyncio.sleep(3600)
        raise AssertionError


@asynccontextmanager
async def another(house: House, instance: str = "another") -> AsyncIterator[tuple[JournalDesk, Rings]]:
    """The desk of another instance with the same journal, which has no calls."""
    url, live, office = house.service.settings.journal, Registry(), Rings()
    relay = Relay(Wishes(open_engine(url)), live, instance)
    desk = JournalDesk(FollowUps(open_engine(url)), relay, live, office, house.service.now)
    await desk.start()
    yield desk, office
    await desk.close()
