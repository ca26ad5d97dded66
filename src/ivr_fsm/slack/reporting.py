"""When reporting is on: by a weekly schedule, and by the switch that the watchers have."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from ivr_fsm.flow.hours import Hours
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.switches import Mode, Switch, Switches
from ivr_fsm.journal.thread import OneThread

FRESH = 5.0
"""Seconds after which the journal is read again: another instance may have been told to switch."""

REMEMBERED = 200
"""How many switches are known: calls are judged by those of their time."""

CLOSING = 2.0
"""Seconds for the last reading when the service stops."""

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Status:
    """How reporting stands.

    Attributes:
        on: whether it is on.
        scheduled: whether there is a schedule.
        last: who has switched last, and to what; None: nobody ever has.
    """

    on: bool
    scheduled: bool
    last: Switch | None


class Reporting:
    """Says whether reporting is, or was, on. Without a schedule it is always on unless it is switched off."""

    def __init__(
        self, hours: Hours | None, switches: Switches, now: Callable[[], datetime], *, fresh: float = FRESH
    ) -> None:
        """Read nothing yet.

        Args:
            hours: the schedule; None: there is none.
            switches: what the watchers have switched.
            now: the wall clock, aware.
            fresh: seconds after which the journal is read again.
        """
        self._hours = hours
        self._switches = switches
        self._now = now
        self._fresh = fresh
        self._known: Sequence[Switch] = ()
        self._failing = False
        self._thread = OneThread("reporting")
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the journal, and go on doing so; that it cannot be read is only logged."""
        await self._look()
        self._reading = asyncio.create_task(self._keep_looking(), name="reporting")

    def __call__(self, at: datetime) -> bool:
        """Say whether reporting was on at *at*, an aware time."""
        last = self._last(at)
        if last is None or last.mode == "hours":
            return self._hours is None or self._hours.is_open(at)
        return last.mode == "on"

    async def switch(self, mode: Mode, by: str) -> Status:
        """Switch to *mode* for all instances; *by*: who says so.

        Raises:
            JournalError: it cannot be noted, and nothing has changed.
        """
        switch = Switch(self._now(), mode, by)
        await self._in_thread(lambda: self._switches.add(switch))
        log.info("reporting switched", mode=mode, by=by)
        return await self.status()

    async def status(self) -> Status:
        """Return how reporting stands, by the journal as it is now.

        Raises:
            JournalError: it cannot be read.
        """
        await self._read()
        now = self._now()
        return Status(self(now), self._hours is not None, self._last(now))

    async def close(self) -> None:
        """Read no more."""
        if self._reading:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        await self._thread.finish(lambda: None, CLOSING)

    def _last(self, at: datetime) -> Switch | None:
        before = bisect_right(self._known, at, key=lambda switch: switch.at)
        return self._known[before - 1] if before else None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._fresh)
            await self._look()

    async def _look(self) -> None:
        try:
            await self._read()
        except JournalError as error:
            if not self._failing:
                log.warning("reporting cannot be looked up", why=str(error), effect="it stays as it was")
            self._failing = True
        else:
            if self._failing:
                log.info("reporting can be looked up again")
            self._failing = False

    async def _read(self) -> None:
        self._known = await self._in_thread(lambda: self._switches.newest(REMEMBERED))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
