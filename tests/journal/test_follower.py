"""What is new in the journal: each step once, even where places are seen out of their order."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert
from tests.flow.clock import CALL_ID, NOON
from tests.journal.conftest import Database

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.journal import follower
from ivr_fsm.journal.follower import SETTLE, Follower
from ivr_fsm.journal.rows import Origin, refused_row
from ivr_fsm.journal.tables import CALLS, STEPS


class Places:
    """Writes steps at given places, as transactions that end in any order."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine()
        row = refused_row(1, CallArrived(CALL_ID, "+79161234567"), "", NOON, Origin("a", "f", "p"))
        with self._engine.begin() as connection:
            connection.execute(insert(CALLS), row)

    def fill(self, *places: int) -> None:
        step = {"key": 1, "at": 0, "mono": 0.0, "event": "LinkLost", "before": "", "after": "", "body": "{}"}
        with self._engine.begin() as connection:
            connection.execute(insert(STEPS), [{"id": place, "number": place, **step} for place in places])


@pytest.fixture
def places(database: Database) -> Places:
    return Places(database)


def polled(following: Follower, now: float) -> list[int]:
    return [step.number for _, step in following.poll(now)]


def test_each_step_once(database: Database, places: Places) -> None:
    following = Follower(database.reader(), 0)
    places.fill(1, 2)
    assert polled(following, 0) == [1, 2]
    assert polled(following, 1) == []
    places.fill(3)
    assert polled(following, 2) == [3]


def test_what_is_seen_later_than_what_follows_it_is_not_lost(database: Database, places: Places) -> None:
    following = Follower(database.reader(), 0)
    places.fill(1, 4, 5)
    assert polled(following, 0) == [1, 4, 5]
    places.fill(3, 6)
    assert polled(following, SETTLE - 1) == [3, 6]
    places.fill(2)
    assert polled(following, SETTLE - 0.5) == [2]
    assert polled(following, SETTLE) == []


def test_a_place_that_nobody_fills_is_given_up(database: Database, places: Places) -> None:
    following = Follower(database.reader(), 0)
    places.fill(1, 3)
    assert polled(following, 0) == [1, 3]
    assert polled(following, SETTLE) == []
    places.fill(2)
    assert polled(following, SETTLE + 1) == []
    places.fill(4)
    assert polled(following, SETTLE + 2) == [4]


def test_many_at_once(database: Database, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "PAGE", 3)
    following = Follower(database.reader(), 2)
    places.fill(*range(4, 20))
    assert polled(following, 0) == list(range(4, 20))
    places.fill(3)
    assert polled(following, 1) == [3]


def test_what_comes_after_the_newest_steps_were_removed_is_seen(database: Database, places: Places) -> None:
    places.fill(1, 2, 3)
    following = Follower(database.reader(), database.reader().last_id())
    engine = database.engine()
    step = {"key": 1, "at": 0, "mono": 0.0, "event": "LinkLost", "before": "", "after": "", "body": "{}"}
    with engine.begin() as connection:
        connection.execute(delete(STEPS))
        if database.is_postgresql:
            connection.exec_driver_sql("SELECT setval('steps_id_seq', 3)")
        connection.execute(insert(STEPS), {"number": 9, **step})
    assert polled(following, 0) == [9]
