"""One connection to FreeSWITCH: greenswitch's protocol, mended.

What greenswitch 0.0.19 has is kept: its state, its greenlet that receives, and the names of its steps
(``receive_events`` → ``handle_event``, ``send``, ``stop``). What it does with bytes, replies and the end of
a connection is replaced; tests/esl shows why, one test for each fault.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET
from typing import NamedTuple, TypeVar

import gevent
import structlog
from gevent import socket
from greenswitch.esl import ESLProtocol

from ivr_fsm.esl.wire import Event, Frame, FrameReader, Limits, Reply, WireError, encode

log = structlog.get_logger(__name__)

_T = TypeVar("_T")

OnReply = Callable[[Reply], None]

_RECEIVE = 64 * 1024
_FRAMES_IN_A_ROW = 16
"""How many frames one peer may have handled before others get their turn."""
# After 30 s of silence the kernel asks three times whether the peer is there; then the connection is gone.
_KEEPALIVE = (("TCP_NODELAY", 1), ("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class _Sent(NamedTuple):
    deadline: float
    on_reply: OnReply | None


class Link(ESLProtocol):  # type: ignore[misc]
    """One connection. Nothing here blocks the caller, and no fault of the peer gets out of it.

    Attributes:
        on_event: called with each event, in the receiving greenlet. It may be replaced at any time.
        on_closed: called once, with the reason, after the last event, from the loop and never from
            within `send` or `close`. Commands without a reply by then will get none.
    """

    def __init__(
        self,
        sock: socket.socket,
        loop: asyncio.AbstractEventLoop,
        *,
        limits: Limits | None = None,
        reply_timeout: float = 10.0,
        max_unsent: int = 1024 * 1024,
    ) -> None:
        """Take over a connected socket.

        Args:
            sock: a gevent socket; it is closed with the link.
            loop: the loop whose clock governs the time-outs.
            limits: what is taken from the peer.
            reply_timeout: seconds after which a command without a reply closes the link.
            max_unsent: bytes that may wait for a peer that does not read.
        """
        super().__init__()
        self.on_event: Callable[[Event], None] = lambda _event: None
        self.on_closed: Callable[[str], None] = lambda _reason: None
        self.sock = sock
        self.connected = True
        self._loop = loop
        self._reader = FrameReader(limits)
        self._commands_sent: deque[_Sent] = deque()
        self._reply_timeout = reply_timeout
        self._reply_timer: asyncio.TimerHandle | None = None
        self._unsent = bytearray()
        self._max_unsent = max_unsent
        self._writer: gevent.Greenlet | None = None
        sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(IPPROTO_TCP, getattr(socket, name), value)

    @property
    def closed(self) -> bool:
        """Whether the connection is over; what is sent then goes nowhere."""
        return not self.connected

    @property
    def lingering(self) -> bool:
        """Whether the channel is gone and the switch only waits for last commands."""
        return bool(self._lingering)

    def start_event_handlers(self) -> None:
        """Start the greenlet that receives; greenswitch's second one, which polls a queue, is not needed."""
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    def send(self, command: str, on_reply: OnReply | None = None) -> None:
        """Send *command* (one of `wire`'s, or a plain line) without waiting; a closed link drops it.

        Args:
            command: without the empty line that ends it.
            on_reply: called with the reply, in the receiving greenlet; replies come in the commands' order.

        Raises:
            BadCommand: *command* would be more than one.
        """
        data = encode(command)
        if self.closed:
            return
        self._commands_sent.append(_Sent(self._loop.time() + self._reply_timeout, on_reply))
        if self._reply_timer is None:
            self._reply_timer = self._loop.call_later(self._reply_timeout, self._check_replies)
        self._write(data)

    def close(self, reason: str = "closed") -> None:
        """End the connection now, and all that waits on it. On a closed link it does nothing."""
        if self.closed:
            return
        self.connected = self._run = False
        if self._reply_timer is not None:
            self._reply_timer.cancel()
        if self._commands_sent:
            log.debug("commands unanswered", reason=reason, commands=len(self._commands_sent))
        self._commands_sent.clear()
        self._unsent.clear()
        self.sock.close()
        if not self._loop.is_closed():
            self._loop.call_soon(lambda: self._guarded(self.on_closed, reason))

    def stop(self) -> None:
        """End the connection; greenswitch's own ``stop`` says ``exit`` and waits for its greenlets."""
        self.close()

    # Receiving

    def receive_events(self) -> None:
        """Read frames and handle them until the connection is over. This is the receiving greenlet."""
        try:
            while data := self.sock.recv(_RECEIVE):
                self._take(data)
                # A peer that always has more to say must not keep the others waiting: recv() alone does
                # not yield as long as there is something to read.
                gevent.sleep(0)
            self.close("cut off within a frame" if self._reader.unfinished else "the peer ended it")
        except WireError as error:
            log.warning("peer does not speak ESL", error=type(error).__name__, reason=str(error))
            self.close(f"not ESL: {error}")
        except OSError as error:
            self.close(f"connection lost: {error}")
        finally:
            self.close("receiver ended")

    def _take(self, data: bytes) -> None:
        for count, frame in enumerate(self._reader.feed(data), start=1):
            self.handle_event(frame)
            if self.closed:
                return
            if count % _FRAMES_IN_A_ROW == 0:
                gevent.sleep(0)

    def handle_event(self, frame: Frame) -> None:
        """Hand one frame to whom it is for."""
        match frame.content_type:
            case "text/event-plain" if frame.event is not None:
                self._guarded(self.on_event, frame.event)
            case "command/reply":
                text = frame.headers.get("Reply-Text") or ""
                self._replied(Reply(text.strip(), frame.event))
            case "api/response":
                self._replied(Reply(frame.body.strip()))
            case "text/disconnect-notice":
                # The first one of a lingering connection only says that the channel is gone (all traces).
                if frame.headers.get("Content-Disposition") == "linger":
                    self._lingering = True
                else:
                    self.close("the switch ended it")
            case other:
                log.debug("frame ignored", content_type=other[:80])

    def _replied(self, reply: Reply) -> None:
        if not self._commands_sent:
            log.warning("reply without a command", text=reply.text[:80])
            return
        on_reply = self._commands_sent.popleft().on_reply
        if on_reply is not None:
            self._guarded(on_reply, reply)

    def _guarded(self, callback: Callable[[_T], None], value: _T) -> None:
        try:
            callback(value)
        except Exception:
            log.exception("callback failed", callback=getattr(callback, "__qualname__", repr(callback)))

    def _check_replies(self) -> None:
        """Close if the oldest command has waited too long. One timer serves all of them."""
        self._reply_timer = None
        if not self._commands_sent:
            return
        deadline = self._commands_sent[0].deadline
        if deadline <= self._loop.time():
            self.close(f"no reply within {self._reply_timeout:g} s")
        else:
            self._reply_timer = self._loop.call_at(deadline, self._check_replies)

    # Sending

    def _write(self, data: bytes) -> None:
        """Send what the kernel takes now; the rest waits for the writer, and all later commands behind it."""
        if not self._unsent:
            try:
                data = data[self.sock.send(data, 0, timeout=0.0) :]
            except BlockingIOError:
                pass
            except OSError as error:
                self.close(f"connection lost: {error}")
                return
        if not data:
            return
        if len(self._unsent) + len(data) > self._max_unsent:
            self.close("the peer does not read")
            return
        self._unsent += data
        if self._writer is None:
            self._writer = gevent.spawn(self._drain)

    def _drain(self) -> None:
        """Send what waits, as the peer reads. This is the writing greenlet; there is one at most."""
        try:
            while self._unsent:
                sent = self.sock.send(bytes(self._unsent[:_RECEIVE]))
                del self._unsent[:sent]
        except OSError as error:
            self.close(f"connection lost: {error}")
        finally:
            self._writer = None
