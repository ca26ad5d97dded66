"""The caller leg: prompts, digits, the dialplan's socket lines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr_fsm.simulator import Heard, SimulatedSwitch, hang_up, hearing, press, start

from .service import Stage, write_wav

pytestmark = pytest.mark.virtual
CALLER, NUMBER = "79161234567", "78001234567"


async def test_the_connect_reply_is_the_channel() -> None:
    async with Stage() as stage:
        call = stage.switch.call("+7 916", NUMBER, name="Иван")
        client = await stage.arrival()
        await client.send("connect")
        headers = client.frames[0].headers
        assert headers["Unique-ID"] == call.uuid
        assert headers["Caller-Caller-ID-Number"] == "%2B7%20916"
        assert headers["Caller-Caller-ID-Name"] == "%D0%98%D0%B2%D0%B0%D0%BD"
        assert headers["Caller-Destination-Number"] == NUMBER
        assert headers["Channel-State"] == "CS_EXECUTE"


async def test_prompts_queue_and_are_heard(tmp_path: Path) -> None:
    first, second = write_wav(tmp_path / "FW1.wav", 3), write_wav(tmp_path / "FW3.wav", 2)
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("answer")
        await client.execute("playback", first)
        await client.execute("playback", second)
        await client.event("PLAYBACK_STOP", Playback_File_Path=first)
        await client.event("PLAYBACK_START", Playback_File_Path=second)
        assert call.hearing == second
        await client.event("PLAYBACK_STOP", Playback_File_Path=second)
        one, two = call.heard
        assert (one.file, one.whole, round(one.stop - one.start, 3)) == (first, True, 3)
        assert two.start >= one.stop
        assert call.hearing is None


async def test_a_break_ends_the_prompt_and_forgets_the_queue(tmp_path: Path) -> None:
    prompt, after = write_wav(tmp_path / "FW1.wav", 30), write_wav(tmp_path / "FW3.wav", 30)
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("playback", prompt)
        await client.execute("playback", prompt)
        await client.event("PLAYBACK_START")
        assert await client.api(f"uuid_break {call.uuid} all") == "+OK\n"
        await client.execute("playback", after)
        await client.event("PLAYBACK_START", Playback_File_Path=after)
        assert [heard.whole for heard in call.heard] == [False]


async def test_a_break_without_all_keeps_the_queue(tmp_path: Path) -> None:
    prompt, after = write_wav(tmp_path / "FW1.wav", 30), write_wav(tmp_path / "FW3.wav", 30)
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("playback", prompt)
        await client.execute("playback", after)
        await client.event("PLAYBACK_START")
        await client.api(f"uuid_break {call.uuid}")
        await client.event("PLAYBACK_START", Playback_File_Path=after)


@pytest.mark.parametrize(
    ("terminators", "digit", "broken"),
    [("", "*", True), ("", "1", False), ("none", "*", False), ("12", "1", True), ("any", "5", True)],
)
async def test_terminators_end_a_prompt(tmp_path: Path, terminators: str, digit: str, broken: bool) -> None:
    prompt = write_wav(tmp_path / "FW3.wav", 5)
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER, [press(digit, hearing("FW3", 1))])
        client = await stage.session()
        if terminators:
            await client.execute("set", f"playback_terminators={terminators}")
        await client.execute("playback", prompt)
        await client.event("DTMF")
        await client.event("PLAYBACK_STOP")
        assert call.pressed == digit
        assert call.heard[0].whole is not broken


async def test_a_caller_presses_several_digits_into_the_second_hearing(tmp_path: Path) -> None:
    prompt = write_wav(tmp_path / "fw3.wav", 2)
    async with Stage() as stage:
        stage.switch.call(CALLER, NUMBER, "press 12 1s into 2nd FW3, hang up on FW9")
        client = await stage.session()
        await client.execute("playback", prompt)
        await client.execute("playback", prompt)
        await client.event("PLAYBACK_STOP")
        assert "DTMF" not in client.event_names()
        assert (await client.event("DTMF")).headers["DTMF-Digit"] == "1"
        assert (await client.event("DTMF")).headers["DTMF-Digit"] == "2"


async def test_what_is_timed_into_a_prompt_dies_with_it(tmp_path: Path) -> None:
    prompt = write_wav(tmp_path / "FW1.wav", 9)
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER, [hang_up(hearing("FW1", 5)), press("7", start(20))])
        client = await stage.session()
        await client.execute("playback", prompt)
        await client.event("PLAYBACK_START")
        await client.api(f"uuid_break {call.uuid} all")
        await client.event("DTMF")
        assert call.cause is None


async def test_a_caller_who_hangs_up_before_the_answer_cancels() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER, "hang up at 1s")
        client = await stage.session()
        assert await call.ended == "ORIGINATOR_CANCEL"
        await client.gone()
        assert not stage.switch.channels


async def test_a_missing_prompt_only_completes(tmp_path: Path) -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("playback", str(tmp_path / "nothing.wav"))
        done = await client.event("CHANNEL_EXECUTE_COMPLETE", Application="playback")
        assert done.headers["Application-Response"] == "FILE%20NOT%20FOUND"
        assert "PLAYBACK_START" not in client.event_names()
        assert call.heard == []


async def test_unset_takes_a_variable_away() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("set", "a=1=2")
        await client.event("CHANNEL_EXECUTE_COMPLETE", Application="set")
        assert await client.api(f"uuid_getvar {call.uuid} a") == "1=2"
        await client.execute("unset", "a")
        await client.event("CHANNEL_EXECUTE_COMPLETE", Application="unset")
        assert await client.api(f"uuid_getvar {call.uuid} a") == "_undef_"


async def test_a_parked_caller_stays() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER, "press 5 at 99s")
        client = await stage.session()
        await client.execute("park")
        await client.event("CHANNEL_PARK")
        await client.event("DTMF")
        assert call.cause is None


async def test_an_application_that_does_not_exist_ends_the_call() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.execute("nosuchapp")
        assert await call.ended == "DESTINATION_OUT_OF_ORDER"


async def test_a_caller_who_is_gone_before_the_service_is_reached_leaves_no_connection() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER, "hang up at 0s")
        await call.ended
        await (await stage.arrival()).gone()
        assert call.connections == 0
        assert stage.switch.connections == []


async def test_without_linger_the_connection_ends_with_the_channel() -> None:
    async with Stage() as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.send("nolinger")
        await client.execute("hangup", "CALL_REJECTED")
        await client.gone()
        assert client.frames[-1].headers["Content-Disposition"] == "disconnect"


async def test_a_refused_socket_leads_to_the_next() -> None:
    async with Stage(services=2) as stage:
        stage.shut(0)
        call = stage.switch.call(CALLER, NUMBER)
        await stage.session(1)
        assert call.connections == 1
        assert not call.fell_through


async def test_a_caller_for_whom_no_service_is_there_falls_through() -> None:
    async with Stage() as stage:
        stage.shut(0)
        call = stage.switch.call(CALLER, NUMBER)
        assert await call.ended == "NORMAL_CLEARING"
        assert call.fell_through
        assert call.connections == 0


async def test_a_lost_socket_lets_the_queue_play_out_then_the_next_service_has_the_variables(
    tmp_path: Path,
) -> None:
    prompt, other = write_wav(tmp_path / "FW1.wav", 4), write_wav(tmp_path / "FW8.wav", 5)
    async with Stage(services=2) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.api(f"uuid_setvar {call.uuid} ivr_snapshot state=menu")
        await client.execute("playback", prompt)
        await client.execute("playback", other)
        await client.event("PLAYBACK_START")
        client.close()
        heir = await stage.session(1)
        assert [(heard.file, heard.whole) for heard in call.heard] == [(prompt, True), (other, True)]
        assert heir.frames[0].headers["variable_ivr_snapshot"] == "state%3Dmenu"


async def test_a_break_hands_a_lost_call_over_at_once(tmp_path: Path) -> None:
    prompt = write_wav(tmp_path / "FW1.wav", 60)
    async with Stage(services=2, control_port=0) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client, control = await stage.session(), await stage.control()
        await client.execute("playback", prompt)
        await client.event("PLAYBACK_START")
        stage.switch.cut(call)
        await client.gone()
        await control.api(f"uuid_break {call.uuid} all")
        await stage.session(1)
        assert [heard.whole for heard in call.heard] == [False]


async def test_an_idle_call_whose_last_service_leaves_falls_through() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        assert await client.send("exit") == "+OK bye"
        await call.ended
        assert call.fell_through


async def test_the_switch_can_be_stopped_while_calls_live(tmp_path: Path) -> None:
    prompt = write_wav(tmp_path / "FW1.wav", 60)
    async with Stage({"1": "ring 9s, answer"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate("1", "leg")
        await client.execute("playback", prompt)
        await client.event("PLAYBACK_START")
    assert await call.ended == "SYSTEM_SHUTDOWN"
    assert not stage.switch.channels
    assert [type(heard) for heard in call.heard] == [Heard]


async def test_seeded_switches_make_the_same_uuids() -> None:
    async with SimulatedSwitch(seed=7) as one, SimulatedSwitch(seed=7) as two, SimulatedSwitch() as other:
        assert one.new_uuid() == two.new_uuid() != other.new_uuid()


async def test_many_calls_live_at_once(tmp_path: Path) -> None:
    prompt = write_wav(tmp_path / "FW1.wav", 5)
    async with Stage() as stage:
        calls = [stage.switch.call(f"7916{n:07}", NUMBER, "hang up after 9s") for n in range(50)]
        for _ in calls:
            client = await stage.session()
            uuid = client.frames[0].headers["Unique-ID"]
            await client.send(f"filter Unique-ID {uuid}")
            await client.execute("answer")
            await client.execute("playback", prompt)
        assert len(stage.switch.channels) == 50
        await asyncio.gather(*(call.ended for call in calls))
        assert not stage.switch.channels
        assert all(call.heard[0].whole for call in calls)
