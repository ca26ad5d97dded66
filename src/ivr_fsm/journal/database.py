"""The database of the journal: SQLite in a file, or PostgreSQL, by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from ivr_fsm.journal.tables import METADATA

LOCK_WAIT = 5.0
"""Seconds that SQLite waits for another process's write."""

_POSTGRESQL = {
    "connect_timeout": "5",  # seconds; without it a server that says nothing is waited for without end
    "tcp_user_timeout": "10000",  # milliseconds until a server that confirms nothing counts as gone
    "keepalives_idle": "10",
}
"""How libpq connects, where the URL says nothing else."""

_BLINK = 20
"""Milliseconds for which SQLite's log may be kept from the writer while we wait for a reader."""

_MIGRATION_LOCK = 0x1FB5

_ENCODED = "in a password, an @ is written %40, a % %25"


class JournalError(Exception):
    """The journal cannot be used; the message names it, without its password, and says why."""


class NoJournalError(JournalError):
    """There is no such file."""


def open_engine(url: str, *, must_exist: bool = False) -> Engine:
    """Return an engine for *url*: ``sqlite:///var/journal.db`` or ``postgresql://user:password@host/name``.

    Args:
        url: where the journal is.
        must_exist: do not make a new file.

    Raises:
        JournalError: it is no such URL, its folder cannot be made, or the file is wanted and not there.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise JournalError(
            f"IVR_JOURNAL is no URL like sqlite:///var/journal.db or postgresql://host/name; {_ENCODED}"
        ) from None
    # The rest of a password, where one ended too early.
    if parsed.get_backend_name() != "sqlite" and "@" in f"{parsed.host}{parsed.database}":
        raise JournalError(f"IVR_JOURNAL has more than one @; {_ENCODED}")
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return _sqlite(Path(parsed.database), must_exist)
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg", query={**_POSTGRESQL, **parsed.query}),
                # A connection that the server closed while nobody read is noticed before it is used.
                pool_pre_ping=True,
            )
    raise JournalError(f"IVR_JOURNAL must be a file of SQLite or a PostgreSQL, not {_hidden(parsed)}")


def _sqlite(file: Path, must_exist: bool) -> Engine:
    if must_exist and not file.is_file():
        raise NoJournalError(f"there is no journal {file}; IVR_JOURNAL or --journal says where it is")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"the journal {file}: {error}") from None
    engine = create_engine(URL.create("sqlite", database=str(file)), connect_args={"timeout": LOCK_WAIT})

    @event.listens_for(engine, "do_connect")
    def _create(*_: object) -> None:
        # What is in it concerns nobody else on this machine; its -wal and -shm are made alike. What cannot be
        # made, SQLite says better.
        with suppress(OSError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # WAL: readers never stop the writer. NORMAL: what is committed survives the death of every process,
        # and a power cut may take the last moments, which no call survives either.
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")

    return engine


def _write_ahead(connection: Any) -> None:
    # SQLite does not wait when two processes turn this on in a new file at once.
    until = time.monotonic() + LOCK_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


@contextmanager
def faults(engine: Engine) -> Iterator[None]:
    """Let what the database of *engine* raises within be a `JournalError` that names it."""
    try:
        yield
    except SQLAlchemyError as error:
        raise JournalError(f"the journal {shown(engine)}: {reason(error)}") from error


def checkpoint(connection: Connection, mode: str) -> bool:
    """Move what SQLite has written ahead into its file, and begin its log anew; false: a reader uses the log.

    Most of the work is done first, and stops nobody. The rest keeps the writer out: it does not wait for
    readers as long as SQLite otherwise would, for the writer would wait with it.

    Args:
        connection: one on which no transaction is under way.
        mode: ``RESTART``: the log is written over; ``TRUNCATE``: it is emptied.
    """
    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BLINK}").all()
    try:
        return not connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").scalar_one()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_WAIT * 1000:.0f}").all()


def migrate(engine: Engine) -> None:
    """Bring the tables to what this version needs; several instances may do so at once.

    Raises:
        JournalError: the database cannot be reached or is of a newer version.
    """
    config = _alembic()
    try:
        with engine.begin() as connection:
            # One migrates, the others wait and then find nothing to do.
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            if _version(connection)[0] is None and (others := _foreign(connection)):
                raise JournalError(_not_ours(engine, others))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except JournalError:
        raise
    except Exception as error:
        raise JournalError(f"the journal {shown(engine)}: {reason(error)}") from error


def check_version(engine: Engine) -> None:
    """Make sure that the tables are those of this version, for whoever only reads.

    Raises:
        JournalError: the database cannot be reached, has no journal, or one of another version.
    """
    found, head = version(engine)
    if found is None:
        with faults(engine), engine.connect() as connection:
            others = _foreign(connection)
        if others:
            raise JournalError(_not_ours(engine, others))
        raise JournalError(
            f"there is no journal in {shown(engine)}; ivr-fsm serve or ivr-fsm migrate makes it"
        )
    if found != head:
        raise JournalError(
            f"the journal {shown(engine)} is of version {found}, this is {head}; ivr-fsm migrate brings it on"
        )


def version(engine: Engine) -> tuple[str | None, str | None]:
    """Return the version of the tables (None: there are none) and the one that they should be of.

    Raises:
        JournalError: the database cannot be reached, or is of a version that this one does not know.
    """
    with faults(engine), engine.connect() as connection:
        return _version(connection)


def _version(connection: Connection) -> tuple[str | None, str | None]:
    """Return the version of the tables (None: there are none) and the one that they should be of."""
    scripts = ScriptDirectory.from_config(_alembic())
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise JournalError(
            f"the journal {shown(connection.engine)} is of version {found}, which this ivr-fsm "
            "does not know: take the newer one that has made it"
        )
    return found, scripts.get_current_head()


def _foreign(connection: Connection) -> list[str]:
    """Return the tables that somebody else has made and ours cannot stand beside.

    A PostgreSQL may be shared as long as no name is the same; a file of SQLite has one owner.
    """
    there = set(inspect(connection).get_table_names())
    if "alembic_version" in there:
        return []
    return sorted(there if connection.dialect.name == "sqlite" else there & set(METADATA.tables))


def _not_ours(engine: Engine, tables: list[str]) -> str:
    return f"the database {shown(engine)} is somebody else's: no ivr-fsm has made its table {tables[0]}"


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def shown(engine: Engine) -> str:
    """Return the database's URL without its password."""
    return _hidden(engine.url)


def _hidden(url: URL) -> str:
    # A password may stand among the options, too.
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def refuses(error: BaseException) -> bool:
    """Say whether *error* is about what was to be written; otherwise the database fails, and may recover."""
    match error:
        case DataError() | IntegrityError():
            return True
        case DBAPIError():
            # PostgreSQL's class 54: a limit of the program, such as the size of an index's row.
            return str(getattr(error.orig, "sqlstate", "")).startswith("54")
        case StatementError():
            return True
        case _:
            return not isinstance(error, SQLAlchemyError | OSError | MemoryError)


def reason(error: BaseException) -> str:
    """Return what the database said, in one printable line, without the statement and its values."""
    said = getattr(error, "orig", None) if isinstance(error, SQLAlchemyError) else None
    line = " ".join(str(said or error).split())
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
