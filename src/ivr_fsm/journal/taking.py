"""Taking people out of the journal: one call in one transaction, so that the writer never waits for long."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, or_, select, update

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
            return self._redacted(connection, key, number, forgotten)

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
        with self._engine.begin() as connection:
            # Nobody else changes a call whose row we have changed: of two who take something out at once,
            # neither puts back what the other took.
            if not connection.execute(update(CALLS).where(*wanted).values(key=CALLS.c.key)).rowcount:
                return None
            redacted = self._redacted(connection, key, number, forgotten)
            if redacted is not None:
                connection.execute(update(CALLS).where(CALLS.c.key == key).values(_row(redacted.call)))
                if changed := [
                    {"of_key": key, "of_number": step.number, "new_body": body_text(step.body)}
                    for step in redacted.changed
                ]:
                    connection.execute(_BY_PLACE, changed)
            return redacted

    def _redacted(
        self, connection: Connection, key: int, number: Number | None, forgotten: datetime | None
    ) -> Redacted | None:
        row: Any = connection.execute(select(CALLS).where(CALLS.c.key == key)).mappings().one_or_none()
        if row is None:
            return None
        of_call = select(STEPS).where(STEPS.c.key == key).order_by(STEPS.c.number)
        steps: list[Any] = list(connection.execute(of_call).mappings())
        call = CallEntry.of(row)
        planned = self._planned(connection, call.plan)
        return redact(
            call, [StepEntry.of(step) for step in steps], planned, number=number, forgotten=forgotten
        )

    def _planned(self, connection: Connection, revision: str) -> tuple[str, ...]:
        if revision not in self._plans:
            text = connection.scalar(select(PLANS.c.plan).where(PLANS.c.revision == revision))
            self._plans[revision] = tuple(phones_of(json.loads(text))) if text else ()
        return self._plans[revision]


def _row(call: CallEntry) -> dict[str, Any]:
    """What taking people out changes in the table of calls."""
    return {
        "phone": call.phone,
        "name": call.name,
        "order_id": call.order_id,
        "answered_phone": call.answered_phone,
        "refused": call.refused,
        "forgotten": micros(call.forgotten) if call.forgotten else None,
    }
