"""A call on a virtual clock: it keeps the timers that the flow arms, and fires them when their time comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Order, Partner, Shop, Unknown
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call
from ivr_fsm.flow.step import Step, arrive, step

C = TypeVar("C", bound=do.Command)

CALL_ID = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
PHONE = "+79161234567"
MISSED = "5a0c7b1e-3f61-4c6d-8a53-0f6f0a8f1c22"
"""The id of a call that nobody answered."""
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""A Monday, 12:00 in Moscow."""

SHOP = Shop("s1", "Цветы", "Москва", "https://shop.example/s1", ("74951110001", "74951110002"))
CLOSED_SHOP = Shop("s2", "Хлеб", "Тверь", "https://shop.example/s2", ("74951110003",), open_now=False)
ORDER = Customer("Иван", Order("10542", SHOP, "собирается", "Тверская, 1", "https://order.example/10542"))
ORDER_OF_CLOSED = Customer("Иван", Order("10543", CLOSED_SHOP))
OTHER = Customer("Мария", orders_link="https://orders.example/7")
NOBODY = Unknown()
PARTNER = Partner(SHOP)

OFFICE = ("74951110011", "74951110012")
CALL_CENTRE = ("74951110021",)


def plan(**sections: Any) -> Plan:
    """The default plan with numbers, and with *sections* instead of its own."""
    targets: dict[str, dict[str, Any]]
    targets = {"office": {"numbers": OFFICE}, "call_centre": {"numbers": CALL_CENTRE}}
    for name, change in sections.pop("targets", {}).items():
        targets[name] = {**targets.get(name, {}), **change}
    if "shop" in targets:
        targets["shop"] = {"announce": True, **targets["shop"]}
    return Plan.model_validate({"targets": targets, **sections})


@dataclass
class LiveCall:
    """One call and all that it has asked for, with the second at which it did."""

    plan: Plan = field(default_factory=plan)
    start: datetime = NOON
    back: str = ""
    seconds: float = 0.0
    said: list[tuple[float, do.Command]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    timers: dict[events.Timer, float] = field(default_factory=dict)
    ever: set[events.Timer] = field(default_factory=set)
    call: Call = field(init=False)

    def __post_init__(self) -> None:
        arrived = events.CallArrived(CALL_ID, PHONE)
        if self.back:
            arrived = events.CallArrived(CALL_ID, PHONE, OFFICE[0], self.back, "Ольга")
        self.call, first = arrive(self.plan, arrived, self.start)
        self._note(first)

    @property
    def state(self) -> str:
        return self.call.state_id

    def send(self, event: events.Event) -> Step:
        """Let *event* happen now."""
        taken = step(self.call, event, self.start + timedelta(seconds=self.seconds))
        self._note(taken)
        return taken

    def advance(self, seconds: float) -> None:
        """Let time pass, and fire what comes due in its order."""
        end = self.seconds + seconds
        while due := [(at, order) for order, at in enumerate(self.timers.values()) if at <= end]:
            at, order = min(due)
            timer = list(self.timers)[order]
            self.seconds = max(self.seconds, at)
            del self.timers[timer]
            self.send(events.TimerFired(timer))
        self.seconds = end

    def _note(self, taken: Step) -> None:
        self.steps.append(taken)
        self.times.append(self.seconds)
        for command in taken.commands:
            self.said.append((self.seconds, command))
            if isinstance(command, do.StartTimer):
                assert command.timer not in self.ever, "two timers with one identity"
                self.ever.add(command.timer)
                self.timers[command.timer] = self.seconds + command.after
            elif isinstance(command, do.CancelTimer):
                del self.timers[command.timer]

    # What people and the switch do

    def identified(self, caller: Caller) -> LiveCall:
        self.send(events.CallerIdentified(caller))
        return self

    def press(self, digit: str) -> Step:
        return self.send(events.DigitPressed(digit))

    def prompt_ends(self) -> Step:
        """The prompt that the state waits for comes to its end."""
        assert self.call.awaited, f"{self.state} waits for no prompt"
        return self.send(events.PromptFinished(self.call.awaited))

    def leg(self, target: str, index: int = 0) -> str:
        """The id of the phone of *target* that was dialed as the *index*-th one."""
        return self.call.dialed_here(target)[index].id

    def rings(self, target: str, index: int = 0) -> Step:
        return self.send(events.LegRinging(self.leg(target, index)))

    def answers(self, target: str, index: int = 0) -> Step:
        return self.send(events.LegAnswered(self.leg(target, index)))

    def ends(self, target: str, index: int = 0, cause: str = "USER_BUSY") -> Step:
        return self.send(events.LegEnded(self.leg(target, index), cause))

    def announced(self, target: str, index: int = 0) -> Step:
        return self.send(events.AnnouncementFinished(self.leg(target, index)))

    def known(self, target: str, index: int = 0, name: str = "Анна") -> Step:
        """The marketplace says who is at that phone."""
        return self.send(events.AnswererKnown(self.leg(target, index), name))

    def bridged(self, target: str, index: int = 0) -> Step:
        if self.call.dialed_here(target)[index].asked:
            self.known(target, index)
        return self.send(events.Bridged(self.leg(target, index)))

    def hangs_up(self) -> Step:
        return self.send(events.CallerHungUp())

    # What was asked for

    def last(self, kind: type[C]) -> C:
        """The last command of its *kind*."""
        return next(command for _, command in reversed(self.said) if isinstance(command, kind))

    def all(self, kind: type[C]) -> list[C]:
        return [command for _, command in self.said if isinstance(command, kind)]

    def plays(self, since: float = 0.0) -> list[tuple[float, str]]:
        """The prompts, each with the seconds after *since* at which it was asked for."""
        return [
            (at - since, command.code)
            for at, command in self.said
            if isinstance(command, do.Play) and at >= since
        ]

    def tells(self) -> list[str]:
        return [command.what for command in self.all(do.Tell)]

    def told(self, what: str) -> dict[str, str]:
        """The facts of the last *what* that was told."""
        return dict(next(each.facts for each in reversed(self.all(do.Tell)) if each.what == what))

    def dialed(self, target: str) -> list[str]:
        return [command.phone for command in self.all(do.Dial) if command.target == target]

    def released(self) -> dict[str, str]:
        """Every leg whose release was asked for, by its phone, with the cause."""
        return {self.call.legs[each.leg].phone: each.cause for each in self.all(do.Release)}


# Calls that have come to a state


def in_greeting(caller: Caller = ORDER, the_plan: Plan | None = None) -> LiveCall:
    return LiveCall(the_plan or plan()).identified(caller)


def in_menu(caller: Caller = ORDER, the_plan: Plan | None = None) -> LiveCall:
    live = in_greeting(caller, the_plan)
    live.prompt_ends()
    return live


def at_shop(the_plan: Plan | None = None) -> LiveCall:
    live = in_menu(ORDER, the_plan)
    live.press("1")
    return live


def at_office(the_plan: Plan | None = None) -> LiveCall:
    """The office rings because the caller pressed 2."""
    live = in_menu(ORDER, the_plan)
    live.press("2")
    return live


def at_call_centre(the_plan: Plan | None = None) -> LiveCall:
    """The call centre rings because both phones of the office failed."""
    live = at_office(the_plan)
    for index in range(len(live.dialed("office"))):
        live.ends("office", index)
    return live


def announcing(the_plan: Plan | None = None) -> LiveCall:
    """The shop's first phone has answered."""
    live = at_shop(the_plan)
    live.answers("shop")
    return live


def bridging(target: str = "office", the_plan: Plan | None = None) -> LiveCall:
    """The bridge with the first phone of *target* has been asked for."""
    make = {"shop": announcing, "office": at_office, "call_centre": at_call_centre}[target]
    live = make(the_plan)
    if target == "shop":
        live.announced(target)
    else:
        live.answers(target)
    return live


def talking(target: str = "office", the_plan: Plan | None = None) -> LiveCall:
    """Caller and the first phone of *target* hear each other, after a confirmation if the plan wants one."""
    live = bridging(target, the_plan)
    if live.state == "announcing":
        live.send(events.LegDigitPressed(live.leg(target), "1"))
    live.bridged(target)
    return live


def transferring(destination: str = "74951110099", the_plan: Plan | None = None) -> LiveCall:
    """The office has transferred the caller, whose leg has come back with the number."""
    live = talking("office", the_plan)
    live.send(events.LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))
    live.send(events.CallerReturned(destination, "74951110011"))
    return live


def calling_back(the_plan: Plan | None = None) -> LiveCall:
    """A phone of the office has been picked up to call somebody back."""
    return LiveCall(the_plan or plan(), back=MISSED)


def at_customer(the_plan: Plan | None = None) -> LiveCall:
    """The phone of who is called back rings."""
    return calling_back(the_plan).identified(ORDER)


def talking_to_customer(the_plan: Plan | None = None) -> LiveCall:
    live = at_customer(the_plan)
    live.answers("customer")
    live.bridged("customer")
    return live


def unanswered(the_plan: Plan | None = None) -> LiveCall:
    live = at_call_centre(the_plan)
    live.advance(60)
    return live
