"""What people do about calls that are over: who calls back, and what is done. Two never do the same.

Who calls back has a claim to the call. It holds for a while, and for as long as it is renewed: whatever
becomes of the instance that made it, others may call back a little later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS, FOLLOW_UPS, micros

HOLDS = timedelta(seconds=90)
"""How long a claim holds that is not renewed."""

Claim = Literal["taken", "claimed", "done", "live", "no_phone", "unknown"]
"""What came of it: it is ours; somebody else has done it or the whole; the call cannot be called back."""

Happened = Literal["call_back", "office_silent", "call_back_failed", "interrupted", "done"]


class FollowUps:
    """Those of the journal in the database of *engine*. Every method blocks, and raises JournalError.

    A claim is known by its call's key and by when it was made.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

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
            ours = {"claimed": micros(at), "claimed_until": micros(at + HOLDS)}
            if _set(connection, CALLS.c.key == key, free, **ours):
                _note(connection, key, "call_back", by, at)
                return "taken"
            call = _call(connection, key)
            return "done" if call and call.done else "claimed"

    def renew(self, claims: Mapping[int, datetime], at: datetime) -> None:
        """Let *claims*, from key to when it was made, hold for longer: counted from *at*."""
        until = micros(at + HOLDS)
        with faults(self.engine), self.engine.begin() as connection:
            for key, made in claims.items():
                longer = update(CALLS).where(_claim(key, made)).values(claimed_until=until)
                connection.execute(longer)

    def release(self, key: int, made: datetime, why: Happened | None, by: str, at: datetime) -> None:
        """Let others call back: *why* it came to nothing; None: the call that called back says it."""
        with faults(self.engine), self.engine.begin() as connection:
            if _set(connection, _claim(key, made), claimed=None) and why:
                _note(connection, key, why, by, at)

    def settle(self, key: int, at: datetime) -> None:
        """Note that the caller was called back and has talked: nothing is left to do."""
        with faults(self.engine), self.engine.begin() as connection:
            _set(connection, CALLS.c.key == key, CALLS.c.done.is_(None), done=micros(at))

    def done(self, key: int, by: str, at: datetime) -> Claim:
        """Note that *by* says that nothing is left to do."""
        with faults(self.engine), self.engine.begin() as connection:
            refused = _refusal(_call(connection, key))
            if refused and refused != "no_phone":
                return refused
            if not _set(connection, CALLS.c.key == key, CALLS.c.done.is_(None), done=micros(at)):
                return "done"
            _note(connection, key, "done", by, at)
        return "taken"

    def expire(self, at: datetime) -> int:
        """Settle or release the claims that do not hold at *at* any more; return how many there were."""
        over = CALLS.c.claimed.is_not(None) & CALLS.c.done.is_(None) & (CALLS.c.claimed_until < micros(at))
        with faults(self.engine), self.engine.begin() as connection:
            rows: list[Any] = list(connection.execute(select(CALLS).where(over)).mappings())
            for row in rows:
                # Somebody else may be at it, too, or renew it this moment.
                this = over & (CALLS.c.key == row["key"]) & (CALLS.c.claimed == row["claimed"])
                _expire(connection, row, this, at)
        return len(rows)


def _expire(connection: Connection, claimed: Any, this: ColumnElement[bool], at: datetime) -> None:
    back = CALLS.alias("back")
    came = select(back.c.answered_by).where(
        back.c.back == claimed["call"], back.c.back != "", back.c.started >= claimed["claimed"]
    )
    answered = list(connection.scalars(came))
    if "customer" in answered:
        _set(connection, this, done=micros(at))
    elif _set(connection, this, claimed=None) and not answered:
        _note(connection, claimed["key"], "interrupted", "", at)


def _claim(key: int, made: datetime) -> ColumnElement[bool]:
    return (CALLS.c.key == key) & (CALLS.c.claimed == micros(made)) & CALLS.c.done.is_(None)


def _set(connection: Connection, *where: ColumnElement[bool], **values: int | None) -> bool:
    """Change a call, so that the watchers are told; return whether there was one."""
    return bool(connection.execute(update(CALLS).where(*where).values(**values, told=None)).rowcount)


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
