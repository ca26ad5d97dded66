"""The breaker: when it opens, who finds out that it may close."""

from __future__ import annotations

import asyncio

import pytest

from ivr_fsm.directory.breaker import FAILURES, PAUSE, Breaker, OutOfReach
from ivr_fsm.directory.port import DirectoryError

pytestmark = pytest.mark.virtual


class Api:
    """Answers probes."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.probes: list[float] = []

    async def __call__(self) -> None:
        self.probes.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)


def fail(breaker: Breaker, times: int) -> None:
    for number in range(times):
        breaker.failed(f"why {number}")


async def test_it_opens_after_failures_in_a_row_and_says_why() -> None:
    breaker = Breaker("identify", Api())
    fail(breaker, FAILURES - 1)
    breaker.answered()
    fail(breaker, FAILURES - 1)
    assert breaker.why == ""
    breaker.failed("no answer")
    assert breaker.why == "no answer"
    await breaker.close()


async def test_a_probe_closes_it_and_its_failure_does_not() -> None:
    api = Api(OutOfReach("away"), OutOfReach("away"))
    breaker = Breaker("identify", api)
    fail(breaker, FAILURES)
    await asyncio.sleep(2 * PAUSE + 1)
    assert breaker.why
    await asyncio.sleep(PAUSE)
    assert breaker.why == ""
    assert api.probes == [PAUSE, 2 * PAUSE, 3 * PAUSE]
    await asyncio.sleep(10 * PAUSE)
    assert len(api.probes) == 3


async def test_somebody_who_talks_rubbish_at_once_is_not_dead() -> None:
    breaker = Breaker("identify", Api(DirectoryError("not JSON")))
    fail(breaker, FAILURES)
    await asyncio.sleep(PAUSE + 1)
    assert breaker.why == ""


async def test_more_failures_while_it_is_open_send_no_more_probes() -> None:
    api = Api()
    breaker = Breaker("identify", api)
    fail(breaker, 5 * FAILURES)
    await asyncio.sleep(PAUSE + 1)
    assert len(api.probes) == 1


async def test_it_opens_again() -> None:
    api = Api()
    breaker = Breaker("identify", api)
    for _ in range(2):
        fail(breaker, FAILURES)
        await asyncio.sleep(PAUSE + 1)
    assert len(api.probes) == 2
    assert breaker.why == ""
    await breaker.close()


async def test_closed_for_good_it_sends_no_probe() -> None:
    api = Api()
    breaker = Breaker("identify", api)
    fail(breaker, FAILURES)
    await breaker.close()
    await asyncio.sleep(2 * PAUSE)
    assert api.probes == []
