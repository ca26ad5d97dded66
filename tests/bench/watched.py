"""What open pages of the inspector cost a call: live calls with nobody watching, and with pages open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.double import Call, Double
from tests.bench.measure import Bench, Counts
from tests.bench.process import Server, Usage

PAGES = 50
"""So many are open."""
ROUNDS = 6
"""So often it is each one's turn: what else the machine does meanwhile is shared out among them."""
SLOWER = 4
"""So many times fewer digits a second than elsewhere: the pages are told of each second, and each turn has
some."""


@dataclass
class Watched:
    """What came of it.

    Attributes:
        live: how many calls there were.
        without, pages: seconds from digit to ``uuid_break`` with no page open, and with `PAGES`.
        seconds: how long they were open.
        sent: what they were sent: ``pages``, ``events``; ``refused`` are pages.
        maker: what the process that makes pages used: most of the memory, and the CPU while pages were open;
            None where that cannot be told.
    """

    live: int = 0
    without: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    seconds: float = 0.0
    sent: dict[str, float] = field(default_factory=dict)
    maker: Usage | None = None


async def measure_watched(
    double: Double, folder: str, core: int | None, counts: Counts, progress: Callable[[str], None]
) -> Watched:
    """Measure both in turns, on one service.

    Args:
        double: the switch.
        folder: where the servers may write.
        core: where the service runs; None: anywhere.
        counts: how much is measured.
        progress: told what is being measured.
    """
    done = Watched(live=counts.busy)
    server = Server("ours", double.control_port, folder, core, f"{folder}/watched.db")
    bench = Bench(double, server)
    try:
        await bench.whole(counts.warm)
        (await _opened(server)).close()
        for turn in range(2 * ROUNDS):
            progress(f"open pages: turn {turn + 1} of {2 * ROUNDS}")
            calls = await bench.live(counts.busy)
            if turn % 2:
                await _watch(done, bench, calls, counts)
            else:
                done.without += await bench.in_talk(calls, counts.presses / SLOWER)
            await bench.cut(calls)
    finally:
        server.close()
    return done


async def _watch(done: Watched, bench: Bench, calls: Sequence[Call], counts: Counts) -> None:
    readers = await _opened(bench.server)
    before, maker, began = readers.usage().parts, bench.server.child(), time.monotonic()
    done.pages += await bench.in_talk(calls, counts.presses / SLOWER)
    done.seconds += time.monotonic() - began
    for name, count in readers.usage().parts.items():
        done.sent[name] = done.sent.get(name, 0) + count - before.get(name, 0)
    now = bench.server.child()
    if maker and now:
        known = done.maker or Usage(0, 0, {})
        done.maker = Usage(known.cpu + now.cpu - maker.cpu, max(known.memory, now.memory), {})
    readers.close()


async def _opened(server: Server) -> Server:
    """Return the browsers, when every page is open."""
    return await asyncio.to_thread(Server, "open pages", server.web_port, server.folder, None, str(PAGES))
