"""The event socket's frames and commands as bytes: no sockets here, and nothing but `WireError` gets out.

A frame is a header block, an empty line, and ``Content-Length`` bytes of body. The body of an event's frame
is itself a header block, with a body of its own if it says so (``BACKGROUND_JOB``). The values of an event's
headers, and of the ``connect`` reply, are percent-encoded; those of other frames are not (all traces).
Lines are told apart before anything is decoded, so a value cannot forge a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes


class WireError(Exception):
    """The peer does not speak the event socket's language; nothing after this can be understood."""


class HeadersTooLong(WireError):
    """A header block without an end, or a longer one than we take."""


class TooManyHeaders(WireError):
    """More lines in a header block than we take."""


class NoContentType(WireError):
    """A frame that does not say what it is."""


class BadContentLength(WireError):
    """A Content-Length that is no number, negative, or more than there is."""


class BodyTooLong(WireError):
    """A Content-Length beyond what we take."""


class BadCommand(ValueError):
    """An argument that would become a command or a header of its own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What we take from a peer; the events of the traces have 2–9 KB in 60–200 headers."""

    header_bytes: int = 256 * 1024
    header_lines: int = 4096
    body_bytes: int = 4 * 1024 * 1024


class Headers:
    """A header block as it came. A header is looked for and decoded when it is asked for, never before."""

    __slots__ = ("_block", "_encoded")

    def __init__(self, block: bytes, *, encoded: bool) -> None:
        self._block = b"\n" + block + b"\n"
        self._encoded = encoded

    def get(self, header: str) -> str | None:
        """Return the value of *header* (its case as FreeSWITCH writes it), decoded; the first one counts."""
        value = self.raw(header.encode())
        return None if value is None else self._decode(value)

    def raw(self, header: bytes) -> bytes | None:
        """Return the value of *header* as it was sent."""
        line = b"\n" + header + b":"
        start = self._block.find(line)
        if start < 0:
            return None
        start += len(line)
        return self._block[start : self._block.index(b"\n", start)].strip(b" ")

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield every header with its value, decoded. A line without a colon is no header."""
        for line in self._block.split(b"\n"):
            name, colon, value = line.partition(b":")
            if colon:
                yield name.decode("utf-8", "replace"), self._decode(value.strip(b" "))

    def _decode(self, value: bytes) -> str:
        if self._encoded and b"%" in value:
            value = unquote_to_bytes(value)
        return value.decode("utf-8", "replace")


class Event(Headers):
    """An event of a channel or a job, or the channel's data in the ``connect`` reply."""

    __slots__ = ("body",)

    body: str
    """What came below the headers, such as the result of a background job; empty if nothing did."""

    def __init__(self, block: bytes, body: str = "") -> None:
        super().__init__(block, encoded=True)
        self.body = body

    @property
    def name(self) -> str:
        """The Event-Name."""
        return self.get("Event-Name") or ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: an event, a reply, or a notice."""

    content_type: str
    headers: Headers
    body: str
    event: Event | None = None
    """The event of a ``text/event-plain`` frame, the channel's data of a ``connect`` reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command: its Reply-Text, or the body of an ``api/response``."""

    text: str
    event: Event | None = None
    """The channel's data, if the command was ``connect``."""

    @property
    def ok(self) -> bool:
        """Whether the switch took the command (which, for ``sendmsg``, is all that it says)."""
        return not self.text.startswith(("-ERR", "-USAGE"))


class FrameReader:
    """Bytes in, frames out. It holds one unfinished frame at most, within *limits*."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._buffer = bytearray()
        self._searched = 0
        self._head: Headers | None = None
        self._body_length = 0

    @property
    def unfinished(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._buffer) or self._head is not None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take *data*, in pieces of any size; yield the frames that are complete now.

        Raises:
            WireError: while iterating, after all the good frames. The reader is of no use any more.
        """
        self._buffer += data
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        while True:
            if self._head is None:
                self._head = self._take_head()
            if self._head is None or len(self._buffer) < self._body_length:
                return
            body = bytes(self._buffer[: self._body_length])
            del self._buffer[: self._body_length]
            head, self._head = self._head, None
            yield self._frame(head, body)

    def _take_head(self) -> Headers | None:
        """Cut the next header block off the buffer, or return None as long as its end is not there."""
        end = self._buffer.find(b"\n\n", self._searched)
        if (len(self._buffer) - 1 if end < 0 else end) > self._limits.header_bytes:
            raise HeadersTooLong(f"more than {self._limits.header_bytes} bytes of headers")
        if end < 0:
            self._searched = max(0, len(self._buffer) - 1)
            return None
        block = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        self._count(block)
        # Only the connect reply has an Event-Name here, and only its values are encoded.
        head = Event(block) if block.startswith(b"Event-Name:") else Headers(block, encoded=False)
        self._body_length = _content_length(head)
        if self._body_length > self._limits.body_bytes:
            raise BodyTooLong(f"a body of {self._body_length} bytes")
        return head

    def _frame(self, head: Headers, body: bytes) -> Frame:
        content_type = head.get("Content-Type")
        if not content_type:
            raise NoContentType("a frame without Content-Type")
        if content_type == "text/event-plain":
            return Frame(content_type, head, "", self._event(body))
        event = head if isinstance(head, Event) else None
        return Frame(content_type, head, body.decode("utf-8", "replace"), event)

    def _event(self, content: bytes) -> Event:
        end = content.find(b"\n\n")
        block, rest = (content, b"") if end < 0 else (content[:end], content[end + 2 :])
        self._count(block)
        event = Event(block)
        length = _content_length(event)
        if length > len(rest):
            raise BadContentLength(f"an event's body of {length} bytes in {len(rest)}")
        event.body = rest[:length].decode("utf-8", "replace")
        return event

    def _count(self, block: bytes) -> None:
        if block.count(b"\n") >= self._limits.header_lines:
            raise TooManyHeaders(f"more than {self._limits.header_lines} headers")


def _content_length(headers: Headers) -> int:
    value = headers.raw(b"Content-Length")
    if value is None:
        return 0
    if not value.isdigit() or len(value) > 18:
        raise BadContentLength(f"Content-Length {value[:40]!r}")
    return int(value)


def encode(command: str) -> bytes:
    """Return *command*, headers and all, as it goes over the wire.

    Raises:
        BadCommand: it is empty, or holds an empty line, a carriage return or a NUL.
    """
    if not command or command[0] == "\n" or command[-1] == "\n" or "\n\n" in command:
        raise BadCommand("an empty line in a command")
    if "\r" in command or "\0" in command:
        raise BadCommand("a control character in a command")
    return command.encode() + b"\n\n"


def sendmsg(
    application: str,
    argument: str = "",
    *,
    uuid: str | None = None,
    event_uuid: str | None = None,
    in_turn: bool = False,
) -> str:
    """Return the command that runs a dialplan application on the connection's channel, or on channel *uuid*.

    Args:
        application: such as ``playback``.
        argument: what the application gets; empty: nothing.
        uuid: another channel than the connection's own.
        event_uuid: comes back as ``Application-UUID`` on the application's ``CHANNEL_EXECUTE_COMPLETE``.
        in_turn: it waits until what runs is over (``event-lock``). Without this FreeSWITCH runs it inside
            what runs: a second prompt falls into the first, which then goes on.

    Raises:
        BadCommand: a line break or a NUL in any of them.
    """
    lines = [f"sendmsg {_one_line(uuid)}" if uuid else "sendmsg", "call-command: execute"]
    lines.append(f"execute-app-name: {_one_line(application)}")
    if event_uuid:
        lines.append(f"Event-UUID: {_one_line(event_uuid)}")
    if in_turn:
        lines.append("event-lock: true")
    if argument:
        lines.append(f"execute-app-arg: {_one_line(argument)}")
    return "\n".join(lines)


def api(command: str) -> str:
    """Return the command that runs *command* and answers with its output.

    Raises:
        BadCommand: a line break or a NUL in it.
    """
    return f"api {_one_line(command)}"


def bgapi(command: str, job_uuid: str) -> str:
    """Return the command that runs *command* in the background; ``BACKGROUND_JOB`` *job_uuid* tells its end.

    It is mod_commands' ``bgapi``, not the event socket's own: that one keeps the channel of a lost connection
    in the dead ``socket`` application until the job is over, in silence, up to an originate's ring limit.

    Raises:
        BadCommand: a line break or a NUL in either.
    """
    return api(f"bgapi uuid:{job_uuid} {command}")


def _one_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise BadCommand(f"a line break or a NUL in {text[:80]!r}")
    return text
