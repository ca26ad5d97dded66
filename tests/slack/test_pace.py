"""Slack's limits, kept before it says so."""

from __future__ import annotations

import asyncio

import pytest

from ivr_fsm.slack.chat import ChatError
from ivr_fsm.slack.pace import PATIENCE, Pace

pytestmark = pytest.mark.virtual


def clock() -> float:
    return asyncio.get_running_loop().time()


class Passed:
    """Who has passed, and when."""

    def __init__(self) -> None:
        self.pace = Pace(clock)
        self.order: list[tuple[str, float]] = []
        self.sent_away: list[tuple[str, float]] = []

    async def go(self, who: str, name: str = "a", spacing: float = 1.0) -> None:
        try:
            await self.pace.turn(name, spacing)
        except ChatError as error:
            self.sent_away.append((who, error.retry_after))
        else:
            self.order.append((who, clock()))


async def test_the_first_passes_at_once_and_the_others_in_their_order() -> None:
    passed = Passed()
    await asyncio.gather(*(passed.go(each) for each in "abcde"))
    assert passed.order == [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4)]


async def test_names_do_not_wait_for_each_other() -> None:
    passed = Passed()
    await asyncio.gather(*(passed.go(name, name) for name in "abc"))
    assert passed.order == [("a", 0), ("b", 0), ("c", 0)]


async def test_time_that_was_not_used_is_not_saved_up() -> None:
    passed = Passed()
    await passed.go("a")
    await asyncio.sleep(10)
    await asyncio.gather(passed.go("b"), passed.go("c"))
    assert passed.order == [("a", 0), ("b", 10), ("c", 11)]


async def test_a_short_rest_is_waited_for_by_those_who_wait_already() -> None:
    passed = Passed()
    await passed.go("a")
    waiting = asyncio.gather(passed.go("b"), passed.go("c"))
    await asyncio.sleep(0.5)
    passed.pace.rest("a", 2)
    await waiting
    assert passed.order == [("a", 0), ("b", 2.5), ("c", 3.5)]


async def test_from_a_long_rest_everybody_is_sent_away_and_told_how_long_it_is() -> None:
    passed = Passed()
    await passed.go("a")
    waiting = asyncio.gather(passed.go("b"), passed.go("c"))
    await asyncio.sleep(0)
    passed.pace.rest("a", 30)
    await waiting
    await passed.go("d")
    assert passed.sent_away == [("b", 29), ("c", 29), ("d", 29)]
    await asyncio.sleep(30 - PATIENCE)
    await passed.go("e")
    assert passed.order == [("a", 0), ("e", 30)]


async def test_a_shorter_rest_does_not_end_a_longer_one() -> None:
    passed = Passed()
    passed.pace.rest("a", 4)
    passed.pace.rest("a", 1)
    await passed.go("a")
    assert passed.order == [("a", 4)]


async def test_who_is_cancelled_holds_nobody_up() -> None:
    passed = Passed()
    await passed.go("a")
    gone = asyncio.create_task(passed.go("b"))
    waiting = asyncio.create_task(passed.go("c"))
    await asyncio.sleep(0.5)
    gone.cancel()
    await waiting
    assert passed.order == [("a", 0), ("c", 1)]
