"""Target legs: originated, parked, bridged, transferred, released."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr_fsm.simulator import Call, Phone, bridged, hang_up, transfer

from .service import Client, Stage, write_wav

pytestmark = pytest.mark.virtual
CALLER, NUMBER, SHOP, OFFICE = "79161234567", "78001234567", "74951110001", "74951110002"


async def bridge(stage: Stage, client: Client, call: Call, number: str, *, then_hang_up: bool = True) -> None:
    """Answer the call, originate to *number*, and bridge."""
    await client.execute("answer")
    if then_hang_up:
        await client.execute("set", "hangup_after_bridge=true")
    await client.originate(number, "leg")
    await client.event("CHANNEL_PARK", Unique_ID="leg")
    assert await client.api(f"uuid_bridge {call.uuid} leg") == "+OK leg\n"
    await client.event("CHANNEL_BRIDGE")


async def test_a_leg_rings_is_answered_and_parks() -> None:
    async with Stage({SHOP: "ring 2s, answer"}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        assert await client.originate(SHOP, "leg", ivr_call="x") == "+OK Job-UUID: job-leg"
        await client.event("CHANNEL_PARK", Unique_ID="leg")
        assert (await client.event("BACKGROUND_JOB", Job_UUID="job-leg")).body == "+OK leg\n"
        assert client.event_names(Unique_ID="leg") == ["CHANNEL_PROGRESS", "CHANNEL_ANSWER", "CHANNEL_PARK"]
        assert client.frames[-1].headers["variable_ivr_call"] == "x"
        assert stage.phones[SHOP].answered


@pytest.mark.parametrize(
    ("phone", "cause"),
    [
        ("ring 1s, busy", "USER_BUSY"),
        ("reject", "CALL_REJECTED"),
        ("ring", "NO_ANSWER"),
        (Phone(reject=1, cause="NORMAL_TEMPORARY_FAILURE"), "NORMAL_TEMPORARY_FAILURE"),
    ],
)
async def test_a_leg_fails_with_its_cause(phone: Phone | str, cause: str) -> None:
    async with Stage({SHOP: phone}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg", originate_timeout="5")
        assert (await client.event("BACKGROUND_JOB")).body == f"-ERR {cause}\n"
        assert (stage.phones[SHOP].rang, stage.phones[SHOP].cause) == (True, cause)
        assert len(stage.switch.channels) == 1


async def test_a_leg_is_told_what_its_first_and_second_call_meet() -> None:
    async with Stage({SHOP: ["busy", "answer"]}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "one")
        await client.event("BACKGROUND_JOB")
        await client.originate(SHOP, "two")
        assert (await client.event("BACKGROUND_JOB")).body == "+OK two\n"


async def test_a_parked_leg_that_nobody_bridges_is_released() -> None:
    async with Stage({SHOP: "answer"}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg", park_timeout="20")
        parked = await client.event("CHANNEL_PARK", Unique_ID="leg")
        gone = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="leg")
        assert 19 <= gone.t - parked.t <= 20


async def test_a_bridged_leg_outlives_its_park_timeout() -> None:
    async with Stage({SHOP: Phone(answer=0, steps=(hang_up(bridged(60)),))}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("answer")
        await client.originate(SHOP, "leg", park_timeout="3")
        await client.event("CHANNEL_PARK", Unique_ID="leg")
        await client.api(f"uuid_bridge {call.uuid} leg")
        await client.event("CHANNEL_UNBRIDGE")
        (talk,) = call.bridged_to
        assert talk.number == SHOP
        assert talk.stop is not None
        assert round(talk.stop - talk.start) == 60


async def test_a_kill_releases_a_leg_that_does_not_ring_yet() -> None:
    async with Stage({SHOP: Phone(ring=5)}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg")
        await client.api("uuid_kill leg LOSE_RACE")
        assert (await client.event("BACKGROUND_JOB")).body == "-ERR LOSE_RACE\n"
        assert not stage.phones[SHOP].rang
        await client.execute("playback", "silence_stream://9000")
        await client.event("PLAYBACK_STOP")
        assert "CHANNEL_PROGRESS" not in client.event_names()


async def test_when_the_callee_hangs_up_the_caller_is_hung_up_too() -> None:
    async with Stage({SHOP: "answer, hang up 5s after bridge"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await bridge(stage, client, call, SHOP)
        await call.ended
        assert not call.fell_through
        (leg,) = stage.phones[SHOP].legs
        assert leg.bridged_to[0].number == CALLER
        assert not stage.switch.channels


async def test_without_hangup_after_bridge_the_caller_goes_on_in_the_dialplan() -> None:
    async with Stage({SHOP: "answer, hang up 5s after bridge"}, services=2) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await bridge(stage, client, call, SHOP, then_hang_up=False)
        await stage.session(1)
        assert call.connections == 2
        assert not client.closed


async def test_when_the_caller_hangs_up_the_callee_is_hung_up_too() -> None:
    async with Stage({SHOP: "answer"}) as stage:
        call = stage.switch.call(CALLER, NUMBER, "hang up 3s after bridge")
        client = await stage.session()
        await bridge(stage, client, call, SHOP)
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=call.uuid)
        assert stage.phones[SHOP].cause == "NORMAL_CLEARING"
        assert not stage.switch.channels


async def test_both_sides_hanging_up_at_once_end_both_once() -> None:
    async with Stage({SHOP: "answer, hang up 3s after bridge"}) as stage:
        call = stage.switch.call(CALLER, NUMBER, "hang up 3005ms after bridge")
        client = await stage.session()
        await bridge(stage, client, call, SHOP)
        await client.gone()
        for uuid in (call.uuid, "leg"):
            assert client.event_names(Unique_ID=uuid).count("CHANNEL_HANGUP_COMPLETE") == 1
        assert client.event_names().count("CHANNEL_UNBRIDGE") == 1
        assert not stage.switch.channels


async def test_a_bridged_call_survives_its_service() -> None:
    async with Stage({SHOP: "answer, hang up 5s after bridge"}, services=2) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await bridge(stage, client, call, SHOP)
        client.close()
        assert await call.ended == "NORMAL_CLEARING"
        assert call.connections == 1
        assert call.bridged_to[0].stop


async def test_a_caller_can_be_bridged_to_another_leg() -> None:
    async with Stage({SHOP: "answer", OFFICE: "answer"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await bridge(stage, client, call, SHOP)
        await client.originate(OFFICE, "other")
        await client.event("CHANNEL_PARK", Unique_ID="other")
        await client.api(f"uuid_bridge {call.uuid} other")
        await client.event("CHANNEL_BRIDGE", Other_Leg_Unique_ID="other")
        assert [talk.number for talk in call.bridged_to] == [SHOP, OFFICE]
        assert list(stage.switch.channels) == [call.uuid, "other"]


async def test_a_leg_that_dies_before_the_bridge_leaves_the_caller_in_the_socket() -> None:
    async with Stage({SHOP: "answer"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("answer")
        await client.originate(SHOP, "leg")
        await client.event("CHANNEL_PARK", Unique_ID="leg")
        await client.api("uuid_kill leg")
        assert await client.api(f"uuid_bridge {call.uuid} leg") == "+OK leg\n"
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="leg")
        await client.execute("playback", "silence_stream://500")
        await client.event("PLAYBACK_STOP", Unique_ID=call.uuid)
        assert call.bridged_to == []


async def test_the_callee_transfers_the_caller_to_a_second_connection() -> None:
    callee = Phone(answer=0, steps=(transfer(OFFICE, bridged(2)),))
    async with Stage({SHOP: callee}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("set", "force_transfer_context=ivr_transfer")
        await bridge(stage, client, call, SHOP)
        second = await stage.session()
        headers = second.frames[0].headers
        assert headers["Unique-ID"] == call.uuid
        assert headers["Caller-Destination-Number"] == OFFICE
        assert headers["Caller-Context"] == "ivr_transfer"
        assert stage.phones[SHOP].cause == "NORMAL_CLEARING"
        await second.execute("hangup")
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=call.uuid)
        await second.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=call.uuid)


async def test_a_transfer_by_someone_who_talks_to_nobody_is_refused() -> None:
    async with Stage({SHOP: "answer, transfer to 1 after 1s"}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg", park_timeout="5")
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="leg")
        assert stage.switch.refused == [f"transfer to 1 by {SHOP}: it talks to no caller"]


async def test_uuid_transfer_sends_the_caller_through_the_dialplan_again(tmp_path: Path) -> None:
    async with Stage(services=2) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("playback", write_wav(tmp_path / "FW1.wav", 60))
        await client.event("PLAYBACK_START")
        assert await client.api(f"uuid_transfer {call.uuid} 5000 XML other") == "+OK\n"
        again = await stage.session()
        assert again.frames[0].headers["Caller-Destination-Number"] == "5000"
        assert again.frames[0].headers["Caller-Context"] == "other"
        assert call.connections == 2


@pytest.mark.parametrize(("stereo", "channels"), [("true", 2), ("", 1)])
async def test_a_recording_is_as_long_as_it_ran(tmp_path: Path, stereo: str, channels: int) -> None:
    path = tmp_path / "call.wav"
    async with Stage({SHOP: "answer, hang up 60s after bridge"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.api(f"uuid_setvar {call.uuid} RECORD_STEREO {stereo}")
        assert await client.api(f"uuid_record {call.uuid} start {path}") == "+OK Success\n"
        await bridge(stage, client, call, SHOP)
        await call.ended
        stopped = await client.event("RECORD_STOP")
        assert int(stopped.headers["variable_record_seconds"]) == 60
        with wave.open(str(path), "rb") as file:
            assert file.getnchannels() == channels
            assert file.getnframes() // file.getframerate() == 60
            assert file.readframes(file.getnframes()) == bytes(file.getnframes() * 2 * channels)


async def test_a_recording_can_be_stopped_and_needs_no_folder(tmp_path: Path) -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        path = tmp_path / "nowhere" / "call.wav"
        await client.api(f"uuid_record {call.uuid} start {path}")
        await client.event("RECORD_START")
        assert await client.api(f"uuid_record {call.uuid} stop /else.wav") == "-ERR Operation failed\n"
        assert await client.api(f"uuid_record {call.uuid} stop {path}") == "+OK Success\n"
        await client.event("RECORD_STOP")
        assert not path.parent.exists()


@pytest.mark.parametrize(
    "dial_string",
    [
        "sofia/gateway/trunk/1,sofia/gateway/trunk/2 &park()",
        "sofia/gateway/trunk/1|sofia/gateway/trunk/2 &park()",
        "sofia/gateway/trunk/1 &bridge(2)",
        "user/1000 &park()",
        "{a='b,c'}sofia/gateway/trunk/1 &park()",
        "{a}sofia/gateway/trunk/1 &park()",
    ],
)
async def test_what_is_not_simulated_is_refused_loudly(dial_string: str) -> None:
    async with Stage() as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.send(f"bgapi originate {dial_string}")
        assert (await client.event("BACKGROUND_JOB")).body.startswith("-ERR ")
        assert len(stage.switch.refused) == 1


async def test_a_uuid_that_is_in_use_is_refused() -> None:
    async with Stage({SHOP: "ring"}) as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg")
        await client.originate(SHOP, "leg")
        assert (await client.event("BACKGROUND_JOB")).body == "-ERR DESTINATION_OUT_OF_ORDER\n"
        assert len(stage.phones[SHOP].legs) == 1
