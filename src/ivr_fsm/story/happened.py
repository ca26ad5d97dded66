"""What happened in a call, in words for people."""

from __future__ import annotations

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Caller, Customer, Partner, Unknown
from ivr_fsm.journal.codec import CodecError
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.timers import Armed
from ivr_fsm.story.names import cause_words, phone_words, prompt_code, reason_words, starts_prompt, timer_name
from ivr_fsm.story.view import View, words

_BY_THEMSELVES = ("NORMAL_CLEARING", "ORIGINATOR_CANCEL")
"""Causes with which callers hang up: after the call was answered, and before."""

_LegEvent = (
    events.LegRinging
    | events.LegAnswered
    | events.AnswererKnown
    | events.LegEnded
    | events.LegDigitPressed
    | events.AnnouncementFinished
    | events.Bridged
    | events.BridgeFailed
)


def event_words(step: StepEntry, view: View, fired: Armed | None = None, *, released: bool = False) -> str:
    """Return the event of *step* in words.

    Args:
        step: whose.
        view: how it is shown.
        fired: the timer that the event is, where that is known.
        released: the phone that the event is about has been released before.
    """
    try:
        event = step.decoded()
    except CodecError:
        return view.safe(step.event)
    match event:
        case events.CallArrived() | events.CallerIdentified() | events.CallerReturned():
            said = _caller_words(event, view)
        case events.SendWanted(target=target, by=by):
            said = view.text(f"events.send_{target}", by=by)
        case events.StopWanted(by=by):
            said = view.text("events.stop", by=by)
        case events.DigitPressed(digit=digit):
            said = view.text("events.digit", digit=digit)
        case events.PromptFinished(token=token, result=result):
            key = "events.prompt_over" if result == "played" else "events.prompt_cut"
            said = view.text(key, prompt=prompt_code(token, view), result=view.either("values", result))
        case events.TimerFired(timer=timer):
            said = _timer_words(timer, step, view, fired)
        case events.CallerHungUp(cause=cause):
            key = "events.gone" if step.before in ("releasing", "ended") else "events.hung_up"
            said = view.text(key, cause="" if cause in _BY_THEMSELVES else cause_words(cause, view))
        case events.LinkLost(why=why):
            said = view.text("events.link_lost", why=reason_words(why, view))
        case _:
            # What still ends while the call is being released does so because of that.
            key, facts = _of_leg(event, step, view, released=released or step.before == "releasing")
            said = view.text(f"legs.{key}", leg=phone_words(step.leg, view), **facts)
    return said


def _caller_words(
    event: events.CallArrived | events.CallerIdentified | events.CallerReturned, view: View
) -> str:
    match event:
        case events.CallArrived(back="", phone=phone, called=called):
            return view.text("events.arrived", who=phone or view.text("events.hidden"), called=called)
        case events.CallArrived(phone=phone, called=called, by=by):
            office_phone = called or view.text("events.office_phone")
            return view.text("events.calls_back", phone=phone, office_phone=office_phone, by=by)
        case events.CallerIdentified(caller=caller):
            return _known_words(caller, view)
        case events.CallerReturned(destination=to, referred_by=by):
            return view.text("events.sent", to=to, by=by) if to else view.text("events.returned")


def _known_words(caller: Caller, view: View) -> str:
    match caller:
        case Customer(name=name, order=None):
            return view.text("callers.other", name=name)
        case Customer(name=name, order=order):
            assert order is not None
            is_open = view.text("callers.open" if order.shop.open_now else "callers.closed")
            facts = {"order": order.id, "status": order.status, "shop": order.shop.name, "open": is_open}
            return view.text("callers.order", name=name, **facts)
        case Partner(shop=shop):
            return view.text("callers.partner", shop=shop.name, city=shop.city)
        case Unknown(why=why):
            return view.text("callers.unknown", why=reason_words(why, view))


def _of_leg(event: _LegEvent, step: StepEntry, view: View, *, released: bool) -> tuple[str, dict[str, str]]:
    """Return which of the texts about a phone *event* is, and what stands in it."""
    facts: dict[str, str] = {}
    match event:
        case events.LegRinging():
            key = "rings"
        case events.LegAnswered():
            key = _answered(event, step)
        case events.AnswererKnown(name=name, description=description):
            key, facts = "known" if name or description else "not_known", {"who": name or description}
        case events.LegEnded(transferred=True):
            key = "transferred"
        case events.LegEnded(cause="NORMAL_CLEARING") if released:
            key = "released"
        case events.LegEnded(cause=cause):
            key, facts = "ended", {"cause": cause_words(cause, view)}
        case events.LegDigitPressed(digit=digit):
            key, facts = "pressed", {"digit": digit}
        case events.AnnouncementFinished(heard=heard):
            key = "told" if heard else "not_told"
        case events.Bridged():
            key = "talks"
        case events.BridgeFailed(why=why):
            key, facts = "bridge_failed", {"why": why}
    return key, facts


def _answered(event: events.LegAnswered, step: StepEntry) -> str:
    """Return which text says how a phone answered: one that comes too late is released at once."""
    let_go = any(each.get("is") == "Release" and each.get("leg") == event.leg for each in step.commands)
    if not let_go:
        return "answered"
    return "answered_over" if step.before == "releasing" else "answered_late"


def _timer_words(timer: events.Timer, step: StepEntry, view: View, fired: Armed | None) -> str:
    name, seconds = timer_name(timer, view), f"{fired.after:g}" if fired else ""
    if starts_prompt(timer):
        return view.text("over.prompt", prompt=name)
    if timer.name == "silence":
        key = "over.not_accepted" if step.before == "announcing" else "over.no_key"
        return view.text(key, seconds=seconds)
    if timer.name != "limit":
        return view.text("over.other", timer=name, seconds=seconds)
    if fired and not fired.after:
        return view.text("over.no_phone")
    # The limit of another state says only that the end of a prompt was not reported.
    own = f"limits.{step.before}" in words(view.language).all
    return view.text(f"limits.{step.before if own else 'other'}", seconds=seconds)
