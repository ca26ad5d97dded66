"""Taking people out of the journal: one call in one transaction, so that the writer never waits for long."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, or_, select, update

from ivr_fsm.journal.cards import tell_again
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.numbers import Number
from ivr_fsm.journal.personal import Redacted, phones_of, redact
from ivr_fsm.journal.rows import body_text
from ivr_fsm.journal.tables import CALLS, PLANS, STEPS, micros

LONGEST_CALL = timedelta(days=1)
"""A call that has been in one state for so long has no service any more: nobody will write its end."""

_REST = 2.0
"""How many times as long as a transaction took the writer has the database for itself afterwards."""

_BY_PLACE = (
    update(STEPS)
    .where(STEPS.c.key == bindparam("of_key"), STEPS.c.number == bindparam("of_number"))
    .values(body=bindparam("new_body"))
)


def settled(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a call is over for good: its service will not write of it any more."""
    calls = CALLS.c
    return or_(
        calls.state == "ended",
        calls.refused != "",
        calls.lost.is_not(None),
        calls.since < micros(now - LONGEST_CALL),
    )


class Rests:
    """Leaves the database to the writer between two transactions.

    SQLite lets one write at a time, and whoever waits looks only now and then: without rests it would find
    it taken again and again.
    """

    def __init__(self, stop: Event | None = None) -> None:
        self._stop = stop or Event()
        self._since = monotonic()

    def begin(self) -> None:
        """A transaction begins."""
        self._since = monotonic()

    def rest(self) -> bool:
        """Wait; false when it is time to stop."""
        return not self._stop.wait(_REST * (monotonic() - self._since))


class Taker:
    """Takes people out of the calls in the database of *engine*."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plans: dict[str, tuple[str, ...]] = {}

    def look(self, key: int, number: Number | None, forgotten: datetime | None) -> Redacted | None:
        """Return what `take` would make of the call, whether it is over or not; None: it is gone."""
        with self._engine.connect() as connection:
            return self._redacted(_read(connection, key), number, forgotten)

    def take(
        self,
        key: int,
        number: Number | None,
        forgotten: datetime | None,
        now: datetime,
        *,
        known: bool = False,
    ) -> Redacted | None:
        """Take somebody out of a call.

        Args:
            key: the call's.
            number: what is taken out wherever it stands.
            forgotten: when all of the caller's own is taken out; None: it stays.
            now: aware time.
            known: only when nobody has taken the caller out yet.

        Returns:
            How the call is now. None: it is gone, it is not over yet, or the caller was taken out before.
        """
        wanted = [CALLS.c.key == key, settled(now), *([CALLS.c.forgotten.is_(None)] if known else [])]
        with self._engine.connect() as connection:
            seen = _read(connection, key)
        redacted = self._redacted(seen, number, forgotten)
        with self._engine.begin() as connection:
            # Nobody else changes a call whose row we have changed: of two who take something out at once,
            # neither puts back what the other took.
            if not connection.execute(update(CALLS).where(*wanted).values(key=CALLS.c.key)).rowcount:
                return None
            # The work is done before the database is ours, and once more if somebody was faster.
            if (now_there := _read(connection, key)) != seen:
                redacted = self._redacted(now_there, number, forgotten)
            if redacted is not None:
                _write(connection, key, redacted)
        return redacted

    def _redacted(
        self, read: _Rows | None, number: Number | None, forgotten: datetime | None
    ) -> Redacted | None:
        if read is None:
            return None
        call, steps = CallEntry.of(read[0]._mapping), [StepEntry.of(row._mapping) for row in read[1]]
        return redact(call, steps, self._planned(call.plan), number=number, forgotten=forgotten)

    def _planned(self, revision: str) -> tuple[str, ...]:
        if revision not in self._plans:
            with self._engine.connect() as connection:
                text = connection.scalar(select(PLANS.c.plan).where(PLANS.c.revision == revision))
            self._plans[revision] = tuple(phones_of(json.loads(text))) if text else ()
        return self._plans[revision]


_Rows = tuple[Any, list[Any]]
"""A call and its steps as they stand in the tables."""


def _read(connection: Connection, key: int) -> _Rows | None:
    call = connection.execute(select(CALLS).where(CALLS.c.key == key)).one_or_none()
    steps = connection.execute(select(STEPS).where(STEPS.c.key == key).order_by(STEPS.c.number)).all()
    return None if call is None else (call, list(steps))


def _write(connection: Connection, key: int, redacted: Redacted) -> None:
    call = redacted.call
    row: dict[str, Any] = {
        "phone": call.phone,
        "name": call.name,
        "order_id": call.order_id,
        "shop": call.shop,
        "answered_phone": call.answered_phone,
        "refused": call.refused,
    }
    if call.forgotten is not None:
        # What the marketplace said when it was told of the call may be of the caller.
        row |= {"forgotten": micros(call.forgotten), "report_error": ""}
        tell_again(connection, CALLS.c.key == key)
    connection.execute(update(CALLS).where(CALLS.c.key == key).values(row))
    changed = [
        {"of_key": key, "of_number": step.number, "new_body": body_text(step.body)}
        for step in redacted.changed
    ]
    if changed:
        connection.execute(_BY_PLACE, changed)
