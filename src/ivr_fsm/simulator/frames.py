"""The event socket's text: commands that come in, replies and events that go out (mod_event_socket.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

_GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
# All that switch_url_encode leaves as it is, beside letters, digits and "_.-~".
_SAFE = "!$'()*,/"
_PLAIN = re.compile(rf"[a-zA-Z0-9_.~{re.escape(_SAFE)}-]*")


@dataclass(frozen=True)
class Command:
    """One command of a client: ``sendmsg <uuid>`` and the lines under it.

    Attributes:
        name: first word of the first line.
        argument: the rest of the first line.
        headers: the lines under it by lower-case name, percent-decoded as the switch does.
        body: what ``content-length`` announced, usually nothing.
    """

    name: str
    argument: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


def parse_command(block: str) -> Command:
    """Return the command in *block*, the text up to an empty line."""
    first, *lines = block.strip("\r\n").split("\n")
    name, _, argument = first.strip().partition(" ")
    headers = {}
    for line in lines:
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = unquote(value.strip())
    return Command(name, argument.strip(), headers)


def whole(text: str | None, default: int) -> int:
    """Return the whole number *text*, or *default* when it is none."""
    return int(text) if text and text.isdecimal() and text.isascii() else default


def encode(value: str) -> str:
    """Return *value* percent-encoded as ``switch_url_encode`` does (``DTMF-Digit: %23``, but ``*``)."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe=_SAFE)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {encode(value)}\n" for name, value in headers.items())


def event_frame(headers: Mapping[str, str], body: str = "") -> bytes:
    """Return a ``text/event-plain`` frame; a *body* (``BACKGROUND_JOB``) has its own ``Content-Length``."""
    inner = _lines(headers)
    if body:
        inner += f"Content-Length: {len(body.encode())}\n"
    payload = f"{inner}\n{body}".encode()
    return f"Content-Length: {len(payload)}\nContent-Type: text/event-plain\n\n".encode() + payload


def channel_data_frame(headers: Mapping[str, str]) -> bytes:
    """Return the reply to ``connect``: the channel's data as headers, no body."""
    tail = {"Content-Type": "command/reply", "Reply-Text": "+OK\n", "Socket-Mode": "async", "Control": "full"}
    text = _lines({**headers, **tail})
    return f"{text}\n".encode()


def reply_frame(text: str, **headers: str) -> bytes:
    """Return a ``command/reply``; *headers* follow with ``_`` for ``-`` (``Job_UUID``)."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"Content-Type: command/reply\nReply-Text: {text}\n{more}\n".encode()


def api_frame(body: str) -> bytes:
    """Return an ``api/response``."""
    return f"Content-Type: api/response\nContent-Length: {len(body.encode())}\n\n{body}".encode()


def auth_request_frame() -> bytes:
    """Return what mod_event_socket says first to a control connection."""
    return b"Content-Type: auth/request\n\n"


def linger_frame(uuid: str, channel_name: str, seconds: int) -> bytes:
    """Return the notice that the channel is gone and the socket stays for *seconds* more."""
    return (
        f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {uuid}\n"
        f"Content-Disposition: linger\nChannel-Name: {channel_name}\n"
        f"Linger-Time: {seconds}\nContent-Length: 0\n\n"
    ).encode()


def goodbye_frame(uuid: str | None) -> bytes:
    """Return the last frame of a connection; *uuid* is the channel of a session-bound one."""
    session = f"Controlled-Session-UUID: {uuid}\nContent-Disposition: disconnect\n" if uuid else ""
    head = f"Content-Type: text/disconnect-notice\n{session}Content-Length: {len(_GOODBYE)}\n\n"
    return (head + _GOODBYE).encode()
