"""Another course of a recorded call: today's flow with a plan, and the people of the recording to answer it.

A small discrete-event simulation: `step` is given what is due next, and what the flow asks for is answered
by the call's `Reactions`, each as long after as it was then. Where the flow asks for what nobody has shown a
reaction to, the course stops: it is not known how the call would have gone on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step, arrive, attempt
from ivr_fsm.journal.whatif.agenda import Agenda, Stop
from ivr_fsm.journal.whatif.caller import CallerModel
from ivr_fsm.journal.whatif.lengths import Lengths
from ivr_fsm.journal.whatif.phones import Phones
from ivr_fsm.journal.whatif.prompts import Prompts
from ivr_fsm.journal.whatif.reactions import ENDS, Reactions

MOST_STEPS = 5000
"""More than any call takes."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step to another state, *at* seconds; *limits* of the state that was left: seconds by timer's name."""

    at: float
    step: Step
    limits: dict[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """Caller and a target's *phone* (as `same_phone` writes it) hear each other, *at* seconds."""

    at: float
    target: str
    phone: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why it is not known how the call goes on from *at* on: in *why* ``{}`` stands for *seconds*."""

    at: float
    why: str
    seconds: float = 0.0


@dataclass(slots=True)
class Course:
    """How a call goes.

    Attributes:
        moves: from state to state, as far as `ENDS`.
        answers: whom the caller talks to, up to the first that they did not talk to then: what such a
            conversation leads to does not matter.
        outcome: as in the journal; empty when it is not known.
        unknown: why not.
    """

    moves: list[Move] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    outcome: str = ""
    unknown: Unknown | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The states, in their order."""
        return tuple(move.step.after for move in self.moves)

    @property
    def waited(self) -> float | None:
        """Seconds until somebody answered, if somebody did."""
        return self.answers[0].at if self.answers else None


def course(recorded: Reactions, plan: Plan, sample: Lengths, region: str = "RU") -> Course:
    """Return how a call goes with *plan*.

    Args:
        recorded: what is known of it.
        plan: what it goes by now.
        sample: how long prompts last in other calls.
        region: the country whose national numbers are understood.
    """
    return _Model(recorded, plan, sample, region).run()


class _Model:
    def __init__(self, recorded: Reactions, plan: Plan, sample: Lengths, region: str) -> None:
        self._agenda = Agenda()
        self._started = recorded.started
        self._call, self._first = arrive(plan, recorded.arrived, recorded.started)
        self._prompts = Prompts(self._agenda, self._call, recorded.lengths, sample)
        self._phones = Phones(self._agenda, self._call, recorded, sample, region)
        self._caller = CallerModel(self._agenda, self._call, recorded, self._phones)
        self._limits: dict[str, float] = {}
        self._found = Course()

    def run(self) -> Course:
        found, steps = self._found, 0
        try:
            self._follow(self._first)
            while self._agenda and not found.outcome and steps < MOST_STEPS:
                if (event := self._agenda.next()) is not None:
                    steps += 1
                    self._take(event)
        except Stop as stop:
            found.unknown = Unknown(self._agenda.now, stop.why, stop.seconds)
        else:
            if not found.outcome:
                found.unknown = Unknown(self._agenda.now, "the call comes to no end")
        return found

    def _take(self, event: events.Event) -> None:
        talked = self._call.answered is not None and self._call.answered.talked
        self._follow(attempt(self._call, event, self._started + timedelta(seconds=self._agenda.now)))
        answered = self._call.answered
        if isinstance(event, events.Bridged) and answered is not None and answered.talked and not talked:
            number = self._phones.number(answered.id)
            self._found.answers.append(Answer(self._agenda.now, answered.target, number))
            if not self._caller.talk(answered.id):
                self._found.outcome = f"answered:{answered.target}"

    def _follow(self, step: Step) -> None:
        if step.after in ENDS:
            self._found.outcome = self._call.outcome or ""
        elif step.moved:
            self._found.moves.append(Move(self._agenda.now, step, dict(self._limits)))
        if step.moved:
            self._limits.clear()
        for command in step.commands:
            self._perform(command)
        self._caller.follow(step)

    def _perform(self, command: do.Command) -> None:
        match command:
            case do.Identify():
                self._caller.identify()
            case do.Play(code=code, token=token):
                self._prompts.play(code, token)
            case do.Dial():
                self._phones.dial(command)
            case do.Announce(leg=leg, codes=codes):
                self._phones.announce(leg, codes)
            case do.Bridge(leg=leg):
                self._phones.bridge(leg)
            case do.StartTimer(timer=timer, after=after) if not timer.name.startswith("play "):
                # What a caller hears while phones ring leads nowhere.
                self._limits[timer.name] = after
                self._agenda.later(after, partial(self._fire, timer))

    def _fire(self, timer: events.Timer) -> events.Event | None:
        return events.TimerFired(timer) if self._call.armed.get(timer.name) == timer else None
