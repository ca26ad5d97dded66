"""How Slack reaches us: signed over HTTP, or over a real socket that we open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ivr_fsm.slack import modes as module
from ivr_fsm.slack.bolt import Keys, SlackApp
from ivr_fsm.slack.modes import PATH
from ivr_fsm.slack.people import People
from ivr_fsm.watch.words import Words
from ivr_fsm.web.server import WebServer
from tests.slack.interactions import (
    ANNA,
    APP_TOKEN,
    BOT_TOKEN,
    KEY,
    SECRET,
    FakeCommands,
    FakeDesk,
    Sender,
    Slack,
    Socket,
    command,
    lines,
    press,
    slack,
)

BEAT = 0.2


class Service:
    """The Slack app by itself."""

    def __init__(self, keys: Keys) -> None:
        self.desk = FakeDesk()
        people = People([ANNA], keys.client())
        self.app = SlackApp(keys, self.desk, people, FakeCommands(), Words("ru"), beat=BEAT)  # type: ignore[arg-type]

    async def asked(self, number: int) -> None:
        """Wait until the desk was asked *number* times."""
        async with asyncio.timeout(10):
            while len(self.desk.asked) < number:  # noqa: ASYNC110 - the desk has no event for that
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(keys: Keys) -> AsyncIterator[Service]:
    service = Service(keys)
    await service.app.start()
    try:
        yield service
    finally:
        async with asyncio.timeout(10):
            await service.app.close()


@asynccontextmanager
async def over_http() -> AsyncIterator[tuple[Service, Sender, Slack]]:
    async with slack() as there, running(there.keys(signing_secret=SECRET)) as service:
        server = WebServer("127.0.0.1", 0, service.app.routes())
        await server.start()
        sender = Sender(f"http://127.0.0.1:{server.port}{PATH}")
        yield service, sender, there
        await sender.close()
        await server.close()


@asynccontextmanager
async def over_socket() -> AsyncIterator[tuple[Service, Socket, Slack]]:
    async with slack() as there, running(there.keys(app_token=APP_TOKEN)) as service:
        yield service, await there.connected(), there


async def until_printed(capsys: pytest.CaptureFixture[str], event: str) -> str:
    """Return what was printed up to a line of *event*."""
    printed = ""
    async with asyncio.timeout(10):
        while event not in printed:
            await asyncio.sleep(0.005)
            printed += capsys.readouterr().out
    return printed


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": str(int(time.time()) - 400)},
        {"X-Slack-Request-Timestamp": "yesterday"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "9" * 5000},
    ],
)
async def test_what_slack_has_not_signed_is_refused(
    headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with over_http() as (service, sender, _):
        for _again in range(3):
            status, body = await sender.interact(press(), **headers)
            assert (status, body) == (401, "not signed by Slack\n")
        assert service.desk.asked == []
        printed = capsys.readouterr().out
        # Whoever posts rubbish fills no log.
        assert len(list(lines(printed, "slack request refused"))) == 1
        assert (await sender.interact(press()))[0] == 200
        await service.asked(1)
        await sender.interact(press(), **headers)
    printed += capsys.readouterr().out
    assert len(list(lines(printed, "slack request refused"))) == 2
    assert "Traceback" not in printed
    assert SECRET not in printed


async def test_another_apps_signature_is_refused() -> None:
    async with over_http() as (service, sender, _):
        other = Sender(sender._url, SECRET[::-1])
        assert (await other.interact(press()))[0] == 401
        await other.close()
        assert service.desk.asked == []


async def test_a_body_that_is_no_text_is_refused() -> None:
    async with over_http() as (_, sender, _there):
        assert (await sender.post(b"payload=\xff\xfe"))[0] == 401


async def test_slack_makes_sure_of_the_address() -> None:
    async with over_http() as (_, sender, _there):
        asked = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}
        status, body = await sender.event(asked)
        assert status == 200
        assert "3eZbrw1aB" in body


async def test_events_nobody_asked_for_are_taken_and_left() -> None:
    async with over_http() as (service, sender, _):
        event = {"type": "event_callback", "event": {"type": "message", "text": "x"}, "event_id": "Ev1"}
        assert (await sender.event(event))[0] == 200
        assert service.desk.asked == []


async def test_a_press_over_the_socket() -> None:
    async with over_socket() as (service, socket, _):
        assert service.app.routes() == []
        ack = await socket.send("interactive", press("done"), accepts_response_payload=False)
        assert "payload" not in ack
        await service.desk.answered()
        assert service.desk.asked == [("done", KEY, "Анна")]


async def test_an_envelope_that_is_sent_again_is_acknowledged_again_and_acts_once() -> None:
    async with over_socket() as (service, socket, _):
        envelope = {"type": "interactive", "envelope_id": "e-1", "payload": press()}
        for attempt in range(3):
            await socket.send_again({**envelope, "retry_attempt": attempt, "retry_reason": "timeout"})
        await socket.send("interactive", press("done"))
        await service.asked(2)
        assert [what for what, _, _ in service.desk.asked] == ["stop", "done"]


async def test_a_command_over_the_socket() -> None:
    async with over_socket() as (_, socket, _there):
        ack = await socket.send("slash_commands", command("calls"), accepts_response_payload=True)
        assert ack["payload"]["text"] == "asked: calls"


async def test_when_slack_wants_a_new_socket_it_gets_one(capsys: pytest.CaptureFixture[str]) -> None:
    async with over_socket() as (service, socket, there):
        await socket.send("interactive", press())
        await socket.disconnect()
        second = await there.connected()
        await second.send("interactive", press())
        await service.asked(2)
    printed = capsys.readouterr().out
    assert "cannot be reached" not in printed
    assert len(list(lines(printed, "over=socket"))) == 1


async def test_a_connection_that_breaks_is_made_again() -> None:
    async with over_socket() as (service, socket, there):
        assert socket.socket._req is not None
        assert socket.socket._req.transport is not None
        socket.socket._req.transport.abort()
        await (await there.connected()).send("interactive", press())
        await service.asked(1)


async def test_a_socket_that_is_closed_is_opened_again() -> None:
    async with over_socket() as (service, socket, there):
        await socket.socket.close()
        await (await there.connected()).send("interactive", press())
        await service.asked(1)


async def test_a_press_that_comes_over_two_sockets_acts_once() -> None:
    async with over_socket() as (service, socket, there):
        envelope = {"type": "interactive", "envelope_id": "e-1", "payload": press()}
        await socket.send_again(envelope)
        await socket.disconnect()
        second = await there.connected()
        await second.send_again(envelope)
        await second.send("interactive", press("done"))
        await service.asked(2)
        assert [what for what, _, _ in service.desk.asked] == ["stop", "done"]


async def test_a_slack_that_is_not_there_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    async with slack() as there:
        await there.stop()
        # The same port, where nobody listens until Slack is back.
        again = Slack()
        again.port = there.port
        async with running(there.keys(app_token=APP_TOKEN)) as service:
            printed = await until_printed(capsys, "slack cannot be reached")
            await asyncio.sleep(3 * BEAT)
            await again.start()
            await (await again.connected()).send("interactive", press())
            await service.asked(1)
            printed += await until_printed(capsys, "slack press")
        await again.stop()
    assert len(list(lines(printed, "slack cannot be reached"))) == 1
    assert len(list(lines(printed, "over=socket"))) == 1
    assert "Traceback" not in printed


async def test_a_slack_that_goes_and_comes_back_is_told_once_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with over_socket() as (service, socket, there):
        await socket.send("interactive", press())
        await service.asked(1)
        await there.stop()
        printed = await until_printed(capsys, "slack cannot be reached")
        await asyncio.sleep(3 * BEAT)
        again = Slack()
        again.port = there.port
        await again.start()
        await (await again.connected()).send("interactive", press())
        await service.asked(2)
    await again.stop()
    printed += capsys.readouterr().out
    assert len(list(lines(printed, "slack cannot be reached"))) == 1
    assert len(list(lines(printed, "over=socket"))) == 2
    assert "not understood" not in printed


@pytest.mark.parametrize("broken", [500, {"ok": False, "error": "invalid_auth"}, ["no"], {"ok": True}, {}])
async def test_a_slack_that_refuses_is_asked_again(
    broken: object, capsys: pytest.CaptureFixture[str]
) -> None:
    async with slack() as there:
        there.broken["apps.connections.open"] = broken
        async with running(there.keys(app_token=APP_TOKEN)):
            await there.posted("apps.connections.open", 2)
            there.broken.clear()
            await there.connected()
            printed = await until_printed(capsys, "over=socket")
    assert len(list(lines(printed, "slack cannot be reached"))) == 1
    for secret in (APP_TOKEN, BOT_TOKEN, "Traceback"):
        assert secret not in printed


async def test_an_address_of_no_use_is_not_tried_for_ever(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ADDRESS_LASTS", 0.0)
    async with slack() as there:
        there.broken["apps.connections.open"] = {
            "ok": True,
            "url": f"ws://127.0.0.1:{there.port}/link?ticket=SECRET0&app_id=A01",
        }
        async with running(there.keys(app_token=APP_TOKEN)):
            printed = await until_printed(capsys, "slack cannot be reached")
            there.broken.clear()
            await there.connected()
    assert "SECRET0" not in printed


@pytest.mark.parametrize("when", ["before", "after"])
async def test_the_service_stops_though_slack_is_not_there(when: str) -> None:
    async with slack() as there:
        if when == "before":
            await there.stop()
        async with running(there.keys(app_token=APP_TOKEN)):
            if when == "after":
                await there.connected()
                await there.stop()


async def test_it_may_be_closed_without_having_been_started() -> None:
    await Service(Keys("xoxb-1", "xapp-1")).app.close()


async def test_what_slack_never_sends_over_the_socket(capsys: pytest.CaptureFixture[str]) -> None:
    async with over_socket() as (service, socket, _):
        rubbish: list[Any] = [
            "{",
            "[]",
            "null",
            "x",
            '{"type": []}',
            '{"type": "interactive", "envelope_id": 5, "payload": []}',
            '{"type": "interactive", "envelope_id": {}, "payload": {"actions": 5}}',
            '{"type": "interactive", "envelope_id": "e", "payload": {"type": "block_actions", "user": []}}',
        ]
        await socket.send("interactive", press())
        for each in rubbish:
            await socket.socket.send_str(each)
        await socket.socket.send_bytes(b"\xff\x00")
        await socket.send("interactive", press())
        await service.asked(2)
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert "cannot be reached" not in printed
    assert len(list(lines(printed, "[warning"))) <= len(rubbish)


async def test_without_keys_it_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with slack() as there, running(there.keys()) as service:
        assert list(service.app.routes()) == []
        assert not service.app.may_act
    printed = capsys.readouterr().out
    assert len(list(lines(printed, "slack buttons and commands are off"))) == 1
    assert "IVR_SLACK_APP_TOKEN" in printed


async def test_a_good_bye_that_nobody_answers_holds_up_no_stop() -> None:
    async with slack() as there:
        service = Service(there.keys(app_token=APP_TOKEN))
        await service.app.start()
        socket = await there.connected()
        await socket.send("interactive", press("done"))
        transport = socket.socket._req.transport
        transport.pause_reading()
        async with asyncio.timeout(60):
            await service.app.close()
