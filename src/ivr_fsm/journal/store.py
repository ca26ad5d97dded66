"""Rows into the database: a batch is one transaction, and writing it twice is the same as once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine, case, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import checkpoint, faults, migrate, refuses
from ivr_fsm.journal.page import Record
from ivr_fsm.journal.revision import plan_revision
from ivr_fsm.journal.rows import Row, step_row
from ivr_fsm.journal.tables import CALLS, GAPS, OF_THE_CALL, OF_THE_PERSON, PLANS, STEPS, micros

CHECKPOINT = 2000
"""Steps between two moves of what SQLite wrote ahead into its file: some 15 MB."""


class Store:
    """Writes to the journal's database, over one connection that is opened again when it breaks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection: Connection | None = None
        self._unmoved = 0
        self._mover: Thread | None = None
        make = _insert(engine.dialect.name)
        calls = make(CALLS)
        self._calls = calls.on_conflict_do_update(
            index_elements=["key"],
            set_={name: calls.excluded[name] for name in OF_THE_CALL}
            | {
                name: case((CALLS.c.forgotten.is_(None), calls.excluded[name]), else_=CALLS.c[name])
                for name in OF_THE_PERSON
            },
        )
        self._steps = make(STEPS).on_conflict_do_nothing(index_elements=["key", "number"])
        self._gaps = make(GAPS).on_conflict_do_nothing(index_elements=["id"])

    def open(self, instance: str, plan: Plan, now: datetime) -> None:
        """Migrate, note *plan*, and mark as lost the calls that *instance* had when it died.

        Raises:
            JournalError: the database cannot be used.
        """
        migrate(self.engine)
        calls = CALLS.c
        unfinished = (calls.instance == instance) & (calls.state != "ended") & calls.lost.is_(None)
        with faults(self.engine), self.engine.begin() as connection:
            note_plan(connection, plan, now)
            connection.execute(update(CALLS).where(unfinished, calls.refused == "").values(lost=micros(now)))

    def write(self, records: Sequence[Record]) -> None:
        """Write *records*, all or nothing.

        Raises:
            Exception: the database fails, or refuses a record (`ivr_fsm.journal.database.refuses`).
        """
        # Only how a call stands after the last of its steps matters.
        calls = {record.call["key"]: record.call for record in records if record.call is not None}
        steps = [step_row(*record.step) for record in records if record.step is not None]
        gaps = [record.gap for record in records if record.gap is not None]
        work = ((self._calls, list(calls.values())), (self._steps, steps), (self._gaps, gaps))
        try:
            self._transact(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server had closed the connection while nobody called.
            self._transact(work)
        self._move(len(steps))

    def close(self) -> None:
        """Close every connection."""
        if self._mover is not None:
            self._mover.join()
        self._drop()
        self.engine.dispose()

    def _transact(self, work: Sequence[tuple[Any, Sequence[Row]]]) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.begin():
                for statement, rows in work:
                    if rows:
                        self._connection.execute(statement, rows)
        except Exception as error:
            if not refuses(error):
                self._drop()
            raise

    def _connect(self) -> Connection:
        connection = self.engine.connect()
        if self.engine.dialect.name == "sqlite":
            # Whoever commits would wait for the disk every thousand pages: a thread of its own does.
            connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
            connection.rollback()
        return connection

    def _move(self, steps: int) -> None:
        """Have what was written ahead moved into the file, from time to time."""
        self._unmoved += steps
        busy = self._mover is not None and self._mover.is_alive()
        if self.engine.dialect.name == "sqlite" and self._unmoved >= CHECKPOINT and not busy:
            self._unmoved = 0
            self._mover = Thread(target=_checkpoint, args=(self.engine,), name="checkpoint", daemon=True)
            self._mover.start()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _checkpoint(engine: Engine) -> None:
    with suppress(SQLAlchemyError), engine.connect() as connection:
        checkpoint(connection, "RESTART")


def note_plan(connection: Connection, plan: Plan, now: datetime) -> None:
    """Keep *plan* under its revision, unless it is kept already."""
    row = {"revision": plan_revision(plan), "first_used": micros(now), "plan": plan.model_dump_json()}
    connection.execute(_insert(connection.dialect.name)(PLANS).on_conflict_do_nothing(), row)


def _insert(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert
