"""A server in a process of its own, on a core of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
TIME_PARTS = "time parts"
QUIET = "ignore:resource_tracker:UserWarning"
"""A server leaves without clearing up, and what its pages were made with is cleared up behind it."""
SERVERS = ("asyncio", "greenswitch", "no journal", "ours")


@dataclass(frozen=True)
class Usage:
    """What a process has used so far: *cpu* seconds, *memory* bytes of RSS; what *parts* took, or counted."""

    cpu: float
    memory: int
    parts: dict[str, float]


@dataclass(frozen=True)
class Machine:
    """CPU seconds of all processes of the machine (None: unknown), and of us and our servers."""

    busy: float | None
    ours: float
    clock: float

    @classmethod
    def now(cls) -> Machine:
        """Read the counters. A server counts among ours when it has ended."""
        stat = Path("/proc/stat")
        busy = None
        if stat.exists():
            user, nice, system, _idle, _wait, irq, softirq, *_ = map(int, stat.read_text().split()[1:9])
            busy = (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
        return cls(busy, sum(os.times()[:4]), time.monotonic())

    def others_since(self) -> float | None:
        """Return the share of all cores that other processes have taken since then."""
        now = Machine.now()
        if self.busy is None or now.busy is None:
            return None
        foreign = (now.busy - self.busy) - (now.ours - self.ours)
        return max(0.0, foreign) / (now.clock - self.clock) / (os.cpu_count() or 1)


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
        name: one of `SERVERS`, or ``Slack answers``, ``Slack dead``, ``open pages``.
        control_port: where the service finds the switch's control connection, or browsers find its pages.
        folder: where it may write.
        core: where it runs; None: anywhere.
        more: for ``ours``, its journal's file, and the address of its Slack; how many pages are open.

    Attributes:
        port: where it takes calls.
        web_port: where the service's pages are.
    """

    def __init__(self, name: str, control_port: int, folder: str, core: int | None, *more: str) -> None:
        command = [sys.executable, "-m", "tests.bench.process", name, str(control_port), folder, *more]
        self.name = name
        self.folder = folder
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        line = self._say("")
        if not line:
            self.close()
            raise RuntimeError(f"the server {name} did not start")
        self.port, *web = map(int, line.split())
        self.web_port = web[0] if web else 0

    def usage(self) -> Usage:
        """Ask the server what it has used."""
        return Usage(**json.loads(self._say("usage\n")))

    def child(self) -> Usage | None:
        """Return what the largest of the server's own processes has used; None: unknown, or it has none."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self._process.pid:
                    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                    found.append(Usage(cpu, _memory(stat.parent), {}))
        return max(found, key=lambda usage: usage.memory, default=None)

    def time_parts(self) -> None:
        """Let the service time its own parts from now on, which makes it a little slower."""
        self._say(f"{TIME_PARTS}\n")

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End the server: it leaves when its input ends."""
        self._process.communicate()


def main(name: str, control_port: str, folder: str, journal: str = "", slack: str = "") -> None:
    """Be a server: print the ports, then a line of `Usage` for each line that comes in."""
    counted: Counter[str] = Counter()
    threading.Thread(target=_answer, args=(counted,), daemon=True).start()
    # Each server loads its own things only.
    match name:
        case "ours" | "no journal":
            from tests.bench import service

            url = "none" if name == "no journal" else f"sqlite:///{journal or f'{folder}/journal.db'}"
            service.serve_service(int(control_port), Path(folder), url, slack)
        case "Slack answers" | "Slack dead":
            from tests.bench.slack import serve_slack

            asyncio.run(serve_slack(dead=name == "Slack dead", count=lambda: counted.update(["requests"])))
        case "open pages":
            from tests.bench.readers import serve_readers

            asyncio.run(serve_readers(int(control_port), int(journal), counted.update))
        case _:
            from tests.bench import baselines

            baselines.SERVE[name]()


def _answer(counted: Mapping[str, float]) -> None:
    watched: Mapping[str, list[float]] = {}
    while question := os.read(0, 64):
        if question.decode().strip() == TIME_PARTS:
            from tests.bench.parts import install

            watched = install()
        parts = {**counted, **{name: median(found) for name, found in watched.items() if found}}
        print(json.dumps(asdict(Usage(time.process_time(), _memory(), parts))), flush=True)
    os._exit(0)


def _memory(process: Path = Path("/proc/self")) -> int:
    status = process / "statm"
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
