"""``kill -9`` of the service under load, again and again: what the switch was told, the journal knows."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.journal.conftest import Database
from tests.journal.victim import CENTRE, OFFICE, Victims

from ivr_fsm.journal.tables import CALLS, STEPS
from ivr_fsm.simulator import PhoneBook, SimulatedSwitch
from ivr_fsm.simulator.connection import Connection
from ivr_fsm.simulator.frames import Command

KILLS = {"sqlite": 200, "postgresql": 60}
LANES = 2
"""So many services at once are served, killed and looked at, each with its own switch."""
CALLS_AT_ONCE = 12
SHOPS = ("74951110001", "74951110002")
CALLERS = ("79161234567", "79161234568", "79990000000", SHOPS[0])

Key = tuple[str, ...]
"""One command: what it does, and to whom."""

HANDSHAKE = {"auth", "connect", "event", "exit", "filter", "linger", "nolinger", "noevents"}
JOB = re.compile(r"uuid:(?P<leg>\S+) originate .*")
PREPARING = {"set", "uuid_exists", "uuid_setvar"}
"""What goes before a command that is told by itself."""


class Ears:
    """Every command that a switch reads, as the journal would have it."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self.heard: Counter[Key] = Counter()
        self.unknown: list[str] = []
        self.had_enough = asyncio.Event()
        """*enough* commands were heard."""

    def hear(self, connection: Connection, frame: Command) -> None:
        caller = connection._channel.uuid if connection._channel else ""
        name, _, argument = frame.argument.partition(" ")
        match frame.name, name:
            case ("api", "uuid_break" | "uuid_kill" | "uuid_record"):
                self.heard[name, argument.split()[0]] += 1
            case ("api", "uuid_bridge"):
                self.heard[name, *argument.split()] += 1
            case ("api", "bgapi") if job := JOB.fullmatch(argument):
                self.heard["originate", job["leg"]] += 1
            case ("sendmsg", channel):
                self._hear_application(channel or caller, frame)
            case (command, api) if command not in HANDSHAKE and api not in PREPARING:
                self.unknown.append(f"{command} {frame.argument}")
        if self.heard.total() >= self._enough:
            self.had_enough.set()

    def _hear_application(self, channel: str, frame: Command) -> None:
        token = frame.headers.get("event-uuid")
        match frame.headers.get("execute-app-name", ""):
            case "ring_ready" | "answer" as name:
                self.heard[name, channel] += 1
            case "playback" if token:
                self.heard["playback", channel, token] += 1
            case name if name not in PREPARING:
                self.unknown.append(f"sendmsg {channel} {name}")


HEARD_AS: dict[str, tuple[str, ...]] = {
    "Ring": ("ring_ready", "call"),
    "Answer": ("answer", "call"),
    "Play": ("playback", "call", "token"),
    "Hold": ("playback", "call", "token"),
    "StopPrompt": ("uuid_break", "call"),
    "Dial": ("originate", "leg"),
    "Announce": ("playback", "leg", "announcement"),
    "Bridge": ("uuid_bridge", "call", "leg"),
    "Record": ("uuid_record", "call"),
    "Release": ("uuid_kill", "leg"),
    "Hangup": ("uuid_kill", "call"),
}
"""What the switch hears of a command in the journal: the name, and which values of the command."""


def key(call: str, command: dict[str, Any]) -> Key | None:
    heard = HEARD_AS.get(command["is"])
    values = {**command, "call": call}
    return heard and (heard[0], *(str(values.get(name, name)) for name in heard[1:]))


def _written(engine: Engine, instance: str) -> tuple[int, Counter[Key]]:
    """Return how many steps the journal has of *instance*, and what they ask of the switch."""
    rows = select(STEPS.c.key, STEPS.c.number, STEPS.c.body, CALLS.c.call)
    rows = rows.join(CALLS, CALLS.c.key == STEPS.c.key).where(CALLS.c.instance == instance)
    with engine.connect() as connection:
        steps = connection.execute(rows.order_by(STEPS.c.key, STEPS.c.number)).all()
    numbers: Counter[int] = Counter()
    commands: Counter[Key] = Counter()
    for step in steps:
        numbers[step.key] += 1
        assert step.number == numbers[step.key], "a hole in a call"
        found = (key(step.call, command) for command in json.loads(step.body).get("commands", ()))
        commands.update(each for each in found if each)
    return len(steps), commands


@pytest.fixture
def victims(tmp_path: Path) -> Iterator[Victims]:
    parent = Victims(tmp_path)
    yield parent
    parent.close()


def _phones(chance: random.Random) -> PhoneBook:
    does = (
        "ring 300s",
        f"ring {chance.randrange(60)}ms, busy",
        f"ring {chance.randrange(60)}ms, answer, hang up after {chance.randrange(120)}ms",
        f"ring {chance.randrange(60)}ms, answer, hang up {chance.randrange(40)}ms after bridge",
    )
    return PhoneBook({number: chance.choices(does, k=40) for number in (*OFFICE, *SHOPS, CENTRE)})


def _caller(chance: random.Random) -> str:
    presses = f"press {chance.choice('11223')} at {chance.randrange(20, 120)}ms"
    return chance.choice((presses, f"{presses}, hang up at {chance.randrange(30, 200)}ms", ""))


@dataclass
class Killer:
    """Lets a service serve calls, kills it, and compares what was heard of it with what it has written."""

    victims: Victims
    database: Database
    engine: Engine
    chance: random.Random
    rounds: Iterator[int]
    ears: dict[SimulatedSwitch, Ears] = field(default_factory=dict)
    steps: int = 0
    told: Counter[str] = field(default_factory=Counter)

    async def work(self) -> None:
        for number in self.rounds:
            await self._kill_one(f"victim-{number}")

    def _call(self, switch: SimulatedSwitch, ears: Ears) -> None:
        """Let a call come in, and another one when it is over."""
        if not ears.had_enough.is_set():
            call = switch.call(self.chance.choice(CALLERS), "74950000000", _caller(self.chance))
            call.ended.add_done_callback(lambda _over: self._call(switch, ears))

    async def _kill_one(self, instance: str) -> None:
        chance = self.chance
        async with SimulatedSwitch(_phones(chance), control_port=0, seed=chance.getrandbits(64)) as switch:
            ears = self.ears[switch] = Ears(chance.randint(1, 90))
            process, port = await self.victims.next(switch.control_port, self.database.url, instance)
            try:
                switch.sockets = [("127.0.0.1", port)]
                for _ in range(CALLS_AT_ONCE):
                    self._call(switch, ears)
                async with asyncio.timeout(30):
                    await ears.had_enough.wait()
                await asyncio.sleep(chance.uniform(0, 0.005))
            finally:
                os.kill(process, signal.SIGKILL)
                ears.had_enough.set()
            # What it had sent before may still be on its way.
            async with asyncio.timeout(10):
                while switch.connections:  # noqa: ASYNC110 - the simulator has no event for it
                    await asyncio.sleep(0.001)
        steps, commands = _written(self.engine, instance)
        assert ears.unknown == []
        assert ears.heard - commands == Counter(), "the switch was told what the journal does not know"
        self.steps += steps
        self.told.update(name for name, *_ in ears.heard.elements())


async def test_no_step_is_lost_whose_commands_left(
    database: Database, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "postgresql" if database.is_postgresql else "sqlite"
    killer = Killer(victims, database, database.engine(), random.Random(kind), iter(range(KILLS[kind])))
    obey = Connection._obey

    def heard(connection: Connection, frame: Command) -> None:
        killer.ears[connection._switch].hear(connection, frame)
        obey(connection, frame)

    monkeypatch.setattr(Connection, "_obey", heard)
    async with asyncio.TaskGroup() as lanes:
        for _ in range(LANES):
            lanes.create_task(killer.work())
    print(f"\n{kind}: {KILLS[kind]} kills, {killer.steps} steps, the switch was told {dict(killer.told)}")
    assert killer.steps > 20 * KILLS[kind]
    assert killer.told.total() > 20 * KILLS[kind]
    assert killer.told.keys() >= {name for name, *_ in HEARD_AS.values()} - {"uuid_record"}
