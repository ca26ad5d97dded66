"""When reporting is on: the schedule, the switch, and several instances on one journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ivr_fsm.flow.hours import Hours
from ivr_fsm.journal.database import JournalError, migrate, open_engine
from ivr_fsm.journal.switches import Switch, Switches
from ivr_fsm.slack.reporting import Reporting
from tests.flow.clock import NOON
from tests.slack.interactions import lines

HOURS = Hours.parse(["mon-fri 09:00-21:00"], "Europe/Moscow")
NIGHT = NOON + timedelta(hours=12)
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    opened = open_engine(f"sqlite:///{tmp_path}/journal.db")
    migrate(opened)
    return opened


@asynccontextmanager
async def reporting(
    engine: Engine, hours: Hours | None = HOURS, clock: Callable[[], datetime] | None = None
) -> AsyncIterator[Reporting]:
    opened = Reporting(hours, Switches(engine), clock or Clock(), fresh=0.01)
    await opened.start()
    yield opened
    await opened.close()


async def test_the_schedule(engine: Engine) -> None:
    async with reporting(engine) as on:
        assert on(NOON)
        assert not on(NIGHT)
        status = await on.status()
        assert (status.on, status.scheduled, status.last) == (True, True, None)


async def test_without_a_schedule_it_is_always_on(engine: Engine) -> None:
    async with reporting(engine, None) as on:
        assert on(NIGHT)
        assert not (await on.status()).scheduled
        await on.switch("off", "Анна")
        assert not on(NIGHT)
        await on.switch("hours", "Анна")
        assert on(NIGHT)


async def test_a_switch_counts_from_its_time_on(engine: Engine) -> None:
    clock = Clock()
    async with reporting(engine, clock=clock) as on:
        status = await on.switch("off", "Анна")
        assert not status.on
        assert status.last == Switch(NOON, "off", "Анна")
        clock.at += HOUR
        await on.switch("on", "Борис")
        clock.at += HOUR
        await on.switch("hours", "Борис")
        told = [on(NOON + HOUR * hours) for hours in (-1, 0, 0.5, 1, 1.5, 2, 12, -12)]
        assert told == [True, False, False, True, True, True, False, False]


async def test_it_survives_a_restart(engine: Engine) -> None:
    async with reporting(engine) as on:
        await on.switch("off", "Анна")
    async with reporting(engine) as on:
        assert not on(NOON)


async def test_another_instance_hears_of_a_switch(engine: Engine) -> None:
    async with reporting(engine) as one, reporting(engine) as two:
        await one.switch("off", "Анна")
        async with asyncio.timeout(10):
            while two(NOON):  # noqa: ASYNC110 - what another instance writes has no event
                await asyncio.sleep(0.005)
        assert not (await two.status()).on


async def test_a_journal_that_fails_changes_nothing(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    async with reporting(engine) as on:
        await on.switch("off", "Анна")
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE switches RENAME TO gone")
        with pytest.raises(JournalError):
            await on.switch("on", "Анна")
        with pytest.raises(JournalError):
            await on.status()
        printed = ""
        async with asyncio.timeout(10):
            while "cannot be looked up" not in printed:
                await asyncio.sleep(0.05)
                printed += capsys.readouterr().out
        assert not on(NOON)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO switches")
        async with asyncio.timeout(10):
            while "can be looked up again" not in printed:
                await asyncio.sleep(0.05)
                printed += capsys.readouterr().out
    assert len(list(lines(printed, "cannot be looked up"))) == 1
