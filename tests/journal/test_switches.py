"""How reporting was switched, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.flow.clock import NOON
from tests.journal.conftest import Database

from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.switches import Switch, Switches

MINUTE = timedelta(minutes=1)


def test_the_newest_in_the_order_of_their_time(database: Database) -> None:
    switches = Switches(database.engine())
    assert switches.newest(10) == []
    off, on = Switch(NOON, "off", "Анна"), Switch(NOON + MINUTE, "on", "Борис")
    hours = Switch(NOON + MINUTE, "hours", "Анна")
    # Another instance's clock may be behind; in one and the same moment the later row counts.
    for each in (on, off, hours):
        switches.add(each)
    assert switches.newest(10) == [off, on, hours]
    assert switches.newest(2) == [on, hours]
    assert Switches(database.engine()).newest(1) == [hours]


def test_a_name_that_the_database_cannot_keep(database: Database) -> None:
    switches = Switches(database.engine())
    switches.add(Switch(NOON, "off", "\0" + "x" * 10_000))
    [kept] = switches.newest(1)
    assert kept.by.startswith("\ufffdx")
    assert len(kept.by) < 1000


def test_a_database_that_fails_is_named(database: Database) -> None:
    engine = database.engine()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE switches")
    with pytest.raises(JournalError, match="the journal"):
        Switches(engine).newest(1)
    with pytest.raises(JournalError, match="the journal"):
        Switches(engine).add(Switch(NOON, "off", "Анна"))
