"""One event-socket connection: the commands of mod_event_socket."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ivr_fsm.simulator import frames
from ivr_fsm.simulator.api import run_api
from ivr_fsm.simulator.bus import Event
from ivr_fsm.simulator.execute import Execute
from ivr_fsm.simulator.faults import PlainWire
from ivr_fsm.simulator.frames import Command, parse_command, whole
from ivr_fsm.simulator.originate import originate

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel
    from ivr_fsm.simulator.switch import SimulatedSwitch

_JOB = re.compile(r"bgapi uuid:(?P<uuid>[\w-]+) (?P<command>.+)", re.ASCII)


class Connection:
    """A connection to a service (bound to *channel*) or from a client (not bound, must log in first)."""

    def __init__(
        self,
        switch: SimulatedSwitch,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        channel: Channel | None = None,
    ) -> None:
        self._switch = switch
        self._reader = reader
        self._channel = channel
        self._wire = switch.wire(writer) if channel else PlainWire(writer)
        self._logged_in = channel is not None
        self._open = True
        self._linger: int | None = None
        self._subscribed: set[str] = set()
        switch.connections.append(self)
        switch.bus.join(self)

    async def serve(self) -> None:
        """Obey commands until either side closes the connection."""
        if self._channel is None:
            self._wire.send(frames.auth_request_frame())
        try:
            while self._open:
                self._obey(await self._read())
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self._closed()

    async def _read(self) -> Command:
        block = await self._reader.readuntil(b"\n\n")
        command = parse_command(block.decode(errors="replace"))
        length = whole(command.headers.get("content-length"), 0)
        if not length:
            return command
        body = (await self._reader.readexactly(length)).decode(errors="replace")
        return Command(command.name, command.argument, command.headers, body)

    def _closed(self) -> None:
        self._open = False
        self._wire.close()
        self._switch.bus.leave(self)
        self._switch.connections.remove(self)
        if self._channel and self in self._channel.connections:
            self._channel.socket_closed(self)

    def abort(self) -> None:
        """Cut the connection, as a network does."""
        self._wire.abort()

    def deliver(self, event: Event) -> None:
        """Send *event*, if it was subscribed to."""
        if self._open and (event.name in self._subscribed or "ALL" in self._subscribed):
            self._wire.send_event(event)

    def session_ended(self) -> None:
        """Note that the channel is gone: say goodbye, now or when the linger time is over."""
        channel = self._channel
        if channel is None or self._linger is None:
            self._say_goodbye()
            return
        self._wire.send(frames.linger_frame(channel.uuid, channel.name, self._linger))
        self._switch.later(self._switch.clock.until_tick(self._linger + 1), self._say_goodbye)

    def _say_goodbye(self) -> None:
        if self._open:
            self._open = False
            self._wire.close(frames.goodbye_frame(self._channel.uuid if self._channel else None))

    # Commands

    def _obey(self, command: Command) -> None:
        handler = _COMMANDS.get(command.name)
        if handler is None or not (self._logged_in or command.name in {"auth", "exit"}):
            self._reply("-ERR command not found")
        else:
            handler(self, command)

    def _reply(self, text: str) -> None:
        self._wire.send(frames.reply_frame(text))

    def _refuse(self, what: str) -> None:
        self._reply(self._switch.refuse(what).strip())

    def _auth(self, command: Command) -> None:
        self._logged_in = command.argument == self._switch.password
        if self._logged_in:
            self._reply("+OK accepted")
        else:
            self._reply("-ERR invalid")
            self._say_goodbye()

    def _connect(self, command: Command) -> None:  # noqa: ARG002
        if self._channel is None:
            self._reply("-ERR command not found")
            return
        self._wire.send(frames.channel_data_frame({"Event-Name": "CHANNEL_DATA"} | self._channel.data()))
        self._switch.later(self._switch.latency.park, self._channel.report_park)

    def _event(self, command: Command) -> None:
        form, _, listed = command.argument.partition(" ")
        names = listed.split()
        if form != "plain" or not names:
            self._refuse(f"event {command.argument}: only 'event plain <names>' is done")
            return
        self._subscribed.update(names)
        self._reply("+OK event listener enabled plain")

    def _nixevent(self, command: Command) -> None:
        self._subscribed.difference_update(command.argument.split())
        self._reply("+OK events nixed")

    def _noevents(self, command: Command) -> None:  # noqa: ARG002
        self._subscribed.clear()
        self._reply("+OK no longer listening for events")

    def _filter(self, command: Command) -> None:
        name, _, value = command.argument.partition(" ")
        if name == "delete":
            name, _, value = value.partition(" ")
            for rule in self._switch.bus.rules(self, name):
                if value in {"", rule[1]}:
                    self._switch.bus.remove_filter(self, rule)
            self._reply(f"+OK filter deleted. [{name}]=[{value}]")
        elif value:
            self._switch.bus.add_filter(self, (name, value))
            self._reply(f"+OK filter added. [{name}]=[{value}]")
        else:
            self._reply("-ERR invalid syntax")

    def _linger_on(self, command: Command) -> None:
        self._linger = whole(command.argument, 0)
        self._reply(f"+OK will linger {self._linger} seconds" if self._linger else "+OK will linger")

    def _linger_off(self, command: Command) -> None:  # noqa: ARG002
        self._linger = None
        self._reply("+OK will not linger")

    def _exit(self, command: Command) -> None:  # noqa: ARG002
        self._reply("+OK bye")
        self._say_goodbye()

    def _api(self, command: Command) -> None:
        # mod_commands has a bgapi of its own, ``api bgapi uuid:<job> <command>``.
        if job := _JOB.fullmatch(command.argument):
            self._wire.send(frames.api_frame(f"+OK Job-UUID: {job['uuid']}\n"))
            self._run_job(job["uuid"], job["command"])
        else:
            self._wire.send(frames.api_frame(run_api(self._switch, command.argument)))

    def _bgapi(self, command: Command) -> None:
        job = command.headers.get("job-uuid") or self._switch.new_uuid()
        self._wire.send(frames.reply_frame(f"+OK Job-UUID: {job}", Job_UUID=job))
        self._run_job(job, command.argument)

    def _run_job(self, job: str, command: str) -> None:
        name, _, argument = command.partition(" ")
        headers = {"Job-UUID": job, "Job-Command": name, "Job-Command-Arg": argument}
        if self._channel:
            headers["Job-Owner-UUID"] = self._channel.uuid

        def report(result: str) -> None:
            self._switch.emit("BACKGROUND_JOB", headers, result)

        if name == "originate":
            originate(self._switch, argument, report)
        else:
            self._switch.later(self._switch.latency.step, report, run_api(self._switch, command))

    def _sendmsg(self, command: Command) -> None:
        uuid = command.argument or (self._channel.uuid if self._channel else "")
        channel = self._switch.channels.get(uuid)
        if channel is None:
            lingering = self._channel is not None and uuid == self._channel.uuid
            self._reply("+OK" if lingering else f"-ERR invalid session id [{uuid}]")
            return
        if self._execute(channel, command):
            self._reply("+OK")
        else:
            self._refuse(f"sendmsg {command.headers}")

    def _execute(self, channel: Channel, command: Command) -> bool:
        headers = command.headers
        if headers.get("call-command") == "hangup":
            channel.kill(headers.get("hangup-cause", "NORMAL_CLEARING"))
            return True
        if headers.get("call-command") != "execute" or whole(headers.get("loops"), 1) != 1:
            return False
        uuid = headers.get("event-uuid") or self._switch.new_uuid()
        argument = headers.get("execute-app-arg") or command.body
        locked = headers.get("event-lock") == "true"
        channel.player.execute(Execute(headers.get("execute-app-name", ""), argument, uuid, locked))
        return True


_COMMANDS: dict[str, Callable[[Connection, Command], None]] = {
    "api": Connection._api,
    "auth": Connection._auth,
    "bgapi": Connection._bgapi,
    "connect": Connection._connect,
    "event": Connection._event,
    "exit": Connection._exit,
    "filter": Connection._filter,
    "linger": Connection._linger_on,
    "nixevent": Connection._nixevent,
    "noevents": Connection._noevents,
    "nolinger": Connection._linger_off,
    "sendmsg": Connection._sendmsg,
}
