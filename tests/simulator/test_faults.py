"""What can go wrong on the way from the switch to the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_fsm.simulator import Faults

from .service import Client, Stage, write_wav

pytestmark = pytest.mark.virtual
CALLER, NUMBER = "79161234567", "78001234567"
PHONES = {str(n): "ring, busy" for n in range(5)}


async def ring_all(client: Client) -> None:
    """Originate to all phones, and wait until they have failed."""
    for number in PHONES:
        await client.originate(number, f"leg{number}")
    await client.execute("playback", "silence_stream://3000")
    await client.execute("hangup")
    await client.gone()


def order(client: Client) -> list[tuple[str, str]]:
    events = [f.headers for f in client.frames if f.headers.get("Content-Type") == "text/event-plain"]
    return [(h.get("Unique-ID", ""), h["Event-Name"]) for h in events]


async def test_the_connection_is_cut_after_so_many_frames() -> None:
    async with Stage(faults=Faults(drop_after=4), services=2) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("answer")
        await client.gone()
        assert len(client.frames) == 4


async def test_the_connection_is_cut_at_a_time(tmp_path: Path) -> None:
    async with Stage(faults=Faults(drop_at=2.0, connection=1), services=2) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("playback", write_wav(tmp_path / "FW1.wav", 5))
        await client.gone()
        heir = await stage.session(1)
        await heir.execute("playback", write_wav(tmp_path / "FW2.wav", 5))
        await heir.event("PLAYBACK_STOP")
        assert [heard.whole for heard in call.heard] == [True, True]


async def test_jitter_reorders_channels_but_never_one_channel() -> None:
    async with Stage(PHONES) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await ring_all(client)
        quiet = order(client)
    async with Stage(PHONES, faults=Faults(seed=3, jitter=0.3)) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await ring_all(client)
        shaken = order(client)
    assert shaken != quiet
    assert sorted(shaken) == sorted(quiet)
    for leg in {leg for leg, _ in quiet} - {""}:
        assert [e for e in shaken if e[0] == leg] == [e for e in quiet if e[0] == leg]


async def test_the_same_seed_shakes_alike() -> None:
    seen = []
    for _ in range(2):
        async with Stage(PHONES, faults=Faults(seed=3, jitter=0.3, duplicate=0.3)) as stage:
            stage.switch.call(CALLER, NUMBER)
            client = await stage.session()
            await ring_all(client)
            seen.append(order(client))
    assert seen[0] == seen[1]
    assert len(seen[0]) > len(set(seen[0]))


async def test_events_come_late() -> None:
    async with Stage(faults=Faults(delay=0.5)) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("answer")
        answer = await client.event("CHANNEL_ANSWER")
        assert call.answered_at is not None
        assert answer.t - call.answered_at == pytest.approx(0.5)


async def test_jobs_get_lost() -> None:
    async with Stage(PHONES, faults=Faults(lose_jobs=True)) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await ring_all(client)
        assert "BACKGROUND_JOB" not in client.event_names()
        assert client.event_names().count("CHANNEL_HANGUP_COMPLETE") == len(PHONES) + 1


async def test_garbage_comes_between_frames() -> None:
    async with Stage(faults=Faults(garbage_after=3, garbage=b"\xff\xfe rubbish\n\n")) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.arrival()
        await client.send("connect")
        await client.send("linger 3")
        await client.send("event plain ALL")
        await client.send("noevents")
        types = [frame.headers.get("Content-Type") for frame in client.frames]
        assert types == ["command/reply"] * 3 + [None, "command/reply"]
