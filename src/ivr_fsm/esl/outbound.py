"""Where FreeSWITCH brings its calls: the dialplan's ``socket <host:port> async full`` connects here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog
from gevent import socket
from gevent.server import StreamServer

from ivr_fsm.esl.link import Link
from ivr_fsm.esl.wire import Event, Reply

log = structlog.get_logger(__name__)

OnCall = Callable[[Link, Event], None]

EVENTS = (
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_PARK",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "CHANNEL_BRIDGE",
    "CHANNEL_HANGUP",
    "BACKGROUND_JOB",
)
"""What a call's connection hears, of the channels and jobs that it has filters for."""

LINGER = 3
"""Seconds that a connection stays after its channel is gone, for the last commands."""

_BACKLOG = 128


class OutboundServer:
    """Accepts calls. One connection is one call: ``on_call(link, channel)`` gets it, ready to use.

    greenswitch's own server is not used: it polls for connections (87 ms from accept to ``connect``), and a
    peer that leaves during ``connect`` ends a greenlet with an error.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_call: OnCall,
        *,
        max_connections: int = 100,
        handshake_timeout: float = 5.0,
    ) -> None:
        """Prepare to listen.

        Args:
            host: an address to listen at, such as ``127.0.0.1`` or ``::1``.
            port: 0 takes any free one; see `port`.
            on_call: called in the connection's greenlet with the caller leg's data. It takes the link over,
                its ``on_event`` and ``on_closed``; if it raises, the call goes back to the dialplan.
            max_connections: connections at the same time, those in the handshake among them.
            handshake_timeout: seconds from accept to ``on_call``.
        """
        self._address = (host, port)
        self._on_call = on_call
        self._max_connections = max_connections
        self._handshake_timeout = handshake_timeout
        self._links: set[Link] = set()
        self._server: StreamServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def port(self) -> int:
        """The port that is listened at, from `start` on."""
        return int(self._server.server_port) if self._server else self._address[1]

    @property
    def listening(self) -> bool:
        """Whether new connections are accepted."""
        return self._server is not None and bool(self._server.started)

    @property
    def live(self) -> int:
        """How many connections there are."""
        return len(self._links)

    def start(self) -> None:
        """Listen, on the running loop.

        Raises:
            OSError: the address cannot be had.
        """
        self._loop = asyncio.get_running_loop()
        self._server = StreamServer(_listener(*self._address), self._accept)
        self._server.start()
        log.info(
            "waiting for calls", host=self._address[0], port=self.port, max_connections=self._max_connections
        )

    def stop_accepting(self) -> None:
        """Refuse new connections, so that the dialplan goes on to its next line; calls stay."""
        if self._server is not None:
            self._server.close()

    def close(self) -> None:
        """Stop accepting, and end every connection; the switch keeps the channels."""
        self.stop_accepting()
        for link in tuple(self._links):
            link.close("the service stops")

    def _accept(self, sock: socket.socket, _address: object) -> None:
        """Serve one connection, in a greenlet of its own. The socket is closed when this returns."""
        if len(self._links) >= self._max_connections:
            log.warning(
                "connection refused: too many", live=len(self._links), max_connections=self._max_connections
            )
            return
        assert self._loop is not None
        link = Link(sock, self._loop)
        self._links.add(link)
        try:
            _Handshake(link, self._loop, self._handshake_timeout, self._on_call)
            link.receive_events()
        finally:
            self._links.discard(link)


def _listener(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


class _Handshake:
    """From ``connect`` to the caller's events, in two round trips, before anybody else gets the link.

    The filter goes before the events: a session-bound socket without one hears every channel of the switch.
    """

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop, timeout: float, on_call: OnCall) -> None:
        self._link = link
        self._on_call = on_call
        self._channel: Event | None = None
        self._limit = loop.call_later(timeout, link.close, f"no handshake within {timeout:g} s")
        link.on_closed = self._failed
        link.send("connect", self._connected)
        link.send(f"linger {LINGER}", self._must_be_ok)

    def _connected(self, reply: Reply) -> None:
        channel = reply.event
        try:
            uuid = UUID(channel.get("Unique-ID") or "") if channel else None
        except ValueError:
            uuid = None
        if uuid is None:
            self._link.close("connect was answered without a channel")
            return
        self._channel = channel
        self._link.send(f"filter Unique-ID {uuid}", self._must_be_ok)
        self._link.send(f"event plain {' '.join(EVENTS)}", self._listening)

    def _must_be_ok(self, reply: Reply) -> None:
        if not reply.ok:
            self._link.close(f"handshake refused: {reply.text[:80]}")

    def _listening(self, reply: Reply) -> None:
        self._must_be_ok(reply)
        if self._link.closed or self._channel is None:
            return
        self._limit.cancel()
        self._link.on_closed = lambda reason: log.warning("connection that nobody took ended", reason=reason)
        try:
            self._on_call(self._link, self._channel)
        except Exception:
            log.exception("call not taken")
            self._link.close("call not taken")

    def _failed(self, reason: str) -> None:
        self._limit.cancel()
        log.info("connection without a call", reason=reason)
