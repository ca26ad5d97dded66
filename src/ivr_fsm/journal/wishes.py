"""What one instance asks of a call that another one has: both look into the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, delete, insert, select

from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS, WISHES

What = Literal["office", "call_centre", "stop"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants *what* of *call*: to send it on, or to stop it.

    Attributes:
        id: its place among all of them.
        call: a call of the instance that is asked.
        what: what is wanted.
        by: who wants it.
    """

    id: int
    call: CallEntry
    what: What
    by: str


class Wishes:
    """Those in the database of *engine*. Every method blocks, and raises JournalError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, call: CallEntry, what: What, by: str) -> int:
        """Ask the instance of *call*; return the wish's id."""
        row = {"instance": call.instance, "key": call.key, "what": what, "by": short(by)}
        with faults(self.engine), self.engine.begin() as connection:
            made = connection.execute(insert(WISHES).values(row)).inserted_primary_key
        assert made is not None
        return int(made[0])

    def waiting(self, instance: str) -> list[Wish]:
        """Return what *instance* is asked for, the oldest first."""
        query = (
            select(WISHES.c.id.label("wish"), WISHES.c.what, WISHES.c.by, CALLS)
            .join(CALLS, CALLS.c.key == WISHES.c.key)
            .where(WISHES.c.instance == instance)
            .order_by(WISHES.c.id)
        )
        with faults(self.engine), self.engine.connect() as connection:
            rows: list[Any] = list(connection.execute(query).mappings())
        return [Wish(row["wish"], CallEntry.of(row), row["what"], row["by"]) for row in rows]

    def waits(self, wish: int) -> bool:
        """Return whether nobody has taken a wish."""
        with faults(self.engine), self.engine.connect() as connection:
            return connection.scalar(select(WISHES.c.id).where(WISHES.c.id == wish)) is not None

    def take(self, wish: int) -> bool:
        """Take a wish, to fulfil it or to withdraw it; return whether nobody else has."""
        with faults(self.engine), self.engine.begin() as connection:
            return bool(connection.execute(delete(WISHES).where(WISHES.c.id == wish)).rowcount)
