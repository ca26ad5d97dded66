"""The control connection, against a FreeSWITCH played by the test; its waits pass on the virtual clock."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr_fsm.esl import control
from ivr_fsm.esl.control import ControlConnection, NotConnectedError
from ivr_fsm.esl.wire import BadCommand

from .peer import Peer, api_frame, reply_frame

pytestmark = pytest.mark.virtual

PASSWORD = "Clue Con"
ASK = b"Content-Type: auth/request\n\n"
RUDE = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"

Greet = Callable[[Peer], Awaitable[None]]


class Switch:
    """FreeSWITCH's control port: *greet* plays the beginning, `admitted` has those that got in."""

    def __init__(self, greet: Greet | None = None) -> None:
        self.greet = greet or self.let_in
        self.times: list[float] = []
        self.admitted: asyncio.Queue[Peer] = asyncio.Queue()
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def let_in(self, peer: Peer) -> None:
        peer.send(ASK)
        assert await peer.command() == f"auth {PASSWORD}"
        peer.send(reply_frame("+OK accepted"))
        self.admitted.put_nowait(peer)

    def came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.times.append(asyncio.get_running_loop().time())
        task = asyncio.ensure_future(self.greet(Peer(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def connection(switch: Switch, **options: Any) -> AsyncIterator[ControlConnection]:
    server = await asyncio.start_server(switch.came, "127.0.0.1", 0)
    switch.port = server.sockets[0].getsockname()[1]
    opened = ControlConnection("127.0.0.1", switch.port, PASSWORD, **options)
    opened.start()
    try:
        yield opened
    finally:
        opened.close()
        await Peer.close_all()
        server.close()
        await server.wait_closed()


async def answer(peer: Peer, text: str) -> str:
    command = await peer.command()
    peer.send(api_frame(text))
    return command


async def test_it_logs_in_and_runs_commands() -> None:
    switch = Switch()
    async with connection(switch) as opened:
        peer = await switch.admitted.get()
        asked = asyncio.create_task(answer(peer, "+OK\n"))
        while not opened.connected:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert await opened.api("uuid_kill 6ac2 ORIGINATOR_CANCEL") == "+OK"
        assert await asked == "api uuid_kill 6ac2 ORIGINATOR_CANCEL"
    assert not opened.connected


async def test_commands_sent_before_there_is_a_connection_go_out_when_there_is() -> None:
    switch = Switch()
    async with connection(switch, max_waiting=2) as opened:
        with capture_logs() as logs:
            for number in range(3):
                opened.send_api(f"uuid_kill {number}")
        assert [(entry["event"], entry["command"]) for entry in logs] == [
            ("command dropped: no control connection for too long", "api uuid_kill 0")
        ]
        peer = await switch.admitted.get()
        assert await peer.commands(2) == ["api uuid_kill 1", "api uuid_kill 2"]
        opened.send_api("uuid_kill 3")
        assert await peer.command() == "api uuid_kill 3"


async def test_it_connects_again_later_and_later() -> None:
    async def leave(peer: Peer) -> None:
        await peer.close()

    switch = Switch(leave)
    async with connection(switch):
        await asyncio.sleep(60)
    assert switch.times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5]


async def test_it_connects_again_soon_after_a_connection_that_worked() -> None:
    switch = Switch()
    async with connection(switch) as opened:
        for _ in range(3):
            peer = await switch.admitted.get()
            await asyncio.sleep(100)
            assert opened.connected
            await peer.close()
        await switch.admitted.get()
    assert switch.times == [0, 100.5, 201, 301.5]


async def test_a_port_nobody_listens_at_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    opened = ControlConnection("127.0.0.1", port, PASSWORD)
    with capture_logs() as logs:
        opened.start()
        await asyncio.sleep(10)
        assert not opened.connected
        opened.close()
    assert [entry["again_in"] for entry in logs] == [0.5, 1, 2, 4, 8]
    assert {entry["event"] for entry in logs} == {"no control connection"}


async def test_a_switch_that_says_nothing_is_given_up() -> None:
    async def say_nothing(_peer: Peer) -> None:
        pass

    switch = Switch(say_nothing)
    async with connection(switch):
        await asyncio.sleep(7)
    assert switch.times == [0, 5.5]


async def refuse_password(peer: Peer) -> None:
    peer.send(ASK)
    await peer.command()
    peer.send(reply_frame("-ERR invalid"))
    await peer.close()


async def refuse_address(peer: Peer) -> None:
    peer.send(RUDE)
    await peer.close()


@pytest.mark.parametrize(
    ("greet", "what"), [(refuse_password, "password"), (refuse_address, "apply-inbound-acl")]
)
async def test_being_refused_is_said_clearly_and_tried_again_slowly(greet: Greet, what: str) -> None:
    switch = Switch(greet)
    with capture_logs() as logs:
        async with connection(switch) as opened:
            await asyncio.sleep(130)
            assert not opened.connected
    assert switch.times == [0, 60, 120]
    refused = [entry for entry in logs if entry["log_level"] == "error"]
    assert len(refused) == 3
    assert what in refused[0]["reason"]


async def test_the_password_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as logs:
        for greet in (None, refuse_password, refuse_address):
            switch = Switch(greet)
            async with connection(switch) as opened:
                opened.send_api("status")
                await asyncio.sleep(30)
    assert logs
    assert PASSWORD not in str(logs) + caplog.text + repr(vars(control))


async def test_a_command_whose_answer_is_lost_fails() -> None:
    switch = Switch()
    async with connection(switch) as opened:
        with pytest.raises(NotConnectedError):
            await opened.api("status")
        peer = await switch.admitted.get()
        while not opened.connected:  # noqa: ASYNC110
            await asyncio.sleep(0)
        asked = asyncio.create_task(opened.api("status"))
        await peer.command()
        await peer.close()
        with pytest.raises(NotConnectedError):
            await asked


async def test_an_answer_that_nobody_waits_for_any_more_is_harmless() -> None:
    switch = Switch()
    async with connection(switch) as opened:
        peer = await switch.admitted.get()
        while not opened.connected:  # noqa: ASYNC110
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(opened.api("sleepy"), 1)
        peer.send(api_frame("late"))
        asked = asyncio.create_task(opened.api("status"))
        assert await peer.commands(2) == ["api sleepy", "api status"]
        peer.send(api_frame("UP"))
        assert await asked == "UP"


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
async def test_a_command_is_one_line(bad: str) -> None:
    opened = ControlConnection("127.0.0.1", 8021, PASSWORD)
    with pytest.raises(BadCommand):
        opened.send_api(bad)
    with pytest.raises(BadCommand):
        ControlConnection("127.0.0.1", 8021, bad)
