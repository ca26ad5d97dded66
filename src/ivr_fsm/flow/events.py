"""What can happen to a call. Every event is plain data; the time it happened at is an argument of `step`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr_fsm.flow.caller import Caller


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer's identity: it belongs to one *visit* of one state and dies with it."""

    visit: int
    name: str


@dataclass(frozen=True, slots=True)
class CallArrived:
    """The trunk delivered a call; *phone* is E.164, empty when the caller hides it.

    Or a phone of the office was picked up to call somebody *back*: then that is the call that was missed,
    *phone* is whom to ring, *called* the phone of the office, and *by* who asked for it.
    """

    call_id: str
    phone: str
    called: str = ""
    back: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """The marketplace said who calls (or `Unknown`, with the reason, when it failed)."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key: one of ``0-9 * # A-D``."""

    digit: str


@dataclass(frozen=True, slots=True)
class PromptFinished:
    """A prompt on the caller leg is over, for whatever reason; *token* is that of its `Play`."""

    token: str
    result: Literal["played", "missing", "broken"] = "played"


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that the flow had started ran out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class LegRinging:
    """A target's phone rings."""

    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """A target's phone was answered and waits, parked, for what we do with it."""

    leg: str


@dataclass(frozen=True, slots=True)
class AnswererKnown:
    """The marketplace said who is at the phone of a leg: a person's *name*, or what the number is.

    Both are empty when it does not know, or failed.
    """

    leg: str
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A target leg is gone: never answered (*cause* says why), hung up, or left by a blind transfer."""

    leg: str
    cause: str
    transferred: bool = False


@dataclass(frozen=True, slots=True)
class LegDigitPressed:
    """The callee pressed a key."""

    leg: str
    digit: str


@dataclass(frozen=True, slots=True)
class AnnouncementFinished:
    """What the callee hears before the bridge is over; not *heard* when it could not be played."""

    leg: str
    heard: bool = True


@dataclass(frozen=True, slots=True)
class Bridged:
    """Caller and target leg hear each other."""

    leg: str


@dataclass(frozen=True, slots=True)
class BridgeFailed:
    """The switch refused to bridge; *why* is its answer."""

    leg: str
    why: str


@dataclass(frozen=True, slots=True)
class CallerReturned:
    """The caller leg came back to us on a new connection.

    After a blind transfer *destination* is the number that the callee sent the caller to, and
    *referred_by* who did it; both are empty when the caller leg merely fell out of a bridge.
    """

    destination: str = ""
    referred_by: str = ""


@dataclass(frozen=True, slots=True)
class SendWanted:
    """Somebody who watches, *by* name, sends the caller on to another target."""

    target: Literal["office", "call_centre"]
    by: str


@dataclass(frozen=True, slots=True)
class StopWanted:
    """Somebody who watches, *by* name, ends the call."""

    by: str


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller leg is gone."""

    cause: str = "NORMAL_CLEARING"


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection to the switch broke: nothing more can be heard of this call."""

    why: str


Event = (
    CallArrived
    | CallerIdentified
    | DigitPressed
    | PromptFinished
    | TimerFired
    | LegRinging
    | LegAnswered
    | AnswererKnown
    | LegEnded
    | LegDigitPressed
    | AnnouncementFinished
    | Bridged
    | BridgeFailed
    | CallerReturned
    | SendWanted
    | StopWanted
    | CallerHungUp
    | LinkLost
)
