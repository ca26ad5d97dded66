"""One run: every measurement on every server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.archive import Archive, measure_archive
from tests.bench.double import Double
from tests.bench.measure import Bench, Counts
from tests.bench.process import SERVERS, Machine, Server, two_cores
from tests.bench.simulated import simulated
from tests.bench.slack import Slacks, measure_slacks
from tests.bench.tape import Tape
from tests.bench.watched import Watched, measure_watched


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
        headers: headers of an event, on average.
        pinned: whether server and driver had a core each.
        others: share of all cores that other processes took meanwhile; None where that cannot be told.
        figures: by name, in the order of printing.
        archive: what a journal of many calls answers, and how fast.
        slacks: what a digit takes with Slack and without.
        watched: what a digit takes with pages of the inspector open and without.
        parts: milliseconds from digit to ``uuid_break`` in the service, by part; the last is all of it.
    """

    headers: float
    pinned: bool
    others: float | None = None
    figures: dict[str, Figure] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    archive: Archive = field(default_factory=lambda: Archive(0))
    slacks: Slacks = field(default_factory=Slacks)
    watched: Watched = field(default_factory=Watched)

    def value(self, server: str, name: str, unit: str, value: float) -> None:
        """Note a value."""
        self.figures.setdefault(name, Figure(name, unit)).values[server] = value

    def times(self, server: str, name: str, seconds: Sequence[float]) -> None:
        """Note the median and the 99th percentile of *seconds*."""
        self.value(server, f"{name}, median", "ms", median(seconds) * 1000)
        self.value(server, f"{name}, p99", "ms", percentile(seconds, 99) * 1000)


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
    before = Machine.now()
    with two_cores() as core, TemporaryDirectory(prefix="ivr-fsm-bench-") as folder:
        done = Run(tape.mean_headers, core is not None)
        async with Double(tape) as double:
            for name in SERVERS:
                for phases in PROCESSES:
                    server = Server(name, double.control_port, folder, core)
                    async with _warm(Bench(double, server), counts) as bench:
                        for phase in phases:
                            progress(f"{name}: {phase.__doc__}")
                            await phase(done, bench, counts)
            done.slacks = await measure_slacks(double, folder, core, counts, progress)
            done.watched = await measure_watched(double, folder, core, counts, progress)
        progress(f"a journal of {counts.kept} calls")
        done.archive = await asyncio.to_thread(measure_archive, Path(folder), counts.kept)
    done.others = before.others_since()
    return done


@asynccontextmanager
async def _warm(bench: Bench, counts: Counts) -> AsyncIterator[Bench]:
    """Let the server play a few calls first, so that what is loaded late is loaded; close it at the end."""
    try:
        await bench.whole(counts.warm)
        yield bench
    finally:
        bench.server.close()


async def _crowd(done: Run, bench: Bench, counts: Counts) -> None:
    """a crowd of calls"""
    before = bench.server.usage().memory
    calls = await bench.live(counts.crowd)
    each = (bench.server.usage().memory - before) / counts.crowd
    found = await bench.in_talk(calls, counts.presses)
    done.value(bench.server.name, f"memory per live call, of {counts.crowd}", "kB", each / 1000)
    done.times(bench.server.name, f"digit → uuid_break, {counts.crowd} live calls", found)


async def _quiet(done: Run, bench: Bench, counts: Counts) -> None:
    """one thing at a time"""
    done.times(bench.server.name, "accept → connect", await bench.arrivals(counts.arrivals))
    done.times(bench.server.name, "digit → uuid_break, idle", await bench.idle(counts.idle))


async def _busy(done: Run, bench: Bench, counts: Counts) -> None:
    """many calls at once"""
    paced, together = [], []
    for _ in range(counts.rounds):
        calls = await bench.live(counts.busy)
        paced += await bench.in_talk(calls, counts.presses)
        await bench.cut(calls)
        together += await bench.burst(counts.busy)
    done.times(bench.server.name, f"digit → uuid_break, {counts.busy} live calls", paced)
    done.times(bench.server.name, f"digit → uuid_break, {counts.busy} in the same instant", together)


async def _whole(done: Run, bench: Bench, counts: Counts) -> None:
    """whole calls"""
    found = await bench.whole(counts.whole)
    done.value(bench.server.name, "whole calls", "1/s", found.a_second)
    done.value(bench.server.name, "CPU per whole call", "ms", found.each * 1000)
    done.value(bench.server.name, "busy with whole calls", "% of a core", found.share * 100)


async def _simulated(done: Run, bench: Bench, counts: Counts) -> None:
    """calls on the simulator"""
    if bench.server.name != "ours":
        return  # The others have no prompts that the simulator could play.
    each = await simulated(bench.server, counts.simulated)
    done.value(bench.server.name, "CPU per whole call, on the simulator", "ms", each * 1000)


async def _parts(done: Run, bench: Bench, counts: Counts) -> None:
    """the parts of a digit"""
    if bench.server.name != "ours":
        return
    bench.server.time_parts()
    total = median(await bench.idle(counts.idle)) * 1000
    parts = {name: seconds * 1000 for name, seconds in bench.server.usage().parts.items()}
    inside = sum(parts.values())
    done.parts = {**parts, "outside: kernel, waking up, driver": total - inside, "digit → uuid_break": total}


PROCESSES = ((_quiet, _busy, _whole, _simulated, _parts), (_crowd,))
"""What is measured in one process after another. The crowd finds a fresh one: memory that earlier calls have
left free would hide what a call takes."""
