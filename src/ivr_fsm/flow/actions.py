"""What the ways of the statechart ask for: from state to state, inside a state, and to the end."""

from __future__ import annotations

from statemachine import State

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Customer, Unknown, scenario
from ivr_fsm.flow.entries import Entries
from ivr_fsm.flow.means import HOLD
from ivr_fsm.flow.record import LegState


class Actions(Entries):
    """The actions of `CallFlow`. *target* is the state that the way leads to."""

    # Who calls

    def tell_arrival(self) -> None:
        """Tell the watchers who calls; have what will name them spoken in advance."""
        caller = self.call.caller
        if isinstance(caller, Unknown) and caller != Unknown():
            self.tell("directory_failed", why=caller.why)
        if isinstance(caller, Customer) and caller.order and self.call.plan.prompts.hold_by_name:
            self._ask(do.Prepare(HOLD, self.call.names()))
        if self.call.arrived.back:
            self.tell("call_back_call", by=self.call.arrived.by, office_phone=self.call.arrived.called)
        else:
            self.tell(f"{scenario(caller)}_call")

    def identify_nobody(self) -> None:
        """The marketplace is slow: the caller is unknown, and the call goes on."""
        self.call.caller = Unknown(f"no answer within {self.call.plan.identifying.limit:g} s")
        self.tell_arrival()

    # The menu

    def say_shop_closed(self) -> None:
        """The shop is closed: say so on the way to support."""
        self._play(self.call.plan.prompts.shop_closed)
        self.tell("shop_closed")

    def chose_support(self, target: State) -> None:
        """The caller wants support."""
        self.stop_prompt()
        self.go_to_support(target)
        self._say_to_support(target)

    def send_on(self, target: State) -> None:
        """Somebody who watches knows better who can help."""
        assert isinstance(self.call.event, events.SendWanted)
        self.stop_prompt()
        if self.call.before == f"dialing_{self.call.dialed_target}":
            self._leave_target(self.call.dialed_target)
        self.tell("sent_on", by=self.call.event.by, next=self.call.event.target)
        self._say_to_support(target)

    def _say_to_support(self, target: State) -> None:
        """What an office that was chosen says on its own timeline is said on the way past it."""
        if target.id == "dialing_office":
            self.call.chose_office = True
        else:
            self._play(self.call.plan.prompts.to_support)

    def gave_up_on_keys(self, target: State) -> None:
        """No key, or wrong ones only: a person can help."""
        if isinstance(self.call.event, events.DigitPressed):
            self.tell("wrong_digit", digit=self.call.event.digit)
        self.chose_support(target)

    def ask_again(self) -> None:
        """Another key than those of the menu."""
        assert isinstance(self.call.event, events.DigitPressed)
        self.call.wrong_digits += 1
        self.tell("wrong_digit", digit=self.call.event.digit)
        self._say_menu()

    def repeat_menu(self) -> None:
        """No key at all: once more."""
        self.call.repeats += 1
        self._say_menu()

    def await_digit(self) -> None:
        """The menu has been said: from now on silence counts."""
        self._cancel_timers()
        self.call.awaited = ""
        self._start("silence", self.call.plan.menu.silence)

    # From target to target

    def go_to_support(self, target: State) -> None:
        """On to the office, or past it when it is closed."""
        self.tell("to_office" if target.id == "dialing_office" else "office_closed")

    def shop_gave_up(self, target: State) -> None:
        """The shop does not answer: the caller is told, unless the timeline has done so."""
        self._say_shop_silent()
        self._leave_target("shop")
        self.tell("shop_silent", next=target.id.removeprefix("dialing_"))

    def office_gave_up(self) -> None:
        """The office does not answer."""
        self._leave_target("office")
        self.tell("office_silent")

    def play_mark(self) -> None:
        """A prompt of the state's timeline is due."""
        assert isinstance(self.call.event, events.TimerFired)
        _, _, code = self.call.event.timer.name.split()
        self._play(code)

    def hold_on(self) -> None:
        """Nothing plays any more: ringing. It ends by itself, so that a lost service leaves nobody in it."""
        self._hold()

    # Who answers

    def keep_answered(self) -> None:
        """First answer wins: every other phone stops ringing."""
        assert self.call.event_leg is not None
        self.call.answered = self.call.event_leg
        self._ask_who(self.call.answered)
        self._release_all("LOSE_RACE", spare=self.call.answered)

    def pay_leg(self) -> None:
        """The marketplace has said who is at a phone, or that it does not know."""
        if self.call.event_leg is not None:
            self.pay(self.call.event_leg)

    def await_confirmation(self) -> None:
        """The callee has been asked to accept the call: from now on silence counts, and the caller holds."""
        self._cancel_timers()
        self._start("silence", self.call.plan.announcing.confirm_limit)
        if not self.call.playing:
            self._play(HOLD)

    def lose_answered(self) -> None:
        """Who answered is gone, did not accept, or could not be connected."""
        leg = self._the_answered()
        self._release(leg, "NORMAL_CLEARING")
        self.tell("answer_lost", **leg.facts())
        self.call.answered = None
        if leg.target == "shop":
            self._say_shop_silent()

    def start_talking(self) -> None:
        """Caller and callee hear each other: every timer dies, the recording starts."""
        leg = self._the_answered()
        leg.state = LegState.BRIDGED
        leg.talked = True
        self.call.playing.clear()
        self.call.holding = ""
        self._cancel_timers()
        if self.call.plan.connected.record != "off":
            self._ask(do.Record())
        self.tell_with_manager(leg, "answered", **leg.facts())

    def transfer_failed(self) -> None:
        """Nobody answers where the callee transferred to, or it is no number."""
        for leg in self.call.legs.values():
            self.pay(leg)
        self._release_all("ORIGINATOR_CANCEL")
        self.tell("transfer_failed", to=self.call.destination)

    def release_late(self) -> None:
        """A phone rings or answers although its release was asked for: the release came too early for it."""
        leg = self.call.event_leg
        if leg is not None and leg.released and leg.state in (LegState.RINGING, LegState.ANSWERED):
            self._ask(do.Release(leg.id, "LOSE_RACE" if self.call.answered else "ORIGINATOR_CANCEL"))

    def before_prompt_finished(self) -> None:
        """Nobody hears a prompt without a file, so somebody has to be told. Called by its name, always.

        A bridge or a hangup ends a prompt as "broken" too, and that is no fault.
        """
        assert isinstance(self.call.event, events.PromptFinished)
        code, result = self.call.event.token.rpartition("-")[0], self.call.event.result
        cut_by_switch = self.call.before in ("connected", "releasing", "ended")
        if code in self.call.said - self.call.unheard and result != "played" and not cut_by_switch:
            self.call.unheard.add(code)
            self.tell("prompt_missing", code=code, result=result)

    # The ends

    def abandon(self) -> None:
        """The caller hung up."""
        self._end_as("abandoned")

    def stop(self) -> None:
        """Somebody who watches ends the call."""
        assert isinstance(self.call.event, events.StopWanted)
        self.tell("stopped", by=self.call.event.by)
        self._ask(do.Hangup())
        self._end_as("stopped")

    def too_late(self) -> None:
        """What somebody who watches wants is no use any more, or is being done already."""
        wanted = getattr(self.call.event, "target", "stop")
        by = getattr(self.call.event, "by", "")
        self.tell("too_late", by=by, wanted=wanted, state=self.call.before)

    def _end_as(self, how: str) -> None:
        """End the call with the outcome that it has come to, or as *how* in the state that it was in."""
        if self.call.before == "connected" and self._the_answered().talked:
            self._finish(f"answered:{self._the_answered().target}")
        elif self.call.before == "partner_notice":
            self._finish("partner")
        else:
            self._finish(self.call.outcome or f"{how}:{self.call.before}")

    def hang_up(self) -> None:
        """We end the call: the notice is said, or the callee has hung up."""
        self._ask(do.Hangup())
        self.abandon()

    def fail(self) -> None:
        """The switch is not heard any more; its dialplan looks after the caller.

        A leg that is being bridged is left alone: the two may hear each other by now, and a leg that
        nobody bridged meets its park limit.
        """
        self._finish("failed", spare=self.call.answered if self.call.before == "connected" else None)

    def leave_talking(self) -> None:
        """The switch is not heard any more, but the conversation goes on in it."""
        leg = self._the_answered()
        self._finish(f"answered:{leg.target}", spare=leg)

    def release_again(self) -> None:
        """The releases may have gone down with the connection: once more, by other means."""
        for leg in self.call.legs.values():
            if leg.alive:
                self._ask(do.Release(leg.id, "ORIGINATOR_CANCEL"))

    def tell_legs_left(self) -> None:
        """The switch did not confirm every release: its own limits are the net under it."""
        left = [leg.phone for leg in self.call.legs.values() if leg.alive]
        if not self.call.caller_gone:
            left.append(self.call.arrived.phone)
        self.tell("legs_left", legs=", ".join(left))
