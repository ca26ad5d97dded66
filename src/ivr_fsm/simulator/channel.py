"""A channel of the switch: its data, what it rests in, its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ivr_fsm.simulator import bridging
from ivr_fsm.simulator.execute import Execute
from ivr_fsm.simulator.observed import Leg
from ivr_fsm.simulator.person import Person
from ivr_fsm.simulator.player import CUT_OFF, PLAYED, Player
from ivr_fsm.simulator.recorder import Recorder
from ivr_fsm.simulator.script import Moment, Step

if TYPE_CHECKING:
    from ivr_fsm.simulator.connection import Connection
    from ivr_fsm.simulator.dialplan import Dialplan
    from ivr_fsm.simulator.switch import SimulatedSwitch


class Channel:
    """One leg inside the switch.

    Args:
        switch: the switch it lives in; the channel registers itself there.
        leg: what its person goes through; names the channel's UUID and numbers.
        inbound: a caller leg from the trunk, else a target leg.
        steps: what its person does.
        variables: channel variables from the start.
        caller_name: display name of who calls; the number by default.
    """

    def __init__(
        self,
        switch: SimulatedSwitch,
        leg: Leg,
        *,
        inbound: bool,
        steps: Sequence[Step] = (),
        variables: Mapping[str, str] | None = None,
        caller_name: str = "",
    ) -> None:
        self.switch = switch
        self.leg = leg
        self.uuid = leg.uuid
        self.inbound = inbound
        self.name = f"sofia/trunk/{leg.caller}@127.0.0.1" if inbound else f"sofia/trunk/{leg.number}"
        self.caller_id = leg.caller
        self.caller_name = caller_name
        self.destination = leg.number
        self.context = "public" if inbound else "default"
        self.transfer_source = ""
        self.state = "CS_EXECUTE" if inbound else "CS_CONSUME_MEDIA"
        self.call_state = "RINGING" if inbound else "DOWN"
        self.cause: str | None = None
        self.response = ""
        self.variables = {"direction": "inbound" if inbound else "outbound", "uuid": self.uuid}
        self.variables |= {"call_uuid": self.uuid, **(variables or {})}
        if inbound:
            self.variables["endpoint_disposition"] = "RECEIVED"
        self.person = Person(self, steps, switch.later, switch.latency.digit_gap)
        self.player = Player(self)
        self.recorder = Recorder(self)
        self.base: Execute | None = None
        self.socket: Connection | None = None
        self.connections: list[Connection] = []
        self.dialplan: Dialplan | None = None
        self.bridge: bridging.Bridge | None = None
        self.other: Channel | None = None
        self.on_end: Callable[[], object] | None = None
        switch.channels[self.uuid] = self

    @property
    def answered(self) -> bool:
        """Whether it was answered."""
        return self.leg.answered_at is not None

    @property
    def alive(self) -> bool:
        """Whether nobody hung it up yet."""
        return self.cause is None

    def set_variable(self, name: str, value: str) -> None:
        """Set the channel variable *name*; an empty *value* removes it."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def headers(self) -> dict[str, str]:
        """Return the channel's data as every event carries it, the variables apart."""
        direction = self.variables["direction"]
        found = {
            "Channel-State": self.state,
            "Channel-Call-State": self.call_state,
            "Channel-Name": self.name,
            "Unique-ID": self.uuid,
            "Call-Direction": direction,
            "Channel-Call-UUID": self.variables["call_uuid"],
            "Answer-State": "hangup" if self.cause else "answered" if self.answered else "ringing",
            "Hangup-Cause": self.cause or "",
            "Caller-Direction": direction,
            "Caller-Caller-ID-Name": self.caller_name or self.caller_id,
            "Caller-Caller-ID-Number": self.caller_id,
            "Caller-ANI": self.leg.caller,
            "Caller-Destination-Number": self.destination,
            "Caller-Unique-ID": self.uuid,
            "Caller-Source": "mod_sofia" if self.inbound else "src/switch_ivr_originate.c",
            "Caller-Transfer-Source": self.transfer_source,
            "Caller-Context": self.context,
            "Caller-Channel-Name": self.name,
        }
        if self.other:
            found["Other-Type"] = "originator" if self.other.inbound else "originatee"
            found["Other-Leg-Caller-ID-Number"] = self.other.caller_id
            found["Other-Leg-Destination-Number"] = self.other.destination
            found["Other-Leg-Unique-ID"] = self.other.uuid
        return {name: value for name, value in found.items() if value}

    def data(self) -> dict[str, str]:
        """Return the channel's data with its variables."""
        variables = {f"variable_{name}": value for name, value in self.variables.items()}
        if self.response:
            variables["variable_current_application_response"] = self.response
        return self.headers() | variables

    def emit(self, name: str, extra: Mapping[str, str] | None = None) -> None:
        """Send an event about this channel; *extra* headers follow its data."""
        self.switch.emit(name, self.data() | dict(extra or {}))

    def complete(self, app: Execute) -> None:
        """Report the end of *app*."""
        extra = {"Application": app.name, "Application-Response": self.response or "_none_"}
        if app.argument:
            extra["Application-Data"] = app.argument
        self.emit("CHANNEL_EXECUTE_COMPLETE", {**extra, "Application-UUID": app.uuid})

    # What it rests in: socket or park

    def enter_socket(self, connection: Connection, address: str) -> None:
        """Rest in the ``socket`` application, steered by *connection* to *address* (``host:port``)."""
        self.state = "CS_EXECUTE"
        self.base = Execute("socket", f"{address} async full", self.switch.new_uuid())
        self.socket = connection
        self.connections.append(connection)

    def leave_base(self) -> None:
        """Leave ``socket`` or ``park``; the socket's connection stays and goes on receiving events."""
        app, self.base, self.socket = self.base, None, None
        if app:
            self.complete(app)

    def report_park(self) -> None:
        """Report that it rests, unless it has ended."""
        if self.alive:
            self.emit("CHANNEL_PARK")

    def abandon_apps(self) -> None:
        """Cut off the prompt, forget what is queued, leave ``socket`` or ``park``."""
        self.socket = None
        self.player.flush()
        self.player.stop(CUT_OFF)
        self.leave_base()

    def note_transfer(self, kind: str, target: str) -> None:
        """Set ``Caller-Transfer-Source``: when, of which *kind*, and to what *target*."""
        self.transfer_source = f"{int(self.switch.clock.epoch())}:{self.switch.new_uuid()}:{kind}:{target}"
        self.variables["transfer_source"] = self.transfer_source

    def socket_closed(self, connection: Connection) -> None:
        """Note that *connection* is gone: once nothing plays, the dialplan goes on."""
        self.connections.remove(connection)
        self.leave_lost_socket()

    def leave_lost_socket(self) -> None:
        """Go on in the dialplan, if the socket it rests in was lost and all it was told to play has ended."""
        lost = self.socket is not None and self.socket not in self.connections
        if lost and self.alive and self.player.idle:
            self.leave_base()
            if self.dialplan:
                self.dialplan.go_on()
            else:
                # An originated leg has nothing to go on with.
                self.hangup()

    # The person's side

    def answer(self) -> None:
        """Become answered; nothing, when it already is."""
        if self.answered:
            return
        self.leg.answered_at = self.switch.clock.now()
        self.emit("CHANNEL_ANSWER")
        self.call_state = "ACTIVE"
        self.variables["endpoint_disposition"] = "ANSWER"
        self.person.reached(Moment.ANSWER)

    def dial_digit(self, digit: str) -> None:
        """Receive *digit* from the person; one of ``playback_terminators`` (``*``) ends the prompt."""
        self.leg.pressed += digit
        extra = {"DTMF-Digit": digit, "DTMF-Duration": "1600", "DTMF-Source": "RTP"}
        self.switch.emit("DTMF", self.headers() | extra)
        terminators = self.variables.get("playback_terminators", "*")
        if terminators == "any" or (terminators != "none" and digit in terminators):
            self.player.stop(status="break")

    def hang_up(self) -> None:
        """Be hung up by the person."""
        self.hangup("NORMAL_CLEARING" if self.answered else "ORIGINATOR_CANCEL")

    def refer(self, number: str) -> None:
        """Be asked by the person to transfer the other side to *number*."""
        bridging.blind_transfer(self, number)

    # The end

    def kill(self, cause: str) -> None:
        """Release the leg for *cause* a moment later (``uuid_kill``)."""
        step = self.switch.latency.step
        if self.inbound or self.answered:
            self.switch.later(step, self.hangup, cause)
        else:
            self.switch.later(0, self.hangup, cause, None, step)

    def hangup(self, cause: str = "NORMAL_CLEARING", app: Execute | None = None, lag: float = 0.0) -> None:
        """End the channel; nothing, when it already ended.

        Args:
            cause: hangup cause.
            app: the ``hangup`` application, when that is what ends it.
            lag: seconds until ``CHANNEL_HANGUP_COMPLETE``.
        """
        if not self.alive:
            return
        self.cause = self.leg.cause = cause
        self.leg.ended_at = self.switch.clock.now()
        self.person.forget()
        self.player.flush()
        self.emit("CHANNEL_HANGUP")
        if app:
            self.complete(app)
        self.player.stop(PLAYED if app else CUT_OFF)
        self.leave_base()
        if self.bridge:
            self.bridge.hung_up(self)
        elif lag:
            self.switch.later(lag, self.finish)
        else:
            self.finish()

    def finish(self) -> None:
        """Report the channel's end, leave the switch, and let its connections go; nothing the second time."""
        if self.switch.channels.pop(self.uuid, None) is None:
            return
        self.state = "CS_HANGUP"
        self.recorder.stop()
        self.state, self.call_state = "CS_REPORTING", "HANGUP"
        self.variables["hangup_cause"] = self.cause or ""
        self.emit("CHANNEL_HANGUP_COMPLETE")
        if self.on_end:
            self.on_end()
        for connection in list(self.connections):
            connection.session_ended()
