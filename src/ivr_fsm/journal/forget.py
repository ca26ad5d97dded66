"""Forgetting a person: as the caller all of the call, as somebody who was rung the number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, or_, select

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.numbers import Number
from ivr_fsm.journal.personal import Redacted
from ivr_fsm.journal.recordings import note_removed, of_call
from ivr_fsm.journal.scrub import scrub
from ivr_fsm.journal.tables import CALLS, STEPS
from ivr_fsm.journal.taking import Rests, Taker, settled


@dataclass(slots=True)
class Found:
    """Where a person is in the journal, or was.

    Attributes:
        called: the calls that they made.
        rung: the calls of others in which their number stands.
        steps: how many steps of those calls say something of them.
        recordings: the recordings of the calls that they made.
        heard: the recordings of calls of others that they answered; these stay.
        planned: how many calls keep the number because their plan has it.
        going_on: calls of theirs that are not over yet, and stay as they are.
    """

    called: list[CallEntry] = field(default_factory=list)
    rung: list[CallEntry] = field(default_factory=list)
    steps: int = 0
    recordings: list[Path] = field(default_factory=list)
    heard: list[Path] = field(default_factory=list)
    planned: int = 0
    going_on: list[CallEntry] = field(default_factory=list)


class Forgetting:
    """Takes one person out of the journal.

    Args:
        engine: the journal's database.
        phone: the person's phone in E.164.
        region: the country whose national numbers are understood (`ivr_fsm.phone.parse_phone`).
        recordings: the folder of the recordings, if any.
        now: aware time.

    Raises:
        ValueError: *phone* is no number in E.164.
    """

    def __init__(
        self, engine: Engine, phone: str, region: str, recordings: Path | None, now: datetime
    ) -> None:
        self._engine = engine
        self._phone = phone
        self._number = Number(phone, region)
        self._recordings = recordings
        self._now = now
        self._taker = Taker(engine)

    def look(self) -> Found:
        """Return where the person is; nothing is changed.

        Raises:
            JournalError: the database cannot be read.
        """
        found = Found()
        with faults(self._engine):
            for call, over in self._calls():
                self._sort(found, call, over, self._look(call), of_call(self._recordings, call.call))
        return found

    def forget(self) -> Found:
        """Take the person out, a call at a time, and return what was removed and what was left.

        Raises:
            JournalError: the database cannot be written to.
            OSError: a recording cannot be removed.
        """
        found, rests = Found(), Rests()
        with faults(self._engine):
            for call, over in self._calls():
                recording = of_call(self._recordings, call.call)
                if not over:
                    self._sort(found, call, over, self._look(call), recording)
                    continue
                # The recording first: whoever is stopped in between finds the call once more.
                if recording and call.phone == self._phone:
                    recording.unlink(missing_ok=True)
                    note_removed(self._engine, [call.call])
                rests.begin()
                taken = self._taker.take(call.key, self._number, self._forgotten(call), self._now)
                self._sort(found, call, over, taken, recording)
                rests.rest()
        return found

    def scrub(self, patience: float = 10.0) -> bool:
        """Have the database forget its copies of what was removed; see `ivr_fsm.journal.scrub`.

        Raises:
            JournalError: the database fails.
        """
        with faults(self._engine):
            return scrub(self._engine, patience)

    def _calls(self) -> list[tuple[CallEntry, bool]]:
        """Return each call in which the person may be, and whether it is over."""
        calls, has = CALLS.c, self._number.may_stand_in
        in_steps = select(STEPS.c.key).where(has(STEPS.c.body))
        rows = select(*calls, settled(self._now).label("over")).where(
            or_(
                calls.phone == self._phone,
                has(calls.shop),
                has(calls.answered_phone),
                has(calls.refused),
                calls.key.in_(in_steps),
            )
        )
        with self._engine.connect() as connection:
            found: list[Any] = list(connection.execute(rows.order_by(calls.key)).mappings())
        return [(CallEntry.of(row), bool(row["over"])) for row in found]

    def _look(self, call: CallEntry) -> Redacted | None:
        return self._taker.look(call.key, self._number, self._forgotten(call))

    def _forgotten(self, call: CallEntry) -> datetime | None:
        return self._now if call.phone == self._phone else None

    def _sort(
        self, found: Found, call: CallEntry, over: bool, redacted: Redacted | None, recording: Path | None
    ) -> None:
        if redacted is None:
            return
        found.planned += redacted.left
        caller = call.phone == self._phone
        if not (caller or redacted.changed or redacted.call != call):
            return
        if not over:
            found.going_on.append(call)
            return
        found.steps += len(redacted.changed)
        (found.called if caller else found.rung).append(call)
        if recording and caller:
            found.recordings.append(recording)
        elif recording and redacted.call.answered_phone != call.answered_phone:
            found.heard.append(recording)
