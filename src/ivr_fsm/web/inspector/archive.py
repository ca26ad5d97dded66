"""What pages are made from: the journal, the plans in it, the recordings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.recordings import of_call


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where things are. It goes to another process.

    Attributes:
        journal: the URL of its database.
        zone: the name of the time zone of the pages.
        recordings: the folder of recordings; None: nothing is recorded.
        plan: the revision of the plan of calls to come; empty: that of the newest call.
    """

    journal: str
    zone: str
    recordings: Path | None = None
    plan: str = ""


class Archive:
    """Reads what is on a shelf. Every method blocks, and raises JournalError."""

    def __init__(self, shelf: Shelf) -> None:
        self.zone = ZoneInfo(shelf.zone)
        self.reader = Reader(open_engine(shelf.journal))
        self._shelf = shelf
        self._plan = lru_cache(maxsize=32)(self.reader.plan)

    def plan(self, revision: str) -> Plan | None:
        """Return the plan of that revision, if it is known and can still be read."""
        return self._plan(revision)

    @property
    def today(self) -> str:
        """The revision of the plan that calls go by now; empty: there was no call yet."""
        newest = [] if self._shelf.plan else self.reader.calls(Wanted(), 1)
        return newest[0].plan if newest else self._shelf.plan

    def live(self, most: int) -> list[CallEntry]:
        """Return the calls that are on now, the newest first."""
        return self.reader.calls(Wanted(live=True), most)

    @property
    def newest(self) -> int:
        """The key of the newest call, on the line or over; 0: there was none yet."""
        found = self.reader.calls(Wanted(), 1)
        return found[0].key if found else 0

    def recording(self, call: CallEntry) -> Path | None:
        """Return the recording of a call, if it is there."""
        return of_call(self._shelf.recordings, call.call)
