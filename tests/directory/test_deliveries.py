"""Deliveries: nothing is lost, nothing blocks the rest, failures make it pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from ivr_fsm.directory import deliveries
from ivr_fsm.directory.deliveries import EVERY, LONGEST_ASKED, LONGEST_PAUSE, Deliveries
from ivr_fsm.directory.nobody import NobodyKnown
from ivr_fsm.directory.port import AnsweredBy, Answerer, CallRecord, DirectoryError, RecordRefused
from ivr_fsm.flow import events
from ivr_fsm.flow.commands import Tell
from ivr_fsm.flow.step import Step

pytestmark = pytest.mark.virtual

NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)
ENDED = Step(events.CallerHungUp(), "menu", "ended", (), (Tell("ended"),))
OTHER = Step(events.DigitPressed("1"), "menu", "dialing_shop", (), (Tell("to_office"),))


def record(number: int) -> CallRecord:
    return CallRecord(str(UUID(int=number)), "+79161234567", None, None, "unanswered", NOON)


@dataclass
class Box:
    """An outbox in memory that writes down what it hears."""

    waiting: dict[int, CallRecord] = field(default_factory=dict)
    finished: list[tuple[int, str]] = field(default_factory=list)
    fails: int = 0
    closed: int = 0

    def put(self, *numbers: int) -> None:
        self.waiting |= {number: record(number) for number in numbers}

    async def after(self, key: int, limit: int) -> Sequence[tuple[int, CallRecord]]:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is full")
        return sorted((each for each in self.waiting.items() if each[0] > key), key=lambda each: each[0])[
            :limit
        ]

    async def done(self, key: int, error: str = "") -> None:
        del self.waiting[key]
        self.finished.append((key, error))

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Taker(NobodyKnown):
    """A directory that takes what *takes* lets it."""

    takes: Callable[[int], Exception | None] = lambda _number: None
    seconds: float = 0.0
    told: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    records: list[CallRecord] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def call_ended(self, record: CallRecord) -> None:
        number = UUID(record.call_id).int
        self.told.append(number)
        self.records.append(record)
        self.times.append(asyncio.get_running_loop().time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        if error := self.takes(number):
            raise error


def failing(*numbers: int, error: Exception | None = None) -> Callable[[int], Exception | None]:
    return lambda number: (error or DirectoryError("away")) if number in numbers else None


async def test_what_an_earlier_life_has_left_goes_out_at_the_start_oldest_first() -> None:
    box, taker = Box(), Taker()
    box.put(3, 1, 2)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(0.1)
    assert taker.told == [1, 2, 3]
    assert box.finished == [(1, ""), (2, ""), (3, "")]
    await delivering.close()


async def test_a_call_that_ends_is_told_of_in_a_moment() -> None:
    box, taker = Box(), Taker()
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(5)
    delivering.stepped("c", 7, OTHER, NOON)
    box.put(1)
    await asyncio.sleep(1)
    assert taker.told == []
    delivering.stepped("c", 8, ENDED, NOON)
    await asyncio.sleep(1)
    assert taker.told == [1]
    await delivering.close()


async def test_an_end_that_was_written_late_is_found_within_the_minute() -> None:
    box, taker = Box(), Taker()
    delivering = Deliveries(taker, box)
    delivering.start()
    delivering.stepped("c", 8, ENDED, NOON)
    await asyncio.sleep(1)
    box.put(1)
    await asyncio.sleep(EVERY + 1)
    assert taker.told == [1]
    await delivering.close()


async def test_only_a_few_are_on_their_way_at_a_time() -> None:
    box, taker = Box(), Taker(seconds=1)
    box.put(*range(1, 101))
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(40)
    assert sorted(taker.told) == list(range(1, 101))
    assert taker.most_at_once == deliveries.AT_ONCE
    await delivering.close()


async def test_a_dead_directory_is_asked_more_and_more_rarely_and_nothing_is_lost() -> None:
    box, taker = Box(), Taker(takes=failing(*range(1, 201)))
    box.put(*range(1, 201))
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(600)
    rounds = sorted(set(taker.times))
    pauses = [after - before for before, after in pairwise(rounds)]
    assert max(pauses) <= LONGEST_PAUSE
    assert min(pauses[-5:]) >= LONGEST_PAUSE / 2
    assert len(taker.told) <= 30 * deliveries.AT_ONCE
    taker.takes = failing()
    await asyncio.sleep(LONGEST_PAUSE + 1)
    assert box.waiting == {}
    assert sorted(key for key, _ in box.finished) == list(range(1, 201))
    await delivering.close()


async def test_a_single_record_is_tried_more_and_more_rarely_too() -> None:
    box, taker = Box(), Taker(takes=failing(1))
    box.put(1)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(600)
    assert 10 < len(taker.told) < 30
    await delivering.close()


async def test_records_that_it_cannot_digest_do_not_keep_the_others() -> None:
    bad = range(1, 21)
    box, taker = Box(), Taker(takes=failing(*bad))
    box.put(*range(1, 101))
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(600)
    assert sorted(box.waiting) == list(bad)
    await delivering.close()


async def test_a_record_that_is_refused_is_given_up_with_one_line() -> None:
    box, taker = Box(), Taker(takes=failing(2, error=RecordRefused("answered with 422")))
    box.put(1, 2, 3)
    delivering = Deliveries(taker, box)
    with capture_logs() as lines:
        delivering.start()
        await asyncio.sleep(EVERY * 3)
    assert box.finished == [(1, ""), (2, "answered with 422"), (3, "")]
    [line] = lines
    assert line["event"] == "call_ended given up"
    assert (line["call"], line["id"]) == (record(2).call_id, record(2).key)
    await delivering.close()


@pytest.mark.parametrize(("asked", "kept"), [(90, 90), (1_000_000, LONGEST_ASKED)])
async def test_it_comes_again_when_it_is_told_to(asked: float, kept: float) -> None:
    box, taker = Box(), Taker(takes=failing(1, 2, error=DirectoryError("busy", asked)))
    box.put(1)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(1)
    box.put(2)
    delivering.stepped("c", 8, ENDED, NOON)
    await asyncio.sleep(kept - 2)
    assert taker.told == [1]
    await asyncio.sleep(2)
    assert taker.told[1:] == [2]
    await delivering.close()


async def test_an_outbox_that_fails_is_looked_into_again() -> None:
    box, taker = Box(fails=2), Taker()
    box.put(1)
    delivering = Deliveries(taker, box)
    with capture_logs() as lines:
        delivering.start()
        await asyncio.sleep(30)
    assert taker.told == [1]
    assert "the disk is full" in lines[0]["why"]
    await delivering.close()


async def test_a_bug_in_the_directory_is_a_failure_like_any_other() -> None:
    box, taker = Box(), Taker(takes=failing(1, error=KeyError("name")))
    box.put(1)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(30)
    taker.takes = failing()
    await asyncio.sleep(EVERY + 1)
    assert box.finished == [(1, "")]
    await delivering.close()


async def test_who_answered_is_named_where_that_is_known() -> None:
    class Knowing(Taker):
        async def who_answers(self, phone: str) -> Answerer:
            if phone == "+74951110012":
                raise DirectoryError("away")
            return Answerer("Анна", "") if phone == "+74951110011" else Answerer(None, phone)

    box, taker = Box(), Knowing()
    for number in (1, 2, 3):
        by = AnsweredBy("office", f"+7495111001{number}")
        box.waiting[number] = CallRecord(str(UUID(int=number)), "", None, by, "answered:office", NOON)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(1)
    assert [each.answered_by for each in taker.records] == [
        AnsweredBy("office", "+74951110011", "Анна"),
        AnsweredBy("office", "+74951110012"),
        AnsweredBy("office", "+74951110013"),
    ]
    await delivering.close()


async def test_a_stop_delivers_what_has_just_ended() -> None:
    box, taker = Box(), Taker()
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(5)
    box.put(1)
    await delivering.close()
    assert (taker.told, box.closed) == ([1], 1)
    await delivering.close()
    assert box.closed == 1


@pytest.mark.parametrize(
    "taker", [Taker(seconds=3600), Taker(takes=failing(1, error=DirectoryError("busy", 600)))]
)
async def test_a_stop_waits_for_nobody_long(taker: Taker) -> None:
    box = Box()
    box.put(1)
    delivering = Deliveries(taker, box)
    delivering.start()
    await asyncio.sleep(1)
    began = asyncio.get_running_loop().time()
    await delivering.close()
    assert asyncio.get_running_loop().time() - began <= deliveries.CLOSING
    assert list(box.waiting) == [1]
