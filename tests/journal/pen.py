"""Calls that write into the journal, without a switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from ivr_fsm.flow.caller import Caller, Unknown
from ivr_fsm.flow.events import CallArrived, CallerIdentified, DigitPressed, Event
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import arrive, attempt
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.page import Leave
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.writer import Journal

PLAN = Plan.model_validate({"targets": {"office": {"numbers": ["74951110011"]}}})


def now() -> datetime:
    return datetime.now(UTC)


class WritingCall:
    """A call whose steps are written as they are taken."""

    def __init__(
        self, journal: Journal, phone: str = "+79161234567", call_id: str = "", back: str = ""
    ) -> None:
        self.id = call_id or str(uuid4())
        self.call, self._first = arrive(PLAN, CallArrived(self.id, phone, back=back), now())
        self._page = journal.begin(self.call)
        self.steps = 0

    def arrives(self, leave: Leave | None = None) -> None:
        self.steps += 1
        self._page.write(self._first, 0.0, leave)

    def takes(self, event: Event, leave: Leave | None = None) -> None:
        self.steps += 1
        self._page.write(attempt(self.call, event, now()), 0.0, leave)

    def presses(self, leave: Leave | None = None) -> None:
        self.takes(DigitPressed("7"), leave)

    async def arrives_and_waits(self) -> None:
        await written(self.arrives)

    async def presses_and_waits(self) -> None:
        await written(self.presses)


async def written(write: object) -> None:
    """Write a step whose commands leave, and wait until they may."""
    left = asyncio.get_running_loop().create_future()
    write(lambda: left.set_result(None))  # type: ignore[operator]
    async with asyncio.timeout(30):
        await left


def identified(journal: Journal, caller: Caller | None = None) -> WritingCall:
    """Return a call that has arrived and whose caller is known."""
    call = WritingCall(journal)
    call.arrives()
    call.takes(CallerIdentified(caller or Unknown()))
    return call


@asynccontextmanager
async def journal(url: str, instance: str = "one", store: Store | None = None) -> AsyncIterator[Journal]:
    """Yield an open journal; it is closed in the end, and must then be empty."""
    opened = Journal(store or Store(open_engine(url)), instance, now, asyncio.get_running_loop())
    await opened.open(PLAN)
    try:
        yield opened
    finally:
        await opened.close()
