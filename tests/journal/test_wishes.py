"""What one instance asks of another, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.journal.conftest import Database
from tests.journal.missed import missed

from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.wishes import Wishes


def _call(database: Database, key: int, instance: str) -> CallEntry:
    engine = database.engine()
    found = FollowUps(engine).call(missed(engine, key, instance=instance))
    assert found is not None
    return found


def test_an_instance_finds_what_it_is_asked_for(database: Database) -> None:
    here, there = Wishes(database.engine()), Wishes(database.engine())
    call, other = _call(database, 1, "one"), _call(database, 2, "two")
    first, second = here.add(call, "office", "Ольга"), here.add(call, "stop", "\0" + "x" * 10_000)
    here.add(other, "call_centre", "Анна")
    found = there.waiting("one")
    assert [(wish.id, wish.call.key, wish.what) for wish in found] == [
        (first, 1, "office"),
        (second, 1, "stop"),
    ]
    assert found[0].by == "Ольга"
    assert len(found[1].by) < 1000
    assert there.waiting("three") == []


def test_a_wish_is_taken_once(database: Database) -> None:
    wishes = Wishes(database.engine())
    wish = wishes.add(_call(database, 1, "one"), "office", "Ольга")
    assert wishes.waits(wish)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: Wishes(database.engine()).take(wish), range(4)))
    assert sorted(taken) == [False, False, False, True]
    assert not wishes.waits(wish)
    assert wishes.waiting("one") == []


def test_a_database_that_fails_is_named(database: Database) -> None:
    call, engine = _call(database, 1, "one"), database.engine()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE wishes")
    wishes = Wishes(engine)
    for work in (
        lambda: wishes.add(call, "office", "Ольга"),
        lambda: wishes.waiting("one"),
        lambda: wishes.waits(1),
        lambda: wishes.take(1),
    ):
        with pytest.raises(JournalError, match="the journal"):
            work()
