"""People and a switch that do anything: each call ends once, with one outcome, and leaves no leg behind."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr_fsm.simulator import Faults
from tests.scene import OFFICE, scene

CALLERS = (
    "79161234567",
    "79161234568",
    "79161234569",
    "79161234570",
    "79990000000",
    "74951110001",
    "anonymous",
)
PHONES = (*OFFICE, "74951110021", "74951110001", "74951110002", "74951110009")
BUGS = {
    "step failed",
    "command failed",
    "callback failed",
    "watcher failed",
    "announcement failed",
    "step not written",
    "commands did not leave",
    "journal behind",
}

pytestmark = pytest.mark.virtual


def _caller(chance: random.Random) -> str:
    does = [
        f"press {chance.choice('1123456*#')} at {chance.uniform(0, 60):.2f}s"
        for _ in range(chance.randrange(5))
    ]
    if chance.random() < 0.6:
        does.append(
            chance.choice(
                [
                    f"hang up at {chance.uniform(0, 90):.2f}s",
                    f"hang up {chance.uniform(0, 3):.3f}s after bridge",
                    f"hang up {chance.uniform(0, 2):.3f}s into FW{chance.randint(1, 9)}",
                ]
            )
        )
    return ", ".join(does)


def _phone(chance: random.Random) -> str:
    rings = (
        f"ring {chance.choice([chance.uniform(0, 0.1), chance.uniform(0, 10), chance.uniform(0, 60)]):.3f}s"
    )
    ends = f"hang up after {chance.choice([chance.uniform(0, 0.2), chance.uniform(0, 20)]):.3f}s"
    return chance.choice(
        [
            f"{rings}, busy",
            f"{rings}, reject CALL_REJECTED",
            f"{rings}, answer, {ends}",
            f"{rings}, answer, press 1 after {chance.uniform(0, 9):.2f}s, hang up after 90s",
            f"{rings}, answer, hang up {chance.uniform(0, 20):.3f}s after bridge",
            f"{rings}, answer, transfer to {chance.choice(PHONES)} {chance.uniform(0, 5):.3f}s after bridge, "
            "hang up after 90s",
            "ring 300s, busy",
        ]
    )


def _faults(chance: random.Random, seed: int) -> Faults | None:
    if chance.random() < 0.3:
        return None
    return Faults(
        seed=seed,
        delay=chance.choice([0, 0.05, 0.5]),
        jitter=chance.choice([0, 0.01, 0.3]),
        duplicate=chance.choice([0, 0.1, 0.5]),
        lose_jobs=chance.random() < 0.3,
        drop_at=chance.uniform(0, 60) if chance.random() < 0.15 else None,
    )


@pytest.mark.parametrize("seed", range(16))
async def test_anything(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    phones = {number: _phone(chance) for number in PHONES}
    with capture_logs() as logs:
        async with scene(tmp_path, _faults(chance, seed), 100, phones) as stage:
            calls = []
            for _ in range(5):
                calls.append(stage.call(_caller(chance), chance.choice(CALLERS)))
                await asyncio.sleep(chance.uniform(0, 5))
            async with asyncio.timeout(3600):
                for call in calls:
                    await call.ended
                await stage.service.live.emptied()
            await asyncio.sleep(120)
            assert stage.switch.channels == {}
    assert [line for line in logs if line["event"] in BUGS] == []
    assert len(stage.watch.outcomes) >= len([call for call in calls if not call.fell_through])
    assert all(states[-1] == "ended" for states in stage.watch.states.values())
