"""The benchmark measures and prints every figure on every server; what the values are is not asserted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from math import isfinite

import pytest
import structlog
from rich.console import Console

from tests.bench.__main__ import main
from tests.bench.process import SERVERS
from tests.bench.run import percentile
from tests.bench.tape import SECTIONS, Tape


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """What the bench does to the logs is not for the tests that come after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: int, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


def test_the_tape_has_every_section_of_a_call() -> None:
    tape = Tape()
    for name, first in SECTIONS:
        assert tape.sections[name][0].name == first


def test_a_quick_run_prints_every_figure() -> None:
    printed = io.StringIO()
    main(["--quick"], Console(file=printed, width=200))
    rows = [line.split("│")[1:-1] for line in printed.getvalue().splitlines() if line.startswith("│")]
    figures = [row for row in rows if len(row) == 2 + len(SERVERS) + len(SERVERS) - 1]
    names = {row[0].strip() for row in figures}
    for wanted in (
        "accept → connect",
        "digit → uuid_break, idle",
        "memory per live call",
        "CPU per whole call, on the simulator",
    ):
        assert any(name.startswith(wanted) for name in names), wanted
    for name, _, *values in figures:
        measured = values[: len(SERVERS)] if "simulator" not in name else [values[SERVERS.index("ours")]]
        assert all(isfinite(float(value)) for value in measured), name
    assert any(row[0].strip() == "the statechart's step" for row in rows)
    slack = {row[0].strip(): row[1:] for row in rows if len(row) == 6}
    assert slack.keys() == {"idle, median", "idle, p99", "10 live calls, median", "10 live calls, p99"}
    assert all(isfinite(float(value)) for row in slack.values() for value in row)
    [asked] = re.findall(r"The Slack that answers had (\d+) requests", printed.getvalue())
    assert int(asked) > 0
    watched = {row[0].strip(): row[1:] for row in rows if len(row) == 4}
    assert watched.keys() == {"median", "p90", "p99"}
    assert all(isfinite(float(value)) for row in watched.values() for value in row)
    assert re.search(r"sent [0-9.]+ pages and [0-9]+ events a second", printed.getvalue())
    timed = {row[0].strip() for row in rows if len(row) == 3}
    assert {"the list", "each outcome", "search: nothing is found", "a long call, replayed"} <= timed
