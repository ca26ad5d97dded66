"""Prints a run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.measure import EVENT_EVERY, Counts
from tests.bench.process import SERVERS
from tests.bench.run import Run, percentile
from tests.bench.slack import ANSWERS, DEAD, NONE
from tests.bench.watched import PAGES, Watched

PACKAGES = ("gevent", "greenlet", "greenswitch", "python-statemachine", "sqlalchemy", "structlog")

SLACKS = (NONE, ANSWERS, DEAD)


def show(console: Console, run: Run, counts: Counts) -> None:
    """Print the figures with their ratios, the parts of a digit, and the machine."""
    console.print(_figures(run))
    console.print(_parts(run))
    console.print(_slacks(run))
    console.print(_watched(run.watched))
    console.print(_archive(run))
    console.print(_pages(run))
    console.print(_conditions(run, counts), soft_wrap=True)


def _figures(run: Run) -> Table:
    table = Table(title="The service, a bare asyncio server, and greenswitch's own server")
    for title in ("", "unit", *SERVERS, *(f"ours : {each}" for each in SERVERS[:-1])):
        table.add_column(title, justify="left" if title in ("", "unit") else "right")
    for figure in run.figures.values():
        *others, ours = (figure.values.get(server) for server in SERVERS)
        ratios = (f"{ours / other:.2f}" if ours and other else "" for other in others)
        table.add_row(figure.name, figure.unit, *map(_short, (*others, ours)), *ratios)
    return table


def _parts(run: Run) -> Table:
    table = Table(title="Where the time between digit and uuid_break goes in ours, idle, medians")
    for title in ("part", "ms", "share"):
        table.add_column(title, justify="left" if title == "part" else "right")
    total = list(run.parts.values())[-1]
    for name, value in run.parts.items():
        table.add_row(name, f"{value:.3f}", f"{value / total:.0%}")
    return table


def _slacks(run: Run) -> Table:
    table = Table(title="digit → uuid_break in ms: without Slack, with one that answers, with a dead one")
    for title in ("", *SLACKS, *(f"{each} : {NONE}" for each in SLACKS[1:])):
        table.add_column(title, justify="right" if title else "left")
    for name, values in run.slacks.rows(percentile):
        ratios = (f"{each / values[0]:.2f}" for each in values[1:])
        table.add_row(name, *map(_short, values), *ratios)
    return table


def _watched(found: Watched) -> Table:
    table = Table(title=f"digit → uuid_break in ms, {found.live} live calls: no page open, and {PAGES}")
    for column in ("", "none", f"{PAGES} pages", f"{PAGES} pages : none"):
        table.add_column(column, justify="right" if column else "left")
    for name, percent in (("median", 50), ("p90", 90), ("p99", 99)):
        none, pages = (percentile(each, percent) * 1000 for each in (found.without, found.pages))
        table.add_row(name, _short(none), _short(pages), f"{pages / none:.2f}")
    return table


def _sent(found: Watched) -> str:
    pages, events = (found.sent.get(name, 0) / found.seconds for name in ("pages", "events"))
    said = f"Open pages were sent {pages:.1f} pages and {events:.0f} events a second"
    if found.maker is None:
        return said
    used = f"{found.maker.memory / 1e6:.0f} MB and {found.maker.cpu / found.seconds:.0%} of a core"
    return f"{said}; the process that makes them took {used}"


def _archive(run: Run) -> Table:
    kept = run.archive
    title = (
        f"A journal of {kept.calls:,} calls, {kept.steps:,} steps, {kept.size / 1000:.1f} kB a call (SQLite)"
    )
    return _timed(Table(title=title), kept.asked)


def _pages(run: Run) -> Table:
    return _timed(Table(title="The inspector's pages over it, by HTTP"), run.archive.pages)


def _timed(table: Table, asked: Mapping[str, Sequence[float]]) -> Table:
    for column in ("asked for", "median, ms", "slowest, ms"):
        table.add_column(column, justify="left" if column == "asked for" else "right")
    for words, found in asked.items():
        table.add_row(words, _short(median(found)), _short(max(found)))
    return table


def _conditions(run: Run, counts: Counts) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    others = "" if run.others is None else f"\nOther processes took {run.others:.0%} of all cores meanwhile."
    cores = "a core each" if run.pinned else "not pinned"
    return (
        f"{_processor()}, {os.cpu_count()} cores, Linux kernel {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {packages}.\n"
        f"Server and driver: a process each, {cores}; loopback; events of {run.headers:.0f} headers (mean).\n"
        f"Live calls: an event every {EVENT_EVERY:g} s each; {counts.presses:g} keys a second in all.\n"
        f"The Slack that answers had {run.slacks.asked} requests.\n{_sent(run.watched)}.{others}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"
