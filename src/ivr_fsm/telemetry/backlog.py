"""What waits to be told: to the channel, to the marketplace. And whether the journal's database can be used.

The database is asked now and then, in a thread: neither a scrape nor a probe waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Column, ColumnElement, Connection, Engine, select

from ivr_fsm.journal.database import reason
from ivr_fsm.journal.tables import CALLS, micros
from ivr_fsm.journal.thread import OneThread

EVERY = 15.0
"""Seconds between two looks."""

CLOSING = 2.0
"""Seconds that the look under way may take when the service stops."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Waiting:
    """The calls of which somebody has not been told.

    Attributes:
        since: from when each of them waits, by its key, in microseconds since 1970.
        looked: when that was looked at; 0: not yet.
    """

    since: Mapping[int, int] = field(default_factory=dict)
    looked: int = 0

    def age(self, now: datetime) -> float:
        """Return for how many seconds the oldest of them has waited at *now* (an aware time)."""
        return max(0.0, (micros(now) - min(self.since.values())) / 1e6) if self.since else 0.0

    def seen(self, found: Mapping[int, int], at: int) -> Waiting:
        """Return what waits when, at *at*, calls were *found*: each with its end.

        An old call may be told anew, when it is forgotten or called back: it has not waited since its end.
        """
        since = {key: self.since.get(key, max(end, self.looked)) for key, end in found.items()}
        return Waiting(since, at)


class Overdue:
    """The calls of one *instance* that wait, in the database of *engine*. What it does blocks, and raises."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self._instance = instance

    def look(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return the calls that are over and of which the channel, and the marketplace, was not told.

        Each with its end, by its key.

        Raises:
            SQLAlchemyError, OSError: the database cannot be read, or not written.
        """
        with self.engine.connect() as connection:
            _try_to_write(connection)
            untold = self._over(connection, CALLS.c.told)
            # Whoever took a call that was refused tells of it.
            return untold, self._over(connection, CALLS.c.reported, CALLS.c.refused == "")

    def _over(
        self, connection: Connection, told: Column[Any], *wanted: ColumnElement[bool]
    ) -> dict[int, int]:
        calls = CALLS.c
        over = calls.ended.is_not(None) | calls.lost.is_not(None)
        query = select(calls.key, calls.ended, calls.lost).where(
            calls.instance == self._instance, told.is_(None), over, *wanted
        )
        return {key: ended if ended is not None else lost for key, ended, lost in connection.execute(query)}


def _try_to_write(connection: Connection) -> None:
    """Meet what a writer would meet: a lock that stays, a file that may not be written, a standby."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        raise OSError("the database is read-only")
    connection.rollback()


class Backlog:
    """Knows what was waiting at the last look.

    Attributes:
        channel: calls that are over and of which the watchers of the channel have not been told all.
        marketplace: calls that are over and of which the marketplace has not been told.
        trouble: why the database could not be used at the last look; empty: it could.
    """

    def __init__(self, engine: Engine, instance: str, now: Callable[[], datetime]) -> None:
        """Look at nothing yet.

        Args:
            engine: the journal's database; it is closed with this.
            instance: whose calls.
            now: the wall clock, aware.
        """
        self._overdue = Overdue(engine, instance)
        self._now = now
        self._thread = OneThread("backlog")
        self._task: asyncio.Task[None] | None = None
        self.channel = Waiting()
        self.marketplace = Waiting()
        self.trouble = ""

    def start(self) -> None:
        """Begin to look; the journal must be open."""
        self._task = asyncio.create_task(self._run(), name="backlog")

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._thread.finish(self._overdue.engine.dispose, CLOSING)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                untold, unreported = await loop.run_in_executor(self._thread, self._overdue.look)
            except Exception as error:
                if not self.trouble:
                    log.warning("backlog not read", why=reason(error), effect="its metrics stand still")
                self.trouble = reason(error) or type(error).__name__
            else:
                self.trouble = ""
                at = micros(self._now())
                self.channel = self.channel.seen(untold, at)
                self.marketplace = self.marketplace.seen(unreported, at)
            await asyncio.sleep(EVERY)
