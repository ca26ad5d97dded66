"""The journal's pen: steps of all calls in order, many in one transaction, before their commands leave.

A thread of its own writes; the loop only hands over what has gathered, and hears that it is written. When
the database is slow or fails, no call waits longer than `PATIENCE`: commands leave, the steps wait in memory
until it is back, and what was late or lost is noted as a gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.journal.database import reason
from ivr_fsm.journal.page import Leave, Page, Record, new_key
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.rows import Origin, Row, refused_row, step_row
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.tables import micros

PATIENCE = 0.1
"""Seconds that the commands of a step wait for it to be written."""

BATCH = 500
"""How many records go into one transaction."""

BACKLOG = 50_000
"""How many records wait in memory for a database that fails; what comes then is lost."""

RETRY = 1.0
"""Seconds between two tries to write to a database that fails."""

CLOSING = 5.0
"""Seconds that the journal may take to write its last records."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Item:
    record: Record
    leave: Leave | None


@dataclass(slots=True)
class _Batch:
    items: list[_Item]
    done: bool = False
    """Set by the writer's thread: the loop will hear of it in a moment."""


@dataclass(slots=True)
class _Gap:
    began: datetime
    why: str
    late: int = 0
    lost: int = 0


class Journal:
    """Writes the calls of one instance (`ivr_fsm.call.ports.Journal`)."""

    def __init__(
        self, store: Store, instance: str, now: Callable[[], datetime], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._store = store
        self._instance = instance
        self._now = now
        self._loop = loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._origin = Origin(instance, flow_revision(), "")
        self._waiting: deque[_Item] = deque()
        self._writing: _Batch | None = None
        self._one_by_one = 0
        self._timer: asyncio.TimerHandle | None = None
        self._gap: _Gap | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing = False
        self._closed = False

    async def open(self, plan: Plan) -> None:
        """Make the database ready for calls that follow *plan*.

        Raises:
            JournalError: it cannot be used.
        """
        self._origin = Origin(self._instance, flow_revision(), plan_revision(plan))
        await self._loop.run_in_executor(self._thread, self._store.open, self._instance, plan, self._now())

    def begin(self, call: Call) -> Page:
        """Return where the steps of *call* are written."""
        return Page(self, call, self._origin)

    def refuse(self, arrived: CallArrived, why: str) -> None:
        """Note a call that the service did not take: somebody may ask for it."""
        at = self._now()
        self.put(Record(refused_row(new_key(at), arrived, why, at, self._origin)), None)

    def put(self, record: Record, leave: Leave | None) -> None:
        """Have *record* written after those before it, then call *leave*; at once while a gap is open."""
        if self._closed or len(self._waiting) >= BACKLOG:
            self._lose(1)
        else:
            self._waiting.append(_Item(record, None if self._gap else leave))
            self._idle.clear()
        if leave is not None and (self._gap or self._closed):
            self._leave_late(leave)
        elif leave is not None and self._timer is None:
            self._timer = self._loop.call_later(PATIENCE, self._lose_patience)
        if self._writing is None and not self._failing and not self._closed:
            self._write()

    async def close(self) -> None:
        """Write what waits, as far as the database lets us, and close it."""
        if self._closed:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._idle.wait()
        self._closed = True
        if unwritten := len(self._waiting) + (len(self._writing.items) if self._writing else 0):
            log.error("journal closed", unwritten=unwritten, why=self._gap.why if self._gap else "")
        self._thread.submit(self._store.close)
        self._thread.shutdown(wait=False)

    def _write(self) -> None:
        size = 1 if self._one_by_one else BATCH
        self._one_by_one = max(0, self._one_by_one - 1)
        batch = _Batch([self._waiting.popleft() for _ in range(min(size, len(self._waiting)))])
        self._writing = batch
        future = self._loop.run_in_executor(self._thread, self._store_all, batch)
        future.add_done_callback(lambda done: self._written(batch, done.exception()))

    def _store_all(self, batch: _Batch) -> None:
        """Runs in the writer's thread."""
        calls: dict[int, Row] = {}
        steps = []
        try:
            for item in batch.items:
                if (call := item.record.call) is not None:
                    calls[call["key"]] = call
                if item.record.step is not None:
                    steps.append(step_row(*item.record.step))
            self._store.write(list(calls.values()), steps)
        finally:
            batch.done = True

    def _written(self, batch: _Batch, error: BaseException | None) -> None:
        self._writing = None
        if error is None:
            self._rearm()
            self._let_leave(batch.items)
        elif isinstance(error, OperationalError | InterfaceError | OSError):
            self._failing = True
            self._loop.call_later(RETRY, self._try_again)
            self._open_gap(reason(error))
            self._waiting.extendleft(reversed(batch.items))
            self._let_leave_late(list(self._waiting))
            return
        elif len(batch.items) > 1:
            # One record that the database refuses must not keep the others from it.
            self._waiting.extendleft(reversed(batch.items))
            self._one_by_one = len(batch.items)
        else:
            log.error("journal refuses a step", why=reason(error), record=str(batch.items[0].record)[:500])
            self._open_gap(reason(error))
            self._lose(1)
            self._let_leave_late(batch.items)
        if self._waiting and self._writing is None:
            self._write()
        elif self._writing is None:
            self._caught_up()

    def _try_again(self) -> None:
        self._failing = False
        if not self._closed:
            self._write()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if any(item.leave for item in self._waiting):
            self._timer = self._loop.call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._timer = None
        writing = self._writing
        if writing is None or writing.done:
            return
        self._open_gap(f"not written within {PATIENCE:g} s")
        self._let_leave_late([*writing.items, *self._waiting])

    def _let_leave(self, items: list[_Item]) -> None:
        for item in items:
            if item.leave is not None:
                leave, item.leave = item.leave, None
                leave()

    def _let_leave_late(self, items: list[_Item]) -> None:
        for item in items:
            if item.leave is not None:
                leave, item.leave = item.leave, None
                self._leave_late(leave)

    def _leave_late(self, leave: Leave) -> None:
        if self._gap:
            self._gap.late += 1
        leave()

    def _lose(self, count: int) -> None:
        self._open_gap("too many records wait" if not self._closed else "the service stops")
        assert self._gap is not None
        self._gap.lost += count

    def _open_gap(self, why: str) -> None:
        if self._gap is None:
            self._gap = _Gap(self._now(), why)
            log.error("journal behind", why=why, effect="calls go on; their steps wait in memory")

    def _caught_up(self) -> None:
        self._idle.set()
        if self._gap is None:
            return
        gap, self._gap = self._gap, None
        ended = self._now()
        log.warning(
            "journal caught up",
            why=gap.why,
            seconds=round((ended - gap.began).total_seconds(), 3),
            late=gap.late,
            lost=gap.lost,
        )
        row = {"instance": self._instance, "began": micros(gap.began), "ended": micros(ended)}
        self._note(row | {"why": gap.why, "late": gap.late, "lost": gap.lost})

    def _note(self, gap: Row) -> None:
        noting = self._loop.run_in_executor(self._thread, self._store.note_gap, gap)
        noting.add_done_callback(
            lambda done: done.exception() and log.error("gap not noted", why=str(done.exception()))
        )
