"""How the watchers have switched reporting: kept in the journal, which all instances share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Engine, insert, select

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import SWITCHES, micros, moment

Mode = Literal["on", "off", "hours"]
"""``hours``: by the schedule, as if nobody had ever switched."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Somebody has switched.

    Attributes:
        at: when, an aware time.
        mode: to what.
        by: who it was.
    """

    at: datetime
    mode: Mode
    by: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Switch:
        """Return what a row of the table says."""
        return cls(moment(row["at"]), row["mode"], row["by"])


class Switches:
    """The switches in the database of *engine*. Every method blocks, and raises JournalError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, limit: int) -> list[Switch]:
        """Return the newest switches, *limit* at most, in the order of their time."""
        rows = select(SWITCHES).order_by(SWITCHES.c.at.desc(), SWITCHES.c.id.desc()).limit(limit)
        with faults(self._engine), self._engine.connect() as connection:
            found: list[Any] = list(connection.execute(rows).mappings())
        return [Switch.of(row) for row in reversed(found)]

    def add(self, switch: Switch) -> None:
        """Note that somebody has switched."""
        row = {"at": micros(switch.at), "mode": switch.mode, "by": short(switch.by)}
        with faults(self._engine), self._engine.begin() as connection:
            connection.execute(insert(SWITCHES).values(row))
