"""Every way of the statechart, with a call that takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from tests.flow.clock import (
    NOBODY,
    ORDER,
    ORDER_OF_CLOSED,
    OTHER,
    PARTNER,
    LiveCall,
    announcing,
    at_call_centre,
    at_customer,
    at_office,
    at_shop,
    bridging,
    calling_back,
    in_greeting,
    in_menu,
    plan,
    talking,
    talking_to_customer,
    transferring,
    unanswered,
)

from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan

SHUT = plan(targets={"office": {"hours": ["sat 10:00-11:00"]}})
"""The office is closed."""
CONFIRM = plan(targets={name: {"confirm": True} for name in ("shop", "office", "call_centre", "transfer")})
"""Everybody has to accept the call."""


class Way(NamedTuple):
    """From state *source*, by *event*, when *guards* all say yes, to *target* (empty: it stays)."""

    source: str
    event: str
    guards: str
    target: str

    def __str__(self) -> str:
        return f"{self.source}: {self.event} [{self.guards}] -> {self.target or 'stays'}"


Start = Callable[[], LiveCall]
Push = Callable[[LiveCall], object]


def confirming(target: str, the_plan: Plan = CONFIRM) -> LiveCall:
    """Somebody of *target* has answered and has to accept the call."""
    ring: dict[str, Callable[[Plan], LiveCall]]
    ring = {"shop": at_shop, "office": at_office, "call_centre": at_call_centre}
    live = ring[target](the_plan)
    live.answers(target)
    return live


def asked(target: str, the_plan: Plan = CONFIRM) -> LiveCall:
    """As `confirming`, and the question was heard."""
    live = confirming(target, the_plan)
    live.announced(target)
    return live


def hung_up_while_ringing() -> LiveCall:
    live = at_shop()
    live.hangs_up()
    return live


def over() -> LiveCall:
    live = in_menu()
    live.hangs_up()
    return live


def transfer_begun() -> LiveCall:
    """The callee has transferred the caller; the number has not come."""
    live = talking()
    transfers(live)
    return live


def wait(seconds: float) -> Push:
    return lambda live: live.advance(seconds)


def digit(key: str) -> Push:
    return lambda live: live.press(key)


def ends(target: str) -> Push:
    """Every phone of *target* fails."""
    return lambda live: [live.ends(target, index) for index in range(len(live.call.dialed_here(target)))]


def answers(target: str) -> Push:
    return lambda live: live.answers(target)


def is_lost(target: str) -> Push:
    """The phone that answered hangs up."""
    return lambda live: live.ends(target)


def heard(target: str) -> Push:
    return lambda live: live.announced(target)


def accepts(target: str) -> Push:
    return lambda live: live.send(events.LegDigitPressed(live.leg(target), "1"))


def transfers(live: LiveCall) -> object:
    return live.send(events.LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))


def refused(target: str) -> Push:
    return lambda live: live.send(events.BridgeFailed(live.leg(target), "-ERR Invalid uuid"))


def returned(destination: str = "") -> Push:
    return lambda live: live.send(events.CallerReturned(destination))


def prompt(live: LiveCall) -> object:
    return live.prompt_ends()


def missing(live: LiveCall) -> object:
    return live.send(events.PromptFinished(live.call.awaited, "missing"))


def all_is_said(live: LiveCall) -> None:
    for token in list(live.call.playing):
        live.send(events.PromptFinished(token))


def hang_up(live: LiveCall) -> object:
    return live.hangs_up()


def lose_link(live: LiveCall) -> object:
    return live.send(events.LinkLost("reset by peer"))


def send(target: Literal["office", "call_centre"]) -> Push:
    """Somebody who watches sends the caller on."""
    return lambda live: live.send(events.SendWanted(target, "Ольга"))


def stop(live: LiveCall) -> object:
    """Somebody who watches ends the call."""
    return live.send(events.StopWanted("Ольга"))


def said_once() -> LiveCall:
    live = in_menu()
    live.prompt_ends()
    return live


def silent_menu(the_plan: Plan | None = None) -> LiveCall:
    """The menu was said twice, and no key came."""
    live = in_menu(ORDER, the_plan)
    live.prompt_ends()
    live.advance(10)
    live.prompt_ends()
    return live


def two_wrong(the_plan: Plan | None = None) -> LiveCall:
    live = in_menu(ORDER, the_plan)
    live.press("7")
    live.press("8")
    return live


def _before_the_menu() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    shop, office, centre = "dialing_shop", "dialing_office", "dialing_call_centre"
    yield "arriving", "call_arrived", "", "live", LiveCall, lambda live: None
    yield "arriving", "call_back_arrived", "", "calling_back", calling_back, lambda live: None
    back = "calling_back", "caller_identified"
    yield *back, "", "dialing_customer", calling_back, lambda live: live.identified(NOBODY)
    yield "calling_back", "limit_reached", "", "dialing_customer", calling_back, wait(2)
    who = "identifying", "caller_identified"
    yield *who, "caller_is_partner", "partner_notice", LiveCall, lambda live: live.identified(PARTNER)
    yield *who, "", "greeting", LiveCall, lambda live: live.identified(NOBODY)
    yield "identifying", "limit_reached", "", "greeting", LiveCall, wait(2)

    key = "greeting", "digit_pressed"
    yield *key, "has_order pressed_shop shop_open", shop, in_greeting, digit("1")
    yield *key, "has_order pressed_shop", centre, lambda: in_greeting(ORDER_OF_CLOSED), digit("1")
    yield *key, "has_order pressed_support office_open", office, in_greeting, digit("2")
    yield *key, "has_order pressed_support", centre, lambda: in_greeting(ORDER, SHUT), digit("2")
    said = "greeting", "prompt_finished"
    yield *said, "awaited_prompt has_order", "menu", in_greeting, prompt
    yield *said, "awaited_prompt office_open", office, lambda: in_greeting(OTHER), prompt
    yield *said, "awaited_prompt", centre, lambda: in_greeting(OTHER, SHUT), prompt
    late = "greeting", "limit_reached"
    yield *late, "has_order", "menu", in_greeting, wait(28)
    yield *late, "office_open", office, lambda: in_greeting(OTHER), wait(28)
    yield *late, "", centre, lambda: in_greeting(OTHER, SHUT), wait(28)


def _menu() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    shop, office, centre = "dialing_shop", "dialing_office", "dialing_call_centre"
    key = "menu", "digit_pressed"
    yield *key, "pressed_shop shop_open", shop, in_menu, digit("1")
    yield *key, "pressed_shop", centre, lambda: in_menu(ORDER_OF_CLOSED), digit("1")
    yield *key, "pressed_support office_open", office, in_menu, digit("2")
    yield *key, "pressed_support", centre, lambda: in_menu(ORDER, SHUT), digit("2")
    yield *key, "tries_left", "", in_menu, digit("7")
    yield *key, "office_open", office, two_wrong, digit("9")
    yield *key, "", centre, lambda: two_wrong(SHUT), digit("9")
    said = "menu", "prompt_finished"
    yield *said, "awaited_prompt prompt_unheard office_open", office, in_menu, missing
    yield *said, "awaited_prompt prompt_unheard", centre, lambda: in_menu(ORDER, SHUT), missing
    yield *said, "awaited_prompt", "", in_menu, prompt
    yield "menu", "limit_reached", "", "", in_menu, wait(28)
    yield "menu", "silence_over", "repeats_left", "", said_once, wait(10)
    yield "menu", "silence_over", "office_open", office, silent_menu, wait(10)
    yield "menu", "silence_over", "", centre, lambda: silent_menu(SHUT), wait(10)


def _dialing() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    office, centre = "dialing_office", "dialing_call_centre"
    answered = "dialing", "leg_answered"
    yield *answered, "leg_wanted announcement_needed", "announcing", at_shop, answers("shop")
    yield *answered, "leg_wanted", "connected", at_office, answers("office")
    customer = "dialing_customer"
    yield customer, "limit_reached", "", "unanswered", at_customer, wait(45)
    yield customer, "leg_ended", "nobody_rings", "unanswered", at_customer, ends("customer")
    yield "dialing", "mark_reached", "", "", at_shop, wait(4)
    for ringing in (at_shop, announcing, transferring):
        source = "dialing" if ringing is at_shop else ringing.__name__
        yield source, "prompt_finished", "nothing_plays", "", ringing, all_is_said
    shop = "dialing_shop"
    yield shop, "limit_reached", "office_open", office, at_shop, wait(32)
    yield shop, "limit_reached", "", centre, lambda: at_shop(SHUT), wait(32)
    yield shop, "leg_ended", "all_failed office_open", office, at_shop, ends("shop")
    yield shop, "leg_ended", "all_failed", centre, lambda: at_shop(SHUT), ends("shop")
    yield office, "limit_reached", "", centre, at_office, wait(34)
    yield office, "leg_ended", "all_failed", centre, at_office, ends("office")
    yield centre, "limit_reached", "", "unanswered", at_call_centre, wait(60)
    yield centre, "leg_ended", "nobody_rings", "unanswered", at_call_centre, ends("call_centre")


def _announcing() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    office, centre, source = "dialing_office", "dialing_call_centre", "announcing"
    quiet = source, "silence_over"
    yield *quiet, "leg_was_shops office_open", office, lambda: asked("shop"), wait(10)
    yield *quiet, "leg_was_last", "unanswered", lambda: asked("call_centre"), wait(10)
    yield *quiet, "", centre, lambda: asked("office"), wait(10)
    yield source, "limit_reached", "no_confirm_needed", "connected", announcing, wait(9)
    yield source, "limit_reached", "", "", lambda: confirming("shop"), wait(9)
    over, mine = (source, "announcement_finished"), "leg_is_answered"
    yield *over, f"{mine} no_confirm_needed", "connected", announcing, heard("shop")
    yield *over, f"{mine} still_announcing", "", lambda: confirming("shop"), heard("shop")
    pressed = source, "callee_pressed"
    yield *pressed, f"{mine} confirmed", "connected", lambda: confirming("shop"), accepts("shop")
    gone = source, "leg_ended"
    yield *gone, f"{mine} leg_was_shops office_open", office, announcing, is_lost("shop")
    last = f"{mine} leg_was_last"
    yield *gone, last, "unanswered", lambda: confirming("call_centre"), is_lost("call_centre")
    yield *gone, mine, centre, lambda: confirming("office"), is_lost("office")
    yield source, "mark_reached", "", "", announcing, wait(6.5)


def _lost_before_the_bridge() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    """Four ways to lose who answered, for three targets."""
    lost: list[tuple[str, str, Callable[[str], Push]]] = [
        ("limit_reached", "", lambda _: wait(5)),
        ("bridge_failed", "leg_is_answered never_bridged", refused),
        ("leg_ended", "leg_is_answered never_bridged", is_lost),
        ("caller_returned", "never_bridged", lambda _: returned()),
    ]
    after = [
        ("shop", "leg_was_shops office_open", "dialing_office"),
        ("call_centre", "leg_was_last", "unanswered"),
        ("office", "", "dialing_call_centre"),
    ]
    for event, guards, push in lost:
        for target, more, goes_to in after:

            def start(target: str = target) -> LiveCall:
                return bridging(target)

            yield "connected", event, f"{guards} {more}".strip(), goes_to, start, push(target)


def _conversation() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    centre, source, mine = "dialing_call_centre", "connected", "leg_is_answered"
    joined = f"{mine} never_bridged"
    yield source, "caller_returned", "calls_back", "releasing", talking_to_customer, returned("74951110099")
    yield source, "bridged", joined, "", bridging, lambda live: live.bridged("office")
    yield source, "leg_ended", mine, "releasing", talking, is_lost("office")
    yield source, "leg_ended", f"{mine} leg_transferred", "transferring", talking, transfers
    yield source, "caller_returned", "sent_elsewhere", "transferring", talking, returned("74951110099")
    yield source, "caller_returned", "", centre, talking, returned()

    source = "transferring"
    waits = "destination_awaited"
    yield source, "caller_returned", f"{waits} sent_elsewhere", "", transfer_begun, returned("74951110099")
    yield source, "caller_returned", waits, centre, transfer_begun, returned()
    yield source, "limit_reached", "", centre, transferring, wait(30)
    yield source, "leg_ended", "transfer_target_lost", centre, transferring, ends("transfer")
    yield source, "mark_reached", "", "", transferring, wait(10)
    answered = source, "leg_answered"
    yield *answered, "leg_wanted", "connected", transferring, answers("transfer")
    need = "leg_wanted announcement_needed"
    yield *answered, need, "announcing", lambda: transferring(the_plan=CONFIRM), answers("transfer")


def _sent_on() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    """By somebody who watches."""
    office, centre = "dialing_office", "dialing_call_centre"
    for start in (in_greeting, in_menu, lambda: in_greeting(PARTNER), at_shop):
        source = start().state
        yield source, "send_wanted", "office_wanted", office, start, send("office")
        yield source, "send_wanted", "call_centre_wanted", centre, start, send("call_centre")
    yield office, "send_wanted", "call_centre_wanted", centre, at_office, send("call_centre")
    yield centre, "send_wanted", "office_wanted", office, at_call_centre, send("office")
    yield "live", "send_wanted", "", "", talking, send("office")
    yield "live", "stop_wanted", "", "releasing", at_shop, stop
    for name, push in (("send_wanted", send("office")), ("stop_wanted", stop)):
        yield "releasing", name, "", "", hung_up_while_ringing, push
        yield "ended", name, "", "", over, push


def _ends() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    yield "live", "caller_hung_up", "legs_left", "releasing", at_shop, hang_up
    yield "live", "caller_hung_up", "", "ended", in_menu, hang_up
    yield "live", "link_lost", "talking", "ended", talking, lose_link
    yield "live", "link_lost", "", "ended", at_shop, lose_link
    said, late = ("prompt_finished", "awaited_prompt", "releasing"), ("limit_reached", "", "releasing")
    yield "partner_notice", *said, lambda: in_greeting(PARTNER), prompt
    yield "partner_notice", *late, lambda: in_greeting(PARTNER), wait(28)
    yield "unanswered", *said, unanswered, prompt
    yield "unanswered", *late, unanswered, wait(28)

    source = "releasing"
    yield source, "caller_hung_up", "no_legs_left", "ended", _after_partner_notice, hang_up
    yield source, "leg_ended", "no_legs_left", "ended", hung_up_while_ringing, ends("shop")
    yield source, "link_lost", "", "ended", hung_up_while_ringing, lose_link
    yield source, "limit_reached", "", "ended", hung_up_while_ringing, wait(10)
    yield source, "caller_hung_up", "", "", hung_up_while_ringing, hang_up
    yield "ended", "caller_hung_up", "", "", over, hang_up
    yield "ended", "link_lost", "", "", over, lose_link


def _after_partner_notice() -> LiveCall:
    live = in_greeting(PARTNER)
    live.prompt_ends()
    return live


LATE: dict[str, events.Event] = {
    "caller_identified": events.CallerIdentified(PARTNER),
    "digit_pressed": events.DigitPressed("1"),
    "prompt_finished": events.PromptFinished("FW1-1"),
    "timer_late": events.TimerFired(events.Timer(1, "limit")),
    "leg_ended": events.LegEnded("not-our-leg", "NORMAL_CLEARING"),
    "callee_pressed": events.LegDigitPressed("not-our-leg", "1"),
    "announcement_finished": events.AnnouncementFinished("not-our-leg"),
    "bridged": events.Bridged("not-our-leg"),
    "bridge_failed": events.BridgeFailed("not-our-leg", "-ERR Invalid uuid"),
    "caller_returned": events.CallerReturned("74951110099"),
    "answerer_known": events.AnswererKnown("not-our-leg", "Анна"),
    "leg_ringing": events.LegRinging("not-our-leg"),
    "leg_answered": events.LegAnswered("not-our-leg"),
}
"""What may come at any time, and mean nothing."""


def _late() -> Iterator[tuple[str, str, str, str, Start, Push]]:
    makers: dict[str, Start] = {"live": at_shop, "releasing": hung_up_while_ringing, "ended": over}
    for source, make in makers.items():
        for name, event in LATE.items():

            def push(live: LiveCall, event: events.Event = event) -> object:
                return live.send(event)

            yield source, name, "", "", make, push


WAYS: dict[Way, tuple[Start, Push]] = {
    Way(source, event, guards, target): (start, push)
    for each in (
        *(_before_the_menu, _menu, _dialing, _announcing, _lost_before_the_bridge),
        *(_conversation, _sent_on, _ends, _late),
    )
    for source, event, guards, target, start, push in each()
}
