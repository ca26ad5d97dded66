"""What a call needs from the world, as it sees it. Each port has its adapters elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ivr_fsm.flow.caller import Caller
from ivr_fsm.flow.commands import Dial
from ivr_fsm.flow.events import CallArrived, Event
from ivr_fsm.flow.record import Call
from ivr_fsm.flow.step import Step


class Switch(Protocol):
    """The switch, for one call. Nothing here waits: what comes of it returns as events."""

    def ring(self) -> None:
        """Let the caller hear ringing."""

    def answer(self) -> None:
        """Answer the caller leg."""

    def play(self, file: Path, token: str) -> None:
        """Queue *file* on the caller leg; `PromptFinished` with *token* follows."""

    def hold(self, token: str) -> None:
        """Queue ringing behind what plays; when it is cut off `PromptFinished` with *token* follows."""

    def stop_prompt(self) -> None:
        """End the prompt that plays and forget the queued ones."""

    def dial(self, dial: Dial) -> None:
        """Ring a phone; a number that is none comes back as `LegEnded`."""

    def release(self, leg: str, cause: str) -> None:
        """Hang up a target leg, whatever state it is in, over any connection that is left."""

    def announce(self, leg: str, files: Sequence[Path]) -> None:
        """Play *files* in order to a target leg; `AnnouncementFinished` follows."""

    def bridge(self, leg: str) -> None:
        """Connect the caller leg with a target leg."""

    def record(self, name: str) -> None:
        """Record the caller leg to a file of this *name*, to its end; again: nothing new."""

    def hangup(self, cause: str) -> None:
        """Hang up the caller leg."""

    def close(self) -> None:
        """The call is over: let the connection end."""


class Answerer(Protocol):
    """Who is at a number: a person's name, or what the number is."""

    @property
    def name(self) -> str | None:
        """The person's name; None: nobody knows it."""

    @property
    def description(self) -> str:
        """What the number is; the number itself when nobody knows."""


class Identifier(Protocol):
    """The part of the directory that a call asks."""

    async def identify(self, phone: str) -> Caller:
        """Say who calls."""

    async def who_answers(self, phone: str) -> Answerer:
        """Say who is at a number."""


class Voice(Protocol):
    """Prompts and speech. Only `announcement` may take a while, and that is limited."""

    def prompt(self, code: str, facts: Mapping[str, str]) -> Path:
        """Return the file to play for *code* now: spoken by name if that is ready, else the recording."""

    def prepare(self, code: str, facts: Mapping[str, str]) -> None:
        """Have *code* spoken with *facts* in the background."""

    async def announcement(self, code: str, facts: Mapping[str, str]) -> Path:
        """Return *code* spoken with *facts*, or its recording when speech fails or is slow."""


class Page(Protocol):
    """Where one call's steps are written."""

    def write(self, step: Step, mono: float, leave: Callable[[], None] | None) -> None:
        """Write a step that the call has just taken.

        Args:
            step: the step; its time is that of the call.
            mono: the loop's time, in seconds.
            leave: called once, now or later, when the commands of the step may leave; None: none leaves.
        """


class Journal(Protocol):
    """Keeps every step of every call."""

    def begin(self, call: Call) -> Page:
        """A call begins."""

    def refuse(self, arrived: CallArrived, why: str) -> None:
        """A call was not taken."""


class Watcher(Protocol):
    """Somebody who follows calls. A watcher only watches: its faults never reach a call."""

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        """A call took its *number*-th step."""


class Timings(Protocol):
    """Somebody who measures. It is called on a caller's time, and its faults never reach a call."""

    def left(self, event: Event, waited: float, took: float) -> None:
        """The commands of a step have left.

        Args:
            event: what they follow from.
            waited: seconds from when the step was given to the journal until they could leave.
            took: seconds from when the event came to the call until all of them were performed.
        """
