"""What a call asks for. Commands are plain data; the session performs them after the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_fsm.flow.events import Timer


@dataclass(frozen=True, slots=True)
class Ring:
    """Let the caller hear ringing."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Ask the marketplace who *phone* is; the answer comes back as `CallerIdentified`."""

    phone: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the caller leg."""


@dataclass(frozen=True, slots=True)
class Play:
    """Queue prompt *code* on the caller leg; its end comes back as `PromptFinished` with *token*.

    *facts* (name, order) let a prompt be spoken by name where that is enabled and ready.
    """

    code: str
    token: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hold:
    """After what plays, let the caller hear for some seconds that somebody is being rung."""

    token: str


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """End what plays on the caller leg, and forget what is queued."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring one phone of a target.

    *phone* is as it came from outside and is parsed before it reaches a dial string. The switch itself
    gives up after *ring_limit* seconds and releases a leg that nobody bridged for *park_limit* seconds.
    """

    leg: str
    target: str
    phone: str
    ring_limit: int
    park_limit: int


@dataclass(frozen=True, slots=True)
class WhoAnswers:
    """Ask the marketplace who is at *phone*, which answered; the answer comes back as `AnswererKnown`."""

    leg: str
    phone: str


@dataclass(frozen=True, slots=True)
class Release:
    """Hang up a target leg with a Q.850 *cause* in FreeSWITCH's spelling."""

    leg: str
    cause: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """An announcement or a prompt with these *facts* will be wanted soon: have it spoken in advance."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the callee who calls; its end comes back as `AnnouncementFinished`.

    *codes* are played in order: the announcement itself, then the question of ``confirm``.
    """

    leg: str
    codes: tuple[str, ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bridge:
    """Connect the caller leg with a target leg: `Bridged` or `BridgeFailed` follows."""

    leg: str


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller leg, in stereo, from now to its end; nothing new when it is recorded already."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """Hang up the caller leg."""

    cause: str = "NORMAL_CLEARING"


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Let `TimerFired` come in *after* seconds."""

    timer: Timer
    after: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget a timer that has not fired."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the watchers: *what* names a sentence of the wording files, *facts* fill it."""

    what: str
    facts: Mapping[str, str] = field(default_factory=dict)


Command = (
    Ring
    | Identify
    | Answer
    | Play
    | Hold
    | StopPrompt
    | Dial
    | WhoAnswers
    | Release
    | Prepare
    | Announce
    | Bridge
    | Record
    | Hangup
    | StartTimer
    | CancelTimer
    | Tell
)
