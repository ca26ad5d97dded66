"""Who calls back, and what is done, on both databases: two never do the same, and no claim is for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from tests.flow.clock import NOON
from tests.journal.conftest import Database
from tests.journal.missed import missed

from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.followups import HOLDS, FollowUps
from ivr_fsm.journal.tables import CALLS, FOLLOW_UPS, micros

LATER = NOON + timedelta(seconds=30)
EXPIRED = NOON + HOLDS + timedelta(seconds=1)


class Book:
    def __init__(self, database: Database) -> None:
        self.engine = database.engine()
        self.kept = FollowUps(self.engine)

    def of(self, key: int) -> tuple[bool, bool, bool]:
        """Whether a call is claimed, whether it is done, and whether the watchers know."""
        with self.engine.connect() as connection:
            row = connection.execute(select(CALLS).where(CALLS.c.key == key)).mappings().one()
        return row["claimed"] is not None, row["done"] is not None, row["told"] is not None

    def notes(self) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(FOLLOW_UPS).order_by(FOLLOW_UPS.c.id)).mappings()
            return [(row["what"], row["by"]) for row in rows]


@pytest.fixture
def book(database: Database) -> Book:
    return Book(database)


def test_one_calls_back(book: Book) -> None:
    key = missed(book.engine)
    assert book.kept.claim(key, "Ольга", NOON) == "taken"
    assert book.of(key) == (True, False, False)
    assert book.kept.claim(key, "Анна", LATER) == "claimed"
    assert book.notes() == [("call_back", "Ольга")]


def test_of_many_at_once_one_calls_back(book: Book, database: Database) -> None:
    key, people = missed(book.engine), 6
    kept = [FollowUps(database.engine()) for _ in range(people)]
    together = Barrier(people)

    def press(place: int) -> str:
        together.wait(30)
        return kept[place].claim(key, f"Ольга {place}", NOON)

    with ThreadPoolExecutor(people) as pool:
        answers = sorted(pool.map(press, range(people)))
    assert answers == ["claimed"] * (people - 1) + ["taken"]
    assert len(book.notes()) == 1


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"ended": None, "outcome": ""}, "live"),
        ({"phone": ""}, "no_phone"),
        ({"done": micros(NOON)}, "done"),
        ({"done": micros(NOON), "claimed": micros(NOON)}, "done"),
    ],
)
def test_what_cannot_be_called_back(book: Book, changes: dict[str, Any], answer: str) -> None:
    assert book.kept.claim(missed(book.engine, **changes), "Ольга", NOON) == answer
    assert book.kept.claim(99, "Ольга", NOON) == "unknown"
    assert book.notes() == []


def test_what_came_to_nothing_can_be_tried_again(book: Book) -> None:
    key = missed(book.engine)
    book.kept.claim(key, "Ольга", NOON)
    book.kept.release(key, NOON, "office_silent", "Ольга", LATER)
    assert book.of(key) == (False, False, False)
    assert book.kept.claim(key, "Анна", LATER) == "taken"
    assert book.notes() == [("call_back", "Ольга"), ("office_silent", "Ольга"), ("call_back", "Анна")]


def test_who_releases_too_late_takes_nothing_from_others(book: Book) -> None:
    key = missed(book.engine)
    book.kept.claim(key, "Ольга", NOON)
    book.kept.expire(EXPIRED)
    assert book.kept.claim(key, "Анна", EXPIRED) == "taken"
    book.kept.release(key, NOON, "office_silent", "Ольга", EXPIRED)
    assert book.of(key)[0]
    assert ("office_silent", "Ольга") not in book.notes()


def test_who_was_called_back_is_done(book: Book) -> None:
    key = missed(book.engine)
    book.kept.claim(key, "Ольга", NOON)
    book.kept.settle(key, LATER)
    assert book.of(key) == (True, True, False)
    assert book.kept.claim(key, "Анна", LATER) == "done"
    assert book.kept.done(key, "Анна", LATER) == "done"


def test_the_first_who_says_so_has_done_it(book: Book) -> None:
    key = missed(book.engine)
    assert book.kept.done(key, "Ольга", NOON) == "taken"
    assert book.kept.done(key, "Анна", LATER) == "done"
    book.kept.settle(key, LATER)
    found = book.kept.call(key)
    assert found is not None and found.done == NOON
    assert book.notes() == [("done", "Ольга")]


def test_a_hidden_number_can_be_done_and_a_live_call_cannot(book: Book) -> None:
    assert book.kept.done(missed(book.engine, 1, phone=""), "Ольга", NOON) == "taken"
    assert book.kept.done(missed(book.engine, 2, ended=None, outcome=""), "Ольга", NOON) == "live"
    assert book.kept.done(99, "Ольга", NOON) == "unknown"


def test_a_claim_can_be_done_though_who_made_it_is_gone(book: Book) -> None:
    key = missed(book.engine)
    book.kept.claim(key, "Ольга", NOON)
    assert book.kept.done(key, "Анна", LATER) == "taken"
    assert book.kept.expire(EXPIRED) == 0


# A claim is renewed, or ends


def test_a_claim_that_nobody_renews_ends(book: Book) -> None:
    key, other = missed(book.engine, 1), missed(book.engine, 2)
    book.kept.claim(key, "Ольга", NOON)
    book.kept.claim(other, "Анна", EXPIRED)
    assert book.kept.expire(NOON + HOLDS) == 0
    assert book.kept.expire(EXPIRED) == 1
    assert (book.of(key), book.of(other)[0]) == ((False, False, False), True)
    assert book.notes()[-1] == ("interrupted", "")
    assert book.kept.expire(EXPIRED) == 0


def test_a_claim_that_is_renewed_holds(book: Book) -> None:
    key, done = missed(book.engine, 1), missed(book.engine, 2)
    for each in (key, done):
        book.kept.claim(each, "Ольга", NOON)
    book.kept.settle(done, NOON)
    book.kept.renew({key: NOON, done: NOON}, LATER)
    assert book.kept.expire(EXPIRED) == 0
    assert book.kept.expire(EXPIRED + timedelta(seconds=30)) == 1


def test_nobody_renews_the_claim_of_another(book: Book) -> None:
    key = missed(book.engine)
    book.kept.claim(key, "Ольга", NOON)
    book.kept.renew({key: NOON - timedelta(seconds=1)}, EXPIRED)
    assert book.kept.expire(EXPIRED) == 1


@pytest.mark.parametrize(
    ("answered_by", "started", "done", "notes"),
    [
        ("customer", LATER, True, []),
        ("", LATER, False, []),  # that it came to nothing is told by the call back itself
        ("customer", NOON - timedelta(hours=1), False, ["interrupted"]),  # that was an earlier one
    ],
)
def test_a_claim_ends_as_its_call_back_did(
    book: Book, answered_by: str, started: datetime, done: bool, notes: list[str]
) -> None:
    key = missed(book.engine, 1, call="1f6b8a52-0000-4000-8000-000000000001")
    missed(
        book.engine,
        2,
        back="1f6b8a52-0000-4000-8000-000000000001",
        answered_by=answered_by,
        started=micros(started),
    )
    book.kept.claim(key, "Ольга", NOON)
    book.kept.expire(EXPIRED)
    assert book.of(key) == (done, done, False)
    assert [what for what, _ in book.notes()][1:] == notes


def test_a_database_that_fails_is_named(book: Book) -> None:
    with book.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE calls")
    for work in (
        lambda: book.kept.call(1),
        lambda: book.kept.claim(1, "Ольга", NOON),
        lambda: book.kept.renew({1: NOON}, NOON),
        lambda: book.kept.release(1, NOON, None, "", NOON),
        lambda: book.kept.settle(1, NOON),
        lambda: book.kept.done(1, "Ольга", NOON),
        lambda: book.kept.expire(NOON),
    ):
        with pytest.raises(JournalError, match="the journal"):
            work()
