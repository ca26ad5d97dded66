"""What things are called: prompts, timers, targets, states, outcomes, reasons."""

from __future__ import annotations

import re

from ivr_fsm.flow.events import Timer
from ivr_fsm.flow.record import RINGING
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.story.view import View

_NO_ANSWER = re.compile(r"no answer within (\S+) s")
_DIRECTORY = "directory: "


def outcome_words(call: CallEntry, view: View) -> str:
    """Return in words how *call* ended, or that it has not."""
    kind, _, where = call.outcome.partition(":")
    match call.status:
        case "refused":
            return view.text("outcomes.refused", why=reason_words(call.refused, view))
        case "lost" | "live" as status:
            return view.text(f"outcomes.{status}", state=state_words(call.state, view))
    if kind not in _OUTCOMES:
        return view.safe(call.outcome)
    return view.text(f"outcomes.{kind}", who=target_words(where, view), state=state_words(where, view))


_OUTCOMES = ("answered", "abandoned", "stopped", "unanswered", "partner", "failed")


def target_words(target: str, view: View) -> str:
    """Return who a target is: ``the office``."""
    return view.either("who", target, target)


def state_words(state: str, view: View) -> str:
    """Return what a state is called; in English that is its name in the plan and the diagram."""
    return view.either("states", state, state)


def phone_words(leg: str, view: View) -> str:
    """Return whose phone *leg* (``call_centre 74951110021``) is; a leg that is empty is nobody's."""
    if not leg:
        return view.text("legs.nobodys")
    target, _, phone = leg.partition(" ")
    return view.safe(f"{view.either('targets', target)} {phone}".rstrip())


def cause_words(cause: str, view: View) -> str:
    """Return what a hangup cause in FreeSWITCH's spelling means."""
    return view.either("causes", cause, cause)


def reason_words(why: str, view: View) -> str:
    """Return a reason that the service gives; what others said (an error's text) stays as it is."""
    if found := _NO_ANSWER.fullmatch(why):
        return view.text("reasons.no_answer", seconds=found[1])
    if why.startswith(_DIRECTORY):
        return view.text("reasons.directory", error=why.removeprefix(_DIRECTORY))
    return view.either("reasons", why, why)


def prompt_code(token: str, view: View) -> str:
    """Return the prompt's code that *token* stands for, or the word for the ringing between prompts."""
    code = token.rpartition("-")[0] or token
    return view.text("heard.ringing") if code == RINGING else view.safe(code)


def starts_prompt(timer: Timer) -> bool:
    """Return whether *timer* begins the next prompt of its state, and moves nothing."""
    return timer.name.startswith("play ")


def timer_name(timer: Timer, view: View) -> str:
    """Return what *timer* stands for: the limit of a state, silence, or the prompt that it begins."""
    name = timer.name.split()[-1] if timer.name.strip() else "?"
    return view.either("timers", name, name)
