"""What waits to be told, read from SQLite and from a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from tests.journal.conftest import Database
from tests.journal.pen import WritingCall, journal, written

from ivr_fsm.flow.events import CallArrived, CallerHungUp
from ivr_fsm.journal import database as journals
from ivr_fsm.journal.tables import micros
from ivr_fsm.telemetry.backlog import Overdue, Waiting

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = micros(NOON)
MINUTE = 60_000_000


async def _hangs_up(call: WritingCall) -> int:
    await written(lambda leave: call.takes(CallerHungUp(), leave))
    return call._page._key  # type: ignore[attr-defined]


async def test_calls_that_are_over_wait_until_they_are_told(database: Database) -> None:
    async with journal(database.url) as pen:
        live, over = WritingCall(pen), WritingCall(pen)
        await live.arrives_and_waits()
        await over.arrives_and_waits()
        key = await _hangs_up(over)
        pen.refuse(CallArrived("0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11", "+79161234567"), "too many calls")
        await live.presses_and_waits()
    overdue = Overdue(database.engine(), "one")
    untold, unreported = overdue.look()
    assert unreported == {key: micros(over.call.now)}
    assert len(untold) == 2, "watchers hear of a call that was refused, too"
    with database.engine().begin() as connection:
        connection.execute(text("UPDATE calls SET told = 1, reported = 1"))
    assert overdue.look() == ({}, {})
    assert Overdue(database.engine(), "another").look() == ({}, {})


async def test_a_call_whose_service_died_waits_too(database: Database) -> None:
    async with journal(database.url) as pen:
        call = WritingCall(pen)
        await call.arrives_and_waits()
    with database.engine().begin() as connection:
        connection.execute(text(f"UPDATE calls SET lost = {AT}"))
    untold, unreported = Overdue(database.engine(), "one").look()
    assert list(untold.values()) == list(unreported.values()) == [AT]


def test_a_database_that_cannot_be_written_is_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "LOCK_WAIT", 0.01)
    overdue = Overdue(database.engine(), "one")
    overdue.look()
    mend = _spoil(database)
    with pytest.raises((OperationalError, OSError), match=r"locked|read-only"):
        Overdue(database.engine(), "one").look()
    mend()
    assert Overdue(database.engine(), "one").look() == ({}, {})


def _spoil(database: Database) -> Callable[[], None]:
    if not database.is_postgresql:
        return database.lock()
    name = database.engine().url.database

    def read_only(how: str) -> None:
        with database.engine().begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {how}'))

    read_only("on")
    return lambda: read_only("off")


def test_the_oldest_counts() -> None:
    waiting = Waiting().seen({1: AT - 3 * MINUTE, 2: AT - MINUTE}, AT)
    assert waiting.age(NOON) == 180
    assert waiting.age(NOON + timedelta(seconds=10)) == 190
    assert waiting.seen({2: AT - MINUTE}, AT + MINUTE).age(NOON + timedelta(minutes=1)) == 120
    assert waiting.seen({}, AT + MINUTE).age(NOON) == 0


def test_an_old_call_that_is_told_anew_has_not_waited_since_its_end() -> None:
    waiting = Waiting().seen({}, AT).seen({1: AT - 60 * 24 * 60 * MINUTE}, AT + MINUTE)
    assert waiting.age(NOON + timedelta(minutes=2)) == 120
