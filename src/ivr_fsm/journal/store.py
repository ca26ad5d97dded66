"""Rows into the database: a batch is one transaction, and writing it twice is the same as once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import migrate
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.rows import Row
from ivr_fsm.journal.tables import CALLS, GAPS, PLANS, STEPS, micros


class Store:
    """Writes to the journal's database, over one connection that is opened again when it breaks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection: Connection | None = None
        make: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        calls = make(CALLS)
        self._calls = calls.on_conflict_do_update(
            index_elements=["key"],
            set_={column.name: calls.excluded[column.name] for column in CALLS.c if not column.primary_key},
        )
        self._steps = make(STEPS).on_conflict_do_nothing(index_elements=["key", "number"])
        self._plans = make(PLANS).on_conflict_do_nothing()

    def open(self, instance: str, plan: Plan, now: datetime) -> None:
        """Migrate, note *plan*, and mark as lost the calls that *instance* had when it died.

        Raises:
            JournalError: the database cannot be used.
        """
        migrate(self.engine)
        with self.engine.begin() as connection:
            row = {"revision": plan_revision(plan), "first_used": micros(now), "plan": plan.model_dump_json()}
            connection.execute(self._plans, row)
            unfinished = (CALLS.c.instance == instance) & CALLS.c.ended.is_(None) & CALLS.c.lost.is_(None)
            connection.execute(
                update(CALLS).where(unfinished, CALLS.c.refused == "").values(lost=micros(now))
            )

    def write(self, calls: Sequence[Row], steps: Sequence[Row]) -> None:
        """Write rows of calls (new or changed) and of steps, all or nothing."""
        self._do((self._calls, calls), (self._steps, steps))

    def note_gap(self, gap: Row) -> None:
        """Write that steps are missing, or were written late."""
        self._do((insert(GAPS), [gap]))

    def close(self) -> None:
        """Close every connection."""
        self._drop()
        self.engine.dispose()

    def _do(self, *work: tuple[Any, Sequence[Row]]) -> None:
        try:
            if self._connection is None:
                self._connection = self.engine.connect()
            with self._connection.begin():
                for statement, rows in work:
                    if rows:
                        self._connection.execute(statement, rows)
        except Exception:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
