"""The server that FreeSWITCH brings its calls to."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivr_fsm.esl.link import Link
from ivr_fsm.esl.outbound import EVENTS, OutboundServer
from ivr_fsm.esl.wire import Event

from .conftest import Desk
from .peer import CALLER, Peer, Record, api_frame, channel_frame, event_frame, reply_frame

OpenDesk = Callable[..., Desk]


async def talk(record: Record, peer: Peer) -> None:
    """A command goes out and an event comes in."""
    record.link.send("api status")
    assert await peer.command() == "api status"
    peer.send(api_frame("UP"), event_frame("DTMF", DTMF_Digit="1"))
    assert (await record.event()).get("DTMF-Digit") == "1"


async def test_a_call_comes_with_its_channel_after_the_handshake(open_desk: OpenDesk) -> None:
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    assert await peer.shake_hands() == [
        "connect",
        "linger 3",
        f"filter Unique-ID {CALLER}",
        f"event plain {' '.join(EVENTS)}",
    ]
    record, channel = await desk.calls.get()
    assert channel.name == "CHANNEL_DATA"
    assert channel.get("Unique-ID") == CALLER
    assert channel.get("Caller-Caller-ID-Number") == "+79161234567"
    await talk(record, peer)
    await peer.close()
    assert await record.reason() == "the peer ended it"
    await desk.empty()


async def test_connect_is_sent_without_waiting(open_desk: OpenDesk) -> None:
    """greenswitch looks for connections ten times a second: this loop would never wait that long."""
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    command = asyncio.ensure_future(peer.command())
    for _ in range(50):
        await asyncio.sleep(0)
    assert command.done()
    assert await command == "connect"


async def test_an_event_right_behind_the_handshake_is_not_lost(open_desk: OpenDesk) -> None:
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    await peer.commands(2)
    peer.send(channel_frame(), reply_frame("+OK"), reply_frame("+OK"), reply_frame("+OK"))
    peer.send(event_frame("CHANNEL_HANGUP"))
    record, _ = await desk.calls.get()
    assert (await record.event()).name == "CHANNEL_HANGUP"


@pytest.mark.parametrize(
    "replies",
    [
        [channel_frame("none"), reply_frame("+OK")],
        [channel_frame(""), reply_frame("+OK")],
        [channel_frame(f"{CALLER}%0Aapi fsctl shutdown"), reply_frame("+OK")],
        [reply_frame("+OK"), reply_frame("+OK")],
        [reply_frame("-ERR no"), reply_frame("+OK")],
        [channel_frame(), reply_frame("-ERR not controlling a session")],
        [channel_frame(), reply_frame("+OK"), reply_frame("-ERR no filter")],
        [channel_frame(), reply_frame("+OK"), reply_frame("+OK"), reply_frame("-ERR no events")],
        [b"HTTP/1.1 400 Bad Request\r\n\r\n\n\n"],
        [b""],
    ],
)
async def test_a_handshake_that_fails_ends_the_connection(open_desk: OpenDesk, replies: list[bytes]) -> None:
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    await peer.commands(2)
    peer.send(*replies)
    peer.writer.write_eof()
    with capture_logs() as logs:
        await peer.ended()
        await desk.empty()
        await asyncio.sleep(0)
    assert "connection without a call" in [entry["event"] for entry in logs]
    assert desk.calls.empty()
    assert "fsctl" not in str(logs)


@pytest.mark.virtual
async def test_a_silent_peer_is_given_up(open_desk: OpenDesk) -> None:
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    await peer.ended()
    assert asyncio.get_running_loop().time() == 5
    await desk.empty()


@pytest.mark.virtual
async def test_a_peer_that_drags_the_handshake_out_is_given_up(open_desk: OpenDesk) -> None:
    desk = open_desk()
    peer = await Peer.connect(desk.server.port)
    for frame in (channel_frame(), reply_frame("+OK")):
        await asyncio.sleep(2)
        peer.send(frame)
    await peer.ended()
    assert asyncio.get_running_loop().time() == 5


@pytest.mark.virtual
async def test_the_limit_of_the_handshake_ends_with_it(open_desk: OpenDesk) -> None:
    record, peer = await open_desk().call()
    await asyncio.sleep(3600)
    await talk(record, peer)


async def test_peers_that_connect_and_leave_harm_nobody(open_desk: OpenDesk) -> None:
    desk = open_desk()
    call = await desk.call()
    for number in range(200):
        peer = await Peer.connect(desk.server.port)
        if number % 2:
            peer.abort()
        await peer.close()
    while desk.server.live > 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await talk(*call)
    await talk(*await desk.call())


async def test_one_call_too_many_is_refused_at_once(open_desk: OpenDesk) -> None:
    desk = open_desk(max_connections=2)
    call = await desk.call()
    shaking = await Peer.connect(desk.server.port)
    await shaking.command()
    with capture_logs() as logs:
        refused = await Peer.connect(desk.server.port)
        await refused.ended()
    (entry,) = logs
    assert (entry["log_level"], entry["live"], entry["max_connections"]) == ("warning", 2, 2)
    assert "too many" in entry["event"]
    await talk(*call)
    await shaking.close()
    while desk.server.live == 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await talk(*await desk.call())


async def test_a_call_that_cannot_be_taken_goes_back_to_the_dialplan() -> None:
    def broken(_link: Link, _channel: Event) -> None:
        raise RuntimeError("a fault of ours")

    server = OutboundServer("127.0.0.1", 0, broken)
    server.start()
    with capture_logs() as logs:
        peer = await Peer.connect(server.port)
        await peer.shake_hands()
        await peer.ended()
    assert ("call not taken", "error") in [(entry["event"], entry["log_level"]) for entry in logs]
    server.close()


async def test_a_server_that_stops_accepting_keeps_its_calls(open_desk: OpenDesk) -> None:
    desk = open_desk()
    call = await desk.call()
    port = desk.server.port
    desk.server.stop_accepting()
    desk.server.stop_accepting()
    with pytest.raises(ConnectionRefusedError):
        await Peer.connect(port)
    await talk(*call)
    desk.server.close()
    assert await call[0].reason() == "the service stops"
    await call[1].ended()


async def test_an_address_that_is_taken_is_an_error(open_desk: OpenDesk) -> None:
    port = open_desk().server.port
    with pytest.raises(OSError, match="in use"):
        OutboundServer("127.0.0.1", port, lambda _link, _channel: None).start()


async def test_ipv6() -> None:
    taken: asyncio.Queue[Event] = asyncio.Queue()
    server = OutboundServer("::1", 0, lambda _link, channel: taken.put_nowait(channel))
    try:
        server.start()
    except OSError:
        pytest.skip("no IPv6 here")
    peer = await Peer.connect(server.port, "::1")
    await peer.shake_hands()
    assert (await taken.get()).name == "CHANNEL_DATA"
    server.close()


PIECES = [
    channel_frame(),
    reply_frame("+OK"),
    reply_frame("-ERR"),
    event_frame("CHANNEL_HANGUP"),
    b"Content-Length: 99999999999\n\n",
    b"Content-Type: text/disconnect-notice\n\n",
    b"\n\n",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=60), max_size=12))
async def test_no_peer_disturbs_another_ones_call(open_desk: OpenDesk, pieces: list[bytes]) -> None:
    desk = open_desk()
    call = await desk.call()
    peer = await Peer.connect(desk.server.port)
    for piece in pieces:
        peer.send(piece)
        await asyncio.sleep(0)
    await peer.close()
    while desk.server.live > 1:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await talk(*call)
    desk.server.close()
    await desk.empty()
