"""The channel's projection between a real journal and a workspace; calls without a switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from ivr_fsm.flow.caller import Caller
from ivr_fsm.flow.events import CallArrived, Event, LegEnded
from ivr_fsm.flow.step import Step, arrive
from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.writer import Journal
from ivr_fsm.slack.card import Links
from ivr_fsm.slack.chat import Chat
from ivr_fsm.slack.projection import Projection
from ivr_fsm.slack.slackchat import SlackChat
from ivr_fsm.slack.telling import Look
from ivr_fsm.watch.words import Words
from tests.flow.clock import ORDER, LiveCall, plan
from tests.slack.told import always
from tests.slack.webapi import ORDERS, OTHERS, SHOPS, TOKEN, Sent, WebApi, workspace

PLAN = plan()
INSTANCE = "one"
CHANNELS = {"order": ORDERS, "other": OTHERS, "partner": SHOPS}
EPOCH = datetime.fromtimestamp(1_780_304_400, UTC)
"""The virtual clock's beginning."""

_numbers = count(1)


class Newsroom:
    """One instance: its journal, and the projection that tells of it. `restart` is another life of it."""

    def __init__(self, folder: Path, api: WebApi, **look: object) -> None:
        self.url = f"sqlite:///{folder}/journal.db"
        self.api = api
        self.look = look
        self.store = Store(open_engine(self.url))
        self.journal = Journal(self.store, INSTANCE, now, asyncio.get_running_loop())
        self.projection = self._projection()

    def _projection(self) -> Projection:
        known: Mapping[str, object] = {
            "words": Words("ru"),
            "zone": ZoneInfo("Europe/Moscow"),
            "channels": CHANNELS,
            "links": Links(),
            "reporting": always,
            "may_act": True,
            **self.look,
        }
        look = Look(**known)  # type: ignore[arg-type]
        chat = self.look.get("chat") or SlackChat(TOKEN, self.api.url)
        return Projection(Cards(open_engine(self.url), INSTANCE), chat, look, now)  # type: ignore[arg-type]

    async def restart(self, while_down: Callable[[], None] = lambda: None) -> None:
        await self.projection.close()
        while_down()
        self.projection = self._projection()
        self.projection.start()

    async def close(self) -> None:
        await self.projection.close()
        await self.journal.close()

    def call(self, caller: Caller = ORDER, phone: str = "+79161234567") -> WrittenCall:
        """Return a call whose caller is known and hears the greeting."""
        call = WrittenCall(PLAN, now(), room=self, phone=phone)
        call.identified(caller)
        return call

    def in_menu(self) -> WrittenCall:
        call = self.call()
        call.prompt_ends()
        return call

    @property
    def untold(self) -> list[int]:
        """The calls of which not all is told."""
        cards = Cards(open_engine(self.url), INSTANCE)
        found = [each.key for each in cards.untold()]
        cards.engine.dispose()
        return found

    async def all_told(self, within: float = 600) -> float:
        """Wait until nothing is left to tell, and return the loop's time."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(1)  # it is being written
        async with asyncio.timeout(within):
            while await loop.run_in_executor(None, lambda: self.untold):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        return loop.time()

    def sent(self, call: WrittenCall) -> Sent:
        """The one message of a call."""
        [sent] = [sent for sent in self.api.everything() if not sent.thread and sent.key == call.key]
        return sent

    def told(self, call: WrittenCall) -> list[str]:
        """The lines of its thread."""
        return self.api.told(self.sent(call))


@dataclass
class WrittenCall(LiveCall):
    """A call whose steps are written as they are taken, at the loop's time."""

    room: Newsroom = None  # type: ignore[assignment]
    phone: str = ""

    def __post_init__(self) -> None:
        self.id = str(UUID(int=next(_numbers), version=4))
        self.call, first = arrive(self.plan, CallArrived(self.id, self.phone, "74950000000"), self.start)
        self.page = self.room.journal.begin(self.call)
        self._note(first)

    @property
    def key(self) -> int:
        return self.page._key

    def send(self, event: Event) -> Step:
        self.seconds = (now() - self.start).total_seconds()
        return super().send(event)

    def nobody_answers(self) -> WrittenCall:
        """From the menu: neither office nor call centre can be reached; the caller hears so, and hangs up."""
        self.press("2")
        for target in ("office", "call_centre"):
            for index in range(len(self.dialed(target))):
                self.ends(target, index)
        self.prompt_ends()
        self.hangs_up()
        return self

    def over(self) -> WrittenCall:
        """The caller hangs up, and so does everybody else."""
        self.hangs_up()
        for leg in list(self.call.legs.values()):
            if leg.alive:
                self.send(LegEnded(leg.id, "NORMAL_CLEARING"))
        assert self.state == "ended"
        return self

    def _note(self, taken: Step) -> None:
        super()._note(taken)
        self.page.write(taken, asyncio.get_running_loop().time(), None)
        self.room.projection.stepped(self.id, len(self.steps), taken, now())


WRONG = [f"Клиент нажал другую кнопку: {digit}" for digit in "78"]


async def two_wrong_keys(call: WrittenCall, apart: float = 4) -> None:
    for digit in "78":
        await asyncio.sleep(apart)
        call.press(digit)


def now() -> datetime:
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


@asynccontextmanager
async def newsroom(
    folder: Path, *, limited: bool = True, chat: Chat | None = None, **look: object
) -> AsyncIterator[Newsroom]:
    """Yield a newsroom at work."""
    async with workspace(limited=limited) as api:
        room = Newsroom(folder, api, **look)
        await room.journal.open(PLAN)
        room.projection.start()
        try:
            yield room
        finally:
            await room.close()
        assert api.refused == []
