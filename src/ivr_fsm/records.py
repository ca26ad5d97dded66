"""From the journal to the directory: the record of a call that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from ivr_fsm.directory.port import AnsweredBy, CallRecord
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.outbox import Unreported
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.phone import dialable_or_as_written

CLOSING = 2.0
"""Seconds that the query under way may take when the service stops."""

Recording = Callable[[str], str | None]
"""The link to the recording of a call, by the call's id."""


def no_recording(_call_id: str) -> str | None:
    """Recordings have no links."""
    return None


def record_of(call: CallEntry, region: str, recording: str | None) -> CallRecord:
    """Return what the directory is told of *call*, which is over, or whose instance died.

    Args:
        call: the call.
        region: the country whose national phone numbers are understood.
        recording: link to the recording.
    """
    answered = call.answered_by
    by = AnsweredBy(answered, dialable_or_as_written(call.answered_phone, region)) if answered else None
    # Who talked when the service died talked on in the switch; everybody else fell to its dialplan.
    outcome = call.outcome or (f"answered:{answered}" if answered else "failed")
    return CallRecord(
        call.call,
        call.phone,
        call.order_id or None,
        by,
        outcome,
        call.started,
        _seconds(call.waited),
        _seconds(call.talked) if by else 0.0,
        recording,
        call.back,
    )


def _seconds(lasted: timedelta | None) -> float | None:
    return None if lasted is None else max(0.0, lasted.total_seconds())


class JournalOutbox:
    """The journal of one instance as `ivr_fsm.directory.deliveries.Outbox`, read in a thread of its own."""

    def __init__(
        self,
        engine: Engine,
        instance: str,
        region: str,
        now: Callable[[], datetime],
        recording: Recording = no_recording,
    ) -> None:
        """Read nothing yet.

        Args:
            engine: the journal's database; it is closed with this.
            instance: whose calls.
            region: the country whose national phone numbers are understood.
            now: the wall clock, aware.
            recording: says where the recording of a call is.
        """
        self._calls = Unreported(engine, instance)
        self._region = region
        self._now = now
        self._recording = recording
        self._thread = OneThread("deliveries")
        self._loop = asyncio.get_running_loop()

    async def after(self, key: int, limit: int) -> list[tuple[int, CallRecord]]:
        """Return the oldest records; see `Outbox.after`."""
        found = await self._loop.run_in_executor(self._thread, self._calls.after, key, limit)
        return [
            (call.key, record_of(call, self._region, self._recording(call.call) if call.answered else None))
            for call in found
        ]

    async def done(self, key: int, error: str = "") -> None:
        """Note in the journal that a record was delivered or given up."""
        await self._loop.run_in_executor(self._thread, self._calls.done, key, self._now(), error)

    async def close(self) -> None:
        """Close the database."""
        await self._thread.finish(self._calls.engine.dispose, CLOSING)
