"""What a state or a transition of the statechart asks for: it fills the step's list of commands.

Prompts of one step play one after another; a prompt of a later step cuts off what still plays.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Customer, Unknown, scenario
from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.plan import Target, Timeline
from ivr_fsm.flow.record import Leg, LegState

HOLD = "FW8"
"""The prompt that may name the caller and the order."""


class Actions(Guards):
    """The actions of `CallFlow`."""

    # Entering states

    def on_enter_identifying(self) -> None:
        """Ring the caller and ask the marketplace."""
        self._visit()
        self._ask(do.Ring(), do.Identify(self.call.arrived.phone))
        self._start("limit", self.call.plan.identifying.limit)

    def on_enter_greeting(self) -> None:
        """Answer, and say what this service is."""
        self._visit()
        self._ask(do.Answer())
        self._await_prompt(self.call.plan.greeting.prompt, self.call.plan.greeting.limit)

    def on_enter_partner_notice(self) -> None:
        """Answer, and send the shop to the chat."""
        self._visit()
        self._ask(do.Answer())
        self._await_prompt(self.call.plan.partner_notice.prompt, self.call.plan.partner_notice.limit)

    def on_enter_menu(self) -> None:
        """Say what the keys do."""
        self._visit()
        self._await_prompt(self.call.plan.menu.prompt, self.call.plan.menu.limit)

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
        self._dial(
            "call_centre", self.call.plan.targets.call_centre.numbers, self.call.plan.dialing_call_centre
        )

    def on_enter_announcing(self) -> None:
        """Tell the callee who calls, or ask to accept the call, while the caller holds."""
        self._visit()
        plan, leg = self.call.plan.announcing, self._the_answered()
        wanted = {plan.prompt: leg.rules.announce, plan.confirm_prompt: leg.rules.confirm}
        codes = tuple(code for code, said in wanted.items() if said)
        self._ask(do.Announce(leg.id, codes, self.call.names()))
        self._run(plan, cut=False)

    def on_enter_connected(self) -> None:
        """Join caller and callee."""
        self._visit()
        self._ask(do.Bridge(self._the_answered().id))
        self._start("limit", self.call.plan.connected.bridge_limit)

    def on_enter_transferring(self) -> None:
        """Ring the number that the callee transferred to, or wait until the caller leg brings it."""
        self._visit()
        self.call.talked = False
        if self.call.destination:
            self._dial_transfer()
        else:
            self._start("limit", self.call.plan.transferring.reconnect)

    def on_enter_unanswered(self) -> None:
        """Say that we will call back, and ask the watchers to."""
        self._visit()
        self._release_hoped("ORIGINATOR_CANCEL")
        self.call.outcome = "unanswered"
        self.tell("unanswered")
        self._await_prompt(self.call.plan.unanswered.prompt, self.call.plan.unanswered.limit)

    def on_enter_releasing(self) -> None:
        """Wait until every leg is gone."""
        self._visit()
        self._start("limit", self.call.plan.ending.release_limit)

    def on_exit_state(self) -> None:
        """A timer dies with its state."""
        for timer in self.call.armed.values():
            self._ask(do.CancelTimer(timer))
        self.call.armed.clear()
        self.call.awaited = ""

    # On the way from state to state

    def tell_arrival(self) -> None:
        """Remember who calls; tell the watchers."""
        if isinstance(self.call.caller, Unknown) and self.call.caller.why != Unknown().why:
            self.tell("directory_failed", why=self.call.caller.why)
        if (
            isinstance(self.call.caller, Customer)
            and self.call.caller.order
            and self.call.plan.prompts.hold_by_name
        ):
            self._ask(do.Prepare(HOLD, self.call.names()))
        self.tell(f"{scenario(self.call.caller)}_call")

    def identify_nobody(self) -> None:
        """The marketplace is slow: the caller is unknown, and the call goes on."""
        self.call.caller = Unknown(f"no answer within {self.call.plan.identifying.limit:g} s")
        self.tell("directory_failed", why=self.call.caller.why)
        self.tell("other_call")

    def stop_prompt(self) -> None:
        """Silence what plays."""
        if self.call.playing:
            self._ask(do.StopPrompt())
            self.call.playing.clear()

    def say_shop_closed(self) -> None:
        """The shop is closed: say so on the way to support."""
        self.tell("shop_closed")
        self._play(self.call.plan.prompts.shop_closed)

    def chose_support(self) -> None:
        """The caller wants support."""
        self.call.chose_office = True
        self.stop_prompt()
        self.tell("to_office")

    def chose_support_but_closed(self) -> None:
        """The caller wants support, and the office is closed."""
        self.tell("office_closed")
        self._play(self.call.plan.prompts.to_support)

    def gave_up_on_keys(self) -> None:
        """No key, or wrong ones only: a person can help."""
        if isinstance(self.call.event, events.DigitPressed):
            self.tell("wrong_digit", digit=self.call.event.digit)
        self.chose_support()

    def gave_up_on_keys_but_closed(self) -> None:
        """No key, or wrong ones only, and the office is closed."""
        if isinstance(self.call.event, events.DigitPressed):
            self.tell("wrong_digit", digit=self.call.event.digit)
        self.chose_support_but_closed()

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
        self._cancel("limit")
        self.call.awaited = ""
        self._start("silence", self.call.plan.menu.silence)

    def greeted(self) -> None:
        """The greeting is over, and there is no menu for this caller."""
        self.tell("to_office")

    def greeted_but_closed(self) -> None:
        """As `greeted`, and the office is closed."""
        self.tell("office_closed")

    def shop_gave_up(self) -> None:
        """The shop has rung for long enough."""
        self._leave_target("shop")
        self.tell("shop_silent", next="office")

    def shop_gave_up_but_closed(self) -> None:
        """As `shop_gave_up`, and the office is closed."""
        self._leave_target("shop")
        self.tell("shop_silent", next="call_centre")

    def shop_failed(self) -> None:
        """Every phone of the shop is busy, rejects or is out of reach: say so at once."""
        self._say_shop_silent()
        self.shop_gave_up()

    def shop_failed_but_closed(self) -> None:
        """As `shop_failed`, and the office is closed."""
        self._say_shop_silent()
        self.shop_gave_up_but_closed()

    def office_gave_up(self) -> None:
        """The office does not answer."""
        self._leave_target("office")
        self.tell("office_silent")

    def keep_answered(self) -> None:
        """First answer wins: every other phone stops ringing."""
        self.call.answered = self.call.event_leg
        self._release_hoped("LOSE_RACE")

    def lose_answered(self) -> None:
        """Who answered is gone, did not accept, or could not be connected."""
        leg = self._the_answered()
        self._release(leg, "NORMAL_CLEARING")
        self.tell("answer_lost", **leg.facts())
        self.call.answered = None

    def lose_shop(self) -> None:
        """As `lose_answered`, and the caller had been promised the shop."""
        self.lose_answered()
        self._say_shop_silent()

    def start_talking(self) -> None:
        """Caller and callee hear each other: every timer dies, the recording starts."""
        leg = self._the_answered()
        leg.state = LegState.BRIDGED
        self.call.talked = True
        self.call.playing.clear()
        for name in list(self.call.armed):
            self._cancel(name)
        if self.call.plan.connected.record:
            self._ask(do.Record())
        self.tell("answered", **leg.facts())

    def note_destination(self) -> None:
        """The caller leg came back with the transfer's number before the callee's hangup was heard."""
        assert isinstance(self.call.event, events.CallerReturned)
        self.call.destination, self.call.referred_by = (
            self.call.event.destination,
            self.call.event.referred_by,
        )

    def dial_destination(self) -> None:
        """The caller leg brings the number that the callee transferred to."""
        self._cancel("limit")
        self.note_destination()
        self._dial_transfer()

    def transfer_failed(self) -> None:
        """Nobody answers where the callee transferred to."""
        self._leave_target("transfer", cancel=True)
        self.tell("transfer_failed", to=self.call.destination)

    def play_mark(self) -> None:
        """A prompt of the state's timeline is due."""
        assert isinstance(self.call.event, events.TimerFired)
        _, _, code = self.call.event.timer.name.split()
        self._play(code)

    def release_late(self) -> None:
        """A phone rings or answers although its release was asked for: the release came too early for it."""
        leg = self.call.event_leg
        if leg is not None and leg.released:
            leg.released = False
            self._release(leg, "LOSE_RACE" if self.call.answered else "ORIGINATOR_CANCEL")

    # The ends

    def abandon(self) -> None:
        """The caller hung up."""
        if self.call.before == "connected" and self.call.talked:
            self._finish(f"answered:{self._the_answered().target}")
        elif self.call.before == "partner_notice":
            self._finish("partner")
        else:
            self._finish(self.call.outcome or f"abandoned:{self.call.before}")

    def hang_up(self) -> None:
        """We end the call: the notice is said, or the callee has hung up."""
        self._ask(do.Hangup())
        self.abandon()

    def fail(self) -> None:
        """The switch is not heard any more; its dialplan looks after the caller."""
        assert isinstance(self.call.event, events.LinkLost)
        self._finish("failed")

    def leave_talking(self) -> None:
        """The switch is not heard any more, but the conversation goes on in it."""
        leg = self._the_answered()
        leg.released = True
        self._finish(f"answered:{leg.target}")

    def tell_legs_left(self) -> None:
        """The switch did not confirm every release: its own limits are the net under it."""
        self.tell("legs_left", legs=", ".join(leg.phone for leg in self.call.legs.values() if leg.alive))

    # What they are made of

    def tell(self, what: str, **facts: str) -> None:
        """Tell the watchers *what*, with what is known of the call besides *facts*."""
        self._ask(do.Tell(what, {**self.call.facts(), **facts}))

    def _ask(self, *wanted: do.Command) -> None:
        self.call.commands.extend(wanted)

    def _visit(self) -> None:
        self.call.visit += 1

    def _start(self, name: str, after: float) -> None:
        timer = events.Timer(self.call.visit, name)
        self.call.armed[name] = timer
        self._ask(do.StartTimer(timer, after))

    def _cancel(self, name: str) -> None:
        if timer := self.call.armed.pop(name, None):
            self._ask(do.CancelTimer(timer))

    def _play(self, code: str, *, cut: bool = True) -> str:
        if cut and not any(isinstance(command, do.Play) for command in self.call.commands):
            self.stop_prompt()
        self.call.tokens += 1
        token = f"{code}-{self.call.tokens}"
        by_name = code == HOLD and self.call.plan.prompts.hold_by_name
        self._ask(do.Play(code, token, self.call.names() if by_name else {}))
        self.call.playing.append(token)
        self.call.said.add(code)
        return token

    def _await_prompt(self, code: str, limit: float) -> None:
        self.call.awaited = self._play(code)
        self._start("limit", limit)

    def _say_menu(self) -> None:
        self._cancel("silence")
        self._cancel("limit")
        self._await_prompt(self.call.plan.menu.prompt, self.call.plan.menu.limit)

    def _say_shop_silent(self) -> None:
        if self.call.plan.prompts.shop_silent not in self.call.said:
            self._play(self.call.plan.prompts.shop_silent)

    def _run(self, timeline: Timeline, *, cut: bool = True, dialed: bool = True) -> None:
        for index, (at, code) in enumerate(timeline.marks()):
            if at == 0:
                self._play(code, cut=cut)
            else:
                self._start(f"play {index} {code}", at)
        self._start("limit", timeline.gives_up if dialed else 0)

    def _dial(self, target: str, phones: tuple[str, ...], timeline: Timeline) -> None:
        self._visit()
        self.call.dialed_target = target
        self.call.answered = None
        rules: Target = getattr(self.call.plan.targets, target)
        for phone in dict.fromkeys(phones):
            leg = Leg(
                str(uuid5(UUID(self.call.arrived.call_id), str(len(self.call.legs)))), target, phone, rules
            )
            self.call.legs[leg.id] = leg
            self._ask(do.Dial(leg.id, target, phone, rules.ring_limit, rules.park_limit))
        if rules.announce:
            self._ask(do.Prepare(self.call.plan.announcing.prompt, self.call.names()))
        self._run(timeline, dialed=bool(phones))

    def _dial_transfer(self) -> None:
        self.tell("transferred", to=self.call.destination, by=self.call.referred_by)
        destination, self.call.destination = self.call.destination, ""
        self._dial("transfer", (destination,), self.call.plan.transferring)

    def _leave_target(self, target: str, *, cancel: bool = False) -> None:
        if cancel or getattr(self.call.plan.targets, target).on_move == "cancel":
            for leg in self.call.dialed_here(target):
                self._release(leg, "ORIGINATOR_CANCEL")

    def _release(self, leg: Leg, cause: str) -> None:
        if leg.alive and not leg.released:
            leg.released = True
            self._ask(do.Release(leg.id, cause))

    def _release_hoped(self, cause: str) -> None:
        for leg in self.call.legs.values():
            if leg.hoped_for:
                self._release(leg, cause)

    def _finish(self, outcome: str) -> None:
        self.call.outcome = outcome
        for leg in self.call.legs.values():
            picked_up = leg.state in (LegState.ANSWERED, LegState.BRIDGED)
            self._release(leg, "NORMAL_CLEARING" if picked_up else "ORIGINATOR_CANCEL")
        self.tell(
            "ended", outcome=outcome, seconds=f"{(self.call.now - self.call.started).total_seconds():.0f}"
        )

    def _the_answered(self) -> Leg:
        assert self.call.answered is not None, "no leg has answered in this state"
        return self.call.answered
