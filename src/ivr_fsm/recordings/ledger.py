"""The calls whose recordings nobody has looked at yet, and where verdicts are kept: the journal."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select, update

from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.reader import Reader
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS
from ivr_fsm.recordings.verdict import Verdict


class Ledger:
    """Reads and notes verdicts. Every method blocks, and raises when the database fails."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self._instance = instance
        self._reader = Reader(engine)

    def due(self) -> list[str]:
        """Return the ids of the calls of this instance that are over and have no verdict yet."""
        calls = CALLS.c
        wanted = (
            calls.instance == self._instance,
            calls.recording.is_(None),
            calls.refused == "",
            (calls.state == "ended") | calls.lost.is_not(None),
        )
        with self.engine.connect() as connection:
            return list(dict.fromkeys(connection.scalars(select(calls.call).where(*wanted))))

    def calls(self, call_id: str) -> list[tuple[CallEntry, Sequence[StepEntry]]]:
        """Return what the caller leg *call_id* was, in its order: mostly one call, with its steps."""
        found = [call for call in self._reader.call(call_id) if call.call == call_id and not call.refused]
        return [(call, self._reader.steps(call.key)) for call in sorted(found, key=lambda each: each.started)]

    def note(self, call_id: str, verdict: Verdict) -> None:
        """Keep the verdict on the recording of *call_id*."""
        values = {"recording": short(verdict.said), "recording_seconds": verdict.seconds}
        with self.engine.begin() as connection:
            connection.execute(update(CALLS).where(CALLS.c.call == call_id).values(values))
