"""Plays a scenario: the simulated switch and the real service, over real sockets, on one clock."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zlib import crc32

from ivr_fsm.app import EXAMPLES, Service
from ivr_fsm.call.ports import Watcher
from ivr_fsm.demo.board import Board, Pinned
from ivr_fsm.demo.scenarios import Scenario
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import Answerer, CallRecord, DirectoryError
from ivr_fsm.flow.caller import Caller
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.reader import Reader
from ivr_fsm.journal.replay import Replay, replay
from ivr_fsm.planfile import load_plan, merged
from ivr_fsm.settings import Settings
from ivr_fsm.simulator.observed import Call
from ivr_fsm.simulator.phones import PhoneBook
from ivr_fsm.simulator.switch import SimulatedSwitch

NOON = datetime(2026, 6, 1, 9, tzinfo=UTC)
"""When the first scenario plays: a Monday, 12:00 in Moscow."""

APART = timedelta(minutes=5)
"""The time from the beginning of one scenario to that of the next, when several are played."""

SETTLED = 1.0
"""Seconds after the call in which the switch forgets its channels."""

EXAMINED = 10.0
"""Seconds after the call in which its recording is looked at."""

SERVED_AT = "https://calls.example"
"""Where recordings could be listened to."""

WATCHER = "Ольга"
"""Who presses buttons."""

BEFORE_CALLING_BACK = 10.0
"""Seconds from the end of a call to the button that has it called back."""

OFFICE_ANSWERS = 20.0
"""Seconds within which the office picks up then."""

RINGS_FOREVER = "ring 300s, busy"


@dataclass
class Played:
    """What came of a scenario."""

    scenario: Scenario
    begun: float = 0.0
    """The loop's time when it began."""
    steps: list[tuple[datetime, Step]] = field(default_factory=list)
    caller: Call | None = None
    left: list[str] = field(default_factory=list)
    """Channels that the switch still had when the call was over."""
    written: list[StepEntry] = field(default_factory=list)
    """The steps that the journal has."""
    again: Replay | None = None
    """What came of replaying them, if there is a journal."""
    back: list[Step] = field(default_factory=list)
    """The steps of the call that called the caller back."""
    shown: list[Pinned] = field(default_factory=list)
    """What the channel shows."""

    def stepped(self, call_id: str, _number: int, step: Step, at: datetime) -> None:
        """Keep a step (`ivr_fsm.call.ports.Watcher`)."""
        if call_id == self.id:
            self.steps.append((at, step))
        else:
            self.back.append(step)

    @property
    def id(self) -> str:
        """The id of the call."""
        return self.caller.uuid if self.caller else ""

    @property
    def states(self) -> tuple[str, ...]:
        """The path that the call took, without ``releasing``, which says nothing of where it went."""
        return tuple(step.after for _, step in self.steps if step.moved and step.after != "releasing")

    @property
    def outcome(self) -> str:
        """The outcome that watchers were told."""
        told = [command for _, step in self.steps for command in step.told if command.what == "ended"]
        return told[-1].facts["outcome"] if told else "none"

    @property
    def seconds(self) -> float:
        """How long the call lasted."""
        return (self.steps[-1][0] - self.steps[0][0]).total_seconds() if self.steps else 0.0

    @property
    def faults(self) -> list[str]:
        """What did not go as it must; empty when all is well."""
        wanted = self.scenario
        found = []
        if self.states != wanted.states:
            found.append(f"path {' → '.join(self.states)}, not {' → '.join(wanted.states)}")
        back = tuple(step.after for step in self.back if step.moved and step.after != "releasing")
        if back != wanted.back:
            found.append(f"the call back: path {' → '.join(back)}, not {' → '.join(wanted.back)}")
        if self.outcome != wanted.outcome:
            found.append(f"outcome {self.outcome}, not {wanted.outcome}")
        if self.left:
            found.append(f"legs left in the switch: {', '.join(self.left)}")
        if self.caller is not None and self.caller.fell_through:
            found.append("the caller fell through to the dialplan")
        if self.again is not None:
            found += self._journal_faults(self.again)
        return found

    def _journal_faults(self, again: Replay) -> list[str]:
        found = []
        if [(step.after, step.reason) for step in self.written] != [
            (step.after, step.reason) for _, step in self.steps
        ]:
            found.append("the journal has another path, or other reasons")
        if not again.same:
            found.append(f"the call replays otherwise: {again.stopped or again.difference}")
        return found


class Broken:
    """A directory that fails (``directory``) or takes too long (``slow directory``)."""

    def __init__(self, fault: str) -> None:
        self._slow = fault == "slow directory"

    async def identify(self, _phone: str) -> Caller:
        """Fail, at once or late."""
        if self._slow:
            await asyncio.sleep(30)
        raise DirectoryError("the answer is not JSON: unexpected character '<' at the beginning")

    async def who_answers(self, _phone: str) -> Answerer:
        """Fail."""
        raise DirectoryError("the answer is not JSON")

    async def call_ended(self, _record: CallRecord) -> None:
        """Fail."""
        raise DirectoryError("the answer is not JSON")

    async def close(self) -> None:
        """Nothing is open."""


async def play(
    scenario: Scenario,
    prompts: Path,
    watchers: tuple[Watcher, ...] = (),
    *,
    journal: str,
    language: Literal["ru", "en"] = "ru",
    board: Board | None = None,
    recordings: Path | None = None,
    at: datetime = NOON,
) -> Played:
    """Play *scenario* on the running loop and return what came of it.

    Args:
        scenario: what to play.
        prompts: the folder of the prompts.
        watchers: who follows besides.
        journal: the URL of the journal that the call is written to, and read from again.
        language: that of the channel.
        board: the channel; None: one that nobody looks at meanwhile.
        recordings: the folder of the recordings of calls; None: there are none.
        at: when the call begins.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    played, board = Played(scenario, begun), board or Board()
    seed = crc32(scenario.name.encode())  # the call has the same id every time, and one of its own
    with (
        TemporaryDirectory(prefix="ivr-fsm-demo-") as folder,
        _prompts(scenario, prompts, Path(folder)) as heard,
    ):
        phones = {**dict.fromkeys(_numbers(), RINGS_FOREVER), **scenario.phones}
        switch = SimulatedSwitch(PhoneBook(phones), control_port=0, epoch=at.timestamp(), seed=seed)
        await switch.start()
        service = Service(
            Settings.model_construct(
                port=0,
                web_port=0,
                freeswitch_port=switch.control_port,
                prompts=heard,
                speech_cache=Path(folder) / "speech",
                journal=journal,
                watch_language=language,
                recordings=recordings,
                web_url=SERVED_AT if recordings else "",
            ),
            _plan(scenario),
            _directory(scenario),
            [played, *watchers],
            lambda: at + timedelta(seconds=loop.time() - begun),
            chat=board,
        )
        await service.start()
        switch.sockets = [("127.0.0.1", service.server.port)]
        played.caller = switch.call(scenario.caller, "74950000000", scenario.does)
        pressing = asyncio.create_task(_press(service, played))
        await played.caller.ended
        await service.live.emptied()
        await pressing
        await asyncio.sleep(EXAMINED if recordings else SETTLED)
        played.left = [channel for channel in switch.channels if channel != played.caller.uuid]
        await service.stop(drain=0)
        await switch.stop()
    _read_again(played, Reader(open_engine(journal)), service.plan)
    played.shown = board.pinned
    return played


async def _press(service: Service, played: Played) -> None:
    """Press the buttons of the scenario, each in its time."""
    begun, reader = asyncio.get_running_loop().time(), Reader(open_engine(service.settings.journal))
    assert service.desk is not None and played.caller is not None
    for at, button in played.scenario.presses:
        await asyncio.sleep(begun + at - asyncio.get_running_loop().time())
        [call] = reader.call(played.id)
        if button == "stop":
            await service.desk.stop(call.key, WATCHER)
        else:
            await service.desk.send(call.key, button, WATCHER)
    if played.scenario.back:
        await played.caller.ended
        await service.live.emptied()
        await asyncio.sleep(BEFORE_CALLING_BACK)
        [call] = reader.call(played.id)
        await service.desk.call_back(call.key, WATCHER)
        await asyncio.sleep(OFFICE_ANSWERS)
        await service.live.emptied()


def _read_again(played: Played, journal: Reader, plan: Plan) -> None:
    for call in journal.call(played.id)[:1]:
        played.written = journal.steps(call.key)
    played.again = replay(played.written, plan)


def _numbers() -> Iterator[str]:
    plan = tomllib.loads((EXAMPLES / "default.toml").read_text("utf-8"))
    directory = tomllib.loads((EXAMPLES / "directory.toml").read_text("utf-8"))
    for target in plan["targets"].values():
        yield from target.get("numbers", ())
    for shop in directory["shops"]:
        yield from (phone for phone in shop["phones"] if phone.isdigit())


def _plan(scenario: Scenario) -> Plan:
    return Plan.model_validate(merged(load_plan(EXAMPLES / "default.toml").model_dump(), scenario.plan))


def _directory(scenario: Scenario) -> Broken | FileDirectory:
    if "directory" in scenario.fault:
        return Broken(scenario.fault)
    return FileDirectory(EXAMPLES / "directory.toml")


@contextmanager
def _prompts(scenario: Scenario, prompts: Path, folder: Path) -> Iterator[Path]:
    if scenario.fault != "prompt":
        yield prompts
        return
    broken = folder / "prompts"
    shutil.copytree(prompts, broken)
    for language in ("ru", "en"):
        (broken / language / "FW3.wav").unlink()
    yield broken
