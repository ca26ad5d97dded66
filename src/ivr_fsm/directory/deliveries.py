"""Tells the directory of each call that is over: at least once, across restarts, delaying nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from ivr_fsm.directory.port import AnsweredBy, CallRecord, Directory, DirectoryError, RecordRefused
from ivr_fsm.flow.step import Step

EVERY = 60.0
"""Seconds between two looks into the outbox when nobody says that a call has ended."""

SETTLE = 0.3
"""Seconds from the end of a call to that look: its last step is being written, and others end with it."""

AT_ONCE = 4
"""How many records are on their way at a time."""

LONGEST_PAUSE = 60.0
"""Seconds that failures may have us pause for by themselves."""

LONGEST_ASKED = 600.0
"""Seconds of a pause that the directory asks for."""

CLOSING = 2.0
"""Seconds that the last records may take when the service stops. What is left then waits for its start."""

log = structlog.get_logger(__name__)


class Outbox(Protocol):
    """Records that wait until they are delivered."""

    async def after(self, key: int, limit: int) -> Sequence[tuple[int, CallRecord]]:
        """Return the oldest records with a greater key than *key*, *limit* at most, each with its key."""

    async def done(self, key: int, error: str = "") -> None:
        """A record was delivered, or given up because of *error*."""

    async def close(self) -> None:
        """Nothing is asked any more."""


class Deliveries:
    """Delivers what is in an outbox. A watcher of calls (`ivr_fsm.call.ports.Watcher`), to know when to look.

    It goes through the outbox from the oldest record to the newest, and again from the beginning. Where all
    that are on their way fail it pauses, longer and longer, and then goes on behind them: neither a directory
    that is away nor a record that it cannot digest keeps anything else from being delivered.
    """

    def __init__(self, directory: Directory, outbox: Outbox) -> None:
        self._directory = directory
        self._outbox = outbox
        self._ended = asyncio.Event()
        self._closing = False
        self._place = 0
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what an earlier life of the service has left."""
        self._task = asyncio.create_task(self._run(), name="deliveries")

    def stepped(self, _call_id: str, _number: int, step: Step, _at: datetime) -> None:
        """Look into the outbox soon, if a call has ended."""
        if any(tell.what == "ended" for tell in step.told):
            self._ended.set()

    async def close(self) -> None:
        """Deliver what waits if that can be done in a moment, and end."""
        if self._closing:
            return
        self._closing = True
        self._ended.set()
        if self._task is not None:
            if not self._failures:
                await asyncio.wait({self._task}, timeout=CLOSING)
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._outbox.close()

    async def _run(self) -> None:
        while True:
            self._ended.clear()
            last = self._closing
            pause = await self._go_through()
            if last:
                return
            if pause:
                await asyncio.sleep(pause)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._ended.wait()
            if not self._closing:
                await asyncio.sleep(SETTLE)

    async def _go_through(self) -> float:
        """Deliver what waits, and return for how many seconds to pause then; 0: all of it is delivered."""
        try:
            failure, began = None, self._place
            while batch := await self._outbox.after(self._place, AT_ONCE):
                self._place = batch[-1][0]
                failures = await asyncio.gather(*(self._deliver(key, record) for key, record in batch))
                failed = [each for each in failures if each is not None]
                failure = failed[0] if failed else failure
                if len(failed) == len(batch):
                    return self._pause(failed[0])
                self._failures = 0
            self._place = 0
        except Exception as error:
            return self._pause(DirectoryError(f"the outbox cannot be read: {_line(error)}"))
        if failure is not None:
            return self._pause(failure)
        if began:
            return await self._go_through()
        self._failures = 0
        return 0.0

    async def _deliver(self, key: int, record: CallRecord) -> DirectoryError | None:
        error = ""
        try:
            try:
                await self._directory.call_ended(await self._with_name(record))
            except RecordRefused as refusal:
                error = str(refusal)
                log.error("call_ended given up", call=record.call_id, id=record.key, why=error)
            await self._outbox.done(key, error)
        except DirectoryError as failure:
            return failure
        except Exception as failure:
            return DirectoryError(_line(failure))
        return None

    async def _with_name(self, record: CallRecord) -> CallRecord:
        """Return *record* with the name of who answered, where the directory knows it."""
        by = record.answered_by
        if by is None:
            return record
        try:
            known = await self._directory.who_answers(by.phone)
        except DirectoryError:
            return record
        said = "" if known.description == by.phone else known.description
        return replace(record, answered_by=AnsweredBy(by.target, by.phone, known.name, said))

    def _pause(self, failure: DirectoryError) -> float:
        self._failures += 1
        ours = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10)) * random.uniform(0.5, 1)  # noqa: S311
        seconds = max(ours, min(failure.retry_after, LONGEST_ASKED))
        log.warning("call_ended not delivered", why=str(failure), again_in=round(seconds, 1))
        return seconds


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
