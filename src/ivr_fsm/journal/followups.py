"""What people do about calls that are over: who calls back, and what is done. Two never do the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select, update

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS, FOLLOW_UPS, micros

Claim = Literal["taken", "claimed", "done", "live", "no_phone", "unknown"]
"""What came of it: it is ours; somebody else has done it or the whole; the call cannot be called back."""

Happened = Literal["call_back", "office_silent", "call_back_failed", "done"]


class FollowUps:
    """Those of the journal in the database of *engine*. Every method blocks, and raises JournalError."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self._instance = instance

    def call(self, key: int) -> CallEntry | None:
        """Return a call; None: there is none."""
        with faults(self.engine), self.engine.connect() as connection:
            return _call(connection, key)

    def claim(self, key: int, by: str, at: datetime) -> Claim:
        """Let *by* be who calls back the caller of a call that is over, if nobody else does."""
        free = CALLS.c.claimed.is_(None) & CALLS.c.done.is_(None)
        with faults(self.engine), self.engine.begin() as connection:
            if refused := _refusal(_call(connection, key)):
                return refused
            ours = update(CALLS).where(CALLS.c.key == key, free)
            if connection.execute(ours.values(claimed=micros(at), told=None)).rowcount:
                _note(connection, key, "call_back", by, at)
                return "taken"
            call = _call(connection, key)
            return "done" if call and call.done else "claimed"

    def release(self, key: int, why: Happened | None, by: str, at: datetime) -> None:
        """Let others call back again: *why* it came to nothing; None: the call that called back says it."""
        with faults(self.engine), self.engine.begin() as connection:
            connection.execute(update(CALLS).where(CALLS.c.key == key).values(claimed=None, told=None))
            if why:
                _note(connection, key, why, by, at)

    def settle(self, key: int, at: datetime) -> None:
        """Note that the caller was called back and has talked: nothing is left to do."""
        with faults(self.engine), self.engine.begin() as connection:
            connection.execute(update(CALLS).where(CALLS.c.key == key).values(done=micros(at), told=None))

    def done(self, key: int, by: str, at: datetime) -> Claim:
        """Note that *by* says that nothing is left to do."""
        open_ = update(CALLS).where(CALLS.c.key == key, CALLS.c.done.is_(None))
        with faults(self.engine), self.engine.begin() as connection:
            refused = _refusal(_call(connection, key))
            if refused and refused != "no_phone":
                return refused
            if not connection.execute(open_.values(done=micros(at), told=None)).rowcount:
                return "done"
            _note(connection, key, "done", by, at)
        return "taken"

    def release_all(self) -> int:
        """Let the calls of this instance be called back again, whose claims an earlier life has left."""
        left = (CALLS.c.instance == self._instance) & CALLS.c.claimed.is_not(None) & CALLS.c.done.is_(None)
        with faults(self.engine), self.engine.begin() as connection:
            return connection.execute(update(CALLS).where(left).values(claimed=None, told=None)).rowcount


def _call(connection: Connection, key: int) -> CallEntry | None:
    row: Any = connection.execute(select(CALLS).where(CALLS.c.key == key)).mappings().one_or_none()
    return None if row is None else CallEntry.of(row)


def _refusal(call: CallEntry | None) -> Claim | None:
    if call is None:
        return "unknown"
    if call.status == "live":
        return "live"
    return None if call.phone else "no_phone"


def _note(connection: Connection, key: int, what: Happened, by: str, at: datetime) -> None:
    row = {"key": key, "at": micros(at), "what": what, "by": short(by)}
    connection.execute(insert(FOLLOW_UPS).values(row))
