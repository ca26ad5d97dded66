"""One run: every measurement on every server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.double import Double
from tests.bench.measure import Bench, Counts
from tests.bench.parts import ALL, PARTS
from tests.bench.process import SERVERS, Machine, Server, two_cores
from tests.bench.simulated import simulated
from tests.bench.tape import Tape

BETWEEN = "the session between these"
OUTSIDE = "outside: kernel, waking up, driver"


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
        figures: in the order of printing.
        parts: milliseconds from digit to ``uuid_break`` in the service, by part; the last is all of it.
    """

    headers: float
    pinned: bool
    others: float | None = None
    figures: list[Figure] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)


class Notes:
    """The figures of one phase, as they come out for one server after another."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self.server = ""

    def value(self, name: str, unit: str, value: float) -> None:
        """Note a value."""
        self.figures.setdefault(name, Figure(name, unit)).values[self.server] = value

    def times(self, name: str, seconds: Sequence[float]) -> None:
        """Note the median and the 99th percentile of *seconds*."""
        self.value(f"{name}, median", "ms", median(seconds) * 1000)
        self.value(f"{name}, p99", "ms", percentile(seconds, 99) * 1000)


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
    # The crowd comes first: memory that earlier calls have left free would hide what a call takes.
    notes = {phase: Notes() for phase in (_crowd, _quiet, _busy, _whole, _simulated)}
    before = Machine.now()
    with two_cores() as core, TemporaryDirectory(prefix="ivr-fsm-bench-") as folder:
        done = Run(tape.mean_headers, core is not None)
        async with Double(tape) as double:
            for name in SERVERS:
                server = Server(name, double.control_port, folder, core)
                async with _warm(Bench(double, server), counts) as bench:
                    for phase, noted in notes.items():
                        progress(f"{name}: {phase.__doc__}")
                        noted.server = name
                        await phase(noted, bench, counts)
                    if name == "ours":
                        progress("ours: the parts of a digit")
                        done.parts = await _parts(bench, counts)
    done.others = before.others_since()
    for phase in (_quiet, _busy, _crowd, _whole, _simulated):
        done.figures += notes[phase].figures.values()
    return done


@asynccontextmanager
async def _warm(bench: Bench, counts: Counts) -> AsyncIterator[Bench]:
    """Let the server play a few calls first, so that what is loaded late is loaded; close it at the end."""
    try:
        await bench.whole(counts.warm)
        yield bench
    finally:
        bench.server.close()


async def _crowd(note: Notes, bench: Bench, counts: Counts) -> None:
    """a crowd of calls"""
    before = bench.server.usage().memory
    calls = await bench.live(counts.crowd)
    each = (bench.server.usage().memory - before) / counts.crowd
    found = await bench.in_talk(calls, counts.presses)
    await bench.cut(calls)
    note.value(f"memory per live call, of {counts.crowd}", "kB", each / 1000)
    note.times(f"digit → uuid_break, {counts.crowd} live calls", found)


async def _quiet(note: Notes, bench: Bench, counts: Counts) -> None:
    """one thing at a time"""
    note.times("accept → connect", await bench.arrivals(counts.arrivals))
    note.times("digit → uuid_break, idle", await bench.idle(counts.idle))


async def _busy(note: Notes, bench: Bench, counts: Counts) -> None:
    """many calls at once"""
    paced, together = [], []
    for _ in range(counts.rounds):
        calls = await bench.live(counts.busy)
        paced += await bench.in_talk(calls, counts.presses)
        await bench.cut(calls)
        together += await bench.burst(counts.busy)
    note.times(f"digit → uuid_break, {counts.busy} live calls", paced)
    note.times(f"digit → uuid_break, {counts.busy} in the same instant", together)


async def _whole(note: Notes, bench: Bench, counts: Counts) -> None:
    """whole calls"""
    found = await bench.whole(counts.whole)
    note.value("whole calls", "1/s", found.a_second)
    note.value("CPU per whole call", "ms", found.each * 1000)
    note.value("busy with whole calls", "% of a core", found.share * 100)


async def _simulated(note: Notes, bench: Bench, counts: Counts) -> None:
    """calls on the simulator"""
    if bench.server.name != "ours":
        return  # The others have no prompts that the simulator could play.
    each = await simulated(bench.server, counts.simulated)
    note.value("CPU per whole call, on the simulator", "ms", each * 1000)


async def _parts(bench: Bench, counts: Counts) -> dict[str, float]:
    bench.server.time_parts()
    total = median(await bench.idle(counts.idle)) * 1000
    inside = {part: seconds * 1000 for part, seconds in bench.server.usage().parts.items()}
    named = {title: inside[part] for part, title in PARTS.items()}
    between = inside[ALL] - sum(named.values())
    outside = total - inside[ALL]
    return {**named, BETWEEN: between, OUTSIDE: outside, "digit → uuid_break": total}
