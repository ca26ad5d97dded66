"""What the statechart asks before it takes a way: each answer is kept, with the value it judged."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from ivr_fsm.flow.caller import Partner, scenario
from ivr_fsm.flow.record import RINGING, Call, Judged, LegState

G = TypeVar("G", bound="Guards")


def guard(test: Callable[[G], tuple[bool, object]]) -> Callable[[G], bool]:
    """Make a guard of *test*, which returns its answer and the value it judged: both are kept."""

    @wraps(test)
    def asked(self: G) -> bool:
        answer, value = test(self)
        self.call.judged.append(Judged(test.__name__, answer, str(value)))
        return answer

    return asked


class Guards:
    """The guards of `CallFlow`. None of them changes anything but the list of what was judged."""

    call: Call

    @guard
    def caller_is_partner(self) -> tuple[bool, object]:
        """A shop of the marketplace calls."""
        return isinstance(self.call.caller, Partner), scenario(self.call.caller)

    @guard
    def has_order(self) -> tuple[bool, object]:
        """The caller has an active order."""
        return scenario(self.call.caller) == "order", scenario(self.call.caller)

    @guard
    def office_open(self) -> tuple[bool, object]:
        """The office works now."""
        return self.call.plan.targets.office.is_open(self.call.now), self.call.now.isoformat(
            timespec="minutes"
        )

    @guard
    def shop_open(self) -> tuple[bool, object]:
        """The shop of the order works now, as the marketplace says."""
        shop = self.call.shop
        return bool(shop and shop.open_now), shop.id if shop else "no shop"

    @guard
    def pressed_shop(self) -> tuple[bool, object]:
        """The digit of the menu that asks for the shop."""
        return self._digit() == self.call.plan.menu.shop_digit, self._digit()

    @guard
    def pressed_support(self) -> tuple[bool, object]:
        """The digit of the menu that asks for support."""
        return self._digit() == self.call.plan.menu.support_digit, self._digit()

    @guard
    def tries_left(self) -> tuple[bool, object]:
        """The caller may press another wrong key."""
        wrong = self.call.wrong_digits + 1
        return wrong < self.call.plan.menu.tries, f"{wrong} of {self.call.plan.menu.tries}"

    @guard
    def repeats_left(self) -> tuple[bool, object]:
        """The menu may be said once more to a silent caller."""
        return (
            self.call.repeats < self.call.plan.menu.repeats,
            f"{self.call.repeats} of {self.call.plan.menu.repeats}",
        )

    @guard
    def awaited_prompt(self) -> tuple[bool, object]:
        """The prompt that ended is the one that this state waits for."""
        token = getattr(self.call.event, "token", "")
        return bool(token) and token == self.call.awaited, token

    @guard
    def prompt_unheard(self) -> tuple[bool, object]:
        """The prompt could not be played, so waiting for what it asks for would be silence."""
        return self._unplayed(), getattr(self.call.event, "result", "")

    @guard
    def nothing_plays(self) -> tuple[bool, object]:
        """The caller would hear silence from now on (and ringing is not what could not be played)."""
        token = getattr(self.call.event, "token", "")
        failed = token.startswith(RINGING) and self._unplayed()
        return not (failed or self.call.playing or self.call.holding), token

    @guard
    def leg_wanted(self) -> tuple[bool, object]:
        """The leg is ours, has just answered, and has not been released."""
        leg = self.call.event_leg
        wanted = leg is not None and leg.state is LegState.ANSWERED and not leg.released
        return wanted, leg.phone if leg else "not our leg"

    @guard
    def announcement_needed(self) -> tuple[bool, object]:
        """The callee is told who calls, or has to accept the call, before the two are connected."""
        leg = self.call.event_leg
        return bool(leg and (leg.rules.announce or leg.rules.confirm)), leg.target if leg else "not our leg"

    @guard
    def no_confirm_needed(self) -> tuple[bool, object]:
        """The callee need not press a key to accept the call."""
        return not (self.call.answered and self.call.answered.rules.confirm), self._answered_target()

    @guard
    def confirmed(self) -> tuple[bool, object]:
        """The callee pressed the key that accepts the call."""
        needed = bool(self.call.answered and self.call.answered.rules.confirm)
        return needed and self._digit() == self.call.plan.announcing.confirm_digit, self._digit()

    @guard
    def still_announcing(self) -> tuple[bool, object]:
        """The announcement was not known to be over: its limit has neither passed nor been cancelled."""
        return "limit" in self.call.armed, self._answered_target()

    @guard
    def leg_is_answered(self) -> tuple[bool, object]:
        """The event is about the leg that answered."""
        leg = self.call.event_leg
        return leg is not None and leg is self.call.answered, leg.phone if leg else "not our leg"

    @guard
    def leg_transferred(self) -> tuple[bool, object]:
        """The callee left by transferring the caller. A customer who is called back sends nobody anywhere."""
        transferred = bool(getattr(self.call.event, "transferred", False))
        return transferred and not self.call.arrived.back, self._answered_target()

    @guard
    def never_bridged(self) -> tuple[bool, object]:
        """Caller and callee have not heard each other."""
        return not (self.call.answered and self.call.answered.talked), self._answered_target()

    @guard
    def talking(self) -> tuple[bool, object]:
        """Caller and callee hear each other now."""
        state = self.call.answered.state if self.call.answered else None
        return state is LegState.BRIDGED, state or "nobody"

    @guard
    def sent_elsewhere(self) -> tuple[bool, object]:
        """The caller leg came back with a number that the callee transferred it to, and may go there."""
        destination = getattr(self.call.event, "destination", "")
        often = self.call.transfers >= self.call.plan.transferring.most
        may = not often and not self.call.arrived.back
        return bool(destination) and may, "too often" if often else destination or "no number"

    @guard
    def leg_was_shops(self) -> tuple[bool, object]:
        """Who had answered was the shop."""
        return self._answered_target() == "shop", self._answered_target()

    @guard
    def leg_was_last(self) -> tuple[bool, object]:
        """After who had answered nobody comes: it was the call centre, or the customer who is called back."""
        return self._answered_target() in ("call_centre", "customer"), self._answered_target()

    @guard
    def calls_back(self) -> tuple[bool, object]:
        """Somebody of the office is on the line to call a customer back."""
        return bool(self.call.arrived.back), self.call.arrived.back

    @guard
    def office_wanted(self) -> tuple[bool, object]:
        """Somebody who watches sends the caller to the office; whether it works now is theirs to know."""
        wanted = getattr(self.call.event, "target", "")
        return wanted == "office", wanted

    @guard
    def call_centre_wanted(self) -> tuple[bool, object]:
        """Somebody who watches sends the caller to the call centre."""
        wanted = getattr(self.call.event, "target", "")
        return wanted == "call_centre", wanted

    @guard
    def all_failed(self) -> tuple[bool, object]:
        """No phone of the target that is being rung can answer any more."""
        hoped = [leg for leg in self.call.dialed_here(self.call.dialed_target) if leg.hoped_for]
        return not hoped, f"{len(hoped)} of {self.call.dialed_target} left"

    @guard
    def nobody_rings(self) -> tuple[bool, object]:
        """No phone of any target can answer any more: those of earlier targets may still ring."""
        hoped = [leg.target for leg in self.call.legs.values() if leg.hoped_for]
        return not hoped, ", ".join(hoped) or "none left"

    @guard
    def destination_awaited(self) -> tuple[bool, object]:
        """The callee has transferred the caller, and the number has not come yet."""
        return not self.call.dialed_target, self.call.destination or "no number yet"

    @guard
    def transfer_target_lost(self) -> tuple[bool, object]:
        """The phone that the callee transferred to cannot answer any more."""
        hoped = [leg for leg in self.call.dialed_here("transfer") if leg.hoped_for]
        return self.call.dialed_target == "transfer" and not hoped, self.call.destination or "no number yet"

    @guard
    def legs_left(self) -> tuple[bool, object]:
        """The switch still has a channel of this call."""
        return self._alive() > 0, f"{self._alive()} left"

    @guard
    def no_legs_left(self) -> tuple[bool, object]:
        """The last leg of the call is gone, the caller's among them."""
        return self._alive() == 0, f"{self._alive()} left"

    def _unplayed(self) -> bool:
        return getattr(self.call.event, "result", "played") != "played"

    def _alive(self) -> int:
        return sum(leg.alive for leg in self.call.legs.values()) + (not self.call.caller_gone)

    def _digit(self) -> str:
        return getattr(self.call.event, "digit", "")

    def _answered_target(self) -> str:
        return self.call.answered.target if self.call.answered else "nobody"
