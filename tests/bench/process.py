"""A server in a process of its own, on a core of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
SERVERS = ("asyncio", "greenswitch", "ours")


@dataclass(frozen=True)
class Usage:
    """What a process has used so far: *cpu* seconds, *memory* bytes of RSS, and what *parts* took."""

    cpu: float
    memory: int
    parts: dict[str, float]


@contextmanager
def two_cores() -> Iterator[int | None]:
    """Keep this process, the driver, on one core and yield another for the server.

    None where cores cannot be chosen, or there is only one.
    """
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(before) < 2:
        yield None
        return
    server, driver, *_ = sorted(before)
    os.sched_setaffinity(0, {driver})
    try:
        yield server
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A running server.

    Args:
        name: one of `SERVERS`.
        control_port: where the service finds the switch's control connection.
        core: where it runs; None: anywhere.
        timed: let the service time its own parts.
    """

    def __init__(self, name: str, control_port: int, core: int | None, *, timed: bool = False) -> None:
        command = [sys.executable, "-m", "tests.bench.process", name, str(control_port), str(int(timed))]
        self.name = name
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        line = self._say("")
        if not line:
            self.close()
            raise RuntimeError(f"the server {name} did not start")
        self.port = int(line)

    def usage(self) -> Usage:
        """Ask the server what it has used."""
        return Usage(**json.loads(self._say("usage\n")))

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End the server: it leaves when its input ends."""
        self._process.communicate()


def main(name: str, control_port: str, timed: str) -> None:
    """Be a server: print the port, then a line of `Usage` for each line that comes in."""
    from tests.bench import baselines, parts, service

    watch: dict[str, list[float]] = {}
    if timed == "1":
        watch = parts.install()
    threading.Thread(target=_answer, args=(watch,), daemon=True).start()
    match name:
        case "asyncio":
            asyncio.run(baselines.serve_bare())
        case "greenswitch":
            baselines.serve_greenswitch()
        case _:
            service.serve_service(int(control_port))


def _answer(watch: dict[str, list[float]]) -> None:
    while os.read(0, 64):
        used = Usage(time.process_time(), _memory(), {name: median(found) for name, found in watch.items() if found})
        print(json.dumps(used.__dict__), flush=True)
    os._exit(0)


def _memory() -> int:
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
