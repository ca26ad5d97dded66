"""``bgapi originate``: a leg from the dial string to its park, or to the service that it connects to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr_fsm.simulator.channel import Channel
from ivr_fsm.simulator.execute import Execute
from ivr_fsm.simulator.frames import whole
from ivr_fsm.simulator.observed import Leg

if TYPE_CHECKING:
    from ivr_fsm.simulator.phones import Phone
    from ivr_fsm.simulator.switch import SimulatedSwitch

_DIAL_STRING = re.compile(
    r"(?:\{(?P<variables>[^{}]*)\})?sofia/gateway/(?P<gateway>[\w.-]+)/(?P<number>\+?[0-9*#]+) "
    r"(?:&park\(\)|'&socket\((?P<host>[\w.-]+):(?P<port>[0-9]+) async full\)')",
    re.ASCII,
)
_VARIABLE = re.compile(r"(?P<name>[\w.-]+)=(?P<value>[^,'^\\]*)")
DEFAULT_TIMEOUT = 60
"""Seconds that a leg without ``originate_timeout`` rings (switch_ivr_originate)."""


class Unsupported(ValueError):
    """The dial string asks for what this switch does not do; the message says what."""


@dataclass(frozen=True)
class DialString:
    """What to originate.

    Attributes:
        variables: for the leg.
        gateway: what to go through.
        number: whom to call.
        service: where who answers connects to; None: it parks.
    """

    variables: dict[str, str]
    gateway: str
    number: str
    service: tuple[str, int] | None = None

    @classmethod
    def parse(cls, text: str) -> DialString:
        """Return what ``{name=value,…}sofia/gateway/<gateway>/<number> &park()`` says, or with
        ``'&socket(<host>:<port> async full)'`` at its end.

        Raises:
            Unsupported: anything else, such as several endpoints, quoted variables, another application.
        """
        match = _DIAL_STRING.fullmatch(text.strip())
        if match is None:
            raise Unsupported(
                f"only {{name=value,…}}sofia/gateway/<gateway>/<number> &park() is done, not {text!r}"
            )
        variables = {}
        for piece in filter(None, (match["variables"] or "").split(",")):
            variable = _VARIABLE.fullmatch(piece)
            if variable is None:
                raise Unsupported(f"variable {piece!r} is not plain name=value in {text!r}")
            variables[variable["name"]] = variable["value"]
        service = (match["host"], int(match["port"])) if match["host"] else None
        return cls(variables, match["gateway"], match["number"], service)


class Origination:
    """A target leg on its way: rings, is answered and parks, or ends.

    Args:
        switch: the switch.
        dial: what to originate; its gateway exists.
        report: gets the job's result once: ``+OK <uuid>`` or ``-ERR <cause>``.
    """

    def __init__(self, switch: SimulatedSwitch, dial: DialString, report: Callable[[str], None]) -> None:
        self._switch = switch
        self._report: Callable[[str], None] | None = report
        self._service = dial.service
        variables = dict(dial.variables)
        caller = variables.get("origination_caller_id_number", "0000000000")
        leg = Leg(
            variables.get("origination_uuid") or switch.new_uuid(), caller, dial.number, switch.clock.now()
        )
        phone = switch.phones.ring(dial.number, leg)
        self._channel = Channel(switch, leg, inbound=False, steps=phone.steps, variables=variables)
        self._channel.on_end = self._ended
        switch.later(phone.ring, self._ring, phone)
        limit = whole(variables.get("originate_timeout"), DEFAULT_TIMEOUT)
        switch.later(switch.clock.until_tick(limit) + switch.latency.step, self._time_out)

    def _ring(self, phone: Phone) -> None:
        channel = self._channel
        if not channel.alive:
            return
        channel.leg.rang_at = self._switch.clock.now()
        channel.emit("CHANNEL_PROGRESS")
        channel.call_state = "RINGING"
        if phone.answer is not None:
            self._switch.later(phone.answer, self._answer)
        if phone.reject is not None:
            self._switch.later(phone.reject, self._channel.hangup, phone.cause)

    def _answer(self) -> None:
        channel = self._channel
        if not channel.alive:
            return
        channel.answer()
        self._finish_job(f"+OK {channel.uuid}\n")
        self._switch.later(self._switch.latency.step, self._connect if self._service else self._park)

    def _connect(self) -> None:
        """Hand who answered to a service; without one there is nothing to go on with."""
        channel, service = self._channel, self._service
        if channel.alive and service:
            channel.state = "CS_EXECUTE"
            self._switch.connect(channel, service)

    def _park(self) -> None:
        channel = self._channel
        if not channel.alive:
            return
        # A parked leg is shown as calling from its own number until it is bridged (all traces).
        channel.caller_id = channel.destination
        limit = channel.variables.pop("park_timeout", "")
        park = Execute("park", "", self._switch.new_uuid())
        channel.state, channel.base = "CS_EXECUTE", park
        channel.emit("CHANNEL_PARK")
        if seconds := whole(limit, 0):
            self._switch.later(self._switch.clock.until_tick(seconds), self._leave_park, park)

    def _leave_park(self, park: Execute) -> None:
        if self._channel.base is park:
            self._channel.hangup()

    def _time_out(self) -> None:
        if not self._channel.answered:
            self._channel.hangup("NO_ANSWER")

    def _ended(self) -> None:
        self._finish_job(f"-ERR {self._channel.cause}\n")

    def _finish_job(self, result: str) -> None:
        report, self._report = self._report, None
        if report:
            report(result)


def originate(switch: SimulatedSwitch, argument: str, report: Callable[[str], None]) -> None:
    """Originate what *argument* says, and *report* the result, in its own time.

    A gateway that does not exist makes no channel (trace ``bad-gateway-unknown-number-bad-commands``).
    """
    try:
        dial = DialString.parse(argument)
    except Unsupported as error:
        switch.refuse(f"originate: {error}")
        switch.later(switch.latency.step, report, f"-ERR {error}\n")
        return
    if dial.variables.get("origination_uuid") in switch.channels:
        switch.refuse(f"originate: there is a channel {dial.variables['origination_uuid']} already")
        switch.later(switch.latency.step, report, "-ERR DESTINATION_OUT_OF_ORDER\n")
    elif dial.gateway in switch.gateways:
        Origination(switch, dial, report)
    else:
        switch.later(switch.latency.step, report, "-ERR INVALID_GATEWAY\n")
