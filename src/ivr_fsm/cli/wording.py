"""What happened in a call, in words for people: events and guards."""

from __future__ import annotations

from datetime import datetime, tzinfo

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Partner, Unknown
from ivr_fsm.flow.record import RINGING, Judged
from ivr_fsm.journal.codec import CodecError
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.timers import Armed

GUARDS = {
    "caller_is_partner": "the caller is a partner shop",
    "has_order": "the caller has an active order",
    "office_open": "the office is open",
    "shop_open": "the shop is open",
    "pressed_shop": "that is the key for the shop",
    "pressed_support": "that is the key for support",
    "tries_left": "another try is left",
    "repeats_left": "the menu may be repeated",
    "awaited_prompt": "this prompt was waited for",
    "prompt_unheard": "it could not be played",
    "nothing_plays": "nothing else plays",
    "leg_wanted": "this phone may have the call",
    "announcement_needed": "who answers is told first who calls",
    "no_confirm_needed": "no key is needed to accept",
    "confirmed": "that is the key that accepts",
    "still_announcing": "the announcement was still on",
    "leg_is_answered": "this is the phone that answered",
    "leg_transferred": "they transferred the caller",
    "never_bridged": "they had not talked yet",
    "talking": "they were talking",
    "sent_elsewhere": "the caller was sent to a number",
    "leg_was_shops": "it was the shop that had answered",
    "leg_was_call_centres": "it was the call centre that had answered",
    "all_failed": "no phone of this target can answer any more",
    "nobody_rings": "no phone can answer any more",
    "destination_awaited": "the number of a transfer was waited for",
    "transfer_target_lost": "the number transferred to cannot answer any more",
    "legs_left": "somebody is still on the line",
    "no_legs_left": "nobody is on the line any more",
}
"""What each guard asks, as a sentence that is true or not."""

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

_LIMITS = {
    "identifying": "the marketplace did not say who calls",
    "dialing_shop": "the shop did not answer",
    "dialing_office": "the office did not answer",
    "dialing_call_centre": "the call centre did not answer",
    "announcing": "the announcement was not over",
    "connected": "the two were not connected",
    "transferring": "nobody answered where the caller was transferred to",
    "releasing": "not every phone was known to be released",
}


def event_words(step: StepEntry, fired: Armed | None = None) -> str:
    """Return the event of *step* in words; *fired* is the timer that it is, where that is known."""
    try:
        event = step.decoded()
    except CodecError:
        return step.event
    words = type(event).__name__
    match event:
        case events.CallArrived(phone=phone, called=called):
            words = f"{phone or 'a hidden number'} calls {called}".rstrip()
        case events.CallerIdentified(caller=caller):
            words = _caller_words(caller)
        case events.DigitPressed(digit=digit):
            words = f"the caller pressed {digit}"
        case events.PromptFinished(token=token, result=result):
            words = _prompt_words(token, result)
        case events.TimerFired(timer=timer):
            words = _timer_words(timer, step, fired)
        case events.CallerHungUp(cause=cause):
            said = "" if cause == "NORMAL_CLEARING" else f" ({cause})"
            words = f"the caller {'is gone' if step.before in ('releasing', 'ended') else 'hung up'}{said}"
        case events.CallerReturned(destination=""):
            words = "the caller is back, without a number to go to"
        case events.CallerReturned(destination=destination, referred_by=by):
            words = f"the caller is sent to {destination}" + (f" by {by}" if by else "")
        case events.LinkLost(why=why):
            words = f"the connection to the switch is gone: {why}"
        case _:
            words = _leg_words(
                event, step.leg.replace("call_centre", "call centre") or "a phone not of this call"
            )
    return words


def _leg_words(event: events.Event, leg: str) -> str:
    said = type(event).__name__
    match event:
        case events.LegRinging():
            said = "rings"
        case events.LegAnswered():
            said = "answered"
        case events.LegEnded(transferred=True):
            said = "transferred the caller"
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


def guard_words(judged: Judged, zone: tzinfo | None) -> str:
    """Return a guard with its answer and the value it judged: ``yes: the shop is open (arbat)``."""
    asked = GUARDS.get(judged.guard, judged.guard.replace("_", " "))
    value = judged.value.replace("_", " ")
    match judged.guard:
        case "caller_is_partner" | "has_order":
            value = f"scenario {value}"
        case "awaited_prompt" | "nothing_plays":
            value = prompt(value)
        case "tries_left":
            value = f"wrong key {value}"
        case "repeats_left":
            value = f"repeated {value}"
        case "office_open":
            value = _moment(value, zone)
    return f"{'yes' if judged.answer else 'no'}: {asked}" + (f" ({value})" if value else "")


def _moment(value: str, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(zone):%a %H:%M}"
    except ValueError:
        return value
