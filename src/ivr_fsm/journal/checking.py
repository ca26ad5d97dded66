"""Whether a journal can be used, without making it."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ivr_fsm.journal.database import JournalError, open_engine, version


def problem(url: str) -> str:
    """Return what keeps a service from using the journal at *url*; empty: nothing.

    A file that does not exist yet is no problem, nor are tables of an older version: the service makes both.
    """
    try:
        file = _file(url)
        if file is not None and not file.exists():
            return _folder_problem(file)
        engine = open_engine(url)
        try:
            version(engine)
        finally:
            engine.dispose()
    except JournalError as error:
        return str(error)
    if file is not None and not os.access(file, os.W_OK):
        return f"the journal {file} may not be written to"
    return ""


def _file(url: str) -> Path | None:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _folder_problem(file: Path) -> str:
    folder = next(each for each in file.absolute().parents if each.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return ""
    return f"the journal {file} cannot be made: {folder} is no folder that may be written to"
