"""The demo's calls in one journal, played once for all tests that look at them."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ivr_fsm.demo.run import APART, NOON, play
from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.demo.voices import converse
from ivr_fsm.esl.loop import virtual_loop
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.recordings import of_call

PROMPTS = Path(__file__).parents[1] / "prompts"


@dataclass(frozen=True)
class Playbook:
    url: str
    recordings: Path
    ids: dict[str, str]

    @property
    def reader(self) -> Reader:
        return Reader(open_engine(self.url))

    @property
    def calls(self) -> list[CallEntry]:
        return self.reader.calls(Wanted(), 1000)

    def call(self, name: str) -> CallEntry:
        [found] = self.reader.call(self.ids[name])
        return found


@functools.cache
def playbook() -> Playbook:
    """Play every scenario; the folder is removed with the tests' process."""
    # Kept until then: others in this process may have it open.
    folder = tempfile.TemporaryDirectory(prefix="ivr-fsm-playbook-", ignore_cleanup_errors=True)
    playbook.folder = folder  # type: ignore[attr-defined]
    url, recordings = f"sqlite:///{folder.name}/journal.db", Path(folder.name, "recordings")
    recordings.mkdir()
    ids = {}
    for index, scenario in enumerate(SCENARIOS):
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            at = NOON + index * APART
            played = runner.run(play(scenario, PROMPTS, journal=url, recordings=recordings, at=at))
        ids[scenario.name] = played.id
        if (file := of_call(recordings, played.id)) is not None:
            converse(file, PROMPTS / "ru")
    return Playbook(url, recordings, ids)
