"""``python -m tests.bench [--quick]``."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

from rich.console import Console

from tests.bench.measure import QUICK, Counts
from tests.bench.report import show
from tests.bench.run import run


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples: a look at whether all works")
    counts = QUICK if parser.parse_args(arguments).quick else Counts()
    out = console or Console(width=150)
    began = time.monotonic()
    with out.status("") as status:
        done = asyncio.run(run(counts, status.update))
    show(out, done, counts)
    out.print(f"Measured in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
