"""What the actions of the statechart are made of: prompts, timers, legs, and what watchers are told.

Prompts of one step play one after another; a prompt of a later step cuts off what still plays. While a
target is rung, the caller hears ringing between them, never silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.plan import RECORDED, Target, Timeline
from ivr_fsm.flow.record import RINGING, Leg, LegState

HOLD = "FW8"
"""The prompt that may name the caller and the order."""


class Means(Guards):
    """Each method adds commands to the step, and keeps the call's own books in line with them."""

    def tell(self, what: str, **facts: str) -> None:
        """Tell the watchers *what*, with what is known of the call besides *facts*."""
        self._ask(do.Tell(what, {**self.call.facts(), **facts}))

    def tell_with_manager(self, leg: Leg, what: str, **facts: str) -> None:
        """Tell *what* with who is at the phone of *leg*: at once, or when the marketplace has said it."""
        leg.owed.append(do.Tell(what, facts))
        if not leg.asked:
            self.pay(leg)

    def pay(self, leg: Leg) -> None:
        """Tell what waits for the marketplace's word on *leg*, with or without that."""
        for owed in leg.owed:
            self.tell(owed.what, **owed.facts, manager=leg.manager)
        leg.owed.clear()

    def stop_prompt(self) -> None:
        """Silence what plays. Whoever presses a key during the greeting still hears that it is recorded."""
        if self.call.playing or self.call.holding:
            owed = self.call.before == "greeting" and any(map(_says_recorded, self.call.playing))
            self._ask(do.StopPrompt())
            self.call.playing.clear()
            self.call.holding = ""
            if owed:
                self._play(RECORDED)

    def _ask(self, *wanted: do.Command) -> None:
        self.call.commands.extend(wanted)

    # Timers

    def _visit(self) -> None:
        """From now on timers are other ones, even those of the same name."""
        self.call.visit += 1

    def _start(self, name: str, after: float) -> None:
        timer = events.Timer(self.call.visit, name)
        self.call.armed[name] = timer
        self._ask(do.StartTimer(timer, after))

    def _cancel_timers(self) -> None:
        self._ask(*map(do.CancelTimer, self.call.armed.values()))
        self.call.armed.clear()

    # Prompts

    def _play(self, code: str, *, cut: bool = True) -> str:
        """Play *code*: after the others of this step, or at once (*cut*), or after what still plays."""
        first = not any(isinstance(command, do.Play) for command in self.call.commands)
        if self.call.holding or (cut and first):
            self.stop_prompt()
        token = self._token(code)
        by_name = code == HOLD and self.call.plan.prompts.hold_by_name
        self._ask(do.Play(code, token, self.call.names() if by_name else {}))
        self.call.playing.append(token)
        self.call.said.add(code)
        return token

    def _hold(self) -> None:
        """Let the caller hear ringing, if nothing else."""
        if not (self.call.playing or self.call.holding):
            self.call.holding = self._token(RINGING)
            self.call.said.add(RINGING)
            self._ask(do.Hold(self.call.holding))

    def _token(self, code: str) -> str:
        self.call.tokens += 1
        return f"{code}-{self.call.tokens}"

    def _await_prompt(self, code: str, limit: float) -> None:
        self.call.awaited = self._play(code)
        self._start("limit", limit)

    def _say_menu(self) -> None:
        self._cancel_timers()
        self._visit()
        self._await_prompt(self.call.plan.menu.prompt, self.call.plan.menu.limit)

    def _say_shop_silent(self) -> None:
        if self.call.plan.prompts.shop_silent not in self.call.said:
            self._play(self.call.plan.prompts.shop_silent)

    def _run(self, timeline: Timeline, gives_up: float) -> None:
        """Begin *timeline*. Its first prompt cuts off nothing: what is being said is heard to its end."""
        for index, (at, code) in enumerate(timeline.marks()):
            if at > 0:
                self._start(f"play {index} {code}", at)
            else:
                self._play(code, cut=False)
        self._hold()
        self._start("limit", gives_up)

    # Legs

    def _dial(self, target: str, phones: Iterable[str], timeline: Timeline) -> None:
        """Ring *phones* together; where nobody can answer, the state gives up at once."""
        self._visit()
        self.call.dialed_target = target
        self.call.answered = None
        rules: Target = getattr(self.call.plan.targets, target)
        ringing = {leg.phone for leg in self.call.dialed_here(target) if leg.hoped_for}
        for phone in dict.fromkeys(phones):
            if phone in ringing:
                continue  # from an earlier attempt: it would be busy with our own call
            # Derived, so that a replayed call dials the same legs; from the time too, because a caller leg
            # may be a call of ours twice, and legs of its first life may still ring.
            name = f"{self.call.started.isoformat()} {len(self.call.legs)}"
            leg_id = str(uuid5(UUID(self.call.arrived.call_id), name))
            self.call.legs[leg_id] = Leg(leg_id, target, phone, rules)
            self._ask(do.Dial(leg_id, target, phone, rules.ring_limit, rules.park_limit))
        if rules.announce:
            self._ask(do.Prepare(self.call.plan.announcing.prompt, self.call.names()))
        self._run(timeline, timeline.gives_up if self._somebody_may_answer(target) else 0)

    def _somebody_may_answer(self, target: str) -> bool:
        """Whether a phone of *target* may; the last target waits for those of earlier ones too."""
        legs = self.call.legs.values() if target == "call_centre" else self.call.dialed_here(target)
        return any(leg.hoped_for for leg in legs)

    def _leave_target(self, target: str) -> None:
        if getattr(self.call.plan.targets, target).on_move == "cancel":
            for leg in self.call.dialed_here(target):
                self._release(leg, "ORIGINATOR_CANCEL")

    def _release(self, leg: Leg, cause: str) -> None:
        if leg.alive and not leg.released:
            leg.released = True
            self._ask(do.Release(leg.id, cause))

    def _ask_who(self, leg: Leg) -> None:
        """Have the marketplace say who is at the phone of *leg*; of shops and customers it is known."""
        if leg.target in ("office", "call_centre", "transfer") and not (leg.asked or leg.manager):
            leg.asked = True
            self._ask(do.WhoAnswers(leg.id, leg.phone))

    def _release_all(self, cause: str, *, spare: Leg | None = None) -> None:
        """Release every leg but *spare*: with *cause*, or normally if somebody had picked up."""
        for leg in self.call.legs.values():
            picked_up = leg.state in (LegState.ANSWERED, LegState.BRIDGED)
            if leg is not spare:
                self._release(leg, "NORMAL_CLEARING" if picked_up else cause)

    def _the_answered(self) -> Leg:
        assert self.call.answered is not None, "no leg has answered in this state"
        return self.call.answered

    # The end

    def _finish(self, outcome: str, *, spare: Leg | None = None) -> None:
        """End the call with *outcome*; every leg but *spare* is released."""
        self.call.outcome = outcome
        self._release_all("ORIGINATOR_CANCEL", spare=spare)
        for leg in self.call.legs.values():
            self.pay(leg)
        lasted = (self.call.now - self.call.started).total_seconds()
        self.tell("ended", outcome=outcome, seconds=f"{lasted:.0f}")


def _says_recorded(token: str) -> bool:
    return token.rpartition("-")[0] == RECORDED
