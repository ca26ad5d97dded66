"""The service in a process that is made to be killed: a parent that has loaded everything forks one a round.

The parent reads a line ``<port of the switch> <URL of the journal> <name>`` for each, and the child prints
a line ``<its process id> <its port>`` when it serves.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg  # noqa: F401 - loaded here, once

from ivr_fsm import logs
from ivr_fsm.app import EXAMPLES, Service
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import arrive
from ivr_fsm.journal import writer
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.page import Leave, Page, Record
from ivr_fsm.journal.revision import flow_revision
from ivr_fsm.journal.rows import Origin
from ivr_fsm.journal.store import Store
from ivr_fsm.phone import parse_dialable
from ivr_fsm.settings import Settings

ROOT = Path(__file__).parents[2]
OFFICE = ("74951110011", "74951110012", "74951110013")
CENTRE = "74951110021"

PLAN = Plan.model_validate(
    {
        "greeting": {"prompt": "FW1", "limit": 0.06},
        "menu": {"limit": 0.05, "silence": 0.05, "repeats": 1},
        "dialing_shop": {"plays": ["0 FW6", "0.03 FW8 every 1"], "gives_up": 0.1},
        "dialing_office": {
            "from_menu": {"plays": ["0 FW7", "0.03 FW8"], "gives_up": 0.09},
            "otherwise": {"plays": ["0 FW8"], "gives_up": 0.06},
        },
        "dialing_call_centre": {"plays": ["0 FW8"], "gives_up": 0.1},
        "announcing": {"plays": ["0 FW8"], "gives_up": 0.03},
        "unanswered": {"prompt": "FW9", "limit": 0.05},
        "targets": {"office": {"numbers": OFFICE}, "call_centre": {"numbers": [CENTRE]}},
    }
)
"""The timers are so short that a call is through in half a second."""


@dataclass
class Pad:
    """Writes each record at once."""

    store: Store

    def put(self, record: Record, leave: Leave | None) -> None:
        self.store.write([record])


class Victims:
    """The parent, as the test sees it."""

    def __init__(self, folder: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.victim", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._turn = asyncio.Lock()

    async def next(self, control_port: int, journal: str, instance: str) -> tuple[int, int]:
        """Return process id and port of a new service that serves."""
        async with self._turn:
            return await asyncio.to_thread(self._fork, f"{control_port} {journal} {instance}\n")

    def _fork(self, order: str) -> tuple[int, int]:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(order)
        self._parent.stdin.flush()
        process, port = map(int, self._parent.stdout.readline().split())
        return process, port

    def close(self) -> None:
        """End the parent: it leaves when its input ends."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(60)
        self._parent.stdout.close()


async def _serve(folder: Path, control_port: int, journal: str, instance: str) -> None:
    settings = Settings.model_construct(
        port=0,
        web_port=0,
        freeswitch_port=control_port,
        prompts=ROOT / "prompts",
        speech_cache=folder / "speech",
        speech_engine="none",
        journal=journal,
        instance=instance,
        recordings=folder,
    )
    directory = FileDirectory(EXAMPLES / "directory.toml")
    service = Service(settings, PLAN, directory, [])
    await service.start()
    print(os.getpid(), service.server.port, flush=True)
    await asyncio.Event().wait()


def main(folder: Path) -> None:
    """Be the parent. Nothing may live in it that a fork would break: no loop, no thread, no engine."""
    logs.configure("json", level="critical")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    # Commands that left before their step was written, because the machine was slow, are no loss of memory.
    writer.PATIENCE = 60
    _warm_up(folder)
    while order := sys.stdin.readline():
        control_port, journal, instance = order.split()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.alarm(60)  # whoever should kill it may have failed
            with asyncio.Runner(loop_factory=shared_loop) as runner:
                runner.run(_serve(folder, int(control_port), journal, instance))


def _warm_up(folder: Path) -> None:
    """Do once what every child would do for its first call: load, compile, read tables of numbers."""
    engine = open_engine(f"sqlite:///{folder}/warm.db")
    store = Store(engine)
    now = datetime.now(UTC)
    store.open("parent", PLAN, now)
    arrived = CallArrived(str(UUID(int=1, version=4)), "+79161234567")
    pages = Page(Pad(store), arrive(PLAN, arrived, now)[0], Origin("parent", flow_revision(), ""))
    pages.write(arrive(PLAN, arrived, now)[1], 0.0, None)
    parse_dialable(OFFICE[0], "RU")
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
