"""What every command needs: the screen, the settings, and a way to fail with a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from rich.console import Console
from sqlalchemy import Engine

from ivr_fsm.journal.database import JournalError, NoJournalError, check_version, faults, open_engine
from ivr_fsm.settings import Settings

OUT = Console(highlight=False)

_DEMO = Path("var/demo.db")
"""Where ``make demo`` keeps its journal."""


def read_settings() -> Settings:
    """Return the settings, or end with what is wrong in them."""
    try:
        return Settings()
    except ValidationError as error:
        fail("\n".join(f"✗ IVR_{str(each['loc'][0]).upper()}: {_why(each)}" for each in error.errors()))


def _why(mistake: ErrorDetails) -> str:
    field = Settings.model_fields.get(str(mistake["loc"][0]))
    secret = field is not None and field.annotation is SecretStr
    # An address may have a password in it.
    hidden = secret or "://" in str(mistake["input"])
    given = "" if hidden else f" (given: {str(mistake['input'])[:60]!r})"
    return mistake["msg"].removeprefix("Value error, ") + given


JournalOption = Annotated[
    str, typer.Option("--journal", metavar="URL", help="The journal; IVR_JOURNAL when not given.")
]


def journal_url(given: str) -> str:
    """Return *given*, or where the settings have the journal, or end with a message if none is kept."""
    url = given or read_settings().journal
    if url == "none":
        fail("IVR_JOURNAL is none: no journal is kept")
    return url


@contextmanager
def journal_of(url: str) -> Iterator[Engine]:
    """The journal at *url*, or the settings'; what goes wrong with it ends the command with a message."""
    engine = _engine(journal_url(url))
    try:
        with faults(engine):
            yield engine
    except JournalError as error:
        fail(str(error))
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    try:
        engine = open_engine(url, must_exist=True)
        check_version(engine)
    except NoJournalError as error:
        demo = f"; the demo's is there: --journal sqlite:///{_DEMO}" if _DEMO.is_file() else ""
        fail(f"{error}{demo}")
    except JournalError as error:
        fail(str(error))
    return engine


def fail(message: str) -> NoReturn:
    """End with *message* and status 2: the command could not be carried out."""
    typer.echo(message, err=True)
    raise typer.Exit(2)
