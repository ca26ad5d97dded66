"""Frames and commands: the traces of a real FreeSWITCH, and bytes that no FreeSWITCH sends."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.esl import wire
from ivr_fsm.esl.wire import Frame, FrameReader, Limits, Reply, WireError

from .peer import api_frame, event_frame, reply_frame

TRACES = sorted((Path(__file__).parent.parent / "traces").glob("*.jsonl"))
NEWLINES = next(trace for trace in TRACES if trace.name.startswith("missing-prompt"))


def received(trace: Path) -> Iterator[str]:
    for line in trace.read_text().splitlines()[1:]:
        frame = json.loads(line)
        if frame["dir"] == "<":
            yield frame["raw"]


def told(frame: Frame) -> tuple[Any, ...]:
    event = frame.event
    return (
        frame.content_type,
        list(frame.headers.items()),
        frame.body,
        event and (event.name, list(event.items()), event.body),
    )


def by_hand(raw: str) -> tuple[list[tuple[str, str]], str]:
    """The headers and the body of an event's frame, read the slow and obvious way."""
    _, _, content = raw.partition("\n\n")
    head, _, body = content.partition("\n\n")
    return [(key, unquote(value)) for key, value in (line.split(": ", 1) for line in head.split("\n"))], body


def parse(data: bytes, limits: Limits | None = None) -> list[tuple[Any, ...]]:
    return [told(frame) for frame in FrameReader(limits).feed(data)]


def parse_byte_by_byte(data: bytes) -> list[tuple[Any, ...]]:
    reader = FrameReader()
    return [told(frame) for byte in data for frame in reader.feed(bytes([byte]))]


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.stem)
def test_a_trace_is_read_the_same_whole_and_byte_by_byte(trace: Path) -> None:
    raws = list(received(trace))
    data = "".join(raws).encode()
    one_by_one = [frame for raw in raws for frame in parse(raw.encode())]
    assert len(one_by_one) == len(raws)
    assert parse(data) == one_by_one
    assert parse_byte_by_byte(data) == one_by_one


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.stem)
def test_every_event_of_a_trace_has_the_headers_and_the_body_that_were_sent(trace: Path) -> None:
    for raw in received(trace):
        (frame,) = FrameReader().feed(raw.encode())
        if frame.content_type == "text/event-plain":
            headers, body = by_hand(raw)
            assert frame.event is not None
            assert list(frame.event.items()) == headers
            assert {name: frame.event.get(name) for name, _ in headers} == dict(headers)
            assert frame.event.body == body


def test_the_traces_hold_what_they_are_said_to_hold() -> None:
    kinds = Counter(
        frame.content_type
        for trace in TRACES
        for raw in received(trace)
        for frame in FrameReader().feed(raw.encode())
    )
    assert kinds == {
        "text/event-plain": 206,
        "command/reply": 135,
        "text/disconnect-notice": 26,
        "api/response": 15,
    }


def test_a_newline_in_a_variable_forges_no_header() -> None:
    """greenswitch decodes first and splits then: here a variable makes it see another Event-Name."""
    events = [
        frame.event
        for raw in received(NEWLINES)
        for frame in FrameReader().feed(raw.encode())
        if frame.event and frame.event.get("variable_evil2")
    ]
    assert len(events) == 8
    for event in events:
        assert event.get("variable_evil") == "a\nEvent-Name: DTMF"
        assert event.get("variable_evil2") == "x\nEvent-Name: CHANNEL_HANGUP"
    assert {event.name for event in events} == {
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
    }


def test_the_body_inside_an_event_is_kept_apart_from_its_headers() -> None:
    raw = next(raw for raw in received(TRACES[0]) if "BACKGROUND_JOB" in raw and "INVALID_GATEWAY" in raw)
    (frame,) = FrameReader().feed(raw.encode())
    assert frame.event is not None
    assert frame.event.body == "-ERR INVALID_GATEWAY\n"
    assert frame.event.get("Content-Length") == "21"
    assert frame.event.get("Job-UUID") == "31597e9d-6c28-4ee5-a9f7-ef1f96d62824"


def test_the_connect_reply_is_channel_data_and_decoded() -> None:
    raw = next(received(NEWLINES))
    (frame,) = FrameReader().feed(raw.encode())
    assert frame.content_type == "command/reply"
    assert frame.headers.get("Reply-Text") == "+OK\n"
    assert frame.event is not None
    assert frame.event.name == "CHANNEL_DATA"
    assert frame.event.get("Unique-ID") == "4b760b55-2b88-4038-b4db-5a2f7281d5f0"
    assert (frame.event.get("variable_switch_r_sdp") or "").startswith("v=0\r\no=- ")


def test_other_replies_are_not_encoded() -> None:
    (frame,) = FrameReader().feed(reply_frame("+OK 100%25 as it is"))
    assert frame.headers.get("Reply-Text") == "+OK 100%25 as it is"
    assert frame.event is None


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    inner = b"Event-Name: DTMF\nvariable_name: caf\xe9 %ff %zz\nContent-Length: 3\n\n\xff\xfeok"
    data = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(inner), inner)
    (frame,) = FrameReader().feed(data)
    assert frame.event is not None
    assert frame.event.get("variable_name") == "caf� � %zz"
    assert frame.event.body == "��o"


def test_a_header_is_found_by_its_whole_name_and_the_first_one_counts() -> None:
    inner = (
        b"X-Event-Name: no\nEvent-Name: DTMF\nEvent-Name: forged\nEvent-Name-Too: no\nno colon\nEmpty: \n\n"
    )
    data = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(inner), inner)
    (frame,) = FrameReader().feed(data)
    event = frame.event
    assert event is not None
    assert event.name == "DTMF"
    assert event.get("Empty") == ""
    assert event.get("Absent") is None
    assert [name for name, _ in event.items()] == [
        "X-Event-Name", "Event-Name", "Event-Name", "Event-Name-Too", "Empty",
    ]  # fmt: skip


SMALL = Limits(header_bytes=200, header_lines=8, body_bytes=300)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"A: b\n\n", wire.NoContentType),
        (b"\n\n", wire.NoContentType),
        (b"Content-Type: \n\n", wire.NoContentType),
        (b"Content-Type: x\nContent-Length: -1\n\n", wire.BadContentLength),
        (b"Content-Type: x\nContent-Length: 0x10\n\n", wire.BadContentLength),
        (b"Content-Type: x\nContent-Length: \xd9\xa3\n\n", wire.BadContentLength),
        (b"Content-Type: x\nContent-Length: \n\n", wire.BadContentLength),
        (b"Content-Type: x\nContent-Length: " + b"9" * 100 + b"\n\n", wire.BadContentLength),
        (b"Content-Type: x\nContent-Length: 301\n\n", wire.BodyTooLong),
        (b"a" * 202, wire.HeadersTooLong),
        (b"a" * 201 + b"\n\n", wire.HeadersTooLong),
        (b"A: b\n" * 8 + b"Content-Type: x\n\n", wire.TooManyHeaders),
        (b"Content-Type: text/event-plain\nContent-Length: 54\n\n" + b"A: b\n" * 10 + b"\n\n\n\n",
         wire.TooManyHeaders),
        (b"Content-Type: text/event-plain\nContent-Length: 22\n\nContent-Length: 5\n\n123",
         wire.BadContentLength),
    ],
)  # fmt: skip
def test_what_no_freeswitch_sends_is_a_wire_error_of_its_own(data: bytes, error: type[WireError]) -> None:
    with pytest.raises(error):
        parse(data, SMALL)


def test_what_is_just_within_the_limits_is_taken() -> None:
    head = b"Content-Type: x\nContent-Length: 300\nA: "
    data = head + b"a" * (200 - len(head)) + b"\n\n" + b"b" * 300
    ((content_type, _, body, _),) = parse(data, SMALL)
    assert (content_type, body) == ("x", "b" * 300)


def test_good_frames_before_a_bad_one_are_given_out() -> None:
    reader = FrameReader()
    frames = reader.feed(reply_frame("+OK") + b"rubbish\n\n")
    assert next(frames).content_type == "command/reply"
    with pytest.raises(wire.NoContentType):
        next(frames)


def test_a_reader_knows_whether_a_frame_has_begun() -> None:
    reader = FrameReader()
    assert not reader.unfinished
    for byte in api_frame("+OK\n")[:-1]:
        assert list(reader.feed(bytes([byte]))) == []
        assert reader.unfinished
    assert len(list(reader.feed(b"\n"))) == 1
    assert not reader.unfinished


FRAMES = [
    reply_frame("+OK"),
    api_frame("-ERR é\n"),
    event_frame("DTMF", DTMF_Digit="#"),
    event_frame("BACKGROUND_JOB", "+OK\n"),
    b"Content-Type: x\nContent-Length: 7\n\n",
    b"\n\n",
    b"Content-Length: ",
]
BYTES = st.one_of(
    st.binary(max_size=400), st.lists(st.sampled_from(FRAMES) | st.binary(max_size=9)).map(b"".join)
)


def outcome(data: bytes, sizes: list[int]) -> tuple[list[tuple[Any, ...]], type[WireError] | None]:
    """What comes out of *data* cut into pieces; and never more kept than the limits allow."""
    reader = FrameReader(SMALL)
    frames: list[tuple[Any, ...]] = []
    at = 0
    try:
        for size in [*sizes, len(data)]:
            for frame in reader.feed(data[at : at + size]):
                frames.append(told(frame))
            assert len(reader._buffer) <= max(SMALL.header_bytes + 1, SMALL.body_bytes)
            at += size
    except WireError as error:
        return frames, type(error)
    return frames, None


@given(BYTES, st.lists(st.integers(1, 50)))
def test_any_bytes_give_the_same_in_any_pieces_and_nothing_but_wire_errors(
    data: bytes, sizes: list[int]
) -> None:
    whole = outcome(data, [])
    assert outcome(data, [1] * len(data)) == whole
    assert outcome(data, sizes) == whole


def test_commands_are_written_as_in_the_traces() -> None:
    assert wire.sendmsg("answer") == "sendmsg\ncall-command: execute\nexecute-app-name: answer"
    assert wire.sendmsg("playback", "/p/fw6.wav", uuid="bbf9", event_uuid="whisper") == (
        "sendmsg bbf9\ncall-command: execute\nexecute-app-name: playback\n"
        "Event-UUID: whisper\nexecute-app-arg: /p/fw6.wav"
    )
    assert wire.api("uuid_break 6ac2 all") == "api uuid_break 6ac2 all"
    assert wire.bgapi("originate {}x &park()", "9c1d") == "api bgapi uuid:9c1d originate {}x &park()"
    assert wire.encode("connect") == b"connect\n\n"


def test_the_commands_of_the_traces_can_all_be_written() -> None:
    for trace in TRACES:
        for line in trace.read_text().splitlines()[1:]:
            frame = json.loads(line)
            if frame["dir"] == ">":
                assert wire.encode(frame["raw"].removesuffix("\n\n")) == frame["raw"].encode()


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "\n", "a\n\nexit"])
def test_no_argument_becomes_a_header_or_a_command(bad: str) -> None:
    for build in (
        lambda: wire.api(bad),
        lambda: wire.bgapi(bad, "uuid"),
        lambda: wire.bgapi("status", bad),
        lambda: wire.sendmsg(bad),
        lambda: wire.sendmsg("playback", bad),
        lambda: wire.sendmsg("playback", "x", uuid=bad),
        lambda: wire.sendmsg("playback", "x", event_uuid=bad),
    ):
        with pytest.raises(wire.BadCommand):
            build()


@pytest.mark.parametrize("bad", ["", "\n", "connect\n", "\nconnect", "linger\n\nexit", "a\rb", "a\0b"])
def test_one_command_is_one_command(bad: str) -> None:
    with pytest.raises(wire.BadCommand):
        wire.encode(bad)


@pytest.mark.parametrize(
    ("text", "ok"),
    [("+OK", True), ("", True), ("UP 0 years", True), ("-ERR no", False), ("-USAGE: x", False)],
)
def test_a_reply_is_ok_unless_it_says_otherwise(text: str, ok: bool) -> None:
    assert Reply(text).ok is ok
