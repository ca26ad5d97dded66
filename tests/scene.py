"""The whole service on the simulated switch, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ivr_fsm.app import EXAMPLES, Service
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import Directory
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.replay import replay
from ivr_fsm.planfile import load_plan
from ivr_fsm.settings import Settings
from ivr_fsm.simulator import Faults, PhoneBook, SimulatedSwitch
from ivr_fsm.simulator.observed import Call
from tests.journal.recorded import checked, text_of

PROMPTS = Path(__file__).parents[1] / "prompts"
CUSTOMER, KNOWN = "79161234567", "79161234569"
OFFICE = ("74951110011", "74951110012", "74951110013")


class Watch:
    def __init__(self) -> None:
        self.states: dict[str, list[str]] = {}
        self.paths: dict[str, list[list[str]]] = {}
        self.outcomes: list[str] = []

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        if step.moved:
            self.states.setdefault(call_id, []).append(step.after)
            if number == 1:
                self.paths.setdefault(call_id, []).append([])
            self.paths[call_id][-1].append(step.after)
        self.outcomes += [tell.facts["outcome"] for tell in step.told if tell.what == "ended"]


@dataclass
class Scene:
    switch: SimulatedSwitch
    service: Service
    watch: Watch

    def call(self, script: str = "", number: str = KNOWN) -> Call:
        return self.switch.call(number, "74950000000", script)

    def targets(self, call: Call) -> list[str]:
        return [channel for channel in self.switch.channels if channel != call.uuid]


@asynccontextmanager
async def scene(
    folder: Path,
    faults: Faults | None,
    max_calls: int,
    phones: dict[str, str],
    directory: Directory | None = None,
    *,
    journal: bool = True,
    **settings: Any,
) -> AsyncIterator[Scene]:
    book = {
        **dict.fromkeys((*OFFICE, "74951110021", "74951110001", "74951110002"), "ring 300s, busy"),
        **phones,
    }
    switch = SimulatedSwitch(PhoneBook(book), control_port=0, faults=faults, seed=1)
    await switch.start()
    watch = Watch()
    begun, clock = datetime.now(UTC), asyncio.get_running_loop().time
    begun -= timedelta(seconds=clock())
    service = Service(
        Settings.model_construct(
            port=0,
            web_port=0,
            max_calls=max_calls,
            freeswitch_port=switch.control_port,
            prompts=PROMPTS,
            speech_cache=folder / "speech",
            journal=f"sqlite:///{folder}/journal.db" if journal else "none",
            speech_engine="none",
            recordings=folder,
            **settings,
        ),
        load_plan(EXAMPLES / "default.toml"),
        directory or FileDirectory(EXAMPLES / "directory.toml"),
        [watch],
        lambda: begun + timedelta(seconds=clock()),
    )
    await service.start()
    switch.sockets = [("127.0.0.1", service.server.port)]
    yield Scene(switch, service, watch)
    await service.stop(drain=0)
    assert switch.refused == []
    await switch.stop()
    if journal:
        _check_journal(Reader(open_engine(service.settings.journal)), watch, service.plan)


def _check_journal(journal: Reader, watch: Watch, plan: Plan) -> None:
    """Whatever was played: the journal has each call's path, and each call replays to the same commands."""
    paths = []
    for call in journal.each(Wanted()):
        steps = journal.steps(call.key)
        stored = journal.plan(call.plan)
        assert stored == plan
        again = replay(steps, stored)
        assert call.refused or again.same, again
        if not call.refused:
            nobody = text_of(checked(call, steps, plan, forgotten=call.started))
            assert not call.phone or call.phone not in nobody
        if path := [step.after for step in steps if step.moved]:
            paths.append((call.call, path))
            assert call.state == path[-1]
    assert sorted(paths) == sorted((call, path) for call, lives in watch.paths.items() for path in lives)
