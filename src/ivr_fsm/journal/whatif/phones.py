"""The phones of a modelled call: each behaves as it did when it was dialed in the recorded one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call, LegState
from ivr_fsm.journal.whatif.agenda import Agenda, Stop
from ivr_fsm.journal.whatif.lengths import Lengths
from ivr_fsm.journal.whatif.reactions import Deed, LegEvent, Phone, Reactions, same_phone
from ivr_fsm.phone import BadPhone, parse_dialable

BRIDGING = 0.04
"""Seconds that the switch needs to connect two legs, where that was not recorded."""


@dataclass(slots=True)
class _Line:
    dial: do.Dial
    phone: Phone
    bridging: bool = False


class Phones:
    """The target legs of *call*.

    Args:
        agenda: where what they do becomes due.
        call: the call.
        recorded: what they did then.
        sample: how long announcements last in all recordings.
        region: the country whose national numbers are understood.
    """

    def __init__(self, agenda: Agenda, call: Call, recorded: Reactions, sample: Lengths, region: str) -> None:
        self._agenda = agenda
        self._call = call
        self._recorded = recorded
        self._sample = sample
        self._region = region
        self._times: dict[str, int] = {}
        self._lines: dict[str, _Line] = {}
        self._question_changed = _question(call.plan) != _question(recorded.plan)

    def number(self, leg: str) -> str:
        """Return the phone of *leg*, as `same_phone` writes it."""
        return same_phone(self._call.legs[leg].phone, self._region)

    def happen(self, leg: str, event: LegEvent) -> events.Event | None:
        """Return what happens to *leg*; nothing that leads anywhere does once it is released or gone."""
        known = self._call.legs[leg]
        return replace(event, leg=leg) if known.alive and not known.released else None

    def dial(self, dial: do.Dial) -> None:
        """A phone is rung."""
        number = self.number(dial.leg)
        times = self._times[number] = self._times.get(number, 0) + 1
        behaved = self._recorded.phones.get(number, ())
        if times > len(behaved):
            self._dial_stranger(dial)
            return
        line = self._lines[dial.leg] = _Line(dial, phone := behaved[times - 1])
        for deed in phone.deeds:
            self._agenda.later(deed.after, partial(self._behave, line, deed), deed.number)
        self._agenda.unknown_after(phone.known, lambda: self._is_open(line), _beyond(dial.target, phone))
        same = phone.ring_limit == dial.ring_limit and phone.answered is None
        limit = phone.net if phone.net is not None and same else dial.ring_limit
        self._agenda.later(limit, partial(self._end_by_switch, line, self._rings, "NO_ANSWER"))

    def announce(self, leg: str, codes: tuple[str, ...]) -> None:
        """Who has answered is told who calls.

        Raises:
            Stop: they are asked a question that they were not asked then.
        """
        line = self._lines[leg]
        known = line.phone.announced
        if self._call.plan.announcing.confirm_prompt in codes and codes not in known:
            raise Stop(f"the {_name(line.dial.target)} is asked to press a key, which it was not then")
        if (deed := known.get(codes)) is not None:
            self._agenda.later(deed.after, partial(self._behave, line, deed), deed.number)
        elif (after := self._sample.typical_told((self._call.plan.prompts.language, *codes))) is not None:
            self._agenda.later(after, partial(self.happen, leg, events.AnnouncementFinished(leg)))

    def bridge(self, leg: str) -> None:
        """Caller and leg are connected.

        Raises:
            Stop: this leg hung up while it was told who calls.
        """
        line = self._lines[leg]
        line.bridging = True
        if line.phone.left:
            raise Stop(
                f"the {_name(line.dial.target)} had hung up before it could be connected, as it is now"
            )
        if (deed := line.phone.bridging) is not None:
            self._agenda.later(deed.after, partial(self._behave, line, deed), deed.number)
        elif not line.phone.connected:
            self._agenda.later(BRIDGING, partial(self.happen, leg, events.Bridged(leg)))

    def _dial_stranger(self, dial: do.Dial) -> None:
        """This phone was not dialed in the recorded call, or not so often."""
        try:
            parse_dialable(dial.phone, self._region)
        except BadPhone:
            ended = events.LegEnded(dial.leg, "INVALID_NUMBER_FORMAT")
            self._agenda.later(0, partial(self.happen, dial.leg, ended))
            return
        self._agenda.unknown_after(
            0,
            lambda: self._call.legs[dial.leg].hoped_for,
            f"a phone of the {_name(dial.target)} is rung that was not rung then: {dial.phone}",
            slack=0,
        )

    def _behave(self, line: _Line, deed: Deed) -> events.Event | None:
        event = deed.event
        assert isinstance(event, LegEvent)
        if isinstance(event, events.LegDigitPressed) and self._question_changed:
            raise Stop(f"the {_name(line.dial.target)} pressed a key, and is asked something else now")
        if isinstance(event, events.LegAnswered):
            same = line.phone.park_limit == line.dial.park_limit
            limit = line.phone.net if line.phone.net is not None and same else line.dial.park_limit
            self._agenda.later(limit, partial(self._end_by_switch, line, self._parks, "NORMAL_CLEARING"))
        return self.happen(line.dial.leg, event)

    def _end_by_switch(self, line: _Line, waits: Callable[[_Line], bool], cause: str) -> events.Event | None:
        """The switch's own limit ends a leg that still *waits*."""
        return self.happen(line.dial.leg, events.LegEnded(line.dial.leg, cause)) if waits(line) else None

    def _rings(self, line: _Line) -> bool:
        return self._call.legs[line.dial.leg].state in (LegState.DIALED, LegState.RINGING)

    def _parks(self, line: _Line) -> bool:
        return self._call.legs[line.dial.leg].state is LegState.ANSWERED and not line.bridging

    def _is_open(self, line: _Line) -> bool:
        """Whether the leg may still change the way of the call."""
        leg = self._call.legs[line.dial.leg]
        return leg.alive and not leg.released and not line.bridging


def _question(plan: Plan) -> tuple[str, ...]:
    asked = plan.announcing
    return plan.prompts.language, asked.prompt, asked.confirm_prompt, asked.confirm_digit


def _name(target: str) -> str:
    return target.replace("_", " ")


def _beyond(target: str, phone: Phone) -> str:
    if phone.answered is not None:
        return f"the {_name(target)} had picked up and was let go; now it would be kept longer"
    if phone.net is not None:
        return f"the {_name(target)}'s phones rang {{}} s, until the switch ended that; now they ring longer"
    return f"the {_name(target)}'s phones rang {{}} s and were given up; now they ring longer"
