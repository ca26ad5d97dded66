"""A database that is locked, full, gone or refuses: calls go on, and the journal says what it missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs
from tests.journal.conftest import Database
from tests.journal.pen import PLAN, WritingCall, identified, journal, now
from tests.postgres import PostgreSQL

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.step import arrive
from ivr_fsm.journal import writer
from ivr_fsm.journal.entries import GapEntry
from ivr_fsm.journal.page import Record
from ivr_fsm.journal.reader import Wanted
from ivr_fsm.journal.store import Store


@pytest.fixture(autouse=True)
def only_what_fails_opens_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is."""
    monkeypatch.setattr(writer, "RETRY", 0.05)
    monkeypatch.setattr(writer, "PATIENCE", 60)


@pytest.fixture
def impatient(only_what_fails_opens_a_gap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 0.1)


def _gaps(database: Database) -> list[GapEntry]:
    return database.reader().gaps(now().replace(year=2000), now())


def _is_complete(database: Database, *calls: WritingCall) -> None:
    reader = database.reader()
    for call in calls:
        [found] = reader.call(call.id)
        assert [step.number for step in reader.steps(found.key)] == list(range(1, call.steps + 1))


def _events(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs]


async def test_a_locked_database_holds_up_no_call(database: Database, impatient: None) -> None:
    with capture_logs() as logs:
        async with journal(database.url) as pen:
            call = WritingCall(pen)
            await call.arrives_and_waits()
            unlock = database.lock()
            await call.presses_and_waits()  # as long as patience lasts
            left: list[int] = []
            call.presses(lambda: left.append(1))
            assert left == [1], "a gap is open: nothing waits"
            call.presses(None)
            assert _events(logs) == ["journal behind"]
            assert (pen.behind, pen.unwritten) == ("not written within 0.1 s", 3)
            unlock()
    assert (pen.behind, pen.unwritten) == ("", 0)
    _is_complete(database, call)
    [gap] = _gaps(database)
    assert (gap.instance, gap.late, gap.lost) == ("one", 2, 0)
    assert pen.totals == writer.Totals(gaps=1, late=2, lost=0)
    assert gap.why == "not written within 0.1 s"
    assert gap.began < gap.ended
    assert _events(logs) == ["journal behind", "journal caught up"]


async def test_steps_whose_commands_stay_open_no_gap(database: Database, impatient: None) -> None:
    async with journal(database.url) as pen:
        await (call := WritingCall(pen)).arrives_and_waits()
        unlock = database.lock()
        call.presses(None)
        await asyncio.sleep(2 * writer.PATIENCE)
        unlock()
        call.presses(None)
    _is_complete(database, call)
    assert _gaps(database) == []


def _fill(store: Store, database: Database) -> Callable[[], None]:
    """Leave the database no room; return what makes room again."""
    if database.is_postgresql:
        with database.engine().begin() as connection:
            raising = "BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END"
            function = f"FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$"
            connection.execute(text(f"CREATE {function}"))
            before = "BEFORE INSERT ON steps FOR EACH ROW EXECUTE FUNCTION full_disk()"
            connection.execute(text(f"CREATE TRIGGER full_disk {before}"))

        def make_room() -> None:
            with database.engine().begin() as connection:
                connection.execute(text("DROP FUNCTION full_disk CASCADE"))

        return make_room
    room = [1]
    store.close()
    event.listen(
        store.engine,
        "connect",
        lambda connection, _record: connection.execute(f"PRAGMA max_page_count = {room[0]}"),
    )
    return lambda: room.__setitem__(0, 1_000_000)


async def test_a_full_disk_holds_up_no_call(database: Database) -> None:
    store = Store(database.engine())
    async with journal(database.url, store=store) as pen:
        calls = [WritingCall(pen) for _ in range(30)]
        for call in calls:
            await call.arrives_and_waits()
        await asyncio.get_running_loop().run_in_executor(pen._thread, lambda: None)
        make_room = _fill(store, database)
        for _ in range(40):
            for call in calls:
                await call.presses_and_waits()
        make_room()
    _is_complete(database, *calls)
    [gap] = _gaps(database)
    assert "full" in gap.why or "No space left" in gap.why
    assert gap.late > 0
    assert gap.lost == 0


async def test_the_gap_ends_while_calls_go_on(database: Database, impatient: None) -> None:
    """New steps come all the time: that there is always one more to write keeps no gap open."""
    async with journal(database.url) as pen:
        calls = [WritingCall(pen) for _ in range(20)]
        for call in calls:
            await call.arrives_and_waits()
        unlock = database.lock()
        await calls[0].presses_and_waits()
        unlock()
        going_on = True

        def go_on(call: WritingCall) -> None:
            if going_on:
                asyncio.get_running_loop().call_soon(call.presses, lambda: go_on(call))

        for call in calls:
            go_on(call)
        async with asyncio.timeout(30):
            while not _gaps(database):  # noqa: ASYNC110 - another connection is asked
                await asyncio.sleep(0.02)
        going_on = False
    _is_complete(database, *calls)


async def test_a_server_that_crashes_costs_nothing(server: PostgreSQL) -> None:
    database = Database(server.new_database())
    async with journal(database.url) as pen:
        calls = [WritingCall(pen) for _ in range(20)]
        for call in calls:
            await call.arrives_and_waits()
        restarting = asyncio.create_task(asyncio.to_thread(server.restart))
        while not restarting.done():
            for call in calls:
                await call.presses_and_waits()
            await asyncio.sleep(0.01)
        await restarting
        for call in calls:
            await call.presses_and_waits()
    _is_complete(database, *calls)
    [gap, *_] = _gaps(database)
    assert gap.late > 0
    assert sum(each.lost for each in _gaps(database)) == 0
    for engine in database.engines:
        engine.dispose()


async def test_a_connection_that_the_server_closed_is_opened_again_without_a_gap(server: PostgreSQL) -> None:
    database = Database(server.new_database())
    with capture_logs() as logs:
        async with journal(database.url) as pen:
            await (call := WritingCall(pen)).arrives_and_waits()
            with database.engine().connect() as connection:
                others = "datname = current_database() AND pid <> pg_backend_pid()"
                ended = connection.execute(
                    text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
                )
                assert ended.all()
            await call.presses_and_waits()
    _is_complete(database, call)
    assert logs == []
    assert _gaps(database) == []
    for engine in database.engines:
        engine.dispose()


async def test_what_the_database_refuses_is_dropped_alone(database: Database) -> None:
    sound = arrive(PLAN, CallArrived(str(UUID(int=1)), ""), now())[1]
    too_great = Record(step=(2**64, 1, sound, now(), 0.0))
    unreadable = Record(step=(1, 1, replace(sound, event=object()), now(), 0.0))
    with capture_logs() as logs:
        async with journal(database.url) as pen:
            calls = [WritingCall(pen) for _ in range(70)]
            left: list[int] = []
            for number, call in enumerate(calls):
                call.arrives(lambda number=number: left.append(number))  # type: ignore[misc]
                if number in (0, 33, 69):
                    pen.put(unreadable if number else too_great, lambda: left.append(-1))
            await calls[-1].presses_and_waits()
    _is_complete(database, *calls)
    assert left.count(-1) == 3
    assert [each for each in left if each >= 0] == list(range(70))
    assert _events(logs).count("journal refuses a record") == 3
    assert sum(gap.lost for gap in _gaps(database)) == 3
    assert sum(gap.late for gap in _gaps(database)) == 0


async def test_more_than_the_memory_holds_is_lost_and_counted(
    database: Database, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BACKLOG", 20)
    async with journal(database.url) as pen:
        await (call := WritingCall(pen)).arrives_and_waits()
        unlock = database.lock()
        await call.presses_and_waits()
        left: list[int] = []
        for number in range(30):
            call.presses(lambda number=number: left.append(number))  # type: ignore[misc]
        unlock()
    assert left == list(range(30))
    [gap] = _gaps(database)
    assert (gap.late, gap.lost) == (21, 10)
    assert pen.totals == writer.Totals(gaps=1, late=21, lost=10)
    reader = database.reader()
    [found] = reader.calls(Wanted())
    assert len(reader.steps(found.key)) == 1 + gap.late


async def test_a_journal_that_cannot_write_is_closed_all_the_same(
    database: Database, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "CLOSING", 0.2)
    with capture_logs() as logs:
        async with journal(database.url) as pen:
            await (call := WritingCall(pen)).arrives_and_waits()
            unlock = database.lock()
            await call.presses_and_waits()
            identified(pen)
        left: list[int] = []
        call.presses(lambda: left.append(1))
        assert left == [1], "a call that goes on after that is held up"
    closed = next(line for line in logs if line["event"] == "journal closed")
    assert (closed["unwritten"], closed["why"]) == (3, "not written within 0.1 s")
    unlock()
