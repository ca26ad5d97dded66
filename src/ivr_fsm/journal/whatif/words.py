"""Where and why a call would take another way, and what becomes of it, in words."""

from __future__ import annotations

from itertools import zip_longest

from ivr_fsm.flow import events
from ivr_fsm.flow.record import Judged
from ivr_fsm.flow.step import Step, describe
from ivr_fsm.journal.whatif.model import Course, Move

WHO = {
    "shop": "the shop",
    "office": "the office",
    "call_centre": "the call centre",
    "transfer": "whom they were transferred to",
}
"""Who answers, by target."""


def turning(then: Course, now: Course) -> str:
    """Return where *now* takes another way than *then*, and why; empty when it does not."""
    for was, move in zip_longest(then.moves, now.moves):
        if was is None:
            return _only(move, then, "now", "then")
        if move is None:
            return _only(was, now, "then", "now")
        if _way(was.step) != _way(move.step):
            return _turn(was, move)
    return ""


def became(then: Course, now: Course) -> str:
    """Return what the call comes to now, and to what it came then."""
    was, outcome = ended(then.outcome), ended(now.outcome)
    if was != outcome:
        both = then.outcome.startswith("answered:") and now.outcome.startswith("answered:")
        return f"{outcome} instead of {was.removeprefix('answered by ') if both else was}"
    phones = {answer.phone for course in (then, now) for answer in course.answers[-1:]}
    return f"{outcome}, on another phone" if len(phones) > 1 else f"{outcome} as before, another way"


def ended(outcome: str) -> str:
    """Return an outcome in words."""
    kind, _, where = outcome.partition(":")
    if kind == "answered":
        return f"answered by {WHO.get(where, where)}"
    return f"abandoned in {where}" if kind == "abandoned" and where else outcome


def _only(move: Move, ended: Course, verb: str, other_verb: str) -> str:
    """Say that one call made this *move* and the other had *ended*."""
    if not ended.outcome.startswith("abandoned:"):
        return "the conversation is another one"
    happened = {verb: _event(move.step), other_verb: "the caller hung up"}
    return f"{move.step.before}: {happened['now']}, where {happened['then']} before"


def _way(step: Step) -> tuple[str, str]:
    return step.after, step.leg if isinstance(step.event, events.LegAnswered) else ""


def _turn(was: Move, move: Move) -> str:
    state = move.step.before
    limits = _limits(was, move)
    if limits is not None and state == was.step.before:
        then, now = limits
        goes_on = "gives up" if state.startswith(("dialing_", "transferring")) else "goes on"
        return f"{state} {goes_on} after {now:g} s instead of {then:g} s"
    if _event(was.step) == _event(move.step):
        why = _judged(was.step, move.step)
        return f"{state} leads to {move.step.after} instead of {was.step.after}" + (f": {why}" if why else "")
    return f"{state}: {_event(move.step)}, where {_event(was.step)} before"


def _limits(*moves: Move) -> tuple[float, float] | None:
    """The limits that were reached in one of the moves, then and now, if they differ."""
    for event in (move.step.event for move in moves):
        if isinstance(event, events.TimerFired):
            then, now = (move.limits.get(event.timer.name) for move in moves)
            if then is not None and now is not None and then != now:
                return then, now
    return None


def _judged(then: Step, now: Step) -> str:
    """The guard that is answered otherwise."""
    answers = {each.guard: each.answer for each in then.judged}
    other: list[Judged] = [each for each in now.judged if answers.get(each.guard, each.answer) != each.answer]
    return ", ".join(f"{'' if each.answer else 'not '}{each.guard.replace('_', ' ')}" for each in other)


def _event(step: Step) -> str:
    """The event in a few words, the same for every phone of a target."""
    event = step.event
    target = WHO.get(step.leg.partition(" ")[0], "a phone")
    if isinstance(event, events.LegEnded):
        return f"the last phone of {target} failed" if "dialing" in step.before else f"{target} hung up"
    if isinstance(event, events.DigitPressed):
        return f"the caller pressed {event.digit}"
    if isinstance(event, events.AnnouncementFinished):
        return f"{target} was told who calls"
    said = {
        events.TimerFired: "its time was over",
        events.LegAnswered: f"{target} answered",
        events.CallerHungUp: "the caller hung up",
        events.PromptFinished: "the prompt was over",
    }
    return said.get(type(event), describe(event, target))
