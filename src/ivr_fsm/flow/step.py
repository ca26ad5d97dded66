"""The only door into a call: one event in, commands and the reasons for them out.

Pure: the time is an argument, and the same events at the same times give the same steps.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, fields
from datetime import UTC, datetime
from functools import cache

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import scenario
from ivr_fsm.flow.commands import Command, Tell
from ivr_fsm.flow.machine import CallFlow
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call, Judged


@dataclass(frozen=True, slots=True)
class Step:
    """What one event did to a call, and why."""

    event: events.Event
    before: str
    after: str
    judged: tuple[Judged, ...]
    commands: tuple[Command, ...]
    leg: str = ""
    """Whose phone the event is about, if it is about one: ``office 74951110011``."""
    fault: str = ""
    """Why the flow could do nothing with the event: it does not fit the state, or a bug."""

    @property
    def moved(self) -> bool:
        """Whether the call is in another state than before."""
        return self.before != self.after

    @property
    def told(self) -> tuple[Tell, ...]:
        """What watchers are told in this step."""
        return tuple(command for command in self.commands if isinstance(command, Tell))

    @property
    def reason(self) -> str:
        """The event and the answers of the guards that were asked, for people."""
        fault = [f"fault: {self.fault}"] if self.fault else []
        return "; ".join([describe(self.event, self.leg), *map(str, self.judged), *fault])


def arrive(plan: Plan, arrived: events.CallArrived, now: datetime) -> tuple[Call, Step]:
    """Return a new call and its first step.

    Args:
        plan: the plan that the call follows to its end, whatever is loaded later.
        arrived: who calls; its ``call_id`` is a UUID.
        now: aware time of arrival.
    """
    # The ids of legs are derived from this time: it must read the same wherever the call is replayed.
    now = now.astimezone(UTC)
    call = Call(plan, now, now, arrived, arrived)
    return call, step(call, arrived, now)


def step(call: Call, event: events.Event, now: datetime) -> Step:
    """Give *event*, which happened at the aware time *now*, to the call and return what follows.

    Raises:
        TransitionNotAllowed: the event does not fit the state and is not declared as one that may come late.
            The call's state is then as it was before.
    """
    _chart().take(call, event, now.astimezone(UTC), _name(call, event))
    commands, call.commands = tuple(call.commands), []
    judged = tuple(dict.fromkeys(call.judged))
    leg = f"{call.event_leg.target} {call.event_leg.phone}" if call.event_leg else ""
    return Step(event, call.before, call.state_id, judged, commands, leg)


def attempt(call: Call, event: events.Event, now: datetime) -> Step:
    """As `step`, but what it raises becomes a step that `failed`."""
    try:
        return step(call, event, now)
    except Exception as error:
        return failed(call, event, error)


def failed(call: Call, event: events.Event, error: Exception) -> Step:
    """Return the step of an event of which `step` raised *error*: it leads nowhere and asks for nothing."""
    return Step(event, call.state_id, call.state_id, (), (), fault=f"{type(error).__name__}: {error}")


def describe(event: events.Event, leg: str = "") -> str:
    """Return an event in words: its name and what it says, *leg* in the place of a leg's id."""
    name = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(event).__name__)
    if isinstance(event, events.TimerFired):
        return f"timer fired: {event.timer.name}"
    if isinstance(event, events.CallerIdentified):
        return f"{name.strip()}: {scenario(event.caller)}"
    said = [_in_words(event, field) for field in fields(event) if field.name not in ("leg", "call_id")]
    said.insert(0, leg or getattr(event, "leg", ""))
    return name.strip() + (f": {', '.join(text for text in said if text)}" if any(said) else "")


def _in_words(event: events.Event, field: Field[object]) -> str:
    value = getattr(event, field.name)
    if not isinstance(value, bool):
        return str(value)
    if value == field.default:
        return ""
    return field.name if value else f"not {field.name}"


@cache
def _chart() -> CallFlow:
    return CallFlow()


def _name(call: Call, event: events.Event) -> str:
    """Return what the chart calls *event*."""
    match event:
        case events.TimerFired():
            return _timer_name(call, event)
        case events.CallArrived() if event.back:
            return "call_back_arrived"
    return _NAMES[type(event)]


def _timer_name(call: Call, event: events.TimerFired) -> str:
    name = event.timer.name
    if call.armed.get(name) != event.timer:
        return "timer_late"
    del call.armed[name]
    return {"limit": "limit_reached", "silence": "silence_over"}.get(name, "mark_reached")


_NAMES: dict[type, str] = {
    events.CallArrived: "call_arrived",
    events.CallerIdentified: "caller_identified",
    events.DigitPressed: "digit_pressed",
    events.PromptFinished: "prompt_finished",
    events.LegRinging: "leg_ringing",
    events.LegAnswered: "leg_answered",
    events.AnswererKnown: "answerer_known",
    events.LegEnded: "leg_ended",
    events.LegDigitPressed: "callee_pressed",
    events.AnnouncementFinished: "announcement_finished",
    events.Bridged: "bridged",
    events.BridgeFailed: "bridge_failed",
    events.CallerReturned: "caller_returned",
    events.SendWanted: "send_wanted",
    events.StopWanted: "stop_wanted",
    events.CallerHungUp: "caller_hung_up",
    events.LinkLost: "link_lost",
}
