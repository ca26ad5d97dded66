"""One run: every measurement on every server, in turn, so that all meet the same machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

from tests.bench import measure
from tests.bench.double import Double
from tests.bench.measure import Counts
from tests.bench.parts import ALL, PARTS
from tests.bench.process import SERVERS, Server, two_cores
from tests.bench.tape import Tape


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, in which *unit*, and what came out for each server."""

    name: str
    unit: str
    values: dict[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """What came of a run.

    Attributes:
        figures: by name, in the order of printing.
        parts: milliseconds between digit and ``uuid_break``, by part, in the service.
        headers: headers of an event, on average.
        pinned: whether server and driver had a core each.
    """

    headers: float
    pinned: bool
    figures: dict[str, Figure] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)

    def note(self, server: str, name: str, unit: str, value: float) -> None:
        """Add a value."""
        self.figures.setdefault(name, Figure(name, unit)).values[server] = value

    def note_times(self, server: str, name: str, seconds: Sequence[float]) -> None:
        """Add the median and the 99th percentile of *seconds*."""
        self.note(server, f"{name}, median", "ms", median(seconds) * 1000)
        self.note(server, f"{name}, p99", "ms", percentile(seconds, 99) * 1000)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of *values* that *percent* of them do not exceed."""
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(0, int(rank) - 1)]


async def run(counts: Counts, progress: Callable[[str], None] = lambda _text: None) -> Run:
    """Measure everything.

    Args:
        counts: how much of it.
        progress: told what is being measured.
    """
    tape = Tape()
    with two_cores() as core:
        done = Run(tape.mean_headers, pinned=core is not None)
        async with Double(tape) as double:
            for phase in (_quiet, _busy, _crowd, _whole):
                for name in SERVERS:
                    progress(f"{phase.__doc__} {name}")
                    async with _server(double, name, core) as server:
                        await phase(done, double, server, counts)
            progress("Parts of a digit.")
            async with _server(double, "ours", core, timed=True) as server:
                await _parts(done, double, server, counts)
    return done


@asynccontextmanager
async def _server(
    double: Double, name: str, core: int | None, *, timed: bool = False
) -> AsyncIterator[Server]:
    """Run a server that has played a few calls already, so that what is loaded late is loaded."""
    server = Server(name, double.control_port, core, timed=timed)
    try:
        double.server_port = server.port
        await measure.whole(double, server, measure.WAVE)
        yield server
    finally:
        server.close()


async def _quiet(done: Run, double: Double, server: Server, counts: Counts) -> None:
    """Idle."""
    done.note_times(server.name, "accept → connect", await measure.arrivals(double, counts.arrivals))
    done.note_times(server.name, "digit → uuid_break, idle", await measure.idle(double, counts.idle))


async def _busy(done: Run, double: Double, server: Server, counts: Counts) -> None:
    """Many calls at once."""
    found = []
    for _ in range(counts.rounds):
        calls = await measure.live(double, counts.busy)
        found += await measure.in_talk(calls, counts.presses)
        await measure.cut(calls)
    done.note_times(server.name, f"digit → uuid_break, {counts.busy} live calls", found)
    found = [after for _ in range(counts.rounds) for after in await measure.burst(double, counts.busy)]
    done.note_times(server.name, f"digit → uuid_break, {counts.busy} pressed in the same instant", found)


async def _crowd(done: Run, double: Double, server: Server, counts: Counts) -> None:
    """A crowd of calls."""
    before = server.usage().memory
    calls = await measure.live(double, counts.crowd)
    each = (server.usage().memory - before) / counts.crowd
    done.note(server.name, f"memory per live call, of {counts.crowd}", "kB", each / 1000)
    found = await measure.in_talk(calls, counts.presses)
    done.note_times(server.name, f"digit → uuid_break, {counts.crowd} live calls", found)


async def _whole(done: Run, double: Double, server: Server, counts: Counts) -> None:
    """Whole calls."""
    found = await measure.whole(double, server, counts.whole)
    done.note(server.name, "whole calls", "1/s", found.a_second)
    done.note(server.name, "CPU per whole call", "ms", found.each * 1000)
    done.note(server.name, "busy with whole calls", "% of a core", found.share * 100)


async def _parts(done: Run, double: Double, server: Server, counts: Counts) -> None:
    total = median(await measure.idle(double, counts.idle)) * 1000
    inside = {part: seconds * 1000 for part, seconds in server.usage().parts.items()}
    named = {title: inside[part] for part, title in PARTS.items()}
    named["the session's rest"] = inside[ALL] - sum(named.values())
    named["outside: kernel, waking up, driver"] = total - inside[ALL]
    done.parts = {**named, "digit → uuid_break": total}
