"""The database of the journal: SQLite in a file, or PostgreSQL, by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

LOCK_WAIT = 5.0
"""Seconds that SQLite waits for another process's write."""

_MIGRATION_LOCK = 0x1FB5


class JournalError(Exception):
    """The journal cannot be used; the message names it, without its password, and says why."""


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
    except ArgumentError:
        raise JournalError(
            "IVR_JOURNAL is no URL like sqlite:///var/journal.db or postgresql://host/name"
        ) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database:
            return _sqlite(Path(parsed.database), must_exist)
        case "postgresql":
            # A connection that the server closed while nobody called is noticed before it is used.
            return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    raise JournalError(
        f"IVR_JOURNAL must be a file of SQLite or a PostgreSQL, not {parsed.render_as_string()}"
    )


def _sqlite(file: Path, must_exist: bool) -> Engine:
    if must_exist and not file.is_file():
        raise JournalError(f"there is no journal {file}; IVR_JOURNAL or --journal says where it is")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"the journal {file}: {error}") from None
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": LOCK_WAIT})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # WAL: readers never stop the writer. NORMAL: what is committed survives the death of every process,
        # and a power cut may take the last moments, which no call survives either.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")

    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to what this version needs; several instances may do so at once.

    Raises:
        JournalError: the database cannot be reached or is of a newer version.
    """
    config = _alembic()
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except Exception as error:
        raise JournalError(f"the journal {shown(engine)}: {reason(error)}") from error


def check_version(engine: Engine) -> None:
    """Make sure that the tables are those of this version, for whoever only reads.

    Raises:
        JournalError: the database cannot be reached, has no journal, or one of another version.
    """
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise JournalError(f"the journal {shown(engine)}: {reason(error)}") from error
    if found is None:
        raise JournalError(
            f"there is no journal in {shown(engine)}; ivr-fsm serve or ivr-fsm migrate makes it"
        )
    if found != head:
        raise JournalError(
            f"the journal {shown(engine)} is of version {found}, this is {head}; ivr-fsm migrate brings it on"
        )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def shown(engine: Engine) -> str:
    """Return the database's URL without its password."""
    return engine.url.render_as_string(hide_password=True)


def reason(error: BaseException) -> str:
    """Return what the database said, in one line, without the statement and its values."""
    said = getattr(error, "orig", None) if isinstance(error, SQLAlchemyError) else None
    return " ".join(str(said or error).split())
