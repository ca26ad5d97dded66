"""The journal as the channel's outbox, on both databases: what is not told yet, and what its cards are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select
from tests.flow.clock import NOON
from tests.journal.conftest import Database
from tests.journal.missed import change, missed

from ivr_fsm.journal.cards import Card, Cards, Found, Sending
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.recordings import note_removed
from ivr_fsm.journal.retention import Ages, Pruning
from ivr_fsm.journal.tables import CALLS, CARDS, FOLLOW_UPS, micros
from ivr_fsm.journal.taking import Taker

LATER = NOON + timedelta(minutes=1)


class Outbox:
    """The cards of instance ``one``."""

    def __init__(self, database: Database) -> None:
        self.engine = database.engine()
        self.kept = Cards(self.engine, "one")

    def missed(self, key: int = 1, *, told: bool = False, **changes: Any) -> int:
        return missed(self.engine, key, **(changes if told else {"told": None, **changes}))

    def found(self, key: int = 1) -> Found:
        found = self.kept.find(key)
        assert found is not None
        return found

    def untold(self) -> list[tuple[int, str]]:
        return [(each.key, each.call) for each in self.kept.untold()]

    def keys(self) -> list[int]:
        return [key for key, _ in self.untold()]

    def tell(self, key: int = 1) -> bool:
        return self.kept.told(self.found(key), LATER)

    def count(self, table: Any) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


# What is not told yet


def test_the_calls_of_this_instance_that_are_not_told_the_oldest_first(outbox: Outbox) -> None:
    outbox.missed(1, started=micros(LATER))
    outbox.missed(2, started=micros(NOON))
    outbox.missed(3, told=True)
    outbox.missed(4, instance="two")
    assert outbox.keys() == [2, 1]
    assert outbox.tell(2)
    assert outbox.keys() == [1]


def test_a_call_back_belongs_to_the_instance_that_had_the_call(outbox: Outbox, database: Database) -> None:
    call, back = str(uuid4()), str(uuid4())
    outbox.missed(1, told=True, call=call, kind="order")
    missed(outbox.engine, 2, call=back, back=call, told=None, instance="two")
    assert outbox.untold() == [(1, back)]
    assert [each.kind for each in outbox.kept.untold()] == ["order"]
    assert Cards(database.engine(), "two").untold() == []
    assert [entry.key for entry, _ in outbox.found().backs] == [2]
    assert outbox.tell()
    assert outbox.untold() == []


def test_a_call_back_of_nobody_waits_for_nobody(outbox: Outbox) -> None:
    missed(outbox.engine, 2, back=str(uuid4()), told=None)
    assert outbox.untold() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "menu"},
        {"ended": None},
        {"lost": micros(LATER)},
        {"recording": "ok"},
        {"forgotten": micros(LATER)},
        {"claimed": micros(LATER)},
        {"done": micros(LATER)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_changes_by_other_means_than_a_step_is_seen(outbox: Outbox, changes: dict[str, Any]) -> None:
    outbox.missed()
    [before] = outbox.kept.untold()
    assert outbox.kept.untold() == [before]
    change(outbox.engine, 1, **changes)
    [after] = outbox.kept.untold()
    assert after != before


# Cards


def test_a_card_is_what_was_kept_last(outbox: Outbox) -> None:
    outbox.missed()
    assert outbox.found().card == Card(1)
    first = Card(1, "C1", "", {}, Sending("card", micros(NOON), {}))
    second = Card(1, "C1", "171.0", {"1": 7, "follow_ups": 2}, Sending("ab12", micros(LATER), {"1": 9}))
    for card in (first, second, replace(second, sending=None)):
        outbox.kept.save(card)
        assert outbox.found().card == card
    assert outbox.count(CARDS) == 1


def test_a_card_that_is_given_up_keeps_where_it_is(outbox: Outbox) -> None:
    outbox.missed()
    there = Card(1, "C1", "171.0", {"1": 7}, Sending("ab12", micros(LATER), {"1": 9}))
    outbox.kept.save(there)
    outbox.kept.give_up(1, "C1", "Slack: is_archived\0" + "x" * 500)
    found = outbox.found().card
    assert found == replace(there, sending=None, error=found.error)
    assert found.error.startswith("Slack: is_archived\ufffdx")


def test_what_was_never_posted_is_given_up_too(outbox: Outbox) -> None:
    outbox.missed()
    outbox.kept.give_up(1, "C1", "Slack: is_archived")
    assert outbox.found().card == Card(1, "C1", error="Slack: is_archived")


# Nothing is taken for told that is not


def test_what_was_told_is_told_once(outbox: Outbox) -> None:
    outbox.missed()
    assert outbox.tell()
    assert outbox.untold() == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda outbox: FollowUps(outbox.engine).claim(1, "Ольга", LATER),
        lambda outbox: FollowUps(outbox.engine).done(1, "Ольга", LATER),
        lambda outbox: FollowUps(outbox.engine).settle(1, LATER),
        lambda outbox: change(outbox.engine, 1, forgotten=micros(LATER)),
        lambda outbox: change(outbox.engine, 1, recording="too short"),
        lambda outbox: missed(outbox.engine, 2, back=outbox.found().call.call, told=None),
    ],
    ids=["claimed", "done", "settled", "forgotten", "recording", "called back"],
)
def test_what_comes_between_reading_and_telling_is_not_taken_for_told(outbox: Outbox, meanwhile: Any) -> None:
    outbox.missed()
    before = outbox.found()
    meanwhile(outbox)
    assert not outbox.kept.told(before, LATER)
    assert set(outbox.keys()) == {1}
    assert outbox.tell()
    assert outbox.untold() == []


def test_a_claim_that_was_released_in_between_is_not_taken_for_told(outbox: Outbox) -> None:
    outbox.missed()
    people = FollowUps(outbox.engine)
    people.claim(1, "Ольга", LATER)
    before = outbox.found()
    people.release(1, LATER, None, "Ольга", LATER)
    assert not outbox.kept.told(before, LATER)


# What becomes of calls later


def carded(outbox: Outbox, **changes: Any) -> int:
    """A call that is told, with its card."""
    key = outbox.missed(told=True, **changes)
    outbox.kept.save(Card(key, "C1", "171.0", {"1": 7}))
    return key


def test_the_card_of_somebody_who_is_forgotten_is_told_again(outbox: Outbox) -> None:
    carded(outbox)
    outbox.missed(2, told=True)
    for key in (1, 2):
        assert Taker(outbox.engine).take(key, None, LATER, LATER)
    # There is no card of the second one.
    assert outbox.keys() == [1]


def test_the_card_of_a_recording_that_was_removed_is_told_again(outbox: Outbox) -> None:
    carded(outbox, recording="ok")
    outbox.missed(2, told=True, recording="ok")
    note_removed(outbox.engine, [outbox.found(1).call.call])
    assert outbox.keys() == [1]


def test_with_a_call_all_goes_that_is_known_of_its_message(outbox: Outbox, tmp_path: Path) -> None:
    carded(outbox)
    FollowUps(outbox.engine).done(1, "Ольга", LATER)
    outbox.missed(2, started=micros(NOON + timedelta(days=400)), since=micros(NOON + timedelta(days=400)))
    outbox.kept.save(Card(2, "C1", "172.0"))
    pruning = Pruning(outbox.engine, None, Ages.of_days(365, 90, 90), "RU")
    pruning.prune(NOON + timedelta(days=401))
    assert [outbox.count(table) for table in (CALLS, CARDS, FOLLOW_UPS)] == [1, 1, 0]
    assert outbox.kept.find(1) is None


def test_a_database_that_fails_is_named(outbox: Outbox) -> None:
    @event.listens_for(outbox.engine, "do_execute")
    def fail(*_: object) -> None:
        raise outbox.engine.dialect.loaded_dbapi.OperationalError("disk I/O error")

    card = Card(1)
    for work in (
        outbox.kept.untold,
        lambda: outbox.kept.find(1),
        lambda: outbox.kept.save(card),
        lambda: outbox.kept.give_up(1, "C1", "x"),
    ):
        with pytest.raises(JournalError, match="disk I/O error"):
            work()
