"""Whatever a service does, and whenever people hang up: every channel ends once, and none is left."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from ivr_fsm.simulator import Faults

from .service import Client, Stage, write_wav

pytestmark = pytest.mark.virtual
PHONES = {
    "1": "ring 100ms, answer, hang up after 900ms",
    "2": "ring 200ms, answer, hang up 300ms after bridge",
    "3": "ring 300ms, busy",
    "4": "ring",
    "5": "answer, transfer to 6 200ms after bridge",
    "6": "ring 40ms, answer",
}


async def misbehave(client: Client, chance: random.Random, caller: str, prompt: str) -> None:
    """Send commands by chance for some two seconds."""
    legs = [f"leg{n}" for n in range(chance.randint(1, 6))]
    for leg in legs:
        limits = {"originate_timeout": "3", "park_timeout": "2"}
        await client.originate(chance.choice([*PHONES, "999"]), leg, **limits)
    await client.execute("answer")
    everyone = [caller, *legs]
    play = f"execute-app-name: playback\nexecute-app-arg: {prompt}"
    for _ in range(40):
        one, other = chance.choice(everyone), chance.choice(everyone)
        command = chance.choice(
            [
                f"api uuid_bridge {one} {other}",
                f"api uuid_bridge {caller} {other}",
                f"api uuid_break {one} all",
                f"api uuid_kill {other}",
                f"api uuid_transfer {caller} 78001234567",
                f"api uuid_setvar {caller} hangup_after_bridge {chance.choice(['true', 'false'])}",
                f"api uuid_record {one} start {prompt}.rec",
                *[f"sendmsg {one}\ncall-command: execute\n{play}"] * 3,
            ]
        )
        client.post(command)
        await asyncio.sleep(chance.random() * 0.1)


@pytest.mark.parametrize("seed", range(30))
async def test_every_channel_ends_once(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    faults = Faults(seed=seed, drop_at=chance.choice([None, 0.7]), connection=1)
    async with Stage(PHONES, services=2, faults=faults, control_port=0) as stage:
        witness = await stage.control()
        await witness.send("event plain ALL")
        script = chance.choice(["hang up at 2s", "hang up after 800ms", "hang up 150ms after bridge", ""])
        call = stage.switch.call("79161234567", "78001234567", script)
        client = await stage.session()
        prompt = write_wav(tmp_path / "FW8.wav", 0.3)
        await misbehave(client, chance, call.uuid, prompt)
        client.close()
        await asyncio.sleep(10)
        await witness.api(f"uuid_kill {call.uuid}")
        await asyncio.sleep(1)
        assert not stage.switch.channels
        assert call.ended.done()
        check_each_channel(witness)


def check_each_channel(witness: Client) -> None:
    by_channel: dict[str, list[str]] = defaultdict(list)
    jobs: Counter[str] = Counter()
    for frame in witness.frames:
        name = frame.headers.get("Event-Name", "")
        if name == "BACKGROUND_JOB":
            jobs[frame.headers["Job-UUID"]] += 1
        elif name:
            by_channel[frame.headers["Unique-ID"]].append(name)
    assert set(jobs.values()) == {1}
    for names in by_channel.values():
        count = Counter(names)
        assert count["CHANNEL_HANGUP"] == count["CHANNEL_HANGUP_COMPLETE"] == 1
        assert names[-1] == "CHANNEL_HANGUP_COMPLETE"
        assert count["CHANNEL_ANSWER"] <= 1
        for begin, end in (
            ("PLAYBACK_START", "PLAYBACK_STOP"),
            ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"),
            ("RECORD_START", "RECORD_STOP"),
        ):
            pairs = [name for name in names if name in {begin, end}]
            assert pairs == [begin, end] * (len(pairs) // 2)
