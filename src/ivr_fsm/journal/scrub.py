"""What was removed is really gone: no copy of it stays in the files of the database."""

from __future__ import annotations

from time import monotonic, sleep

from sqlalchemy import Engine

from ivr_fsm.journal.database import LOCK_WAIT
from ivr_fsm.journal.tables import CALLS, STEPS

_BLINK = 20
"""Milliseconds for which SQLite's log may be kept from the writer while we wait for a reader."""

_PAUSE = 0.1
"""Seconds between two tries."""


def scrub(engine: Engine, patience: float = 10.0) -> bool:
    """Have the database forget its copies of what was removed; false: a reader kept us from it.

    SQLite: pages are overwritten as they are freed (``secure_delete``), but its write-ahead log still holds
    them as they were, and is emptied here. PostgreSQL: the removed rows are vacuumed.

    Args:
        engine: the journal's database.
        patience: seconds for which readers of an SQLite file are waited for.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"VACUUM {CALLS.name}, {STEPS.name}")
            return True
        # Most of the work is done by the first, which stops nobody; the second stops the writer for a moment.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BLINK}").all()
        try:
            tries_until = monotonic() + patience
            while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one():
                if monotonic() > tries_until:
                    return False
                sleep(_PAUSE)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_WAIT * 1000:.0f}").all()
    return True
