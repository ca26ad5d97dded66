"""What happened in a call, in words for people."""

from __future__ import annotations

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Partner, Unknown
from ivr_fsm.flow.record import RINGING
from ivr_fsm.journal.codec import CodecError
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.timers import Armed

CAUSES = {
    "NORMAL_CLEARING": "hung up",
    "USER_BUSY": "busy",
    "NO_ANSWER": "no answer",
    "NO_USER_RESPONSE": "no response",
    "CALL_REJECTED": "rejected",
    "UNALLOCATED_NUMBER": "no such number",
    "INVALID_NUMBER_FORMAT": "no phone number",
    "DESTINATION_OUT_OF_ORDER": "unreachable",
    "NORMAL_TEMPORARY_FAILURE": "failed in the network",
    "RECOVERY_ON_TIMER_EXPIRE": "no response from the network",
    "LOSE_RACE": "released, another phone was first",
    "ORIGINATOR_CANCEL": "released",
}

_BY_THEMSELVES = ("NORMAL_CLEARING", "ORIGINATOR_CANCEL")
"""Causes with which callers hang up: after the call was answered, and before."""

_LIMITS = {
    "identifying": "the marketplace did not say who calls",
    "dialing_shop": "the shop did not answer",
    "dialing_office": "the office did not answer",
    "dialing_call_centre": "the call centre did not answer",
    "calling_back": "the marketplace did not say who is called back",
    "dialing_customer": "the customer did not answer",
    "announcing": "the announcement was not over",
    "connected": "the two were not connected",
    "transferring": "nobody answered where the caller was transferred to",
    "releasing": "not every phone was known to be released",
}


PROMPTS = {
    "FW1": "greeting",
    "FW2": "for partner shops",
    "FW3": "menu",
    "FW4": "the shop does not answer",
    "FW5": "the shop is closed",
    "FW6": "connecting to the shop",
    "FW7": "connecting to support",
    "FW8": "please stay on the line",
    "FW9": "nobody could answer",
    "FW10": "the customer is being called back",
    "FW11": "the customer does not answer",
    "ANNOUNCE": "who calls",
    "CONFIRM": "the key that accepts",
    "RECORDED": "the call is recorded",
    "SORRY": "technical problem",
}
"""What each prompt is about."""


def event_words(step: StepEntry, fired: Armed | None = None, *, released: bool = False) -> str:
    """Return the event of *step* in words.

    Args:
        step: whose.
        fired: the timer that the event is, where that is known.
        released: the phone that the event is about has been released before.
    """
    try:
        event = step.decoded()
    except CodecError:
        return step.event
    words = type(event).__name__
    match event:
        case events.CallArrived():
            words = _arrival_words(event)
        case events.SendWanted(by=by) | events.StopWanted(by=by):
            target = "" if isinstance(event, events.StopWanted) else event.target.replace("_", " ")
            words = f"{by} sends the caller to the {target}" if target else f"{by} ends the call"
        case events.CallerIdentified(caller=caller):
            words = _caller_words(caller)
        case events.DigitPressed(digit=digit):
            words = f"the caller pressed {digit}"
        case events.PromptFinished(token=token, result=result):
            words = _prompt_words(token, result)
        case events.TimerFired(timer=timer):
            words = _timer_words(timer, step, fired)
        case events.CallerHungUp(cause=cause):
            said = "" if cause in _BY_THEMSELVES else f" ({CAUSES.get(cause, cause)})"
            words = f"the caller {'is gone' if step.before in ('releasing', 'ended') else 'hung up'}{said}"
        case events.CallerReturned(destination=destination, referred_by=by):
            sent = f"the caller is sent to {destination}" + (f" by {by}" if by else "")
            words = sent if destination else "the caller is back, without a number to go to"
        case events.LinkLost(why=why):
            words = f"the connection to the switch is gone: {why}"
        case _:
            leg = step.leg.replace("call_centre", "call centre") or "a phone not of this call"
            # What still ends while the call is being released does so because of that.
            words = _leg_words(event, leg, released=released or step.before == "releasing")
            words += _too_late(event, step)
    return words


def _arrival_words(event: events.CallArrived) -> str:
    if event.back:
        return f"{event.called or 'a phone'} of the office calls {event.phone} back, for {event.by}"
    return f"{event.phone or 'a hidden number'} calls {event.called}".rstrip()


def _too_late(event: events.Event, step: StepEntry) -> str:
    """Say why a phone that has just answered is released at once."""
    let_go = isinstance(event, events.LegAnswered) and any(
        command.get("is") == "Release" and command.get("leg") == event.leg for command in step.commands
    )
    if not let_go:
        return ""
    return ", when the call was over" if step.before == "releasing" else ", after another phone had"


def _leg_words(event: events.Event, leg: str, *, released: bool) -> str:
    said = type(event).__name__
    match event:
        case events.LegRinging():
            said = "rings"
        case events.LegAnswered():
            said = "answered"
        case events.AnswererKnown(name=name, description=description):
            known = name or description
            return f"who is at {leg}: {known}" if known else f"nobody knows who is at {leg}"
        case events.LegEnded(transferred=True):
            said = "transferred the caller"
        case events.LegEnded(cause="NORMAL_CLEARING") if released:
            said = "is released"
        case events.LegEnded(cause=cause):
            return f"{leg}: {CAUSES.get(cause, cause)}"
        case events.LegDigitPressed(digit=digit):
            said = f"pressed {digit}"
        case events.AnnouncementFinished(heard=heard):
            said = f"{'was told' if heard else 'could not be told'} who calls"
        case events.Bridged():
            return f"the caller talks to {leg}"
        case events.BridgeFailed(why=why):
            said = f"and the caller could not be connected: {why}"
    return f"{leg} {said}"


def _caller_words(caller: Caller) -> str:
    match caller:
        case Customer(name=name, order=None):
            return f"a customer without an active order: {name}"
        case Customer(name=name, order=order):
            assert order is not None
            status = f" ({order.status})" if order.status else ""
            shop = f"{order.shop.name}, {'open' if order.shop.open_now else 'closed'}"
            return f"a customer: {name}, order {order.id}{status}, shop {shop}"
        case Partner(shop=shop):
            return f"a partner shop: {', '.join(filter(None, (shop.name, shop.city)))}"
        case Unknown(why=why):
            return f"an unknown caller: {why}"


def _prompt_words(token: str, result: str) -> str:
    code = prompt(token)
    return f"{code} is over" if result == "played" else f"{code} was not played to its end: {result}"


def prompt(token: str) -> str:
    """Return the prompt's code that *token* stands for; ``ringing`` is that between prompts."""
    code = token.rpartition("-")[0] or token
    return "ringing" if code == RINGING else code


def _timer_words(timer: events.Timer, step: StepEntry, fired: Armed | None) -> str:
    lasted = f" for {fired.after:g} s" if fired else ""
    if starts_prompt(timer):
        return f"time for {timer_name(timer)}"
    if timer.name == "silence":
        key = "accepted the call with a key" if step.before == "announcing" else "pressed a key"
        return f"nobody {key}{lasted}"
    if timer.name != "limit":
        return f"{timer.name} is over{lasted}"
    if fired and not fired.after:
        return "there is no phone that could be rung"
    return _LIMITS.get(step.before, "the end of the prompt was not reported") + lasted


def starts_prompt(timer: events.Timer) -> bool:
    """Return whether *timer* begins the next prompt of its state, and moves nothing."""
    return timer.name.startswith("play ")


def timer_name(timer: events.Timer) -> str:
    """Return what *timer* stands for: ``limit``, ``silence``, or the prompt that it begins."""
    return timer.name.split()[-1]
