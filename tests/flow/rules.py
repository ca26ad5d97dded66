"""What is true of every call after every step, whatever happened to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.flow.clock import LiveCall

from ivr_fsm.flow import commands as do
from ivr_fsm.flow import events
from ivr_fsm.flow.record import Leg, LegState
from ivr_fsm.flow.step import Step

OUTCOME = re.compile(
    r"answered:(shop|office|call_centre|transfer|customer)|(abandoned|stopped):[a-z_]+|partner|unanswered|failed"
)
TO_THE_CALLER = (do.Ring, do.Answer, do.Play, do.StopPrompt, do.Bridge, do.Record, do.Hangup)
AT_THE_END = (do.Release, do.Tell, do.StartTimer, do.CancelTimer)


@dataclass
class Watch:
    """Follows a call from outside: what it was told, and what it asked for."""

    live: LiveCall
    seen: int = 0
    playing: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    asked_to_go: set[str] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)
    caller_gone: bool = False

    def check(self) -> None:
        """Look at every step since the last look."""
        while self.seen < len(self.live.steps):
            self._heard(self.live.steps[self.seen])
            self._asked(self.live.steps[self.seen])
            self.seen += 1
        self._now()

    def _heard(self, taken: Step) -> None:
        match taken.event:
            case events.PromptFinished(token=token):
                self.playing.discard(token)
            case events.LegAnswered(leg=leg) if leg not in self.gone:
                self.answered.add(leg)
            case events.LegEnded(leg=leg):
                self.gone.add(leg)
            case events.Bridged() if taken.commands:
                self.playing.clear()
            case events.CallerHungUp():
                self.caller_gone = True
            case events.LinkLost() if taken.before == "connected" and self.live.call.answered:
                self.spared.add(self.live.call.answered.id)

    def _asked(self, taken: Step) -> None:
        for command in taken.commands:
            if self.caller_gone:
                assert not isinstance(command, TO_THE_CALLER), "the caller has hung up"
            if taken.before == "releasing":
                assert isinstance(command, AT_THE_END)
            if taken.before == "ended":
                assert isinstance(command, do.Release), "the call is over"
            self._asked_one(command)

    def _asked_one(self, command: do.Command) -> None:
        match command:
            case do.Play(token=token) | do.Hold(token=token):
                self.playing.add(token)
            case do.StopPrompt():
                assert self.playing, "nothing plays"
                self.playing.clear()
            case do.Bridge(leg=leg):
                assert leg in self.answered - self.gone - self.asked_to_go
            case do.Release(leg=leg):
                assert leg in self.live.call.legs
                assert leg not in self.gone, "it is gone already"
                self.asked_to_go.add(leg)

    def _now(self) -> None:
        call = self.live.call
        assert self.playing == {*call.playing, call.holding} - {""}
        assert set(call.armed.values()) == set(self.live.timers), "a timer outlived its state"
        assert all(timer.visit == call.visit for timer in call.armed.values())
        bridged = [leg for leg in call.legs.values() if leg.state is LegState.BRIDGED and not leg.released]
        assert len(bridged) <= 1
        ended = [each for each in self.live.all(do.Tell) if each.what == "ended"]
        if call.state_id in ("releasing", "ended"):
            assert len(ended) == 1
            assert OUTCOME.fullmatch(call.outcome or "")
            assert all(map(self._looked_after, call.legs.values())), "a leg is left behind"
        else:
            assert not ended
        if call.state_id == "ended":
            assert not call.armed
        elif not (call.state_id == "connected" and call.answered.talked):
            assert {"limit", "silence"} & set(call.armed), f"{call.state_id} has no way out"

    def _looked_after(self, leg: Leg) -> bool:
        return bool({leg.id} & (self.gone | self.asked_to_go | self.spared))
