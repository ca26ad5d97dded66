"""One connection: what greenswitch 0.0.19 does wrong with it, and what a bad peer can do to it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from socket import IPPROTO_TCP, SO_KEEPALIVE, SO_SNDBUF, SOL_SOCKET, TCP_KEEPIDLE, TCP_NODELAY

import pytest
from greenswitch.esl import ESLProtocol
from structlog.testing import capture_logs

from ivr_fsm.esl import wire
from ivr_fsm.esl.wire import Event, Limits, Reply

from .peer import Peer, Record, api_frame, event_frame, notice_frame, reply_frame

Line = tuple[Record, Peer]
Connect = Callable[..., Awaitable[Line]]


async def still_works(record: Record, peer: Peer) -> None:
    """A command goes out, its reply and an event come in."""
    answered = asyncio.get_running_loop().create_future()
    record.link.send("api status", answered.set_result)
    assert await peer.command() == "api status"
    peer.send(api_frame("UP"), event_frame("DTMF", DTMF_Digit="1"))
    assert await answered == Reply("UP")
    assert (await record.event()).get("DTMF-Digit") == "1"
    assert not record.link.closed


async def test_it_is_greenswitchs_protocol(line: Line) -> None:
    assert isinstance(line[0].link, ESLProtocol)
    await still_works(*line)


async def test_replies_belong_to_commands_in_their_order(line: Line) -> None:
    record, peer = line
    said: list[tuple[str, str]] = []
    for name in ("a", "b", "c"):
        record.link.send(f"api {name}", lambda reply, name=name: said.append((name, reply.text)))
    record.link.send("linger 3")
    assert await peer.commands(4) == ["api a", "api b", "api c", "linger 3"]
    peer.send(api_frame("1\n"), reply_frame("-ERR 2"), api_frame("3"), reply_frame("+OK"))
    await still_works(record, peer)
    assert said == [("a", "1"), ("b", "-ERR 2"), ("c", "3")]


async def test_two_playbacks_in_a_row_are_told_apart(line: Line) -> None:
    """greenswitch waits for the application by its name; Event-UUID says which of two it was."""
    record, peer = line
    for token in ("first", "second"):
        record.link.send(wire.sendmsg("playback", "fw1.wav", event_uuid=token))
    tokens = [command.split("Event-UUID: ")[1].split("\n")[0] for command in await peer.commands(2)]
    peer.send(reply_frame("+OK"), reply_frame("+OK"))
    for token in tokens:
        peer.send(event_frame("CHANNEL_EXECUTE_COMPLETE", Application="playback", Application_UUID=token))
    assert [(await record.event()).get("Application-UUID") for _ in range(2)] == ["first", "second"]


async def test_a_reply_that_nobody_asked_for_is_ignored(line: Line) -> None:
    record, peer = line
    with capture_logs() as logs:
        peer.send(reply_frame("+OK what?"), api_frame("what?"), event_frame("CHANNEL_PARK"))
        await record.event()
        await still_works(record, peer)
    assert [entry["event"] for entry in logs] == ["reply without a command"] * 2


async def test_frames_of_other_kinds_are_ignored(line: Line) -> None:
    record, peer = line
    peer.send(
        b"Content-Type: log/data\nContent-Length: 5\n\nhello",
        b"Content-Type: text/event-json\nContent-Length: 2\n\n{}",
        b"Content-Type: text/event-plain\n\n",
    )
    assert (await record.event()).name == ""
    await still_works(record, peer)


async def test_bytes_that_are_not_utf8_do_not_end_it(line: Line) -> None:
    record, peer = line
    peer.send(
        b"Content-Length: 30\nContent-Type: text/event-plain\n\nEvent-Name: DTMF\nvar: \xff\xfe ok\n\n\n"
    )
    assert (await record.event()).get("var") == "�� ok"
    await still_works(record, peer)


@pytest.mark.parametrize("raises", ["on_event", "on_reply"])
async def test_a_callback_that_raises_is_logged_and_does_not_end_it(line: Line, raises: str) -> None:
    record, peer = line
    good = record.link.on_event

    def bad(_: object) -> None:
        record.link.on_event = good
        raise RuntimeError("a fault of ours")

    with capture_logs() as logs:
        if raises == "on_event":
            record.link.on_event = bad
            peer.send(event_frame("DTMF"))
        else:
            record.link.send("connect", bad)
            await peer.command()
            peer.send(reply_frame("+OK"))
        await still_works(record, peer)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("callback failed", "error")]


async def test_on_closed_that_raises_is_logged(line: Line) -> None:
    record, _ = line
    done = asyncio.Event()

    def bad(_reason: str) -> None:
        done.set()
        raise RuntimeError("a fault of ours")

    record.link.on_closed = bad
    with capture_logs() as logs:
        record.link.close()
        await done.wait()
    assert logs[-1]["event"] == "callback failed"


# Its end


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (b"", "the peer ended it"),
        (event_frame("DTMF")[:-1], "cut off within a frame"),
        (b"Content-Type: api/response\nContent-Length: 5\n\n", "cut off within a frame"),
        (notice_frame("disconnect"), "the switch ended it"),
        (b"Content-Type: text/disconnect-notice\nContent-Length: 3\n\nbye", "the switch ended it"),
    ],
)
async def test_a_peer_that_goes_with_commands_pending(line: Line, last: bytes, reason: str) -> None:
    record, peer = line
    replies: list[Reply] = []
    record.link.send("connect", replies.append)
    await peer.command()
    peer.send(last)
    await peer.close()
    assert await record.reason() == reason
    assert record.link.closed
    record.link.send("api too late", replies.append)
    assert replies == []


async def test_a_peer_that_resets_the_connection(line: Line) -> None:
    record, peer = line
    peer.abort()
    assert (await record.reason()).startswith(("connection lost", "the peer ended it"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"No-Type: x\n\n", "without Content-Type"),
        (b"Content-Type: x\nContent-Length: -5\n\n", "Content-Length"),
        (b"a header without end " * 40, "bytes of headers"),
        (b"Content-Type: x\nContent-Length: 501\n\n", "a body of 501 bytes"),
    ],
)
async def test_a_peer_that_does_not_speak_the_language(connect: Connect, data: bytes, reason: str) -> None:
    record, peer = await connect(limits=Limits(header_bytes=500, body_bytes=500))
    peer.send(event_frame("DTMF", DTMF_Digit="1"), data)
    assert (await record.event()).name == "DTMF"
    assert reason in await record.reason()
    await peer.ended()


async def test_closing_says_so_once_later_and_to_the_peer(line: Line) -> None:
    record, peer = line
    record.link.close("enough")
    record.link.close("again")
    record.link.stop()
    assert record.reasons == []
    assert await record.reason() == "enough"
    await peer.ended()


async def test_closing_from_a_callback_ends_the_events_there(line: Line) -> None:
    record, peer = line
    names: list[str] = []

    def take(event: Event) -> None:
        names.append(event.name)
        record.link.close("enough")

    record.link.on_event = take
    peer.send(event_frame("DTMF"), event_frame("CHANNEL_HANGUP"))
    assert await record.reason() == "enough"
    assert names == ["DTMF"]


async def test_a_lingering_connection_goes_on_until_the_second_notice(line: Line) -> None:
    record, peer = line
    peer.send(event_frame("CHANNEL_HANGUP"), notice_frame("linger"), event_frame("RECORD_STOP"))
    assert [(await record.event()).name for _ in range(2)] == ["CHANNEL_HANGUP", "RECORD_STOP"]
    assert record.link.lingering
    await still_works(record, peer)
    peer.send(notice_frame("disconnect"))
    assert await record.reason() == "the switch ended it"


@pytest.mark.virtual
async def test_a_peer_that_does_not_reply_is_given_up(line: Line) -> None:
    loop = asyncio.get_running_loop()
    record, peer = line
    record.link.send("api first")
    await peer.command()
    await asyncio.sleep(7)
    record.link.send("api second")
    record.link.send("api third")
    await peer.commands(2)
    peer.send(api_frame("1"))
    assert await record.reason() == "no reply within 10 s"
    assert loop.time() == 17


@pytest.mark.virtual
async def test_a_peer_may_be_silent_when_nothing_is_asked(line: Line) -> None:
    record, peer = line
    await still_works(record, peer)
    await asyncio.sleep(3600)
    await still_works(record, peer)


async def test_the_kernel_watches_a_silent_connection_and_sends_at_once(line: Line) -> None:
    sock = line[0].link.sock
    assert sock.getsockopt(SOL_SOCKET, SO_KEEPALIVE)
    assert sock.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE) == 30
    assert sock.getsockopt(IPPROTO_TCP, TCP_NODELAY)


# Much at once

LONG = "x" * 50_000


async def test_a_peer_that_reads_slowly_gets_every_command_whole_and_in_order(connect: Connect) -> None:
    """greenswitch sends once, however little of a command the kernel takes."""
    record, peer = await connect(max_unsent=21 * len(LONG))
    record.link.sock.setsockopt(SOL_SOCKET, SO_SNDBUF, 10_000)
    peer.writer.transport.pause_reading()
    commands = [f"api {number} {LONG}" for number in range(20)]
    for command in commands:
        record.link.send(command)
    peer.writer.transport.resume_reading()
    assert await peer.commands(20) == commands
    peer.send(reply_frame("+OK") * 20)
    await still_works(record, peer)


async def test_a_peer_that_does_not_read_blocks_nobody_and_is_given_up(connect: Connect) -> None:
    record, peer = await connect(max_unsent=20 * len(LONG))
    other = await connect()
    peer.writer.transport.pause_reading()
    sent = 0
    while not record.link.closed:
        record.link.send(f"api {LONG}")
        sent += 1
        if sent == 10:
            await still_works(*other)
    assert await record.reason() == "the peer does not read"
    await still_works(*other)


async def test_a_peer_that_never_stops_leaves_the_others_their_turn(connect: Connect) -> None:
    flooded, flood = await connect(start=False)
    other, quiet = await connect(start=False)
    sock = flood.writer.transport.get_extra_info("socket")
    frame = event_frame("DTMF", DTMF_Digit="1")
    waiting = 0
    try:
        while sock._sock.send(frame) == len(frame):
            waiting += 1
    except BlockingIOError:
        pass
    quiet.send(event_frame("CHANNEL_HANGUP"))
    flooded.link.start_event_handlers()
    other.link.start_event_handlers()
    await other.event()
    assert flooded.events.qsize() < waiting


async def test_it_is_all_one_thread(line: Line) -> None:
    record, peer = line
    threads: list[int] = []
    record.link.on_event = lambda _event: threads.append(threading.get_ident())
    peer.send(event_frame("DTMF"))
    while not threads:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert threads == [threading.get_ident()]
