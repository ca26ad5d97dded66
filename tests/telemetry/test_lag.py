"""How late the loop is."""

from __future__ import annotations

import asyncio

import pytest

from ivr_fsm.telemetry.lag import EVERY, LoopLag


@pytest.mark.virtual
async def test_it_looks_now_and_then_until_it_is_closed() -> None:
    seen: list[float] = []
    lag = LoopLag(seen.append, asyncio.get_running_loop())
    lag.start()
    await asyncio.sleep(10.5 * EVERY)
    lag.close()
    await asyncio.sleep(5 * EVERY)
    assert seen == [0.0] * 10


class Busy:
    """A loop whose clock goes on by a quarter of a second more than a timer asks for."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[tuple[float, object, float]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: object, due: float) -> None:
        self.waits.append((when, callback, due))

    def goes_on(self) -> None:
        when, callback, due = self.waits.pop()
        self.now = when + 0.25
        callback(due)  # type: ignore[operator]


def test_what_keeps_the_loop_busy_is_seen() -> None:
    seen: list[float] = []
    loop = Busy()
    LoopLag(seen.append, loop).start()  # type: ignore[arg-type]
    loop.goes_on()
    loop.goes_on()
    assert seen == [0.25, 0.25]
