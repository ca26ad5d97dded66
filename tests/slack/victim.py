"""The service with Slack, in a process that is made to be killed.

As `tests.journal.victim`; an order has the address of the Web API besides.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from ivr_fsm import logs
from ivr_fsm.app import EXAMPLES, Service
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.settings import Settings
from ivr_fsm.slack import projection, setbacks, slackchat
from tests.journal.victim import PLAN, ROOT, Victims, _warm_up
from tests.slack.webapi import ORDERS, OTHERS, SHOPS, TOKEN


class Tellers(Victims):
    """The parent, as the test sees it."""

    def __init__(self, folder: Path) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.slack.victim", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._turn = asyncio.Lock()


async def _serve(folder: Path, control_port: int, journal: str, instance: str, address: str) -> None:
    settings = Settings.model_construct(
        port=0,
        web_port=0,
        freeswitch_port=control_port,
        prompts=ROOT / "prompts",
        speech_cache=folder / "speech",
        speech_engine="none",
        journal=journal,
        instance=instance,
        slack_token=SecretStr(TOKEN),
        slack_api=address,
        slack_channel_order=ORDERS,
        slack_channel_other=OTHERS,
        slack_channel_shop=SHOPS,
    )
    service = Service(settings, PLAN, FileDirectory(EXAMPLES / "directory.toml"), [])
    await service.start()
    print(os.getpid(), service.server.port, flush=True)
    await asyncio.Event().wait()


def _hurry() -> None:
    """Let nothing wait that would wait for Slack's sake: the calls are through in half a second."""
    projection.SETTLE = 0.005
    projection.APART = 0.01
    projection.EVERY = 0.2
    setbacks.LONGEST_PAUSE = 0.1
    slackchat.OF_CHANNEL = slackchat.OF_METHOD = 0.0


def main(folder: Path) -> None:
    """Be the parent; see `tests.journal.victim.main`."""
    logs.configure("json", level="critical")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _hurry()
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
