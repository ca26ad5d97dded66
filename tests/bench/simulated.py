"""Whole calls on the simulator: the switch that the demo and the tests play on, in the driver's process."""

from __future__ import annotations

import asyncio

from ivr_fsm.simulator import PhoneBook, SimulatedSwitch
from tests.bench.double import SHOP
from tests.bench.measure import PATIENCE
from tests.bench.process import Server

EVERY = 0.05
"""Seconds from one call's beginning to the next one's; the simulator takes its time from the clock."""
CALLER = "press 1 100ms into FW1"
CALLEE = "ring 100ms, answer, hang up 100ms after bridge"


async def simulated(server: Server, count: int) -> float:
    """Return the CPU seconds that the service takes for a call."""
    switch = SimulatedSwitch(PhoneBook({SHOP: CALLEE}), sockets=[("127.0.0.1", server.port)])
    async with switch, asyncio.timeout(PATIENCE):
        before = server.usage().cpu
        calls = []
        for _ in range(count):
            calls.append(switch.call("79161234567", "74950000000", CALLER))
            await asyncio.sleep(EVERY)
        await asyncio.gather(*(call.ended for call in calls))
        after = server.usage().cpu
    assert all(call.bridged_to for call in calls), "a call on the simulator came to nothing"
    return (after - before) / count
