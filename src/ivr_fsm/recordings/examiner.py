"""Looks at each recording when its call is over, outside every call, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine

from ivr_fsm.flow.step import Step
from ivr_fsm.journal.database import reason
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.recordings import of_call
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.recordings.ledger import Ledger
from ivr_fsm.recordings.verdict import NOTHING, Verdict, examine, expected

SETTLING = 5.0
"""Seconds after the end of a call in which its recording is closed, and its last step written."""

GROWING = 30.0
"""Seconds between two looks at a recording that may still grow: the two talk on without the service."""

EVERY = 3600.0
"""Seconds between two searches for calls that were passed over, because the database failed."""

CLOSING = 2.0
"""Seconds that the look under way may take when the service stops."""

log = structlog.get_logger(__name__)


class Examiner:
    """A watcher of calls (`ivr_fsm.call.ports.Watcher`) that has a verdict on the recording of each.

    What was not looked at when the service stopped or died is caught up when it starts again.
    """

    def __init__(
        self,
        engine: Engine,
        instance: str,
        folder: Path | None,
        loop: asyncio.AbstractEventLoop,
        judged: Callable[[Verdict], None] = lambda _verdict: None,
    ) -> None:
        """Look at nothing yet.

        Args:
            engine: the journal's database; it is closed with this.
            instance: whose calls.
            folder: where the recordings are; None: nothing is recorded.
            loop: the service's.
            judged: hears of each verdict, in the thread.
        """
        self._ledger = Ledger(engine, instance)
        self._folder = folder
        self._loop = loop
        self._judged = judged
        self._thread = OneThread("recordings")
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        """The next look at each call that is over."""
        self._sizes: dict[str, int] = {}
        """How long recordings that may grow were when they were last looked at, bytes."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Catch up, now and again."""
        self._spawn(self._catch_up())

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:  # noqa: ARG002
        """A call took a step: its end is what counts."""
        if step.moved and step.after == "ended":
            self._look_in(SETTLING, call_id)

    async def close(self) -> None:
        """Look at nothing any more."""
        if self._closed:
            return
        self._closed = True
        for handle in self._waiting.values():
            handle.cancel()
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._thread.finish(self._ledger.engine.dispose, CLOSING)

    def _look_in(self, seconds: float, call_id: str) -> None:
        if handle := self._waiting.pop(call_id, None):
            handle.cancel()
        self._waiting[call_id] = self._loop.call_later(seconds, self._look_now, call_id)

    def _look_now(self, call_id: str) -> None:
        del self._waiting[call_id]
        self._spawn(self._look(call_id))

    async def _look(self, call_id: str) -> None:
        try:
            if await self._loop.run_in_executor(self._thread, self._grows, call_id):
                self._look_in(GROWING, call_id)
        except Exception as error:
            effect = f"looked at again within {EVERY:g} s"
            log.error("recording not looked at", call=call_id, why=reason(error), effect=effect)

    async def _catch_up(self) -> None:
        while True:
            try:
                due = await self._loop.run_in_executor(self._thread, self._ledger.due)
            except Exception as error:
                log.error("recordings not looked at", why=reason(error), effect=f"again in {EVERY:g} s")
                due = []
            for call_id in due:
                if call_id not in self._waiting:
                    await self._look(call_id)
            await asyncio.sleep(EVERY)

    def _spawn(self, work: asyncio._CoroutineLike[None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # In the thread

    def _grows(self, call_id: str) -> bool:
        """Have a verdict on the recording of a call, unless it may still grow: return whether it may."""
        calls = self._ledger.calls(call_id)
        if not calls or not _over(calls[-1][0]):
            # Its end is not written yet, or the leg is a call of ours again, which will end, too.
            return False
        verdict = self._verdict(call_id, calls)
        if verdict is None:
            return True
        self._ledger.note(call_id, verdict)
        self._judged(verdict)
        if verdict.faulty:
            log.error("recording faulty", call=call_id, why=verdict.said, folder=str(self._folder))
        return False

    def _verdict(
        self, call_id: str, calls: Sequence[tuple[CallEntry, Sequence[StepEntry]]]
    ) -> Verdict | None:
        wanted = expected([steps for _, steps in calls])
        if wanted is None or self._folder is None:
            return NOTHING
        file = of_call(self._folder, call_id)
        if file is None:
            return Verdict("missing")
        if wanted.open_end:
            size = file.stat().st_size
            if self._sizes.pop(call_id, None) != size:
                self._sizes[call_id] = size
                return None
        return examine(file, wanted)


def _over(call: CallEntry) -> bool:
    return call.state == "ended" or call.lost is not None
