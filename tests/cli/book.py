"""A journal with calls in it, written as the service writes them, without a switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.flow.clock import NOON, PHONE, LiveCall, plan

from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step, arrive
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.page import Page, Record, new_key
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.rows import Origin, gap_row, refused_row
from ivr_fsm.journal.store import Store

INSTANCE = "ivr-1"


@dataclass
class WrittenCall(LiveCall):
    """A live call whose steps go into the journal."""

    page_of: Callable[..., Page] | None = None
    id: str = ""
    phone: str = PHONE

    def __post_init__(self) -> None:
        arrived = events.CallArrived(self.id, self.phone, "74950000000")
        self.call, first = arrive(self.plan, arrived, self.start)
        assert self.page_of
        self.page = self.page_of(self.call)
        self._note(first)

    def _note(self, taken: Step) -> None:
        super()._note(taken)
        self.page.write(taken, self.seconds, None)


@dataclass
class Book:
    """The journal that the commands read."""

    folder: Path
    plan: Plan = field(default_factory=plan)

    def __post_init__(self) -> None:
        self.url = f"sqlite:///{self.folder}/journal.db"
        self.store = Store(open_engine(self.url))
        self.store.open(INSTANCE, self.plan, NOON)
        self._left_out: set[int] = set()

    def close(self) -> None:
        self.store.close()

    @property
    def reader(self) -> Reader:
        return Reader(self.store.engine)

    def begin(
        self,
        id_begins: str = "0f7e1a52",
        phone: str = PHONE,
        at: datetime = NOON,
        *,
        without: tuple[int, ...] = (),
    ) -> WrittenCall:
        """Return a call that has just arrived; its steps of the numbers *without* are not written."""
        origin = Origin(INSTANCE, flow_revision(), plan_revision(self.plan))
        self._left_out = set(without)
        call_id = str(UUID(f"{id_begins}-5b1c-4a3e-9d0e-2a7a3f6f1c11"))
        return WrittenCall(
            self.plan, at, page_of=lambda call: Page(self, call, origin), id=call_id, phone=phone
        )

    def put(self, record: Record, _leave: object) -> None:
        """Write (`ivr_fsm.journal.page.Pen`)."""
        if record.step is None or record.step[1] not in self._left_out:
            self.store.write([record])

    def refuse(self, at: datetime = NOON) -> None:
        arrived = events.CallArrived("dead0000-5b1c-4a3e-9d0e-2a7a3f6f1c11", PHONE, "74950000000")
        row = refused_row(new_key(at), arrived, "too many calls", at, Origin(INSTANCE, "f", "p"))
        self.store.write([Record(row)])

    def gap(self, after: float, lasting: float, why: str, instance: str = INSTANCE) -> None:
        began = NOON + timedelta(seconds=after)
        row = gap_row(
            new_key(began), instance, began, began + timedelta(seconds=lasting), why, late=3, lost=1
        )
        self.store.write([Record(gap=row)])

    def lose(self) -> None:
        """The instance dies, and starts again an hour later."""
        self.store.open(INSTANCE, self.plan, NOON + timedelta(hours=1))

    @property
    def ids(self) -> list[str]:
        return [call.call for call in self.reader.each(Wanted())]
