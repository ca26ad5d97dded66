"""The simulator against the traces of a real FreeSWITCH 1.10.12: same commands, same frames."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import pytest

from ivr_fsm.simulator import (
    Latency,
    Phone,
    PhoneBook,
    SimulatedSwitch,
    Step,
    answered,
    bridged,
    hang_up,
    press,
    start,
    transfer,
)

from .recorded import RECORDINGS, SOUNDS, Frame, Service, Trace, by_lane, read_trace

CALLER, SERVICE = "79161234567", "74950000000"
SECONDS = {"fw1": 3, "fw2": 4, "fw6": 10, "fw8": 10}
TOLERANCE = 0.08
"""Seconds by which the real switch's own jitter may differ, a few audio frames."""


@dataclass(frozen=True)
class Scenario:
    """Who did what in a trace."""

    phones: Mapping[str, Phone] = field(default_factory=dict)
    caller: tuple[Step, ...] = ()
    sockets: tuple[str, ...] = ("outbound-1",)
    latency: Latency | None = None


NEVER = Phone()
SCENARIOS = {
    "bad-gateway-unknown-number-bad-commands": Scenario(),
    "blind-transfer-by-callee": Scenario(
        phones={"74951110001": Phone(answer=2.02, steps=(transfer("74951110009", bridged(1.03)),))},
    ),
    "busy-then-cancelled-then-answered-caller-hangs-up": Scenario(
        phones={
            "74951110002": Phone(reject=0.98),
            "74951110003": NEVER,
            "74951110001": Phone(answer=2.02),
        },
        caller=(hang_up(bridged(1.03)),),
    ),
    "callee-hangs-up-during-whisper": Scenario(
        phones={"74951110001": Phone(answer=1.99, steps=(hang_up(answered(1.05)),))}
    ),
    "caller-hangs-up-while-office-rings": Scenario(
        phones={"74951110003": NEVER}, caller=(hang_up(answered(1.04)),)
    ),
    "digits-in-a-row": Scenario(
        caller=tuple(press(d, start(t)) for d, t in zip("9#*21", (0.80, 1.04, 1.28, 1.53, 1.77), strict=True))
    ),
    "menu-shop-answers-whisper-bridge-callee-hangs-up": Scenario(
        phones={"74951110001": Phone(answer=2.02, steps=(hang_up(bridged(2.03)),))},
        caller=(press("1", start(1.22)),),
    ),
    "missing-prompt-and-newline-in-variable": Scenario(),
    "originate-timeout": Scenario(phones={"74951110003": NEVER}, latency=Latency(park=0.001)),
    "prompt-to-its-end-then-hangup": Scenario(),
    "socket-lost-during-prompt-second-socket": Scenario(sockets=("outbound-1", "outbound-2")),
    "two-phones-answer-at-once": Scenario(
        phones={"74951110001": Phone(answer=1.99), "74951110004": Phone(answer=1.99)},
        caller=(hang_up(bridged(1.03)),),
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "rec").mkdir()
    for name, seconds in SECONDS.items():
        with wave.open(str(tmp_path / "sounds" / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(16000 * seconds))
    return tmp_path


async def replay(trace: Trace, scenario: Scenario, folder: Path) -> dict[str, Service]:
    """Play *trace* against the simulator; return the services by connection name."""
    names = {SOUNDS: f"{folder}/sounds/", RECORDINGS: f"{folder}/rec/"}
    services = {name: Service(recorded, names) for name, recorded in trace.connections.items()}
    waiting = dict(services)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await waiting.pop(next(iter(waiting))).serve(reader, writer)

    servers = [await asyncio.start_server(accept, "127.0.0.1", 0) for _ in scenario.sockets]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    for recorded, port in zip((8084, 8085), ports, strict=False):
        names[f"127.0.0.1:{recorded} async"] = f"127.0.0.1:{port} async"
        names[f"127.0.0.1%3A{recorded}%20async"] = f"127.0.0.1%3A{port}%20async"
    switch = SimulatedSwitch(
        PhoneBook(scenario.phones),
        sockets=[("127.0.0.1", port) for port in ports],
        latency=scenario.latency,
        epoch=trace.epoch,
    )
    await switch.start()
    call = switch.call(CALLER, SERVICE, scenario.caller)
    names[trace.caller_uuid] = call.uuid
    async with asyncio.timeout(60):
        for service in services.values():
            await service.closed.wait()
    assert call.ended.done()
    assert not switch.channels
    assert not switch.refused
    await switch.stop()
    for server in servers:
        server.close()
    return services


def differences(now: list[Frame], then: list[Frame]) -> list[str]:
    """Return what *now* has otherwise than *then*, lane by lane, as readable lines."""
    found = []
    lanes_now, lanes_then = by_lane(now), by_lane(then)
    for lane in sorted(lanes_now.keys() | lanes_then.keys()):
        pairs = zip_longest(lanes_now.get(lane, ()), lanes_then.get(lane, ()))
        for place, (here, there) in enumerate(pairs):
            mine, real = here.content() if here else {}, there.content() if there else {}
            what = f"{lane[:8]}[{place}] {real.get('Event-Name', '')} {real.get('Application', '')}"
            found += [
                f"{what}: {name}: {mine.get(name)!r} is {real.get(name)!r} in the trace"
                for name in sorted(mine.keys() | real.keys())
                if mine.get(name) != real.get(name)
            ]
            if here and there and abs(here.t - there.t) > TOLERANCE:
                found.append(f"{what}: came at {here.t:.3f}, in the trace at {there.t:.3f}")
    return found


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.virtual
async def test_agrees_with_the_real_switch(name: str, folder: Path) -> None:
    trace = read_trace(name)
    services = await replay(trace, SCENARIOS[name], folder)
    for connection, recorded in trace.connections.items():
        found = differences(services[connection].frames, recorded.frames)
        assert not found, "\n".join([connection, *found])
