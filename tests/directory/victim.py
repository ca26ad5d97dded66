"""The service with the marketplace's API as its directory, in a process that is made to be killed.

As `tests.journal.victim`; an order has the address of the API besides.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.directory.marketplace import TOKEN
from tests.journal.victim import PLAN, ROOT, Victims, _warm_up

from ivr_fsm import logs
from ivr_fsm.app import Service
from ivr_fsm.directory import deliveries
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.settings import Settings


class Reporters(Victims):
    """The parent, as the test sees it."""

    def __init__(self, folder: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.directory.victim", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._turn = asyncio.Lock()


async def _serve(folder: Path, control_port: int, journal: str, instance: str, address: str) -> None:
    settings = Settings.model_construct(
        port=0,
        freeswitch_port=control_port,
        prompts=ROOT / "prompts",
        speech_cache=folder / "speech",
        speech_engine="none",
        journal=journal,
        instance=instance,
    )
    service = Service(settings, PLAN, HttpDirectory(address, TOKEN), [])
    await service.start()
    print(os.getpid(), service.server.port, flush=True)
    await asyncio.Event().wait()


def main(folder: Path) -> None:
    """Be the parent; see `tests.journal.victim.main`."""
    logs.configure("json", level="critical")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    deliveries.SETTLE = 0.01
    deliveries.LONGEST_PAUSE = 0.1
    _warm_up(folder)
    while order := sys.stdin.readline():
        control_port, journal, instance, address = order.split()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.alarm(60)
            with asyncio.Runner(loop_factory=shared_loop) as runner:
                runner.run(_serve(folder, int(control_port), journal, instance, address))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
