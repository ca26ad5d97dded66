"""The commands of mod_event_socket, on the control port and on a call's connection."""

from __future__ import annotations

import pytest

from .service import Stage

pytestmark = pytest.mark.virtual
CALLER, NUMBER, SHOP = "79161234567", "78001234567", "74951110001"


async def test_a_client_must_log_in() -> None:
    async with Stage(control_port=0) as stage:
        client = await stage.knock()
        assert await client.send("api status") == "-ERR command not found"
        assert await client.send("auth wrong") == "-ERR invalid"
        await client.gone()
        assert client.frames[-1].headers["Content-Type"] == "text/disconnect-notice"


async def test_a_client_that_is_bound_to_no_channel_cannot_connect_to_one() -> None:
    async with Stage(control_port=0) as stage:
        control = await stage.control()
        assert await control.send("connect") == "-ERR command not found"
        assert await control.send("sendmsg") == "-ERR invalid session id []"


async def test_a_switch_without_a_control_port_has_none() -> None:
    async with Stage() as stage:
        with pytest.raises(RuntimeError, match="without a control port"):
            _ = stage.switch.control_port


async def test_api_answers() -> None:
    async with Stage({SHOP: "answer"}, control_port=0) as stage:
        control = await stage.control()
        call = stage.switch.call(CALLER, NUMBER)
        assert await control.api("show channels count") == "\n1 total.\n"
        assert (await control.api("status")).startswith("UP ")
        assert len(await control.api("create_uuid")) == 36
        assert await control.api(f"uuid_exists {call.uuid}") == "true"
        assert await control.api("uuid_exists gone") == "false"
        assert await control.api("nosuch x") == "-ERR nosuch Command not found!\n"
        assert await control.api(f"uuid_setvar {call.uuid}") == "-USAGE: <uuid> <var> [value]\n"
        for command in (
            "uuid_break",
            "uuid_kill",
            "uuid_setvar x a",
            "uuid_getvar",
            "uuid_transfer gone 1",
        ):
            assert await control.api(command) == "-ERR No such channel!\n"
        assert await control.api("uuid_record gone start /x") == "-ERR Cannot locate session!\n"
        assert await control.api(f"uuid_bridge {call.uuid} {call.uuid}") == "-ERR Invalid uuid\n"
        assert stage.switch.refused == []


@pytest.mark.parametrize(
    "command",
    [
        "show calls",
        "originate sofia/gateway/trunk/1 &park()",
        "uuid_transfer {call} -both 1",
        "uuid_bridge {call} leg",
    ],
)
async def test_api_commands_that_are_not_simulated_are_refused(command: str) -> None:
    async with Stage({SHOP: "ring"}) as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.originate(SHOP, "leg")
        assert (await client.api(command.format(call=call.uuid))).startswith("-ERR not simulated")
        assert len(stage.switch.refused) == 1


async def test_any_api_command_can_be_a_job() -> None:
    async with Stage(control_port=0) as stage:
        control = await stage.control()
        await control.send("event plain BACKGROUND_JOB")
        assert (await control.send("bgapi uuid_exists x")).startswith("+OK Job-UUID: ")
        job = await control.event("BACKGROUND_JOB")
        assert job.body == "false"
        assert "Job-Owner-UUID" not in job.headers


async def test_filters_add_up_and_can_be_taken_back() -> None:
    async with Stage({"1": "ring", "2": "ring"}, control_port=0) as stage:
        stage.switch.call(CALLER, NUMBER)
        client, control = await stage.session(), await stage.control()
        await control.send("event plain CHANNEL_PROGRESS BACKGROUND_JOB CUSTOM sofia::transferor")
        await control.send("filter Unique-ID one")
        await control.send("filter Job-UUID job-two")
        await client.originate("1", "one")
        await client.originate("2", "two")
        await client.event("CHANNEL_PROGRESS", Unique_ID="two")
        await client.api("uuid_kill one")
        await client.api("uuid_kill two")
        await control.event("BACKGROUND_JOB", Job_UUID="job-two")
        assert control.event_names() == ["CHANNEL_PROGRESS", "BACKGROUND_JOB"]
        assert await control.send("filter delete all") == "+OK filter deleted. [all]=[]"
        await client.originate("2", "three")
        await control.event("CHANNEL_PROGRESS", Unique_ID="three")


async def test_without_filters_a_call_hears_of_every_channel_until_it_has_enough() -> None:
    async with Stage({"1": "ring", "2": "ring"}) as stage:
        stage.switch.call(CALLER, NUMBER)
        stage.switch.call("79160000000", NUMBER)
        one, two = await stage.session(), await stage.session()
        await one.originate("1", "leg")
        await two.event("CHANNEL_PROGRESS", Unique_ID="leg")
        assert await two.send("nixevent BACKGROUND_JOB") == "+OK events nixed"
        assert await two.send("noevents") == "+OK no longer listening for events"
        await one.originate("2", "other")
        await one.event("CHANNEL_PROGRESS", Unique_ID="other")
        assert two.event_names(Unique_ID="other") == []


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("event json ALL", "-ERR not simulated: event json ALL"),
        ("event", "-ERR not simulated: event"),
        ("filter Unique-ID", "-ERR invalid syntax"),
        ("linger", "+OK will linger"),
        ("sendmsg gone\ncall-command: execute", "-ERR invalid session id [gone]"),
        ("sendmsg\ncall-command: unicast", "-ERR not simulated: sendmsg"),
        ("sendmsg\ncall-command: execute\nloops: 2", "-ERR not simulated: sendmsg"),
    ],
)
async def test_replies(command: str, reply: str) -> None:
    async with Stage() as stage:
        stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        assert (await client.send(command)).startswith(reply)


async def test_a_message_may_carry_its_argument_as_a_body() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.send("sendmsg\ncall-command: execute\nexecute-app-name: set\ncontent-length: 3\n\na=1")
        await client.event("CHANNEL_EXECUTE_COMPLETE", Application="set")
        assert await client.api(f"uuid_getvar {call.uuid} a") == "1"


async def test_a_message_can_hang_up() -> None:
    async with Stage() as stage:
        call = stage.switch.call(CALLER, NUMBER)
        client = await stage.session()
        await client.send("sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY")
        assert await call.ended == "USER_BUSY"
