"""What was removed is gone from the files, as far as the database lets us.

No copy stays in those of SQLite. PostgreSQL frees the places of removed rows and writes over them in its
time; a row that an open transaction (a dump, say) may still want stays until autovacuum comes by, and copies
stay in its write-ahead log and in backups.
"""

from __future__ import annotations

from time import monotonic, sleep

from sqlalchemy import Engine

from ivr_fsm.journal.database import checkpoint
from ivr_fsm.journal.tables import CALLS, STEPS

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
        tries_until = monotonic() + patience
        while not checkpoint(connection, "TRUNCATE"):
            if monotonic() > tries_until:
                return False
            sleep(_PAUSE)
    return True
