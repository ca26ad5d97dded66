"""What a state of the statechart asks for when it is entered, and when it is left."""

from __future__ import annotations

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.means import Means
from ivr_fsm.flow.plan import RECORDED


class Entries(Means):
    """``on_enter_<state>`` of `CallFlow`; the statechart finds them by name."""

    def on_enter_identifying(self) -> None:
        """Ring the caller and ask the marketplace."""
        self._visit()
        self._ask(do.Ring(), do.Identify(self.call.arrived.phone))
        self._start("limit", self.call.plan.identifying.limit)

    def on_enter_calling_back(self) -> None:
        """Somebody of the office has picked up: say that the caller is being rung, and ask who that is."""
        self._visit()
        # That leg has answered already; ringing it prepares it for what follows.
        self._ask(do.Ring(), do.Answer(), do.Identify(self.call.arrived.phone))
        if self.call.plan.connected.record == "answer":
            self._ask(do.Record())
        self._play(self.call.plan.calling_back.prompt)
        self._start("limit", self.call.plan.identifying.limit)

    def on_enter_greeting(self) -> None:
        """Answer, and say what this service is."""
        self._visit()
        greeting = self.call.plan.greeting
        self._ask(do.Answer())
        if self.call.plan.connected.record == "answer":
            self._ask(do.Record())
        if greeting.recorded:
            self._play(greeting.prompt)
        self._await_prompt(RECORDED if greeting.recorded else greeting.prompt, greeting.limit)

    def on_enter_partner_notice(self) -> None:
        """Answer, and send the shop to the chat."""
        self._visit()
        self._ask(do.Answer())
        self._await_prompt(self.call.plan.partner_notice.prompt, self.call.plan.partner_notice.limit)

    def on_enter_menu(self) -> None:
        """Say what the keys do."""
        self._say_menu()

    def on_enter_dialing_shop(self) -> None:
        """Ring every phone of the shop."""
        shop = self.call.shop
        self._dial("shop", shop.phones if shop else (), self.call.plan.dialing_shop)

    def on_enter_dialing_office(self) -> None:
        """Ring the office: long for a caller who chose it, short as one more attempt."""
        office = self.call.plan.dialing_office
        chosen = office.from_menu if self.call.chose_office else office.otherwise
        self._dial("office", self.call.plan.targets.office.numbers, chosen)

    def on_enter_dialing_call_centre(self) -> None:
        """Ring the safety net."""
        numbers = self.call.plan.targets.call_centre.numbers
        self._dial("call_centre", numbers, self.call.plan.dialing_call_centre)

    def on_enter_dialing_customer(self) -> None:
        """Ring who is called back."""
        self._dial("customer", [self.call.arrived.phone], self.call.plan.calling_back)

    def on_enter_announcing(self) -> None:
        """Tell the callee who calls, or ask to accept the call, while the caller holds."""
        self._visit()
        plan, leg = self.call.plan.announcing, self._the_answered()
        wanted = {plan.prompt: leg.rules.announce, plan.confirm_prompt: leg.rules.confirm}
        codes = tuple(code for code, said in wanted.items() if said)
        self._ask(do.Announce(leg.id, codes, self.call.names()))
        self._run(plan, plan.gives_up)

    def on_enter_connected(self) -> None:
        """Join caller and callee."""
        self._visit()
        self._ask(do.Bridge(self._the_answered().id))
        self._start("limit", self.call.plan.connected.bridge_limit)

    def on_enter_transferring(self) -> None:
        """Ring the number that the callee transferred to, or wait until the caller leg brings it."""
        self._visit()
        self.call.dialed_target = self.call.destination = ""
        self.pay(self._the_answered())
        if isinstance(self.call.event, events.CallerReturned):
            self.dial_destination()
        else:
            self._start("limit", self.call.plan.transferring.reconnect)

    def dial_destination(self) -> None:
        """The caller leg has brought the number that the callee transferred to."""
        assert isinstance(self.call.event, events.CallerReturned)
        self._cancel_timers()
        by = self._the_answered()
        self._release(by, "NORMAL_CLEARING")
        self.call.destination = self.call.event.destination
        self.call.transfers += 1
        self._dial("transfer", [self.call.destination], self.call.plan.transferring)
        leg = self.call.dialed_here("transfer")[-1]
        self._ask_who(leg)
        known = by.manager or self.call.event.referred_by
        self.tell_with_manager(leg, "transferred", to=self.call.destination, by=known)

    def on_enter_unanswered(self) -> None:
        """Say that we will call back, and ask the watchers to; or that the customer does not answer."""
        self._visit()
        self._release_all("ORIGINATOR_CANCEL")
        self.call.outcome = "unanswered"
        plan, back = self.call.plan, self.call.arrived.back
        self.tell("call_back_silent" if back else "unanswered")
        prompt = plan.calling_back.silent_prompt if back else plan.unanswered.prompt
        self._await_prompt(prompt, plan.unanswered.limit)

    def on_enter_releasing(self) -> None:
        """Wait until every leg is gone."""
        self._visit()
        self._start("limit", self.call.plan.ending.release_limit)

    def on_exit_state(self) -> None:
        """A timer dies with its state."""
        self._cancel_timers()
        self.call.awaited = ""
