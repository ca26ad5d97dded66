"""A running service on the simulated switch, in real time, for a browser.

``python -m tests.browser.living FOLDER PORT`` prints the address of its pages; then each line that it reads
is a number and what its owner does, who calls at once.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from ivr_fsm.app import EXAMPLES, Service
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.esl.loop import shared_loop
from ivr_fsm.logs import configure
from ivr_fsm.planfile import load_plan
from ivr_fsm.settings import Settings
from ivr_fsm.simulator import PhoneBook, SimulatedSwitch

ROOT = Path(__file__).parents[2]
CUSTOMER = "79161234567"
SILENT = ("74951110012", "74951110013", "74951110001", "74951110002")
PHONES = {
    **dict.fromkeys(SILENT, "ring 300s, busy"),
    **dict.fromkeys(("74951110011", "74951110021"), "ring 1s, answer, hang up 300s after bridge"),
    CUSTOMER: "ring 1s, answer, hang up 300s after bridge",
}


class Living:
    """The service in a process of its own.

    Attributes:
        site: where its pages are.
        journal: the URL of its journal.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.journal = f"sqlite:///{folder}/journal.db"
        self.site = ""
        self.start()

    def start(self) -> None:
        """Start the service, on the port that it had before, if it had one."""
        port = self.site.rpartition(":")[2] or "0"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.living", str(self._folder), port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout
        self.site = self._process.stdout.readline().strip()

    def call(self, does: str = "", number: str = CUSTOMER) -> None:
        """Let the owner of *number* call, and do what a script says."""
        assert self._process.stdin
        self._process.stdin.write(f"{number} {does}\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


async def live(folder: Path, port: int) -> None:
    switch = SimulatedSwitch(PhoneBook(PHONES), control_port=0)
    await switch.start()
    service = Service(
        Settings.model_construct(
            port=0,
            web_port=port,
            freeswitch_port=switch.control_port,
            prompts=ROOT / "prompts",
            speech_cache=folder / "speech",
            journal=f"sqlite:///{folder}/journal.db",
            speech_engine="none",
            recordings=folder,
            # The demo's calls may be among them, of a day of its own.
            keep_personal=36500,
            keep_recordings=36500,
            keep_steps=36500,
        ),
        load_plan(EXAMPLES / "default.toml"),
        FileDirectory(EXAMPLES / "directory.toml"),
        [],
    )
    await service.start()
    switch.sockets = [("127.0.0.1", service.server.port)]
    print(f"http://127.0.0.1:{service.web.port}", flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        number, _, does = line.partition(" ")
        switch.call(number, "74950000000", does)
    await service.stop(drain=0)
    await switch.stop()


if __name__ == "__main__":
    configure("console", level="error")
    with asyncio.Runner(loop_factory=shared_loop) as runner:
        runner.run(live(Path(sys.argv[1]), int(sys.argv[2])))
