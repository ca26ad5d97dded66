"""The journal as an outbox: the calls that are over and of which the marketplace has not been told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, update

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS, micros


class Unreported:
    """Those of one *instance*. Every method blocks, and raises SQLAlchemyError when the database fails."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self._instance = instance

    def after(self, key: int, limit: int) -> list[CallEntry]:
        """Return the oldest calls with a greater key than *key*, *limit* at most.

        A call that was refused is not among them: whoever took it tells of it.
        """
        calls = CALLS.c
        wanted = (
            calls.instance == self._instance,
            calls.reported.is_(None),
            calls.key > key,
            calls.ended.is_not(None) | calls.lost.is_not(None),
            calls.refused == "",
        )
        with self.engine.connect() as connection:
            rows = connection.execute(select(CALLS).where(*wanted).order_by(calls.key).limit(limit))
            found: list[Any] = list(rows.mappings())
        return [CallEntry.of(row) for row in found]

    def done(self, key: int, at: datetime, error: str) -> None:
        """Note that a call was reported at *at* (aware), or given up because of *error*."""
        noted = update(CALLS).where(CALLS.c.key == key)
        with self.engine.begin() as connection:
            connection.execute(noted.values(reported=micros(at), report_error=short(error)))
