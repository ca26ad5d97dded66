"""The journal as an outbox, on both databases: which calls wait to be reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, select, text
from tests.flow.clock import NOON, ORDER, LiveCall, plan
from tests.journal.conftest import Database
from tests.journal.recorded import exported

from ivr_fsm.flow import events
from ivr_fsm.flow.step import Step
from ivr_fsm.journal import database as module
from ivr_fsm.journal.importing import bring_in
from ivr_fsm.journal.outbox import Unreported
from ivr_fsm.journal.page import Page, Record, new_key
from ivr_fsm.journal.rows import Origin, refused_row
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.tables import CALLS, micros

LATER = NOON + timedelta(hours=1)


class WrittenCall(LiveCall):
    """A live call whose steps go into the journal."""

    def __init__(self, store: Store, instance: str = "ivr-1", at: timedelta = timedelta()) -> None:
        self.store, self.instance = store, instance
        super().__init__(start=NOON + at)

    def _note(self, taken: Step) -> None:
        super()._note(taken)
        if len(self.steps) == 1:
            self.page = Page(self, self.call, Origin(self.instance, "f", "p"))
        self.page.write(taken, self.seconds, None)

    def put(self, record: Record, _leave: object) -> None:
        self.store.write([record])

    def ends(self) -> int:
        self.identified(ORDER)
        self.hangs_up()
        return self.page._key


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    kept = Store(database.engine())
    yield kept
    kept.close()


@pytest.fixture
def waiting(database: Database) -> Unreported:
    return Unreported(database.engine(), "ivr-1")


def reported(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        rows = connection.execute(select(CALLS.c.reported, CALLS.c.report_error).order_by(CALLS.c.key))
        return [tuple(row) for row in rows]


def test_calls_that_ended_wait_the_oldest_first(store: Store, waiting: Unreported) -> None:
    keys = [WrittenCall(store, at=timedelta(seconds=at)).ends() for at in (20, 0, 10)]
    WrittenCall(store, instance="another").ends()
    WrittenCall(store).identified(ORDER)
    refused = refused_row(
        new_key(NOON), events.CallArrived("c", ""), "too many", NOON, Origin("ivr-1", "", "")
    )
    store.write([Record(refused)])
    found = waiting.after(0, 50)
    assert [call.key for call in found] == sorted(keys)
    assert found[0].outcome == "abandoned:greeting"
    assert [call.key for call in waiting.after(0, 2)] == sorted(keys)[:2]
    assert [call.key for call in waiting.after(sorted(keys)[1], 50)] == sorted(keys)[2:]


def test_a_lost_call_waits_from_the_next_start_on(store: Store, waiting: Unreported) -> None:
    WrittenCall(store).identified(ORDER)
    assert waiting.after(0, 50) == []
    store.open("ivr-1", plan(), LATER)
    assert [call.lost for call in waiting.after(0, 50)] == [LATER]


def test_what_is_done_waits_no_more_whatever_the_writer_writes_later(
    store: Store, waiting: Unreported
) -> None:
    call = WrittenCall(store)
    key = call.ends()
    assert call.state in ("releasing", "ended")
    waiting.done(key, LATER, "answered with 422")
    store.write([Record(call=call.page._row)])
    assert waiting.after(0, 50) == []
    assert reported(store.engine) == [(micros(LATER), "answered with 422")]


def test_imported_calls_are_nobodys_to_report(store: Store, waiting: Unreported) -> None:
    live = LiveCall().identified(ORDER)
    live.hangs_up()
    assert bring_in(store.engine, exported(live, "ivr-1"))
    assert waiting.after(0, 50) == []


def test_a_question_of_a_full_journal_is_answered_by_the_index(
    waiting: Unreported, database: Database
) -> None:
    names = {str(index["name"]) for index in inspect(database.engine()).get_indexes("calls")}
    assert "calls_unreported" in names


def test_calls_from_before_are_not_reported_anew(empty: Database) -> None:
    engine = empty.engine()
    config = module._alembic()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        row = refused_row(1, events.CallArrived("c", ""), "", NOON, Origin("ivr-1", "", ""))
        old = {**row, "ended": None, "refused": ""}
        del old["back"]  # nobody was called back then
        columns = ", ".join(old)
        values = ", ".join(f":{name}" for name in old)
        for key, times in ((1, {"ended": 5}), (2, {"lost": 7}), (3, {})):
            connection.execute(
                text(f"INSERT INTO calls ({columns}) VALUES ({values})"), {**old, "key": key, **times}
            )
    module.migrate(engine)
    assert reported(engine) == [(5, ""), (7, ""), (None, "")]
    Store(engine).open("ivr-1", plan(), LATER)
    assert [call.key for call in Unreported(engine, "ivr-1").after(0, 9)] == [3]
