"""The caller of a modelled call: waits, presses keys and hangs up as in the recorded one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import scenario
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.whatif.agenda import Agenda, Stop
from ivr_fsm.journal.whatif.phones import Phones
from ivr_fsm.journal.whatif.reactions import TELLING, Deed, Reactions, Stretch


class CallerModel:
    """Who calls in *call*.

    Args:
        agenda: where what they do becomes due.
        call: the call.
        recorded: what they did then.
        phones: whom they may talk to.
    """

    def __init__(self, agenda: Agenda, call: Call, recorded: Reactions, phones: Phones) -> None:
        self._agenda = agenda
        self._call = call
        self._recorded = recorded
        self._phones = phones
        self._talks = 0
        self._times = dict.fromkeys(TELLING, 0)
        self._saying = 0
        """Which of all sayings is on; 0: none."""
        self._sayings = 0
        self._due: set[int] = set()
        """The keys that are still to be pressed, by the numbers of their steps."""
        before = recorded.plan
        self._menu_changed = _keys(call.plan) != _keys(before)
        self._greeting_changed = call.plan.greeting.prompt != before.greeting.prompt
        self._begin(recorded.stretches[0])

    def identify(self) -> None:
        """The marketplace is asked who calls; if it never said so, it did not while the caller stayed."""
        if (said := self._recorded.identified) is not None:
            self._agenda.later(said.after, lambda: said.event, said.number)

    def talk(self, leg: str) -> bool:
        """The caller hears who answered *leg*; return whether they talked to that phone then, too."""
        self._talks += 1
        talks = self._recorded.stretches
        same = self._talks < len(talks) and talks[self._talks].phone == self._phones.number(leg)
        if same:
            self._begin(talks[self._talks], leg)
        return same

    def follow(self, step: Step) -> None:
        """Follow what is said to the caller.

        Raises:
            Stop: the caller has never heard that.
        """
        told = step.after in TELLING
        said = told and any(isinstance(command, do.Play) for command in step.commands)
        if said or not told:
            self._saying = 0
        # Only the keys of a caller with an order mean something.
        if said and step.after in ("greeting", "menu") and scenario(self._call.caller) == "order":
            self._listen(step.after)

    def _begin(self, stretch: Stretch, leg: str = "") -> None:
        for deed in stretch.deeds:
            self._agenda.later(deed.after, partial(self._act, stretch, deed, leg), deed.number)
        self._agenda.unknown_after(
            stretch.known,
            lambda: self._is_on(stretch) and self._call.state_id != "connected",
            "the caller had waited for {} s, and not longer; now they would have to",
        )

    def _act(self, stretch: Stretch, deed: Deed, leg: str) -> events.Event | None:
        if isinstance(deed.event, events.LegEnded):
            return self._phones.happen(leg, replace(deed.event, leg=leg))
        return deed.event if self._is_on(stretch) else None

    def _is_on(self, stretch: Stretch) -> bool:
        return self._recorded.stretches[self._talks] is stretch

    def _listen(self, state: str) -> None:
        if self._due:
            raise Stop("the caller's key would come only when the next is being said")
        self._sayings += 1
        self._saying = this = self._sayings
        self._times[state] += 1
        if (then := self._recorded.sayings.get((state, self._times[state]))) is None:
            raise Stop(f"the caller is told the {state} once more than they ever heard it")
        for key in then.keys:
            self._due.add(key.number)
            self._agenda.later(key.after, partial(self._press, key, state, this), key.number)
        self._agenda.unknown_after(
            then.known,
            lambda: self._saying == this,
            f"the caller had {{}} s to press a key in the {state}; now they have longer",
        )

    def _press(self, key: Deed, state: str, saying: int) -> events.Event | None:
        self._due.discard(key.number)
        if self._saying != saying:
            return None
        if self._menu_changed or (state == "greeting" and self._greeting_changed):
            raise Stop("the caller pressed a key, and what is said or what its keys do is something else now")
        return key.event


def _keys(plan: Plan) -> tuple[str, ...]:
    menu = plan.menu
    return plan.prompts.language, menu.prompt, menu.shop_digit, menu.support_digit
