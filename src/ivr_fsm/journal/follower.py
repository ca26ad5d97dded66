"""Follows the journal while it is written, by one instance or by several."""

from __future__ import annotations

from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.reader import Reader

SETTLE = 10.0
"""Seconds for which a missing place is waited for: far longer than a batch takes to be written."""

PAGE = 500
"""How many steps are read at once."""


class Follower:
    """Returns each step once, soon after it has been written.

    A step's place in the journal is given when its transaction writes it, and is seen when that transaction
    is over: of two instances on one PostgreSQL, the one with the higher places may be over first. So the
    follower does not go on from the highest place that it has seen, but from its *floor*, the place up to
    which it has seen all: what is above is read again, and what was returned before is left out. A place that
    nobody ever fills (its transaction failed) is given up `SETTLE` seconds after a higher one was seen. Where
    there is no hole, as in SQLite always, the floor is the highest place and nothing is read twice.
    """

    def __init__(self, reader: Reader, floor: int) -> None:
        """Follow what is written after the place *floor* (`Reader.last_id`)."""
        self._reader = reader
        self._floor = floor
        self._seen: dict[int, float] = {}
        """The places above the floor, and when (seconds of the caller's clock) they were seen."""

    def poll(self, now: float) -> list[tuple[CallEntry, StepEntry]]:
        """Return what is new.

        Args:
            now: seconds of any clock that never goes back.

        Raises:
            JournalError: it cannot be read now; the next poll misses nothing.
        """
        found = []
        place = self._floor
        while page := self._reader.after(place, PAGE):
            for place, call, step in page:
                if place not in self._seen:
                    self._seen[place] = now
                    found.append((call, step))
            if len(page) < PAGE:
                break
        self._settle(now)
        return found

    def _settle(self, now: float) -> None:
        old = [place for place, seen in self._seen.items() if seen <= now - SETTLE]
        self._floor = max([self._floor, *old])
        while self._floor + 1 in self._seen:
            self._floor += 1
        self._seen = {place: seen for place, seen in self._seen.items() if place > self._floor}
