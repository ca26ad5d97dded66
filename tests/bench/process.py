"""A server in a process of its own, on a core of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
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
        folder: where it may write.
        core: where it runs; None: anywhere.
        timed: let the service time its own parts.
    """

    def __init__(
        self, name: str, control_port: int, folder: str, core: int | None, *, timed: bool = False
    ) -> None:
        command = [sys.executable, "-m", "tests.bench.process", name, str(control_port), folder]
        if timed:
            command.append("timed")
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


def main(name: str, control_port: str, folder: str, timed: str = "") -> None:
    """Be a server: print the port, then a line of `Usage` for each line that comes in."""
    # Each server loads its own things only.
    if name == "ours":
        from tests.bench import parts, service

        _answer_questions(parts.install() if timed else {})
        service.serve_service(int(control_port), Path(folder))
    else:
        from tests.bench import baselines

        _answer_questions({})
        baselines.SERVE[name]()


def _answer_questions(watch: Mapping[str, list[float]]) -> None:
    def answer() -> None:
        while os.read(0, 64):
            parts = {name: median(found) for name, found in watch.items() if found}
            print(json.dumps(asdict(Usage(time.process_time(), _memory(), parts))), flush=True)
        os._exit(0)

    threading.Thread(target=answer, daemon=True).start()


def _memory() -> int:
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
