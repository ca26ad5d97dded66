"""Two legs that talk, and a leg that is transferred."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ivr_fsm.simulator.observed import Talk
from ivr_fsm.simulator.script import Moment

if TYPE_CHECKING:
    from ivr_fsm.simulator.channel import Channel


class Bridge:
    """What ``uuid_bridge <a> <b>`` makes: a step later the prompts end, another step later the legs talk.

    Args:
        a: the leg that ``CHANNEL_BRIDGE`` and ``CHANNEL_UNBRIDGE`` are about.
        b: the leg that is always hung up when the other one goes.
    """

    def __init__(self, a: Channel, b: Channel) -> None:
        self._switch = a.switch
        self._a = a
        self._b = b
        self._talking = False
        self._switch.later(self._switch.latency.step, self._join)

    def _join(self) -> None:
        a, b = self._a, self._b
        if not (a.alive and b.alive):
            return
        for each in (a, b):
            if each.bridge:
                each.bridge.part(each)
        a.bridge = b.bridge = self
        a.other, b.other = b, a
        b.caller_id = a.caller_id
        b.variables["call_uuid"] = a.uuid
        for each, other in ((a, b), (b, a)):
            each.note_transfer("uuid_br", other.uuid)
            each.variables["bridge_uuid"] = other.uuid
            each.abandon_apps()
        self._switch.later(self._switch.latency.step, self._talk)

    def _talk(self) -> None:
        a, b = self._a, self._b
        if a.bridge is not self or not (a.alive and b.alive):
            return
        self._talking = True
        a.state, b.state = "CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA"
        now = self._switch.clock.now()
        for each, other in ((a, b), (b, a)):
            number = other.leg.caller if other.inbound else other.leg.number
            each.leg.bridged_to.append(Talk(number, other.uuid, now))
        self._report("CHANNEL_BRIDGE")
        for each in (a, b):
            each.person.reached(Moment.BRIDGED)

    def _report(self, name: str) -> None:
        self._a.emit(name, {"Bridge-A-Unique-ID": self._a.uuid, "Bridge-B-Unique-ID": self._b.uuid})

    def _end_talk(self) -> bool:
        """Close the observations; return whether the legs talked until now."""
        talked, self._talking = self._talking, False
        for each in (self._a, self._b):
            each.person.forget(Moment.BRIDGED)
            if talked:
                each.leg.bridged_to[-1] = replace(each.leg.bridged_to[-1], stop=self._switch.clock.now())
        return talked

    def _unbridge(self, talked: bool) -> None:
        if talked:
            self._report("CHANNEL_UNBRIDGE")
        self._a.bridge = self._b.bridge = None

    def hung_up(self, channel: Channel) -> None:
        """Note that *channel* hung up; the other one follows a step later."""
        talked = self._end_talk()
        if channel is self._b:
            channel.finish()
        self._switch.later(self._switch.latency.step, self._follow, channel, talked)

    def _follow(self, channel: Channel, talked: bool) -> None:
        a = self._a
        if channel is a:
            self._b.hangup()
            self._unbridge(talked)
            a.finish()
        elif a.alive and a.bridge is self:
            self._unbridge(talked)
            if a.dialplan and a.variables.get("hangup_after_bridge") != "true":
                a.other = None
                a.state = "CS_EXECUTE"
                a.dialplan.go_on()
            else:
                a.hangup()

    def other(self, channel: Channel) -> Channel:
        """Return whom *channel* talks to."""
        return self._b if channel is self._a else self._a

    def part(self, staying: Channel) -> None:
        """Take *staying* out, which goes elsewhere, and hang up the other one."""
        leaving = self.other(staying)
        talked = self._end_talk()
        leaving.bridge = None
        leaving.hangup()
        staying.other = None
        self._unbridge(talked)
        staying.state = "CS_EXECUTE"


def transfer(channel: Channel, number: str, context: str, kind: str = "uuid_transfer") -> None:
    """Send *channel* to *number* through the dialplan again, away from what it does now.

    Args:
        channel: a caller leg.
        number: its new destination.
        context: dialplan context.
        kind: how it came about, as ``Caller-Transfer-Source`` tells it.
    """
    if channel.dialplan is None or not channel.alive:
        return
    channel.destination, channel.context = number, context
    channel.note_transfer(kind, f"{number}/{context}/XML")
    if channel.bridge:
        channel.bridge.part(channel)
    channel.abandon_apps()
    channel.dialplan.enter()


def blind_transfer(referrer: Channel, number: str) -> None:
    """Let the callee *referrer* transfer its caller to *number* by REFER.

    Source: trace ``blind-transfer-by-callee``.
    """
    caller = referrer.bridge.other(referrer) if referrer.bridge else None
    if caller is None or caller.dialplan is None:
        referrer.switch.refuse(f"transfer to {number} by {referrer.leg.number}: it talks to no caller")
        return
    referrer.variables |= {
        "transfer_disposition": "recv_replace",
        "transfer_to": f"blind:{caller.uuid}",
        "transfer_destination": f"blind:{number}",
        "endpoint_disposition": "BLIND_TRANSFER",
    }
    caller.variables |= {
        "sip_h_Referred-By": f"<sip:{referrer.leg.number}@127.0.0.1>",
        "sip_refer_to": f"sip:{number}@127.0.0.1:5080",
    }
    context = caller.variables.get("force_transfer_context", caller.context)
    transfer(caller, number, context, "bl_xfer")
