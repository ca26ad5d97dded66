"""What was removed is gone from the files, as far as the database lets us.

No copy stays in those of SQLite. PostgreSQL frees the places of removed rows and writes over them in its
time; a row that an open transaction (a dump, say) may still want stays until autovacuum comes by, and copies
stay in its write-ahead log and in backups.
"""

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
    them as they were, and is emptied here. PostgreSQL: the removed rows are vacuumed, those that an open
    transaction may still want by its autovacuum.

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
