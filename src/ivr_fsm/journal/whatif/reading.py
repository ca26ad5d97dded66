"""Reads a call's reactions out of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.codec import CodecError, Json
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.whatif.agenda import SLACK
from ivr_fsm.journal.whatif.lengths import Length, Prompt
from ivr_fsm.journal.whatif.reactions import (
    ENDS,
    TELLING,
    Deed,
    NotModelled,
    Phone,
    Reactions,
    Saying,
    Stretch,
    same_phone,
)


def reactions(steps: Sequence[StepEntry], plan: Plan, region: str = "RU") -> Reactions:
    """Return the reactions in a recorded call.

    Args:
        steps: all steps of the call.
        plan: what it went by.
        region: the country whose national numbers are understood.

    Raises:
        NotModelled: they do not tell everything.
    """
    if not steps or [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise NotModelled("steps are missing from the journal")
    try:
        heard = [step.decoded() for step in steps]
    except CodecError:
        raise NotModelled("it has events that this version does not know") from None
    if not isinstance(first := heard[0], events.CallArrived):
        raise NotModelled("it does not begin with an arrival")
    if first.back:
        raise NotModelled("it calls a customer back")
    reading = _Reading(Reactions(first, steps[0].at, plan), region)
    for step, event in zip(steps, heard, strict=True):
        if step.fault:
            raise NotModelled("a step of it failed")
        if isinstance(event, events.LinkLost) and step.before != "ended":
            raise NotModelled("the connection to the switch was lost")
        if isinstance(event, events.SendWanted | events.StopWanted) and step.before not in ENDS:
            raise NotModelled("somebody who watched took a hand in it")
        # The wall clock may be set during a call.
        reading.follow(step, event, step.mono - steps[0].mono)
    if steps[-1].after not in ENDS:
        raise NotModelled("it has no end in the journal")
    return reading.found


class _Leg:
    def __init__(self, phone: Phone, name: str, dialed: float) -> None:
        self.phone, self.name, self.dialed = phone, name, dialed
        self.released = False
        self.announcing: tuple[tuple[str, ...], float] | None = None
        self.bridging = 0.0
        self.stretch: Stretch | None = None


class _Reading:
    """Goes through the steps of one call, in their order."""

    def __init__(self, found: Reactions, region: str) -> None:
        self.found = found
        self._region = region
        self._legs: dict[str, _Leg] = {}
        self._times_said = dict.fromkeys(TELLING, 0)
        self._saying: Saying | None = None
        self._ending = False
        self._waiting = Stretch("", 0.0)
        found.stretches.append(self._waiting)

    def follow(self, step: StepEntry, event: events.Event, at: float) -> None:
        self._hear(event, at, step.number)
        self._follow_sayings(step, at)
        if step.moved and step.after not in ENDS:
            self.found.path += (step.after,)
        for command in step.commands:
            self._ask(command, at)

    def _hear(self, event: events.Event, at: float, number: int) -> None:
        if isinstance(event, events.CallerIdentified):
            self.found.identified = self.found.identified or Deed(at, number, event)
        elif isinstance(event, events.PromptFinished):
            self._hear_prompt(event, at)
        elif isinstance(event, events.DigitPressed) and self._saying:
            self._saying.keys.append(Deed(at - self._saying.began, number, event))
        elif isinstance(event, events.CallerHungUp) and not self._ending:
            self._hang_up(Deed(at - self._waiting.began, number, event))
        elif isinstance(event, events.CallerReturned) and self._waiting.phone:
            self._waiting.deeds.append(Deed(at - self._waiting.began, number, event))
        elif leg := self._legs.get(getattr(event, "leg", "")):
            self._hear_leg(leg, Deed(at, number, event))

    def _hang_up(self, deed: Deed) -> None:
        self._ending = True
        self._waiting.deeds.append(deed)
        if self._saying:
            self._end_saying(self._saying, self._waiting.began + deed.after)
            self._saying = None
        for leg in self._legs.values():
            self._lose(leg, self._waiting.began + deed.after)

    def _hear_leg(self, leg: _Leg, deed: Deed) -> None:
        at, event, phone = deed.after, deed.event, leg.phone
        since = Deed(at - leg.dialed, deed.number, event)
        match event:
            case events.AnnouncementFinished():
                self._hear_told(leg, deed)
            case events.Bridged() | events.BridgeFailed():
                phone.bridging = Deed(at - leg.bridging, deed.number, event)
                if isinstance(event, events.Bridged) and not phone.talked:
                    self._begin_talk(leg, at)
            case events.LegEnded() if leg.stretch:
                if not leg.released:
                    leg.stretch.deeds.append(Deed(at - leg.stretch.began, deed.number, event))
            case events.LegEnded():
                if not leg.released and not self._ended_by_net(leg, at):
                    phone.deeds.append(since)
                    phone.known = inf
                leg.released = True
            case events.LegAnswered():
                phone.answered = at - leg.dialed if phone.answered is None else phone.answered
                phone.deeds.append(since)
            case events.LegDigitPressed() if not leg.stretch:
                phone.deeds.append(since)

    def _ended_by_net(self, leg: _Leg, at: float) -> bool:
        phone = leg.phone
        since = leg.dialed + (phone.answered or 0.0)
        limit = phone.ring_limit if phone.answered is None else phone.park_limit
        if at - since < limit - SLACK:
            return False
        phone.net, phone.known = at - since, at - leg.dialed
        return True

    def _begin_talk(self, leg: _Leg, at: float) -> None:
        leg.phone.talked = True
        self._waiting.known = at - self._waiting.began
        self._waiting = leg.stretch = Stretch(leg.name, at)
        self.found.stretches.append(self._waiting)

    def _hear_told(self, leg: _Leg, deed: Deed) -> None:
        # What ends with the bridge or the release would have lasted longer.
        if leg.announcing and not leg.released and not leg.phone.connected:
            codes, began = leg.announcing
            leg.phone.announced[codes] = Deed(deed.after - began, deed.number, deed.event)
            self.found.lengths.told((self.found.plan.prompts.language, *codes), deed.after - began)

    def _hear_prompt(self, event: events.PromptFinished, at: float) -> None:
        saying = self._saying
        if saying and saying.token == event.token:
            self.found.lengths.heard(self._prompt(saying), Length(at - saying.began, event.result))
            saying.token = ""

    def _follow_sayings(self, step: StepEntry, at: float) -> None:
        told = step.after in TELLING
        said = [each for each in step.commands if told and each.get("is") == "Play"]
        if self._saying and (said or not told):
            self._saying.known = at - self._saying.began
            self._end_saying(self._saying, at)
            self._saying = None
        if said:
            self._times_said[step.after] += 1
            self._saying = Saying(at, str(said[-1].get("token")), str(said[-1].get("code")))
            self.found.sayings[step.after, self._times_said[step.after]] = self._saying

    def _end_saying(self, saying: Saying, at: float) -> None:
        """Something else begins, or nothing: a prompt that is not over by now lasts longer."""
        if saying.token:
            self.found.lengths.cut(self._prompt(saying), at - saying.began)

    def _prompt(self, saying: Saying) -> Prompt:
        return Prompt(self.found.plan.prompts.language, saying.code)

    def _ask(self, command: Mapping[str, Json], at: float) -> None:
        leg = self._legs.get(str(command.get("leg", "")))
        match command:
            case {"is": "Dial", "leg": str(name), "phone": str(number)}:
                phone = Phone(float(command.get("ring_limit", 0)), float(command.get("park_limit", 0)))
                number = same_phone(number, self._region)
                self.found.phones[number].append(phone)
                self._legs[name] = _Leg(phone, number, at)
            case {"is": "Hangup"}:
                if not self._ending:
                    self._waiting.known = at - self._waiting.began
                self._ending = True
            case {"is": "Release"} if leg:
                self._lose(leg, at)
                leg.released = True
            case {"is": "Announce", "codes": list(codes)} if leg:
                leg.announcing = (tuple(map(str, codes)), at)
                leg.phone.announced.setdefault(leg.announcing[0], None)
            case {"is": "Bridge"} if leg:
                leg.bridging, leg.phone.connected = at, True

    def _lose(self, leg: _Leg, at: float) -> None:
        """From now on we do not know what *leg* would have done."""
        if not leg.released and not leg.stretch:
            leg.phone.known = min(leg.phone.known, at - leg.dialed)
