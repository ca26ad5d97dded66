"""What a call knows of itself between two steps: legs, prompts, timers, and the answers of its guards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Partner, Shop, Unknown
from ivr_fsm.flow.commands import Command, Tell
from ivr_fsm.flow.plan import Plan, Target


class LegState(StrEnum):
    """Where a target leg is."""

    DIALED = "dialed"
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    GONE = "gone"


RINGING = "HOLD"
"""What the tokens of the ringing between prompts begin with."""


@dataclass(slots=True)
class Leg:
    """A target leg. It says itself whose phone it is; the state the call is in never does."""

    id: str
    target: str
    phone: str
    rules: Target
    state: LegState = LegState.DIALED
    released: bool = False
    talked: bool = False
    """Whether it and the caller have heard each other."""
    manager: str = ""
    """Who is at that phone, as far as the marketplace has said."""
    asked: bool = False
    """Whether the marketplace is still thinking about that."""
    owed: list[Tell] = field(default_factory=list)
    """What watchers are told as soon as it has answered."""

    def facts(self) -> dict[str, str]:
        """Return what watchers may be told of the leg: whose phone it is."""
        return {"target": self.target, "leg_phone": self.phone}

    @property
    def alive(self) -> bool:
        """Whether the switch may still have a channel for it."""
        return self.state is not LegState.GONE

    @property
    def hoped_for(self) -> bool:
        """Whether somebody may still answer it."""
        return self.state in (LegState.DIALED, LegState.RINGING) and not self.released


@dataclass(frozen=True, slots=True)
class Judged:
    """A guard that was asked: its name, its answer, and the value it judged."""

    guard: str
    answer: bool
    value: str

    def __str__(self) -> str:
        return f"{'' if self.answer else 'not '}{self.guard.replace('_', ' ')} ({self.value})"


@dataclass(slots=True)
class Call:
    """All that a call knows of itself. Plain data: the statechart is lent to it for one event at a time."""

    plan: Plan
    started: datetime
    now: datetime
    arrived: events.CallArrived
    event: events.Event
    state_id: str = "arriving"
    """The innermost state that the call is in."""
    before: str = ""
    """The innermost state before the event."""
    caller: Caller = field(default_factory=Unknown)
    outcome: str | None = None

    legs: dict[str, Leg] = field(default_factory=dict)
    answered: Leg | None = None
    caller_gone: bool = False
    """Whether the caller leg has ended."""
    dialed_target: str = ""
    """The target that was dialed last; empty while a transfer's number is awaited."""
    destination: str = ""
    transfers: int = 0
    """The number that the callee transferred to, as it came."""

    chose_office: bool = False
    wrong_digits: int = 0
    repeats: int = 0

    playing: list[str] = field(default_factory=list)
    holding: str = ""
    """The token of the ringing that the caller hears between prompts, if any."""
    awaited: str = ""
    """The token of the prompt that the state waits for, if any."""
    said: set[str] = field(default_factory=set)
    unheard: set[str] = field(default_factory=set)
    """Prompts that could not be played, as the watchers know."""
    tokens: int = 0
    visit: int = 0
    armed: dict[str, events.Timer] = field(default_factory=dict)

    commands: list[Command] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether the call has ended and none of its legs is left."""
        return self.state_id == "ended"

    @property
    def shop(self) -> Shop | None:
        """The shop that this call is about, if any."""
        match self.caller:
            case Customer(order=order) if order is not None:
                return order.shop
            case Partner(shop=shop):
                return shop
        return None

    @property
    def event_leg(self) -> Leg | None:
        """The leg that the event is about, if it is one of ours."""
        return self.legs.get(getattr(self.event, "leg", ""))

    def dialed_here(self, target: str) -> list[Leg]:
        """Return the legs of *target*, whatever became of them."""
        return [leg for leg in self.legs.values() if leg.target == target]

    def note(self, event: events.Event) -> None:
        """Keep the book of legs and prompts, before any guard looks into it. A leg never goes back."""
        self.event = event
        leg = self.event_leg
        match event:
            case events.CallerIdentified() if self.before in ("identifying", "calling_back"):
                self.caller = event.caller
            case events.PromptFinished(token=token) if token in self.playing:
                self.playing.remove(token)
            case events.PromptFinished(token=self.holding):
                self.holding = ""
            case events.LegRinging() if leg and leg.state is LegState.DIALED:
                leg.state = LegState.RINGING
            case events.LegAnswered() if leg and leg.state in (LegState.DIALED, LegState.RINGING):
                leg.state = LegState.ANSWERED
            case events.LegEnded() if leg:
                leg.state = LegState.GONE
            case events.AnswererKnown() if leg and leg.asked:
                leg.manager, leg.asked = event.name or event.description, False
            case events.CallerHungUp():
                self.caller_gone = True

    def facts(self) -> dict[str, str]:
        """Return what watchers may be told of this call, by the names that the wording files use."""
        known = {"phone": self.arrived.phone or "—"}
        if isinstance(self.caller, Customer):
            known |= {"name": self.caller.name, "orders_link": self.caller.orders_link}
            if (order := self.caller.order) is not None:
                known |= {"order": order.id, "order_link": order.link, "status": order.status}
                known["address"] = order.address
        if (shop := self.shop) is not None:
            known |= {"shop": shop.name, "shop_link": shop.link, "city": shop.city}
            known["shop_phones"] = ", ".join(shop.phones)
        return known

    def names(self) -> dict[str, str]:
        """Return what an announcement may name: the caller and the order."""
        return {key: value for key, value in self.facts().items() if key in ("name", "order")}
