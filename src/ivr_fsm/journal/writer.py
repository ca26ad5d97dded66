"""The journal's pen: steps of all calls in order, many in one transaction, before their commands leave.

A thread of its own writes; the loop only hands over what has gathered, and hears that it is written. When
the database is slow or fails, no call waits for it longer than `PATIENCE`: commands leave, the steps wait in
memory until it is back, and what was late or lost is noted as a gap.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.journal.database import reason, refuses
from ivr_fsm.journal.page import Leave, Page, Record, new_key
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.rows import Origin, gap_row, refused_row
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.thread import OneThread

PATIENCE = 0.1
"""Seconds that commands wait for a transaction. A step that comes during one waits for the next one, too."""

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
    """Let its commands leave; None: none wait."""
    late: bool = False
    """Its commands left before it was written."""


@dataclass(slots=True)
class _Gap:
    began: datetime
    why: str
    late: int = 0
    lost: int = 0
    ending: bool = False
    """The database writes again and nearly all is written: commands wait again."""


@dataclass(slots=True)
class Totals:
    """How the journal has fared since it was opened.

    Attributes:
        gaps: how often commands did not wait for it.
        late: steps that were written after their commands had left, or will be.
        lost: records that were never written.
    """

    gaps: int = 0
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
        self._thread = OneThread("journal")
        self._origin = Origin(instance, flow_revision(), "")
        self._waiting: deque[_Item] = deque()
        self._writing: list[_Item] = []
        """What the thread writes now."""
        self._size = BATCH
        self._timer: asyncio.TimerHandle | None = None
        self._gap: _Gap | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing = False
        self._closed = False
        self.totals = Totals()

    @property
    def behind(self) -> str:
        """Why commands do not wait for the journal now; empty: they do."""
        return self._gap.why if self._gap is not None and not self._gap.ending else ""

    @property
    def unwritten(self) -> int:
        """How many records wait in memory."""
        return len(self._waiting) + len(self._writing)

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
        item = _Item(record, leave)
        if self._closed or len(self._waiting) >= BACKLOG:
            self._lose("the service has stopped" if self._closed else "too many records wait")
            self._let_leave([item])
            return
        self._waiting.append(item)
        self._idle.clear()
        if self._gap is not None and not self._gap.ending:
            self._leave_late([item])
        elif leave is not None and self._timer is None:
            self._timer = self._loop.call_later(PATIENCE, self._lose_patience)
        if not self._writing and not self._failing:
            self._write()

    async def close(self) -> None:
        """Write what waits, as far as the database lets us within `CLOSING` seconds, and close it."""
        if self._closed:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._idle.wait()
        self._closed = True
        if unwritten := self.unwritten:
            log.error("journal closed", unwritten=unwritten, why=self._gap.why if self._gap else "")
        closing = self._loop.run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()
        if not self._writing:
            await closing

    def _write(self) -> None:
        items = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
        self._writing = items
        records = [item.record for item in items]
        future = self._loop.run_in_executor(self._thread, self._store.write, records)
        future.add_done_callback(lambda done: self._written(items, done.exception()))

    def _written(self, items: list[_Item], error: BaseException | None) -> None:
        if self._closed:
            return
        if error is None:
            self._size = min(BATCH, self._size * 2)
            self._rearm()
            # What these commands lead to is written together: the next transaction waits for all of them.
            self._let_leave(items)
            self._end_gap()
        elif not refuses(error):
            self._fail(items, reason(error))
        elif len(items) > 1:
            # One record that the database refuses must not keep the others from it: look for it by halves.
            self._waiting.extendleft(reversed(items))
            self._size = len(items) // 2
            self._rearm()
        else:
            self._drop(items[0], reason(error))
        self._writing = []
        if self._waiting and not self._failing:
            self._write()
        elif not self._waiting:
            self._idle.set()

    def _fail(self, items: list[_Item], why: str) -> None:
        self._failing = True
        self._waiting.extendleft(reversed(items))
        self._loop.call_later(RETRY, self._try_again)
        self._open_gap(why)
        self._leave_late(list(self._waiting))

    def _try_again(self) -> None:
        self._failing = False
        if not self._closed:
            self._write()

    def _drop(self, item: _Item, why: str) -> None:
        """The database will never take this record: how the call stands may yet be written, its step not."""
        call, step, gap = item.record.call, item.record.step, item.record.gap
        log.error("journal refuses a record", why=why, step=step[:2] if step else None, gap=gap is not None)
        if call is not None and step is not None:
            self._waiting.appendleft(_Item(Record(call=call), None))
        if gap is None:
            self._lose(why)
        self._let_leave([item])
        self._end_gap()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if any(item.leave for item in self._waiting):
            self._timer = self._loop.call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        self._timer = None
        # The write may be done, and the loop about to hear of it.
        self._loop.call_soon(self._leave_unwritten, self._writing)

    def _leave_unwritten(self, writing: list[_Item]) -> None:
        if writing and writing is self._writing:
            self._open_gap(f"not written within {PATIENCE:g} s")
            self._leave_late([*self._writing, *self._waiting])

    def _leave_late(self, items: Iterable[_Item]) -> None:
        late = [item for item in items if item.leave is not None]
        for item in late:
            item.late = True
        if self._gap is not None:
            self._gap.late += len(late)
        self.totals.late += len(late)
        self._let_leave(late)

    def _let_leave(self, items: Iterable[_Item]) -> None:
        for item in items:
            if item.leave is not None:
                leave, item.leave = item.leave, None
                try:
                    leave()
                except Exception:
                    # The fault of one call must not keep the commands of the others.
                    log.exception("commands did not leave")

    def _lose(self, why: str) -> None:
        self._open_gap(why).lost += 1
        self.totals.lost += 1

    def _open_gap(self, why: str) -> _Gap:
        if self._gap is None:
            self._gap = _Gap(self._now(), why)
            self.totals.gaps += 1
            log.error("journal behind", why=why, effect="calls go on; their steps wait in memory")
        self._gap.ending = False
        return self._gap

    def _end_gap(self) -> None:
        """The database writes: the gap is over when all that is late is written."""
        gap = self._gap
        if gap is None or len(self._waiting) > BATCH:
            return
        gap.ending = True
        if any(item.late for item in self._waiting):
            return
        self._gap = None
        ended = self._now()
        seconds = round((ended - gap.began).total_seconds(), 3)
        log.warning("journal caught up", why=gap.why, seconds=seconds, late=gap.late, lost=gap.lost)
        key = new_key(gap.began)
        row = gap_row(key, self._instance, gap.began, ended, gap.why, late=gap.late, lost=gap.lost)
        self._waiting.append(_Item(Record(gap=row), None))
