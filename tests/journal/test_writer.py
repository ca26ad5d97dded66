"""The journal's pen on its databases, as they are when all is well."""

from __future__ import annotations

from collections import defaultdict

import pytest
from sqlalchemy import event, update
from structlog.testing import capture_logs
from tests.journal.conftest import Database
from tests.journal.pen import PLAN, WritingCall, identified, journal, now, written

from ivr_fsm.flow.caller import Customer, Order, Shop
from ivr_fsm.flow.events import CallArrived, CallerHungUp
from ivr_fsm.journal import writer
from ivr_fsm.journal.page import Record
from ivr_fsm.journal.reader import Wanted
from ivr_fsm.journal.replay import replay
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.tables import CALLS

HOSTILE = {
    "NUL": "Ма\0рия",
    "half a character": "\ud83d\udc4d\ud800",
    "quotes": """'; DROP TABLE steps; --"${name}"{{}}[bold]%s%(x)s\\""",
    "control characters": "a\r\n\x1b[2J\u202eb",
    "length": "Я" * 100_000,
    "length that cannot be packed": "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(30_000)),
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, no gap opens."""
    monkeypatch.setattr(writer, "PATIENCE", 60)


async def test_commands_leave_when_somebody_else_can_read_their_step(database: Database) -> None:
    reader, seen = database.reader(), []

    def look() -> None:
        [found] = reader.call(call.id)
        seen.append(len(reader.steps(found.key)))

    async with journal(database.url) as pen:
        call = WritingCall(pen)
        await written(lambda leave: call.arrives(lambda: (look(), leave())))
        for _ in range(5):
            await written(lambda leave: call.presses(lambda: (look(), leave())))
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_the_order_of_each_call_is_kept(database: Database) -> None:
    left: dict[str, list[int]] = defaultdict(list)
    async with journal(database.url) as pen:
        calls = [WritingCall(pen) for _ in range(40)]
        for call in calls:
            call.arrives()
        for number in range(2, 12):
            for call in calls:
                call.presses(lambda call=call, number=number: left[call.id].append(number))  # type: ignore[misc]
    reader = database.reader()
    assert list(left.values()) == [list(range(2, 12))] * 40
    assert reader.count(Wanted()) == 40
    for found in reader.each(Wanted()):
        steps = reader.steps(found.key)
        assert [step.number for step in steps] == list(range(1, 12))
        assert replay(steps, PLAN).same


async def test_what_gathers_during_a_transaction_goes_into_the_next_one(database: Database) -> None:
    store, commits = Store(database.engine()), []
    async with journal(database.url, store=store) as pen:
        event.listen(store.engine, "commit", commits.append)
        calls = [identified(pen) for _ in range(100)]
        await calls[-1].presses_and_waits()
    assert 1 < len(commits) < 6


async def test_steps_that_follow_others_are_written_together(database: Database) -> None:
    store, commits = Store(database.engine()), []
    async with journal(database.url, store=store) as pen:
        calls = [WritingCall(pen) for _ in range(50)]
        await calls[0].arrives_and_waits()
        event.listen(store.engine, "commit", commits.append)
        for call in calls[1:]:
            call.arrives(call.presses)
    assert len(commits) <= 4


async def test_a_fault_of_one_call_does_not_hold_up_the_others(database: Database) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    with capture_logs() as logs:
        async with journal(database.url) as pen:
            broken, sound = WritingCall(pen), WritingCall(pen)
            broken.arrives(fail)
            await sound.arrives_and_waits()
            await sound.presses_and_waits()
    assert [line["event"] for line in logs] == ["commands did not leave"]


async def test_a_batch_that_is_written_twice_is_there_once(database: Database) -> None:
    kept: list[Record] = []

    class Keeping(Store):
        def write(self, records: object) -> None:
            kept.extend(records)  # type: ignore[call-overload]
            super().write(records)  # type: ignore[arg-type]

    async with journal(database.url, store=Keeping(database.engine())) as pen:
        call = identified(pen)
        await call.presses_and_waits()
    reader = database.reader()
    [before] = reader.calls(Wanted())
    steps = reader.steps(before.key)
    Store(database.engine()).write(kept)
    assert reader.calls(Wanted()) == [before]
    assert reader.steps(before.key) == steps
    assert len(steps) == 3


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_whatever_a_name_is_the_call_is_kept_and_found(database: Database, text: str) -> None:
    shop = Shop("arbat", text, phones=(text,))
    with capture_logs() as logs:
        async with journal(database.url) as pen:
            call = identified(pen, Customer(text, Order(text, shop, text, text, text), text))
            call.presses()
            call.takes(CallerHungUp(text))
            pen.refuse(CallArrived(call.id, text, text), text)
    reader = database.reader()
    refused, found = sorted(reader.call(call.id), key=lambda each: not each.refused)
    assert [line["event"] for line in logs] == []
    assert found.kind == "order"
    assert found.outcome == "abandoned:greeting"
    assert (len(found.name), refused.status) == (min(len(text), 200), "refused")
    assert found.name.replace("?", "").replace("\ufffd", "") in text.replace("\0", "")
    steps = reader.steps(found.key)
    assert replay(steps, PLAN).same
    assert [step.number for step in steps] == [1, 2, 3, 4]


async def test_two_instances_share_a_journal(database: Database) -> None:
    async with journal(database.url, "one") as one, journal(database.url, "two") as two:
        for _ in range(20):
            for pen in (one, two):
                identified(pen).presses()
    reader = database.reader()
    instances = [found.instance for found in reader.each(Wanted())]
    assert (instances.count("one"), instances.count("two")) == (20, 20)
    assert all(len(reader.steps(found.key)) == 3 for found in reader.each(Wanted()))
    assert reader.gaps(now().replace(year=2000), now()) == []


async def test_the_calls_of_a_dead_instance_are_lost_and_of_no_other(database: Database) -> None:
    async with journal(database.url, "dies") as dies, journal(database.url, "lives") as lives:
        dead, over, alive = identified(dies), identified(dies), identified(lives)
        over.takes(CallerHungUp())
        dies.refuse(CallArrived(dead.id, ""), "too many calls")
        await over.presses_and_waits()
        await alive.presses_and_waits()
    async with journal(database.url, "dies"):
        pass
    reader = database.reader()
    status = {(found.call, found.status) for found in reader.each(Wanted())}
    assert status == {
        (dead.id, "lost"),
        (dead.id, "refused"),
        (over.id, "abandoned:greeting"),
        (alive.id, "live"),
    }
    assert [found.call for found in reader.calls(Wanted(outcome="lost"))] == [dead.id]


async def test_a_caller_leg_that_comes_twice_is_two_calls(database: Database) -> None:
    async with journal(database.url, "first") as first, journal(database.url, "second") as second:
        once = identified(first)
        again = WritingCall(second, call_id=once.id)
        again.arrives()
        again.takes(CallerHungUp())
    reader = database.reader()
    assert sorted(len(reader.steps(found.key)) for found in reader.call(once.id)) == [2, 2]
    assert {found.instance for found in reader.call(once.id)} == {"first", "second"}


async def test_the_plan_of_a_call_is_kept_with_it(database: Database) -> None:
    async with journal(database.url) as pen:
        identified(pen)
    reader = database.reader()
    [found] = reader.calls(Wanted())
    assert reader.plan(found.plan) == PLAN


async def test_what_was_forgotten_does_not_come_back(database: Database) -> None:
    async with journal(database.url) as pen:
        await (call := WritingCall(pen)).arrives_and_waits()
        with database.engine().begin() as connection:
            connection.execute(update(CALLS).values(phone="", name="", forgotten=1, reported=2))
        call.takes(CallerHungUp())
        await call.presses_and_waits()
    [kept] = database.reader().calls(Wanted())
    assert (kept.phone, kept.name, kept.state) == ("", "", "ended")
    assert kept.forgotten is not None
