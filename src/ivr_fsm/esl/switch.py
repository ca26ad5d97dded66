"""The commands of one call in FreeSWITCH's words, over the call's own connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from ivr_fsm.esl import wire
from ivr_fsm.esl.link import Link
from ivr_fsm.esl.translate import ANNOUNCEMENT, Headers, Translator, returned
from ivr_fsm.flow import events
from ivr_fsm.flow.commands import Dial
from ivr_fsm.phone import BadPhone, parse_dialable

log = structlog.get_logger(__name__)


class Control(Protocol):
    """What is left when the call's own connection is gone."""

    def send_api(self, command: str) -> None:
        """Send an api command, now or when there is a connection again."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """How phones are reached, and what the switch is told about files."""

    dial: str = "sofia/gateway/trunk/{number}"
    """The dial string of one phone; ``{number}`` is E.164 without the plus."""
    caller_id: str = ""
    """The number that callees see; empty: the caller's own."""
    region: str = "RU"
    transfer_context: str = "ivr-transfer"
    hold: str = "tone_stream://%(1000,4000,425);loops=2"
    """What a caller hears between prompts while a phone rings: the ringing of Russian networks, for 10 s."""
    recordings: Path | None = None
    """A folder that the switch can write to; None: nothing is recorded."""


class FreeSwitch:
    """The switch port of one call (`ivr_fsm.call.ports.Switch`) on its outbound connection."""

    def __init__(
        self,
        link: Link,
        arrival: events.CallArrived,
        trunk: Trunk,
        control: Control,
        post: Callable[[events.Event], None],
    ) -> None:
        self._trunk = trunk
        self._control = control
        self._post = post
        # Who is called back sees the trunk's number, not their own.
        self._phone = "" if arrival.back else arrival.phone
        self._caller = arrival.call_id
        self._translator = Translator(self._caller)
        self._left: list[Link] = []
        self._attach(link)

    def _attach(self, link: Link) -> None:
        self._link = link
        link.on_event = self._heard
        link.on_closed = lambda reason: self._closed(link, reason)

    def adopt(self, link: Link, channel: Headers) -> None:
        """Go on over *link*: the caller leg came back on it."""
        # FreeSWITCH takes the channel's new socket application for over when the old connection closes, and
        # goes on in the dialplan: the old one stays until the channel is gone, and is only made deaf. Until
        # the new one hears the target legs, they are still heard on the old one.
        old = self._link
        self._left.append(old)
        old.on_event = self._heard_of_leg
        self._attach(link)
        for leg in self._translator.legs:
            self._listen(leg)
        self._api("uuid_exists " + self._caller, lambda _said: old.send("noevents"))
        self._post(returned(channel, self._trunk.region))

    def close(self) -> None:
        """End every connection: the caller leg is gone, or has not gone in the time that it was given."""
        for link in (*self._left, self._link):
            link.close("the call is over")

    # Commands

    def ring(self) -> None:
        """Ring the caller, and prepare the leg: no key ends a prompt by itself (FreeSWITCH's ``*`` would)."""
        self._set("playback_terminators", "none")
        self._set("hangup_after_bridge", "true")
        self._set("force_transfer_context", self._trunk.transfer_context)
        self._execute("ring_ready")

    def answer(self) -> None:
        """Answer the caller leg."""
        self._execute("answer")

    def play(self, file: Path, token: str) -> None:
        """Queue a prompt; its end comes back with *token* as ``Application-UUID``."""
        self._send(wire.sendmsg("playback", str(file), event_uuid=token, in_turn=True))

    def hold(self, token: str) -> None:
        """Queue ringing. It must end by itself: FreeSWITCH keeps a lost call until what plays has ended."""
        self._send(wire.sendmsg("playback", self._trunk.hold, event_uuid=token, in_turn=True))

    def stop_prompt(self) -> None:
        """End what plays within 60 ms, and flush the queue (trace: digit 1 in the menu)."""
        self._api(f"uuid_break {self._caller} all")

    def dial(self, dial: Dial) -> None:
        """Originate one leg under our own id, which is its job's id too; the switch keeps its limits."""
        try:
            number = parse_dialable(dial.phone, self._trunk.region).lstrip("+")
        except BadPhone as error:
            log.warning("phone refused", call=self._caller, target=dial.target, reason=str(error))
            self._post(events.LegEnded(dial.leg, "INVALID_NUMBER_FORMAT"))
            return
        self._translator.expect(dial.leg)
        self._listen(dial.leg)
        variables = {
            "origination_uuid": dial.leg,
            "ivr_call": self._caller,
            "originate_timeout": str(dial.ring_limit),
            "park_timeout": str(dial.park_limit),
            "ignore_early_media": "true",
            "playback_terminators": "none",
        }
        if shown := self._trunk.caller_id or self._phone:
            variables["origination_caller_id_number"] = shown.lstrip("+")
        inside = ",".join(f"{name}={value}" for name, value in variables.items())
        where = self._trunk.dial.format(number=number)
        self._send(
            wire.bgapi(f"originate {{{inside}}}{where} &park()", dial.leg),
            lambda said: self._refused(said, events.LegEnded(dial.leg, "ORIGINATE_REFUSED")),
        )

    def release(self, leg: str, cause: str) -> None:
        """Release a leg. If it is gone already the switch says so: that is its end if none was heard of."""

        def said(reply: wire.Reply) -> None:
            if not reply.ok and self._translator.has_lived(leg):
                self._post(events.LegEnded(leg, "GONE"))

        command = f"uuid_kill {leg} {cause}"
        if self._link.closed:
            self._control.send_api(command)
        else:
            self._api(command, said)

    def announce(self, leg: str, files: Sequence[Path]) -> None:
        """Play *files* to a parked target leg, one after another; the end of the last one is reported."""
        *first, last = files
        for file in first:
            self._send(wire.sendmsg("playback", str(file), uuid=leg, in_turn=True))
        self._send(wire.sendmsg("playback", str(last), uuid=leg, event_uuid=ANNOUNCEMENT, in_turn=True))

    def bridge(self, leg: str) -> None:
        """Join the two legs; the prompt on the caller leg ends by itself."""

        def said(reply: wire.Reply) -> None:
            if not reply.ok:
                self._post(events.BridgeFailed(leg, reply.text))

        self._api(f"uuid_bridge {self._caller} {leg}", said)

    def record(self, name: str) -> None:
        """Record the caller on the left channel, what the caller hears on the right, until the leg ends."""
        if self._trunk.recordings is not None:
            self._api(f"uuid_setvar {self._caller} RECORD_STEREO true")
            # It goes on through transfers. Were it ever begun anew, what is there must not be lost.
            self._api(f"uuid_setvar {self._caller} RECORD_APPEND true")
            self._api(f"uuid_record {self._caller} start {self._trunk.recordings / name}")

    def hangup(self, cause: str) -> None:
        """Hang up the caller leg, which may be in a bridge and out of the socket application by now."""
        self._api(f"uuid_kill {self._caller} {cause}", lambda _said: None)

    # What they are made of

    def _listen(self, leg: str) -> None:
        self._send(f"filter Unique-ID {leg}")
        self._send(f"filter Job-UUID {leg}")

    def _set(self, variable: str, value: str) -> None:
        self._execute("set", f"{variable}={value}")

    def _execute(self, application: str, argument: str = "") -> None:
        self._send(wire.sendmsg(application, argument))

    def _api(self, command: str, said: Callable[[wire.Reply], None] | None = None) -> None:
        self._send(wire.api(command), said)

    def _send(self, command: str, said: Callable[[wire.Reply], None] | None = None) -> None:
        def complain(reply: wire.Reply) -> None:
            if not reply.ok:
                log.warning(
                    "switch refused", call=self._caller, command=command[:200], answer=reply.text[:200]
                )

        self._link.send(command, said or complain)

    def _refused(self, reply: wire.Reply, event: events.Event) -> None:
        if not reply.ok:
            log.warning("switch refused", call=self._caller, answer=reply.text[:200])
            self._post(event)

    def _heard_of_leg(self, heard: Headers) -> None:
        if heard.get("Unique-ID") != self._caller:
            self._heard(heard)

    def _heard(self, heard: Headers) -> None:
        event = self._translator.translate(heard)
        if event is not None:
            self._post(event)

    def _closed(self, link: Link, reason: str) -> None:
        if link is self._link:
            self._post(events.LinkLost(reason))
