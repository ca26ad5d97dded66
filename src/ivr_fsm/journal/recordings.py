"""The files of recordings: ``<id of the call>.wav`` in one folder. No other file is touched, and no link."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, update

from ivr_fsm.journal.cards import tell_again
from ivr_fsm.journal.tables import CALLS

_RECORDING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.wav")

_AT_ONCE = 500

REMOVED = "removed"
"""What the journal says of a recording that there was."""


def older_than(folder: Path, cutoff: datetime) -> Iterator[Path]:
    """Return the recordings that were last written to before *cutoff* (an aware time).

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _RECORDING.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            written = datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC)
            if written < cutoff:
                yield Path(entry.path)


def of_call(folder: Path | None, call_id: str) -> Path | None:
    """Return the recording of a call, if there is one."""
    if folder is None or not _RECORDING.fullmatch(f"{call_id}.wav"):
        return None
    file = folder / f"{call_id}.wav"
    return file if file.is_file() and not file.is_symlink() else None


def note_removed(engine: Engine, call_ids: Sequence[str]) -> None:
    """Note in the journal that the recordings of these calls are there no more.

    Raises:
        SQLAlchemyError: the database fails.
    """
    for first in range(0, len(call_ids), _AT_ONCE):
        gone = CALLS.c.call.in_(call_ids[first : first + _AT_ONCE])
        with engine.begin() as connection:
            connection.execute(update(CALLS).where(gone).values(recording=REMOVED, recording_seconds=None))
            tell_again(connection, gone)
