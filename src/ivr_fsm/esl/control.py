"""The control connection: api commands outside any call, over an event socket that we open ourselves."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from socket import SOCK_STREAM

import structlog
from gevent.socket import socket as gevent_socket
from greenswitch.esl import NotConnectedError

from ivr_fsm.esl.link import Link
from ivr_fsm.esl.wire import BadCommand, Event, Frame, Reply, api, bgapi, encode

__all__ = ["ControlConnection", "NotConnectedError"]

log = structlog.get_logger(__name__)

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 15.0
_REFUSED_DELAY = 60.0
"""Seconds before another try when the switch does not want us: somebody has to change its configuration."""


class Refused(Exception):
    """FreeSWITCH does not let us in; the message says what to change."""


class ControlLink(Link):
    """A link that begins with a greeting: the switch asks for the password, or sends us away."""

    def __init__(self, sock: gevent_socket, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(sock, loop)
        self.admitted: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[str] = loop.create_future()
        self.on_closed = self._over

    async def log_in(self, password: str) -> None:
        """Wait for the greeting, and give the password.

        Raises:
            Refused: the password is wrong, or our address is not on the switch's list.
            NotConnectedError: the connection ended before that.
        """
        self._password = password
        self.start_event_handlers()
        await self.admitted

    def handle_event(self, frame: Frame) -> None:
        """Handle the frames of the greeting here, and the others as ever."""
        if frame.content_type == "auth/request":
            self.send(f"auth {self._password}", self._answered)
        elif frame.content_type == "text/rude-rejection":
            self._fail(Refused("FreeSWITCH refuses our address (apply-inbound-acl in event_socket.conf)"))
        else:
            super().handle_event(frame)

    def _answered(self, reply: Reply) -> None:
        if not reply.ok:
            self._fail(Refused("FreeSWITCH refuses our password (event_socket.conf)"))
        elif not self.admitted.done():
            self.admitted.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self.admitted.done():
            self.admitted.set_exception(error)

    def _over(self, reason: str) -> None:
        self._fail(NotConnectedError(reason))
        if not self.ended.done():
            self.ended.set_result(reason)


class ControlConnection:
    """Keeps one control connection to FreeSWITCH, and connects again whenever it is lost."""

    def __init__(
        self, host: str, port: int, password: str, *, connect_timeout: float = 5.0, max_waiting: int = 1000
    ) -> None:
        """Prepare to connect.

        Args:
            host: a name or an address.
            port: 8021 as FreeSWITCH ships.
            password: never logged.
            connect_timeout: seconds from the first packet to being let in.
            max_waiting: commands of `send_api` kept while there is no connection; the oldest give way.

        Raises:
            BadCommand: a password with a line break cannot be sent.
        """
        encode(f"auth {password}")
        if "\n" in password:
            raise BadCommand("a line break in the control password")
        self._address = (host, port)
        self._password = password
        self._connect_timeout = connect_timeout
        self._link: ControlLink | None = None
        self._waiting: deque[str] = deque()
        self._max_waiting = max_waiting
        self._asked: set[asyncio.Future[str]] = set()
        self._jobs: dict[str, asyncio.Future[str]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether a command would go out at once."""
        return self._link is not None and not self._link.closed

    def start(self) -> None:
        """Connect, on the running loop, and stay connected until `close`."""
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())

    def close(self) -> None:
        """End the connection, and connect no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def api(self, command: str) -> str:
        """Run an api command and return its output, ``-ERR …`` if it failed.

        Raises:
            NotConnectedError: there is no connection, or it was lost before the answer.
            BadCommand: a line break or a NUL in the command.
        """
        if not self.connected:
            raise NotConnectedError("no control connection")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.add(answer)
        answer.add_done_callback(self._asked.discard)
        self._send(api(command), answer)
        return await answer

    async def job(self, command: str, job: str) -> str:
        """Run an api command in the switch's background and return what came of it, ``-ERR …`` if it failed.

        Args:
            command: what to run.
            job: a UUID that no other job has.

        Raises:
            NotConnectedError: there is no connection, or it was lost before the answer.
            BadCommand: a line break or a NUL in the command.
        """
        if not self.connected:
            raise NotConnectedError("no control connection")
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._jobs[job] = done
        try:
            # Without a filter every job of the switch would be told.
            self._tell(f"filter Job-UUID {job}", "event plain BACKGROUND_JOB")
            self._send(bgapi(command, job), refused=done)
            return await done
        finally:
            del self._jobs[job]
            if self.connected:
                self._tell(*([] if self._jobs else ["noevents"]), f"filter delete Job-UUID {job}")

    def send_api(self, command: str) -> None:
        """Run an api command some time: now, or when there is a connection again.

        Raises:
            BadCommand: a line break or a NUL in the command.
        """
        line = api(command)
        if self.connected:
            self._send(line)
            return
        if len(self._waiting) >= self._max_waiting:
            log.error("command dropped: no control connection for too long", command=self._waiting.popleft())
        self._waiting.append(line)

    def _tell(self, *commands: str) -> None:
        assert self._link is not None
        for command in commands:
            self._link.send(command)

    def _heard(self, event: Event) -> None:
        done = self._jobs.get(event.get("Job-UUID") or "")
        if event.name == "BACKGROUND_JOB" and done is not None and not done.done():
            done.set_result(event.body.strip())

    def _send(
        self,
        line: str,
        answer: asyncio.Future[str] | None = None,
        *,
        refused: asyncio.Future[str] | None = None,
    ) -> None:
        """Send *line*; *answer* gets what the switch replies, *refused* only that it does not take it."""

        def replied(reply: Reply) -> None:
            if refused is not None:
                if not reply.ok and not refused.done():
                    refused.set_result(reply.text)
            elif answer is None:
                log.debug("command run", command=line, answer=reply.text[:200])
            elif not answer.done():
                answer.set_result(reply.text)

        assert self._link is not None
        self._link.send(line, replied)

    async def _stay_connected(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async with asyncio.timeout(self._connect_timeout):
                    link = await self._connect()
                delay = _FIRST_DELAY
                reason = await self._serve(link)
            except Refused as refused:
                delay = _REFUSED_DELAY
                log.error(
                    "control connection refused",
                    to="{}:{}".format(*self._address),
                    reason=str(refused),
                    again_in=delay,
                )
            except (OSError, NotConnectedError) as error:
                # TimeoutError is an OSError.
                log.warning(
                    "no control connection",
                    to="{}:{}".format(*self._address),
                    reason=str(error) or "timed out",
                    again_in=delay,
                )
            else:
                log.warning("control connection lost", reason=reason, again_in=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _connect(self) -> ControlLink:
        loop = asyncio.get_running_loop()
        host, port = self._address
        failure = OSError("no such host")
        for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=SOCK_STREAM):
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                return await self._log_in(gevent_socket(family, kind, protocol, fileno=sock.detach()))
        raise failure

    async def _log_in(self, sock: gevent_socket) -> ControlLink:
        link = ControlLink(sock, asyncio.get_running_loop())
        try:
            await link.log_in(self._password)
        except BaseException:
            link.close("not let in")
            raise
        return link

    async def _serve(self, link: ControlLink) -> str:
        """Send what waited, then keep the connection until it ends; return why it did."""
        log.info("control connection ready", host=self._address[0], port=self._address[1])
        self._link = link
        link.on_event = self._heard
        while self._waiting:
            self._send(self._waiting.popleft())
        try:
            return await link.ended
        finally:
            self._link = None
            link.close("closed here")
            for answer in [each for each in (*self._asked, *self._jobs.values()) if not each.done()]:
                answer.set_exception(NotConnectedError("control connection lost"))
